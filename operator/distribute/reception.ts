/**
 * Connections that nobody has vouched for yet: few at a time, and not for long. When all places are taken the one that has been waiting longest makes
 * room, unless all have just come: whoever is a sidecar is let in within a moment, so who only holds a place loses it.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../sidecar/bundle/clock.ts';

export interface ReceptionOptions {
  /** Places. */
  readonly places: number;
  /** Milliseconds after which a place is lost, whoever wants it. */
  readonly patience: number;
  readonly clock: Clock;
  /** A connection was closed without an answer. */
  readonly dropped: () => void;
}

/** Milliseconds that everybody has, however many want the place. */
const MOMENT = 500;

interface Waiting {
  readonly socket: Socket;
  readonly since: number;
  readonly cancel: () => void;
}

export class Reception {
  readonly #options: ReceptionOptions;
  /** Oldest first. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** A TCP connection, before anything is known of it. */
  arrive(socket: Socket): void {
    const { places, patience, clock, dropped } = this.#options;
    const peer = peerOf(socket);
    if (peer === undefined || (this.#waiting.size >= places && !this.#evict())) {
      dropped();
      socket.destroy();
      return;
    }
    const cancel = clock.after(patience, () => socket.destroy());
    this.#waiting.set(peer, { socket, since: clock.monotonic(), cancel });
    socket.once('close', () => this.#leave(peer, socket));
  }

  /** Its sidecar has been verified: it is no longer one of those who wait. */
  admit(connection: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
    const peer = peerOf(connection);
    if (peer !== undefined) this.#leave(peer);
  }

  close(): void {
    for (const { socket } of [...this.#waiting.values()]) socket.destroy();
  }

  #evict(): boolean {
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#options.clock.monotonic() - oldest[1].since < MOMENT) return false;
    this.#options.dropped();
    this.#leave(oldest[0]);
    oldest[1].socket.destroy();
    return true;
  }

  #leave(peer: string, socket?: Socket): void {
    const waiting = this.#waiting.get(peer);
    if (waiting === undefined || (socket !== undefined && waiting.socket !== socket)) return;
    waiting.cancel();
    this.#waiting.delete(peer);
  }
}

/** Names a connection in every layer of it. */
function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
