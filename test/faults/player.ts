/** Plays a recorded session through a line that may break, and keeps what came back: nothing here decides whether it was right. */
import { connect, type Socket } from 'node:net';
import { splitMessages, type BackendMessage } from '../support/backend.ts';
import * as f from '../support/frontend.ts';
import type { Step } from './recording.ts';

export interface PlayedStep {
  readonly name: string;
  readonly messages: readonly BackendMessage[];
}

export interface Played {
  /** Messages up to the login's ReadyForQuery. */
  readonly login: readonly BackendMessage[];
  /** Those that were begun. */
  readonly steps: readonly PlayedStep[];
  /** `played`: to its end. `closed`: the line went first. `hang`: neither within the patience. `garbled`: not the protocol. */
  readonly ending: 'played' | 'closed' | 'hang' | 'garbled';
  /** Bytes after the last whole message. */
  readonly torn: number;
  readonly milliseconds: number;
}

export interface PlayOptions {
  readonly port: number;
  readonly steps: readonly Step[];
  readonly database?: string;
  /** Everything in one write, instead of each step after the answer to the one before. */
  readonly blast?: boolean;
  /** Milliseconds without a byte. */
  readonly patience?: number;
}

export async function play(options: PlayOptions): Promise<Played> {
  const began = performance.now();
  const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
  const line = new Line(socket, options.patience ?? 10_000);
  const startup = f.startup([
    ['user', 'agent'],
    ['database', options.database ?? 'shop'],
  ]);
  const steps: PlayedStep[] = [];
  const login: BackendMessage[] = [];
  if (options.blast === true) {
    line.send(Buffer.concat([startup, ...options.steps.flatMap(({ bytes }) => bytes), f.terminate]));
  } else line.send(startup);
  await line.until(1, login);
  if (login.at(-1)?.type === 'Z') {
    for (const step of options.steps) {
      const messages: BackendMessage[] = [];
      steps.push({ name: step.name, messages });
      if (options.blast !== true) line.send(Buffer.concat(step.bytes));
      await line.until(step.ready, messages);
      if (line.ending !== undefined) break;
    }
  }
  const all = line.ending === undefined && steps.length === options.steps.length;
  if (all && options.blast !== true) line.send(f.terminate);
  const last = steps.at(-1)?.messages as BackendMessage[] | undefined;
  if (line.ending === undefined) await line.closed(last ?? login);
  socket.destroy();
  const ending = line.ending === 'closed' && all ? 'played' : (line.ending ?? 'closed');
  return { login, steps, ending, torn: line.torn, milliseconds: performance.now() - began };
}

class Line {
  readonly #socket: Socket;
  readonly #patience: number;
  #rest: Buffer = Buffer.alloc(0);
  #messages: BackendMessage[] = [];
  #wake: () => void = () => undefined;
  ending: 'closed' | 'hang' | 'garbled' | undefined;
  #gone = false;

  constructor(socket: Socket, patience: number) {
    this.#socket = socket;
    this.#patience = patience;
    socket.on('data', (chunk: Buffer) => {
      try {
        const { messages, rest } = splitMessages(Buffer.concat([this.#rest, chunk]));
        this.#rest = Buffer.from(rest);
        this.#messages.push(...messages);
      } catch {
        this.ending = 'garbled';
      }
      this.#wake();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.#gone = true;
        this.#wake();
      });
    }
  }

  get torn(): number {
    return this.#rest.length;
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Collects up to the n-th ReadyForQuery, the end of the line, or the end of patience. */
  async until(readies: number, into: BackendMessage[]): Promise<void> {
    for (let left = readies; left > 0; ) {
      const next = await this.#next();
      if (next === undefined) return;
      into.push(next);
      if (next.type === 'Z') left -= 1;
    }
  }

  async closed(into: BackendMessage[]): Promise<void> {
    for (let next = await this.#next(); next !== undefined; next = await this.#next()) into.push(next);
  }

  async #next(): Promise<BackendMessage | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.ending !== undefined) return undefined;
      if (this.#gone) {
        this.ending = 'closed';
        return undefined;
      }
      const arrived = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), this.#patience);
        this.#wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
      if (!arrived) this.ending = 'hang';
    }
  }
}
