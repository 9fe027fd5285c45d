/** TCP and TLS to the API server: pools with a limit, keepalive, and certificates as they are when a connection is made. */
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Credentials, TlsMaterial } from './credentials.ts';
import { ApiUnreachableError } from './kube-api.ts';

export interface Connections {
  /** For requests: the present pool. */
  readonly requests: Dispatcher;
  /**
   * A request through this pool got no answer in time. Where one connection is half-open the idle ones beside it are as well (a firewall that
   * forgot them, a server that vanished), and each would cost another request its time: newcomers get a new pool.
   */
  suspect(pool: Dispatcher): void;
  /** For watches, each of which keeps its connection: so they can never starve requests. */
  readonly watches: Dispatcher;
  close(): Promise<void>;
}

export interface ConnectionLimits {
  readonly connectTimeout: number;
  readonly requests: number;
  readonly watches: number;
}

/**
 * The API server closes what has been idle for 90 s (its http.Server IdleTimeout); we close earlier, so that a request seldom meets a
 * connection that is just going. Milliseconds.
 */
const KEEP_IDLE = 30_000;
/** As client-go; below the 60 s after which cloud load balancers forget a silent connection. Milliseconds. */
const TCP_KEEPALIVE = 30_000;

export function createConnections(
  credentials: Credentials,
  limits: ConnectionLimits,
  interceptors: readonly Dispatcher.DispatcherComposeInterceptor[] = [],
): Connections {
  const connect = connector(credentials, limits.connectTimeout);
  const pool = (connections: number): Agent =>
    new Agent({
      connect,
      connections,
      // HTTP/2 would put all watches on one connection, and one half-open connection would silence them all.
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_IDLE,
      keepAliveMaxTimeout: KEEP_IDLE,
    });
  const open = new Set<Agent>();
  const opened = (connections: number): { readonly agent: Agent; readonly dispatcher: Dispatcher } => {
    const agent = pool(connections);
    open.add(agent);
    return { agent, dispatcher: agent.compose([...interceptors]) };
  };
  let requests = opened(limits.requests);
  const watches = opened(limits.watches);
  return {
    get requests() {
      return requests.dispatcher;
    },
    watches: watches.dispatcher,
    suspect(dispatcher) {
      // Several requests of one pool time out together: the first replaces it.
      if (dispatcher !== requests.dispatcher) return;
      const { agent } = requests;
      requests = opened(limits.requests);
      // What is under way may still end well.
      void agent.close().finally(() => open.delete(agent));
    },
    async close() {
      await Promise.all([...open].map((agent) => agent.destroy()));
    },
  };
}

/** One connector for each state of the certificates: TLS sessions must not be resumed across a change of the CA. */
function connector(credentials: Credentials, timeout: number): buildConnector.connector {
  let current: { readonly tls: TlsMaterial; readonly connect: buildConnector.connector } | undefined;
  return (target, callback) => {
    credentials.tls().then(
      (tls) => {
        if (current?.tls !== tls) {
          const options = { ...tls, timeout, allowH2: false, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE };
          current = { tls, connect: buildConnector(options) };
        }
        current.connect(target, callback);
      },
      (cause: unknown) => {
        const error = cause instanceof Error ? cause : new ApiUnreachableError('no credentials', { kind: 'credentials' });
        callback(error, null);
      },
    );
  };
}
