/**
 * A TCP relay that breaks things: between a client and Sluice, or between Sluice and the server. What happens to a connection
 * is decided when its first bytes are there, so that a login, a cancel request and TLS can be told apart.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Direction = 'toServer' | 'toClient';

/** What breaks once `after` bytes of `direction` have passed. */
export interface Fault {
  readonly direction: Direction;
  readonly after: number;
  /**
   * reset: RST to both sides. close: FIN to both sides. half-close: FIN to the side that was receiving; the other direction goes on.
   * blackhole: both sides may send, nothing arrives any more (a host that has vanished behind a device that keeps acknowledging).
   * freeze: nothing is read any more either, so that the senders' windows close. stall: as freeze, for `milliseconds`.
   */
  readonly kind: 'reset' | 'close' | 'half-close' | 'blackhole' | 'freeze' | 'stall';
  /** Of a stall. */
  readonly milliseconds?: number;
}

export interface Behaviour {
  /** Milliseconds every chunk is late, each way. */
  readonly latency?: number;
  /** Each way. */
  readonly bytesPerSecond?: number;
  /** Bytes in one write; 1 makes a segment of every byte. */
  readonly segment?: number;
  readonly fault?: Fault;
  /** Changes what passes: a server that lies. */
  readonly edit?: (direction: Direction, chunk: Buffer) => Buffer;
}

export interface ConnectionSeen {
  /** From 1. */
  readonly number: number;
  /** By its first eight bytes. */
  readonly opening: 'startup' | 'cancel' | 'tls' | 'other';
}

export interface ConnectionRecord extends ConnectionSeen {
  /** Bytes received from the client and from the server. */
  toServer: number;
  toClient: number;
  /** The fault has happened. */
  struck: boolean;
  open: boolean;
}

export interface ChaosRelay {
  readonly port: number;
  /** In the order of their first bytes. */
  readonly connections: readonly ConnectionRecord[];
  /** What newcomers get; undefined: nothing happens to them. */
  behave: (seen: ConnectionSeen) => Behaviour | undefined;
  /** Does this to every open connection now. */
  strike(kind: 'reset' | 'close' | 'blackhole' | 'freeze'): void;
  /** Lets frozen connections go on. */
  thaw(): void;
  stop(): Promise<void>;
}

const CANCEL = 80877102;
const TLS = 80877103;
const STARTUP = 196608;

export async function startChaosRelay(target: { readonly host?: string; readonly port: number }): Promise<ChaosRelay> {
  const pairs = new Set<Pair>();
  const connections: ConnectionRecord[] = [];
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const upstream = connect({ host: target.host ?? '127.0.0.1', port: target.port, noDelay: true, allowHalfOpen: true });
    const pair = new Pair(client, upstream, (first: Buffer) => {
      const record = {
        number: connections.length + 1,
        opening: openingOf(first),
        toServer: 0,
        toClient: 0,
        struck: false,
        open: true,
      };
      connections.push(record);
      return { record, behaviour: relay.behave(record) ?? {} };
    });
    pairs.add(pair);
    pair.closed.then(() => pairs.delete(pair));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const relay: ChaosRelay = {
    port: (server.address() as AddressInfo).port,
    connections,
    behave: () => undefined,
    strike: (kind) => {
      for (const pair of pairs) pair.strike({ kind, direction: 'toServer', after: 0 });
    },
    thaw: () => {
      for (const pair of pairs) pair.thaw();
    },
    stop: async () => {
      for (const pair of pairs) pair.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return relay;
}

function openingOf(first: Buffer): ConnectionSeen['opening'] {
  const code = first.length >= 8 ? first.readUInt32BE(4) : 0;
  return code === CANCEL ? 'cancel' : code === TLS ? 'tls' : code === STARTUP ? 'startup' : 'other';
}

type Opening = (first: Buffer) => { readonly record: ConnectionRecord; readonly behaviour: Behaviour };

/** The two sockets of one connection. */
class Pair {
  readonly closed: Promise<void>;
  readonly #sockets: Readonly<Record<Direction, { readonly from: Socket; readonly to: Socket }>>;
  readonly #open: Opening;
  #record: ConnectionRecord | undefined;
  #behaviour: Behaviour = {};
  #state: 'flowing' | 'frozen' | 'blackhole' = 'flowing';
  #passed = { toServer: 0, toClient: 0 };
  /** When the last delayed chunk of each direction is due: chunks keep their order. */
  #due = { toServer: 0, toClient: 0 };

  constructor(client: Socket, upstream: Socket, open: Opening) {
    this.#sockets = { toServer: { from: client, to: upstream }, toClient: { from: upstream, to: client } };
    this.#open = open;
    this.closed = new Promise((resolve) => {
      let left = 2;
      const one = (): void => {
        left -= 1;
        if (this.#record !== undefined) this.#record.open = false;
        if (left === 0) resolve();
      };
      client.once('close', one);
      upstream.once('close', one);
    });
    for (const direction of ['toServer', 'toClient'] as const) {
      const { from, to } = this.#sockets[direction];
      from.on('error', () => undefined);
      from.on('data', (chunk: Buffer) => this.#received(direction, chunk));
      from.on('end', () => this.#later(direction, () => void (this.#state !== 'blackhole' && to.end())));
      from.on('close', (failed) => {
        if (this.#state === 'blackhole') return;
        if (failed) to.resetAndDestroy();
        else this.#later(direction, () => void to.end());
      });
      to.on('drain', () => this.#state === 'flowing' && from.resume());
    }
  }

  #received(direction: Direction, chunk: Buffer): void {
    if (this.#record === undefined && direction === 'toServer') {
      const opened = this.#open(chunk);
      this.#record = opened.record;
      this.#behaviour = opened.behaviour;
    }
    if (this.#record !== undefined) this.#record[direction] += chunk.length;
    if (this.#state === 'blackhole') return;
    const edited = this.#behaviour.edit?.(direction, chunk) ?? chunk;
    this.#later(direction, () => this.#forward(direction, edited));
  }

  /** Runs it when the line's latency and bandwidth allow, in order. */
  #later(direction: Direction, action: () => void, bytes = 0): void {
    const { latency = 0, bytesPerSecond } = this.#behaviour;
    if (latency === 0 && bytesPerSecond === undefined) {
      action();
      return;
    }
    const now = performance.now();
    const takes = bytesPerSecond === undefined ? 0 : (1000 * bytes) / bytesPerSecond;
    this.#due[direction] = Math.max(this.#due[direction], now + latency) + takes;
    setTimeout(action, this.#due[direction] - now);
  }

  #forward(direction: Direction, chunk: Buffer): void {
    const { fault, segment, bytesPerSecond } = this.#behaviour;
    const { from } = this.#sockets[direction];
    let bytes = chunk;
    const strikes = fault !== undefined && fault.direction === direction && this.#record?.struck === false;
    const room = strikes ? fault.after - this.#passed[direction] : Number.POSITIVE_INFINITY;
    if (chunk.length >= room) bytes = chunk.subarray(0, Math.max(0, room));
    this.#passed[direction] += bytes.length;
    if (bytesPerSecond !== undefined) {
      from.pause();
      setTimeout(() => this.#state === 'flowing' && from.resume(), (1000 * bytes.length) / bytesPerSecond);
    }
    if (segment === undefined || bytes.length <= segment) this.#write(direction, bytes);
    else {
      from.pause();
      void this.#segments(direction, bytes, segment).then(() => this.#state === 'flowing' && from.resume());
    }
    if (strikes && chunk.length >= room) this.strike(fault, chunk.subarray(bytes.length));
  }

  #write(direction: Direction, bytes: Buffer): void {
    const { from, to } = this.#sockets[direction];
    if (bytes.length > 0 && to.writable && !to.write(bytes)) from.pause();
  }

  async #segments(direction: Direction, bytes: Buffer, size: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      this.#write(direction, bytes.subarray(at, at + size));
      // A turn of the loop each, or the kernel would put them together again.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** `rest`: what arrived together with the last byte that passed. */
  strike(fault: Fault, rest: Buffer = Buffer.alloc(0)): void {
    if (this.#record !== undefined) this.#record.struck = true;
    const { from, to } = this.#sockets[fault.direction];
    switch (fault.kind) {
      case 'reset':
        // What was written must be on its way before the RST overtakes it.
        to.write('', () => {
          from.resetAndDestroy();
          to.resetAndDestroy();
        });
        if (!to.writable) this.destroy();
        return;
      case 'close':
        from.end();
        to.end();
        from.resume();
        return;
      case 'half-close':
        to.end();
        return;
      case 'blackhole':
        this.#state = 'blackhole';
        from.resume();
        to.resume();
        return;
      case 'freeze':
      case 'stall':
        this.#state = 'frozen';
        from.pause();
        to.pause();
        if (fault.kind === 'freeze') return;
        setTimeout(() => {
          this.thaw();
          this.#write(fault.direction, rest);
        }, fault.milliseconds ?? 1000);
    }
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'flowing';
    for (const { from } of Object.values(this.#sockets)) from.resume();
  }

  destroy(): void {
    for (const { from } of Object.values(this.#sockets)) from.destroy();
  }
}
