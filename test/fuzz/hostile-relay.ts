/**
 * A relay in front of a real server that lies: of a connection that has a plan, the server's messages are changed, exchanged, doubled, left out
 * or joined by others on the way. Everything else passes as it is.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mutateBytes } from './byte-mutator.ts';
import type { Random } from './random.ts';

export type Phase = 'login' | 'session';

export interface Plan {
  readonly phase: Phase;
  /** The first message of the phase that is touched. */
  readonly at: number;
  /** Messages after that which are touched with it. */
  readonly width: number;
  readonly random: Random;
  /** Nothing is changed; the bytes are cut anew and held up. */
  readonly onlyCut: boolean;
}

export interface HostileRelay {
  readonly port: number;
  /** The next connection follows it. */
  arm(plan: Plan): void;
  stop(): Promise<void>;
}

export interface RelayOptions {
  readonly port: number;
  /** Whole messages that are put in. */
  readonly forged: readonly Buffer[];
}

export async function startHostileRelay(options: RelayOptions): Promise<HostileRelay> {
  const plans: Plan[] = [];
  const open = new Set<Socket>();
  const server: Server = createServer((client) => {
    const plan = plans.shift();
    const upstream = connect({ host: '127.0.0.1', port: options.port });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    if (plan === undefined) upstream.pipe(client);
    else new Liar(plan, options.forged, upstream, client).start();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arm: (plan) => void plans.push(plan),
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

class Liar {
  readonly #plan: Plan;
  readonly #forged: readonly Buffer[];
  readonly #from: Socket;
  readonly #to: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #loggedIn = false;
  #index = 0;
  #kept: Buffer | undefined;
  /** Writes one after the other, so that pauses keep the order. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(plan: Plan, forged: readonly Buffer[], from: Socket, to: Socket) {
    this.#plan = plan;
    this.#forged = forged;
    this.#from = from;
    this.#to = to;
  }

  start(): void {
    this.#from.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      const out: Buffer[] = [];
      while (this.#rest.length >= 5) {
        const length = this.#rest.readUInt32BE(1) + 1;
        if (this.#rest.length < length) break;
        out.push(...this.#message(Buffer.from(this.#rest.subarray(0, length))));
        this.#rest = this.#rest.subarray(length);
      }
      if (out.length > 0) this.#write(Buffer.concat(out));
    });
    this.#from.on('end', () => {
      this.#writing = this.#writing.then(() => this.#to.end());
    });
  }

  #message(message: Buffer): readonly Buffer[] {
    const { phase, at, width, onlyCut } = this.#plan;
    const here: Phase = this.#loggedIn ? 'session' : 'login';
    if (!this.#loggedIn && message[0] === 0x5a) {
      this.#loggedIn = true;
      if (phase === 'session') this.#index = -1;
    }
    if (here !== phase && !(here === 'login' && this.#loggedIn && phase === 'login')) {
      if (this.#index === -1) this.#index = 0;
      return [message];
    }
    const index = this.#index++;
    if (onlyCut || index < at || index > at + width) return [message];
    return this.#lie(message);
  }

  #lie(message: Buffer): readonly Buffer[] {
    const { random } = this.#plan;
    const forged = (): Buffer => random.pick(this.#forged);
    switch (random.below(12)) {
      case 0:
        return [];
      case 1:
        return [message, message];
      case 2:
        return [forged(), message];
      case 3:
        return [message, forged()];
      case 4:
        return [forged()];
      case 5: {
        const kept = this.#kept;
        this.#kept = message;
        return kept === undefined ? [] : [message, kept];
      }
      case 6:
        message.writeUInt32BE(
          random.pick([0, 3, 4, 5, 0x3fffffff, 0x7fffffff, 0xffffffff, message.length + 100, message.length - 2]),
          1,
        );
        return [message];
      case 7:
        message[0] = random.pick([...'RSKZTDCEN123AIntsGHcdWVvF\0\xff'].map((letter) => letter.charCodeAt(0)));
        return [message];
      case 8:
        return [message.subarray(0, random.below(message.length))];
      case 9:
        return [framed(message[0]!, mutateScram(message, random))];
      default: {
        // The body changes, the frame stays whole; or everything may.
        if (random.once(3)) return [mutateBytes(message, random, this.#forged, 64 * 1024)];
        return [framed(message[0]!, mutateBytes(message.subarray(5), random, this.#forged, 64 * 1024))];
      }
    }
  }

  #write(bytes: Buffer): void {
    const { random, onlyCut } = this.#plan;
    if (!onlyCut && !random.once(4)) {
      this.#writing = this.#writing.then(() => void this.#to.write(bytes));
      return;
    }
    const cut = random.below(bytes.length + 1);
    this.#writing = this.#writing
      .then(() => void this.#to.write(bytes.subarray(0, cut)))
      .then(() => new Promise((resolve) => setTimeout(resolve, random.below(4))))
      .then(() => void this.#to.write(bytes.subarray(cut)));
  }
}

function framed(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** `r=…,s=…,i=4096` with other values. */
function mutateScram(message: Buffer, random: Random): Buffer {
  const text = message.toString('latin1', 5);
  const changes: readonly ((text: string) => string)[] = [
    (body) => body.replace(/i=\d+/, `i=${random.pick(['0', '1', '-1', '1e9', '2147483648', '999999', '4096,i=1', ''])}`),
    (body) => body.replace(/r=[^,]*/, `r=${random.pick(['', 'x', 'x'.repeat(5_000), 'ü', ','])}`),
    (body) => body.replace(/s=[^,]*/, `s=${random.pick(['', '=', '!!!', 'A'.repeat(6_000), 'AAAA'])}`),
    (body) => body.replace(/v=.*/, `v=${random.pick(['', 'AAAA', '='.repeat(44)])}`),
    (body) => `m=x,${body}`,
    (body) => body.replace('SCRAM-SHA-256', random.pick(['SCRAM-SHA-1', 'SCRAM-SHA-256-PLUS', '', 'X'.repeat(4_000)])),
    (body) => `${body},e=other-error`,
  ];
  return Buffer.from(random.pick(changes)(text), 'latin1');
}
