/**
 * Accepts clients on loopback, takes them through the startup phase, and hands each to `onSession` together with a cancel key
 * of its own. Connections are capped before and after the startup packet; cancel requests are let through even when all
 * places are taken, as the server does it.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type Denial, denial } from '../../core/errors/denial.ts';
import { NEWEST_MINOR, type StartupMessage } from '../../core/wire/startup.ts';
import { denialResponse, negotiateProtocolVersion } from '../../core/wire/write.ts';
import { type CancelKey, CancelRegistry } from './cancel-registry.ts';
import { startupPhase } from './startup-phase.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 picks a free port; of several addresses with 0 each gets its own. */
  readonly port: number;
}

/** A client that has sent its StartupMessage. Nothing was answered yet but NegotiateProtocolVersion, where it is due. */
export interface AcceptedClient {
  /** Paused, without listeners but one for 'error' that keeps a reset from being fatal. TLSSocket with TLS. */
  readonly socket: Socket;
  readonly startup: StartupMessage;
  /** What BackendKeyData must say. */
  readonly key: CancelKey;
  readonly remoteAddress: string;
  readonly encrypted: boolean;
}

/** What the listener needs of a session. */
export interface ListenedSession {
  /** Settles when the session is over and its socket closed. */
  readonly ended: Promise<unknown>;
  /** Finish the transaction, then end with 57P01. */
  drain(): void;
  /** End now. */
  terminate(): void;
  /** The client asked to cancel what is running. */
  cancel(): void;
}

export interface ListenerOptions {
  readonly addresses: readonly ListenAddress[];
  /** See StartupPhaseOptions; absent: TLS is declined. */
  readonly secureContext?: () => SecureContext;
  /** Sessions at a time. Default 200. */
  readonly maxConnections?: number;
  /** Connections that have not sent a startup packet yet, at a time. Default 100. */
  readonly maxPending?: number;
  /** Milliseconds for the startup phase. Default 10,000. */
  readonly startupTimeout?: number;
  /** Says why this client is not served (unknown database, the policy's maxConnections), given the sessions there are. */
  readonly admit: (startup: StartupMessage, sessions: number) => Denial | undefined;
  readonly onSession: (client: AcceptedClient) => ListenedSession;
  /** Cancel requests, where the sessions keep keys of their own; absent: the keys issued here count. */
  readonly onCancel?: (pid: number, secret: Buffer) => void;
  /** A fault of ours in `admit` or `onSession`: that connection is closed, the others live. */
  readonly onFault: (error: unknown) => void;
}

export interface Listener {
  /** As bound, in the order asked for. */
  readonly addresses: readonly ListenAddress[];
  readonly sessions: number;
  /** Stops accepting and asks every session to end after its transaction; resolves when all have, or after `deadline` ms. */
  drain(deadline: number): Promise<void>;
  /** Ends everything now. */
  close(): Promise<void>;
}

/** One sentence on why an address cannot be listened on. */
export class ListenError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'ListenError';
  }
}

/** Rejects with ListenError; then nothing is left open. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const reception = new Reception(options);
  const servers: Server[] = [];
  try {
    for (const address of options.addresses) {
      const server = createServer(
        { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 },
        (socket) => void reception.accept(socket),
      );
      await bind(server, address);
      servers.push(server);
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  const addresses = servers.map((server, i) => ({
    host: options.addresses[i]!.host,
    port: (server.address() as AddressInfo).port,
  }));
  return {
    addresses,
    get sessions() {
      return reception.sessions;
    },
    async drain(deadline) {
      for (const server of servers) server.close();
      await reception.drain(deadline);
    },
    async close() {
      for (const server of servers) server.close();
      await reception.close();
    },
  };
}

const BIND_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use by another process',
  EACCES: 'the port needs privileges',
  EADDRNOTAVAIL: 'the address does not exist on this machine',
  ENOTFOUND: 'the host name is unknown',
};

async function bind(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      reject(
        new ListenError(`cannot listen on ${where}: ${BIND_REASONS[error.code ?? ''] ?? error.code ?? error.message}`, error),
      );
    });
    server.listen({ host, port, backlog: 511, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** How long a refused client may take to read why, and how much it may still send meanwhile. */
const FAREWELL = 2000;

/** The connections of all addresses together. */
class Reception {
  readonly #options: ListenerOptions;
  readonly #registry = new CancelRegistry();
  readonly #pending = new Set<Socket>();
  readonly #sessions = new Set<ListenedSession>();
  #draining = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  async accept(tcp: Socket): Promise<void> {
    // Without a listener a reset connection would end the process.
    tcp.on('error', () => tcp.destroy());
    if (this.#draining || this.#pending.size >= (this.#options.maxPending ?? 100)) {
      refuse(tcp, tooMany());
      return;
    }
    this.#pending.add(tcp);
    const outcome = await startupPhase(tcp, {
      secureContext: this.#options.secureContext,
      timeout: this.#options.startupTimeout ?? 10_000,
    });
    this.#pending.delete(tcp);
    const { socket } = outcome;
    if (socket !== tcp) socket.on('error', () => socket.destroy());
    if (outcome.kind === 'gone') tcp.destroy();
    else if (outcome.kind === 'refused') refuse(socket, outcome.error.denial);
    else if (outcome.kind === 'cancel') {
      const { pid, secret } = outcome.request;
      if (this.#options.onCancel === undefined) this.#registry.cancel(pid, secret);
      else this.#options.onCancel(pid, secret);
      socket.end(() => socket.destroy());
    } else this.#begin(socket, outcome.startup, outcome.encrypted);
  }

  #begin(socket: Socket, startup: StartupMessage, encrypted: boolean): void {
    try {
      const reason = this.#refusal(startup);
      if (reason !== undefined) {
        refuse(socket, reason);
        return;
      }
      if (startup.negotiate) socket.write(negotiateProtocolVersion(NEWEST_MINOR, startup.protocolOptions));
      let session: ListenedSession | undefined;
      const { key, release } = this.#registry.issue(() => session?.cancel());
      try {
        session = this.#options.onSession({ socket, startup, key, encrypted, remoteAddress: socket.remoteAddress ?? '' });
      } catch (error) {
        release();
        throw error;
      }
      const begun = session;
      this.#sessions.add(begun);
      const over = (): void => {
        this.#sessions.delete(begun);
        release();
      };
      begun.ended.then(over, (error: unknown) => {
        over();
        socket.destroy();
        this.#options.onFault(error);
      });
    } catch (error) {
      socket.destroy();
      this.#options.onFault(error);
    }
  }

  #refusal(startup: StartupMessage): Denial | undefined {
    if (this.#draining)
      return denial('SLUICE-806', 'Sluice is shutting down', { sqlstate: '57P03', hint: 'Connect again in a moment.' });
    if (this.#sessions.size >= (this.#options.maxConnections ?? 200)) return tooMany();
    return this.#options.admit(startup, this.#sessions.size);
  }

  async drain(deadline: number): Promise<void> {
    this.#draining = true;
    for (const socket of this.#pending) socket.destroy();
    for (const session of this.#sessions) session.drain();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadline);
    });
    await Promise.race([this.#allEnded(), late]);
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    this.#draining = true;
    for (const socket of this.#pending) socket.destroy();
    for (const session of this.#sessions) session.terminate();
    await this.#allEnded();
  }

  async #allEnded(): Promise<void> {
    await Promise.allSettled([...this.#sessions].map((session) => session.ended));
  }
}

function tooMany(): Denial {
  return denial('SLUICE-403', 'too many connections', {
    rule: 'limits',
    hint: 'Close connections that are not needed, or use a smaller pool.',
  });
}

/** Sends FATAL and closes once the client has read it: input that is left unread would turn the close into a reset. */
function refuse(socket: Socket, reason: Denial): void {
  socket.end(denialResponse(reason, { severity: 'FATAL' }));
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), FAREWELL);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}
