/**
 * Accepts clients on loopback, takes them through the startup phase, and hands each to `onClient`. Capped is what has not sent
 * its startup packet yet; how many sessions there may be, and whether a client gets one, is decided behind `onClient`. So
 * cancel requests pass even when all places are taken, as the server does it.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type Denial, denial } from '../../core/errors/denial.ts';
import { type CancelRequest, NEWEST_MINOR, type StartupMessage } from '../../core/wire/startup.ts';
import { denialResponse, negotiateProtocolVersion } from '../../core/wire/write.ts';
import { startupPhase } from './startup-phase.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 picks a free port; of several addresses with 0 each gets its own. */
  readonly port: number;
  /** Left out where the machine does not have such an address (no IPv6, say). */
  readonly optional?: true;
}

/** A client that has sent its StartupMessage. Nothing was answered yet but NegotiateProtocolVersion, where it is due. */
export interface AcceptedClient {
  /**
   * Paused, without listeners but one for 'error' that keeps a reset from being fatal. Gives what came behind the
   * StartupMessage first. TLSSocket with TLS.
   */
  readonly socket: Socket;
  readonly startup: StartupMessage;
  /** Of the listener it came to, as asked for. */
  readonly address: ListenAddress;
}

export interface ListenerOptions {
  readonly addresses: readonly ListenAddress[];
  /** See StartupPhaseOptions; absent: TLS is declined. */
  readonly secureContext?: () => SecureContext;
  /** Connections that have not sent a startup packet yet, at a time. Default 100. */
  readonly maxPending?: number;
  /** Milliseconds for the startup phase. Default 10,000. */
  readonly startupTimeout?: number;
  /** The socket is the callee's from here on. */
  readonly onClient: (client: AcceptedClient) => void | Promise<void>;
  /**
   * Unverified: whoever sent it may be guessing. Nothing is answered, whatever comes of it; the connection is closed when this has
   * settled, because that is how clients learn that nothing they send from now on can be hit (libpq's PQcancel waits for it).
   */
  readonly onCancel: (request: CancelRequest) => void | Promise<void>;
  /** A connection that was turned away before `onClient`. */
  readonly onRefused?: (reason: Denial) => void;
  /** A fault of ours in `onClient` or `onCancel`: that connection is closed, the others live. */
  readonly onFault: (error: unknown) => void;
}

export interface Listener {
  /** As bound, in the order asked for, without those that were optional and are not there. */
  readonly addresses: readonly ListenAddress[];
  /** Stops accepting, and ends the connections that have not been handed on. */
  close(): void;
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
  const bound: ListenAddress[] = [];
  try {
    for (const address of options.addresses) {
      const server = createServer(
        { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 },
        (socket) => void reception.accept(socket, address),
      );
      if (!(await bind(server, address))) continue;
      bound.push(address);
      // For example no file descriptor left for a newcomer.
      server.on('error', (error) => options.onFault(error));
      servers.push(server);
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  const addresses = servers.map((server, i) => ({
    host: bound[i]!.host,
    port: (server.address() as AddressInfo).port,
  }));
  return {
    addresses,
    close() {
      for (const server of servers) server.close();
      reception.close();
    },
  };
}

const BIND_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use by another process',
  EACCES: 'the port needs privileges',
  EADDRNOTAVAIL: 'the address does not exist on this machine',
  ENOTFOUND: 'the host name is unknown',
};

const ABSENT: ReadonlySet<string | undefined> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** False: there is no such address here, and that is no matter. */
async function bind(server: Server, { host, port, optional }: ListenAddress): Promise<boolean> {
  return await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (optional === true && ABSENT.has(error.code)) return resolve(false);
      const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      reject(
        new ListenError(`cannot listen on ${where}: ${BIND_REASONS[error.code ?? ''] ?? error.code ?? error.message}`, error),
      );
    });
    server.listen({ host, port, backlog: 511, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve(true);
    });
  });
}

/** How long a refused client may take to read why. */
const FAREWELL = 2000;

/** Milliseconds that a cancel request is held open until the server has taken it. */
const CANCEL_PATIENCE = 5_000;
/** How long a connection may be silent while others want its place. */
const PATIENCE = 500;

/** The connections of all addresses together, until each is handed on. */
class Reception {
  readonly #options: ListenerOptions;
  /** With when they came, oldest first. */
  readonly #pending = new Map<Socket, number>();

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  async accept(tcp: Socket, address: ListenAddress): Promise<void> {
    // Without a listener a reset connection would end the process.
    tcp.on('error', () => tcp.destroy());
    if (this.#pending.size >= (this.#options.maxPending ?? 100) && !this.#evict()) {
      this.#refuse(tcp, tooMany());
      return;
    }
    this.#pending.set(tcp, performance.now());
    const outcome = await startupPhase(tcp, {
      secureContext: this.#options.secureContext,
      timeout: this.#options.startupTimeout ?? 10_000,
    });
    this.#pending.delete(tcp);
    const { socket } = outcome;
    if (socket !== tcp) socket.on('error', () => socket.destroy());
    try {
      if (outcome.kind === 'gone' || socket.destroyed) tcp.destroy();
      else if (outcome.kind === 'refused') this.#refuse(socket, outcome.error.denial, outcome.error.unheard);
      else if (outcome.kind === 'cancel') {
        await withinPatience(this.#options.onCancel(outcome.request));
        socket.end(() => socket.destroy());
      } else {
        const { startup } = outcome;
        if (startup.negotiate) socket.write(negotiateProtocolVersion(NEWEST_MINOR, startup.protocolOptions));
        await this.#options.onClient({ socket, startup, address });
      }
    } catch (error) {
      socket.destroy();
      this.#options.onFault(error);
    }
  }

  /** Whoever connects means to speak at once: the one that has been silent longest makes room, unless all have just come. */
  #evict(): boolean {
    const [oldest] = this.#pending;
    if (oldest === undefined || performance.now() - oldest[1] < PATIENCE) return false;
    this.#pending.delete(oldest[0]);
    oldest[0].destroy();
    this.#options.onRefused?.(tooMany());
    return true;
  }

  #refuse(socket: Socket, reason: Denial, unheard = false): void {
    this.#options.onRefused?.(reason);
    if (unheard) socket.destroy();
    else turnAway(socket, reason);
  }

  close(): void {
    for (const socket of this.#pending.keys()) socket.destroy();
  }
}

function tooMany(): Denial {
  return denial('SLUICE-403', 'too many connections that have not sent a startup packet', {
    rule: 'limits',
    hint: 'Connect again in a moment.',
  });
}

/** A statement that cannot be sent on, or a server that does not take the request, must not hold a client that waits for the close. */
async function withinPatience(cancelled: void | Promise<void>): Promise<void> {
  if (cancelled === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CANCEL_PATIENCE);
  });
  await Promise.race([cancelled, late]).finally(() => clearTimeout(timer));
}

/** Sends FATAL and closes once the client has read it: input that is left unread would turn the close into a reset. */
export function turnAway(socket: Socket, reason: Denial): void {
  socket.end(denialResponse(reason, { severity: 'FATAL' }));
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), FAREWELL);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}
