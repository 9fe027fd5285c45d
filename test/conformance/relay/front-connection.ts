/** One client of the front relay: what it sends in units, what comes back in exchanges, and the detour that floors take. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { serverMessage } from '../../support/backend.ts';
import * as frontend from '../../support/frontend.ts';
import { refusalOf } from '../floors.ts';
import type { BackConnection } from './back-relay.ts';
import { type ClientMessage, ClientStream, sqlOf, startupParameters } from './client-stream.ts';
import type { FrontRelayOptions } from './front-relay.ts';
import { floorOfTexts } from './naming.ts';
import { addMessages, isWhole, type OpenExchange, type Unit } from './open-exchange.ts';
import { press } from './press.ts';
import type { ProbeSession } from './probe.ts';
import type { Origin } from './recording.ts';
import { type ServerMessageBytes, ServerStream } from './server-stream.ts';
import { UnknownToSluice } from './unknown-to-sluice.ts';

/** Messages of a series that are kept until its Sync, to know whether a floor names one of them. */
const MOST_KEPT = 256;

export class FrontConnection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #options: FrontRelayOptions;
  readonly #probes: ProbeSession;
  readonly #number: number;
  readonly #fromClientStream = new ClientStream();
  readonly #fromTargetStream = new ServerStream();
  readonly #injectedStream = new ServerStream();
  #origin: Origin;
  #series: ClientMessage[] = [];
  readonly #queue: Unit[] = [];
  #working = false;
  readonly #open: OpenExchange[] = [];
  /** What came while nothing was asked: notifications, the last words of a connection. */
  readonly #unasked: ServerMessageBytes[] = [];
  #waiting: (() => void)[] = [];
  #back: BackConnection | null = null;
  #injecting = false;
  /** A refusal is being swallowed: up to its ReadyForQuery. */
  #swallowing = false;
  #phase: 'login' | 'pairing' | 'ready' = 'login';
  #greeting: ServerMessageBytes | null = null;
  #status = 'I';
  readonly #unknown = new UnknownToSluice();
  #destroyed = false;

  constructor(client: Socket, number: number, options: FrontRelayOptions, probes: ProbeSession) {
    this.#client = client;
    this.#number = number;
    this.#options = options;
    this.#probes = probes;
    this.#origin = { connection: number, application: '', user: '', database: '' };
    this.#target = connect({ host: options.host ?? '127.0.0.1', port: options.port });
    for (const socket of [client, this.#target]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    client.on('data', (chunk: Buffer) => {
      // One write for all that one chunk brought.
      this.#target.cork();
      for (const message of this.#fromClientStream.feed(chunk)) this.#fromClient(message);
      this.#target.uncork();
    });
    client.once('close', () => this.destroy());
    this.#target.on('data', (chunk: Buffer) => {
      this.#client.cork();
      for (const message of this.#fromTargetStream.feed(chunk)) this.#fromTarget(message);
      this.#client.uncork();
    });
    this.#target.once('close', () => {
      this.destroy();
    });
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    // What was under way ends without ReadyForQuery.
    while (this.#open.length > 0) this.#complete();
    const answer = this.#unasked.splice(0);
    if (answer.length > 0) this.#options.onExchange({ messages: '', sql: [], answer }, this.#origin);
    this.#wake();
    this.#client.end();
    this.#target.end();
    setTimeout(() => {
      this.#client.destroy();
      this.#target.destroy();
    }, 200).unref();
  }

  // ---- the client ------------------------------------------------------------------------------------------------------------

  #fromClient(message: ClientMessage): void {
    switch (message.type) {
      case 'encryption':
        this.#client.write('N');
        return;
      case 'startup':
        this.#startup(message);
        return;
      case 'cancel':
      case 'p':
        this.#target.write(message.bytes);
        return;
      case 'd':
      case 'c':
      case 'f':
        if (this.#injecting) this.#back?.more(message.bytes);
        else this.#target.write(message.bytes);
        press(this.#client, this.#target);
        return;
      default:
        this.#series.push(message);
        // Without a way behind Sluice's back nothing has to be known of a series before it is sent; nor is a long one kept.
        if (this.#options.behind === undefined || 'QFSHX'.includes(message.type) || this.#series.length >= MOST_KEPT)
          this.#enqueue(this.#series.splice(0), 'QFS'.includes(message.type));
    }
  }

  #startup(message: ClientMessage): void {
    const parameters = startupParameters(message.body);
    const user = parameters.get('user') ?? '';
    this.#origin = {
      connection: this.#number,
      application: parameters.get('application_name') ?? '',
      user,
      database: parameters.get('database') ?? user,
    };
    const exchange = this.#begin(false);
    exchange.messages = 'startup';
    this.#open.push(exchange);
    this.#target.write(message.bytes);
  }

  #enqueue(messages: readonly ClientMessage[], complete: boolean): void {
    this.#queue.push({ messages, complete });
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let unit = this.#queue.shift(); unit !== undefined && !this.#destroyed; unit = this.#queue.shift()) {
      if (this.#options.behind === undefined) this.#forward(unit);
      else await this.#judge(unit);
    }
    this.#working = false;
  }

  /** Adds messages to the exchange that is being sent, or begins one. */
  #note(messages: readonly ClientMessage[]): OpenExchange {
    let last = this.#open.at(-1);
    if (last === undefined || isWhole(last)) {
      last = this.#begin(this.#status === 'I' && this.#open.length === 0);
      if (messages[0]?.type !== 'X') this.#open.push(last);
    }
    addMessages(last, messages);
    return last;
  }

  #begin(idle: boolean): OpenExchange {
    return { messages: '', sql: [], answer: this.#unasked.splice(0), bytes: [], idle, begun: false };
  }

  #forward({ messages }: Unit): void {
    this.#note(messages);
    this.#target.write(Buffer.concat(messages.map(({ bytes }) => bytes)));
    press(this.#client, this.#target);
  }

  // ---- floors ----------------------------------------------------------------------------------------------------------------

  async #judge(unit: Unit): Promise<void> {
    const whole = unit.complete && isWhole(this.#open.at(-1));
    const simple = 'QF'.includes(unit.messages[0]?.type ?? 'X');
    const texts = unit.messages.flatMap((message) => sqlOf(message) ?? []);
    const behind = whole ? this.#unknown.statement(unit.messages) : null;
    const message = unit.messages[0]?.type ?? '';
    const named = behind ?? (whole ? floorOfTexts(texts, undefined, message) : null);
    if (simple || named !== null) await this.#answered();
    if (this.#destroyed) return;
    if (behind !== null) {
      // Sluice was refused the statement itself; of what is done with it, it knows nothing.
      const exchange = this.#note(unit.messages);
      exchange.floor = behind;
      await this.#inject(exchange);
      return;
    }
    if (named === null || this.#status === 'I') {
      this.#forward(unit);
      // The refusal of a Query must be known before anything else is sent.
      if (simple) await this.#answered();
      return;
    }
    const bytes = Buffer.concat(unit.messages.map((message) => message.bytes));
    const refusal = await this.#probes.refusal(this.#origin, texts.join(';'), bytes);
    if (refusal === null || this.#options.mayRunBehind?.(named, texts.join(';')) === false) return this.#forward(unit);
    const exchange = this.#note(unit.messages);
    exchange.floor = named;
    exchange.refusal = refusal;
    await this.#inject(exchange);
  }

  async #inject(exchange: OpenExchange): Promise<void> {
    this.#injecting = true;
    await this.#back?.inject(Buffer.concat(exchange.bytes), (bytes) => {
      for (const message of this.#injectedStream.feed(bytes)) this.#toClient(message);
    });
    this.#injecting = false;
    this.#wake();
  }

  /** Everything that was sent has been answered. */
  async #answered(): Promise<void> {
    while ((this.#open.length > 0 || this.#injecting) && !this.#destroyed)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The first message of an answer. True: it is a refusal that a floor explains, and it is not shown. */
  #refused(exchange: OpenExchange, message: ServerMessageBytes): boolean {
    if (message.type !== 'E' || exchange.messages === 'startup') return false;
    const fields = serverMessage(message.body);
    const refusal = refusalOf(fields) ?? this.#unknown.misread(fields);
    if (refusal === null) return false;
    exchange.refusal = refusal;
    const floor = floorOfTexts(exchange.sql, refusal, exchange.messages[0] ?? '') ?? this.#unknown.reading(refusal);
    if (floor === null) return false;
    exchange.floor = floor;
    const whole = isWhole(exchange) && this.#open.length === 1;
    const { mayRunBehind } = this.#options;
    const wanted = mayRunBehind === undefined || mayRunBehind(floor, exchange.sql.join(';'));
    if (exchange.idle && whole && wanted && this.#back !== null) return true;
    exchange.aborted = true;
    return false;
  }

  // ---- the server ------------------------------------------------------------------------------------------------------------

  #fromTarget(message: ServerMessageBytes): undefined {
    if (this.#phase === 'pairing') return this.#pairing(message);
    this.#options.onTargetData?.(message.bytes, this.#number);
    if (this.#phase === 'login') return this.#login(message);
    const exchange = this.#open[0];
    if (this.#swallowing) {
      if (message.type !== 'Z' || exchange === undefined) return;
      this.#swallowing = false;
      void this.#inject(exchange);
      return;
    }
    if (exchange !== undefined && !exchange.begun && this.#options.behind !== undefined) {
      if (this.#refused(exchange, message)) {
        this.#swallowing = true;
        this.#injecting = true;
        return;
      }
    }
    this.#toClient(message);
  }

  /** The first ReadyForQuery is kept back until it is known which upstream connection is ours. */
  #login(message: ServerMessageBytes): undefined {
    if (message.type !== 'Z') return this.#toClient(message);
    const { behind } = this.#options;
    this.#phase = behind === undefined ? 'ready' : 'pairing';
    if (behind === undefined) return this.#toClient(message);
    this.#greeting = message;
    const token = `relay ${randomBytes(9).toString('hex')}`;
    void behind.paired(token).then((back) => {
      this.#back = back;
    });
    this.#target.write(frontend.query(`SELECT '${token}'`));
  }

  #pairing(message: ServerMessageBytes): undefined {
    if (message.type !== 'Z' || this.#greeting === null) return;
    this.#phase = 'ready';
    this.#toClient(this.#greeting);
  }

  #toClient(message: ServerMessageBytes): undefined {
    this.#client.write(message.bytes);
    press(this.#target, this.#client);
    const exchange = this.#open[0];
    (exchange?.answer ?? this.#unasked).push(message);
    if (exchange !== undefined) exchange.begun = true;
    if (message.type !== 'Z') return;
    this.#status = message.body.toString('latin1');
    this.#complete();
  }

  #complete(): void {
    const exchange = this.#open.shift();
    if (exchange !== undefined) {
      const { bytes, idle, begun, ...rest } = exchange;
      this.#options.onExchange(rest, this.#origin);
      this.#unknown.learn(exchange);
    }
    if (this.#open.length === 0 && !this.#injecting) this.#wake();
  }
}
