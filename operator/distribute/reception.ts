/**
 * Connections that nobody has vouched for yet: few at a time, and not for long. When all places are taken the one that has said nothing for longest
 * makes room, unless all have just come: a sidecar speaks as soon as it can, so who only holds a place loses it. Who has spoken waits for our
 * answer, which is our affair; who was refused has no place any more.
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

/** Milliseconds that everybody has, however many want the place: hundreds of handshakes at once take their time. */
const MOMENT = 2_000;

type Connection = Pick<Socket, 'remoteAddress' | 'remotePort'>;

interface Waiting {
  readonly socket: Socket;
  readonly since: number;
  readonly cancel: () => void;
  state: 'silent' | 'spoke' | 'refused';
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
    this.#waiting.set(peer, { socket, since: clock.monotonic(), cancel, state: 'silent' });
    socket.once('close', () => this.#leave(peer, socket));
  }

  /** It has sent its request. */
  spoke(connection: Connection): void {
    this.#mark(connection, 'spoke');
  }

  /** It has its answer, and it was no. */
  refused(connection: Connection): void {
    this.#mark(connection, 'refused');
  }

  /** Its sidecar has been verified: it is no longer one of those who wait. */
  admit(connection: Connection): void {
    const peer = peerOf(connection);
    if (peer !== undefined) this.#leave(peer);
  }

  close(): void {
    for (const { socket } of [...this.#waiting.values()]) socket.destroy();
  }

  #evict(): boolean {
    const moment = this.#options.clock.monotonic() - MOMENT;
    for (const [peer, { socket, since, state }] of this.#waiting) {
      if (state === 'spoke' || (state === 'silent' && since > moment)) continue;
      this.#options.dropped();
      this.#leave(peer);
      socket.destroy();
      return true;
    }
    return false;
  }

  #mark(connection: Connection, state: Waiting['state']): void {
    const peer = peerOf(connection);
    const waiting = peer === undefined ? undefined : this.#waiting.get(peer);
    if (waiting !== undefined) waiting.state = state;
  }

  #leave(peer: string, socket?: Socket): void {
    const waiting = this.#waiting.get(peer);
    if (waiting === undefined || (socket !== undefined && waiting.socket !== socket)) return;
    waiting.cancel();
    this.#waiting.delete(peer);
  }
}

/** Names a connection in every layer of it. */
function peerOf({ remoteAddress, remotePort }: Connection): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
