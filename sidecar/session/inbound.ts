/**
 * Client to server. Every message is looked at before anything of it is sent; what passes is forwarded as received. A message
 * that has to wait (for an answer, the journal, the parser) stops this direction: the client is not read meanwhile.
 */
import type { StatementValues } from '../../core/audit/statement-values.ts';
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import { CLIENT, decodeEmpty } from '../../core/wire/client-messages.ts';
import { clientFrames, type FrameTable } from '../../core/wire/frame-table.ts';
import { type Disposition, DROP, FrameWalker, HOLD, PASS } from '../../core/wire/frame-walker.ts';
import { lostSync, ProtocolError } from '../../core/wire/protocol-error.ts';
import * as request from '../../core/wire/request.ts';
import { AffectedRows } from './affected-rows.ts';
import { Analysis } from './analysis.ts';
import { Batch } from './batch.ts';
import { copyMessage } from './copy.ts';
import type { SessionCore } from './core.ts';
import { ExtendedQuery } from './extended-query.ts';
import type { Execution, Expected, NewExpected } from './pipeline.ts';
import { Refusals } from './refusals.ts';
import { simpleQuery } from './simple-query.ts';

/** What a held message waits for. */
export type Condition = 'idle' | 'space' | 'guard' | 'copy' | 'settled' | 'turn';

/** More unanswered messages than this and the client is not read until half of them are answered. */
const MAX_PENDING = 4_096;
/** Milliseconds of one turn of the event loop that a session may take; what it sent beyond waits for the next turn. */
const TURN = 4;
/** Bytes of a Bind that are held where its end has to be known. */
const WHOLE_BIND = 1024 * 1024;
/** Milliseconds after which a held message is looked at again by what has to follow it. */
const HELD_POLL = 2;

export class Inbound {
  readonly core: SessionCore;
  readonly analysis: Analysis;
  readonly affected: AffectedRows;
  readonly refusals: Refusals;
  readonly #frames: FrameTable;
  readonly #walker: FrameWalker;
  readonly #extended: ExtendedQuery;
  readonly #batch: Batch;
  readonly #send: (buffers: readonly Buffer[]) => void;
  readonly #idle: () => void;
  #held: { readonly type: number; readonly body: Buffer; readonly length: number } | null = null;
  #condition: Condition = 'idle';
  #settled = false;
  /** The held message has been sent already: what follows it waits, not the message. */
  #sent = false;
  #running = false;
  /** When this turn began. */
  #began = 0;
  /** The next turn has come. */
  #turn = false;
  #terminating = false;

  /** `send`: to the server. `idle`: reading may go on. */
  constructor(
    core: SessionCore,
    send: (buffers: readonly Buffer[]) => void,
    idle: () => void,
    frames: FrameTable = clientFrames(),
  ) {
    this.core = core;
    this.#frames = frames;
    this.analysis = new Analysis(core);
    this.affected = new AffectedRows(this);
    this.refusals = new Refusals(this);
    this.#extended = new ExtendedQuery(this);
    this.#batch = new Batch({
      core,
      send,
      refuse: (reason, taken, out) => this.refusals.batch(reason, taken, out),
      committed: () => {
        this.poke();
        if (!this.busy && !core.ended) this.#idle();
      },
    });
    this.#send = send;
    this.#idle = idle;
    this.#walker = new FrameWalker(frames, {
      message: (type, body, length) => this.#message(type, body, length),
      forward: (bytes) => this.#batch.add(bytes),
    });
    this.#walker.discard('d', true);
  }

  /** True: the client must not be read. */
  get busy(): boolean {
    return this.#held !== null || this.#batch.committing;
  }

  /** The client has said Terminate and waits for nothing more, but what it sent before is still under way. */
  get terminating(): boolean {
    return this.#terminating;
  }

  get atBoundary(): boolean {
    return this.#walker.atBoundary && !this.busy;
  }

  /** The client's next bytes. Only while not busy. */
  receive(chunk: Buffer): void {
    this.#run(() => this.#walker.push(chunk));
  }

  /** Something changed that a held message may wait for. */
  poke(): void {
    if (this.#running || this.#batch.committing || this.core.ended) return;
    const held = this.#held;
    if (held === null || !this.#ready()) return;
    this.#run(() => {
      this.#held = null;
      const disposition = this.#message(held.type, held.body, held.length);
      if (disposition !== HOLD) return this.#walker.resume(disposition);
      return false;
    });
    if (!this.busy && !this.core.ended) this.#idle();
  }

  /**
   * The client asked for a search_path in its StartupMessage: set as `SET` would, before the first ReadyForQuery, which is the
   * one that this Query brings. Returns why it is refused, or undefined.
   */
  initialSearchPath(value: string): Denial | undefined {
    const { core, analysis } = this;
    const verdict = analysis.analyse(Buffer.from(`SET search_path TO ${value}`), 'simple', []);
    const plan = verdict.kind === 'allowed' && verdict.plans.length === 1 ? verdict.plans[0] : undefined;
    if (verdict.kind !== 'allowed' || plan?.kind !== 'set') {
      return verdict.kind === 'denied'
        ? verdict.denial
        : denial('SLUICE-205', 'invalid value for parameter "search_path"', { sqlstate: '22023' });
    }
    const execution = this.intent(plan, verdict.engine.bundle, null);
    this.expect({ kind: 'query', group: core.group, muted: true, pieces: [{ role: 'client', execution, rowLimit: 0 }] });
    // Where nothing is governed the value reads back as it was written.
    const asWritten = verdict.engine.bundle.transparent && /^[^'\\$]*$/.test(value);
    this.#batch.add(request.query(asWritten ? `SELECT pg_catalog.set_config('search_path', '${value}', false)` : plan.text));
    this.#batch.commit();
    return undefined;
  }

  /** A message of ours that answers something the server sent, behind everything sent so far. */
  sendOwn(entry: NewExpected, bytes: Buffer): void {
    this.#batch.behind(() => {
      if (this.core.ended) return;
      this.core.pipeline.push(entry);
      this.#send([bytes]);
    });
  }

  /** Once what the client has sent is on its way to the server, as far as that is only a matter of us. */
  behindSent(action: () => void): void {
    if (this.core.ended) return;
    const waits = !this.#batch.committing && this.#held !== null && this.core.pipeline.length === 0;
    if (waits) setTimeout(() => this.behindSent(action), HELD_POLL);
    else this.#batch.behind(action);
  }

  /** From now on a Bind is looked at as a whole, unless it is longer than a statement may be. */
  wholeBinds(): void {
    this.#frames.hold[CLIENT.bind] = WHOLE_BIND;
  }

  /** The server asked for COPY data, or no longer wants it. */
  copyData(wanted: boolean): void {
    this.#walker.discard('d', !wanted);
  }

  // ---- used by the parts that understand messages ----------------------------------------------------------------------

  /** A message of ours (or the client's, rewritten) at this place of the stream. */
  emit(bytes: Buffer): void {
    this.#walker.insert(bytes);
  }

  expect(entry: NewExpected): Expected {
    return this.#batch.expect(entry);
  }

  intent(
    plan: StatementPlan,
    bundle: Bundle,
    sql: Buffer | null,
    options: { reason?: Denial; maxAffected?: number; bound?: StatementValues | undefined } = {},
  ): Execution {
    this.#batch.mark(() => this.#walker.flush());
    const execution = this.core.audit.intent(plan, bundle, sql, options);
    if (this.core.unseenChanges > 0) execution.recorder?.reason('not-analysed');
    return execution;
  }

  /** The current message waits. Where answers are awaited the server is asked to send what it has. */
  hold(condition: Condition): typeof HOLD {
    this.#condition = condition;
    if (
      condition !== 'settled' &&
      condition !== 'copy' &&
      condition !== 'turn' &&
      this.core.groupOpen &&
      this.core.pipeline.length > 0
    )
      this.emit(request.FLUSH);
    return HOLD;
  }

  /** The current message was emitted; what follows waits for the server's answer to it. Copy data must not be judged before. */
  holdForCopy(): typeof HOLD {
    this.#sent = true;
    return this.hold('copy');
  }

  holdUntil(promise: Promise<void>): typeof HOLD {
    this.#settled = false;
    const settled = (): void => {
      this.#settled = true;
      this.#guarded(() => this.poke());
    };
    promise.then(settled, settled);
    return this.hold('settled');
  }

  // ---- messages ------------------------------------------------------------------------------------------------------------

  #message(type: number, body: Buffer, length: number): Disposition {
    if (this.#sent) {
      this.#sent = false;
      return DROP;
    }
    const disposition = this.#judge(type, body, length);
    if (disposition === HOLD) this.#held = { type, body, length };
    return disposition;
  }

  #judge(type: number, body: Buffer, length: number): Disposition {
    const { core } = this;
    if (core.ended) return DROP;
    if (type === CLIENT.terminate) return this.#terminate();
    if (core.copyIn === 'active') return copyMessage(this, type, body);
    if (core.skipping && type !== CLIENT.sync) return DROP;
    if (core.aborting && !core.skipping) return this.hold('guard');
    if (core.pipeline.length >= MAX_PENDING) return this.hold('space');
    if (performance.now() - this.#began > TURN) return this.#nextTurn();
    try {
      switch (type) {
        case CLIENT.query:
          return simpleQuery(this, body, length);
        case CLIENT.parse:
          return this.#extended.parse(body, length);
        case CLIENT.bind:
          return this.#extended.bind(body, length);
        case CLIENT.describe:
          return this.#extended.describe(body);
        case CLIENT.execute:
          return this.#extended.execute(body);
        case CLIENT.close:
          return this.#extended.close(body);
        case CLIENT.flush:
          decodeEmpty(body, 'Flush');
          return PASS;
        case CLIENT.sync:
          return this.#sync(body);
        case CLIENT.copyDone:
        case CLIENT.copyFail:
          // A client may still be sending after a COPY that failed; the server ignores these too.
          return DROP;
        case CLIENT.functionCall:
          return this.refusals.query(
            denial('SLUICE-503', 'function calls by the fast-path protocol are not supported', {
              hint: 'Call the function with SELECT.',
              rule: 'floor',
            }),
            null,
            null,
          );
        default:
          throw lostSync(`message type ${String.fromCharCode(type)} is not allowed now`, 'SLUICE-502');
      }
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.fatal) throw error;
      return type === CLIENT.query
        ? this.refusals.query(error.denial, null, null)
        : this.refusals.extended(error.denial, null, null, type === CLIENT.parse);
    }
  }

  /** Others are served first: a chunk may hold thousands of messages, each of them new to us. */
  #nextTurn(): typeof HOLD {
    this.#turn = false;
    setImmediate(() => {
      this.#turn = true;
      this.#guarded(() => this.poke());
    });
    return this.hold('turn');
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.core.fault(error);
    }
  }

  /** The server reads it behind everything that came before, so what is under way is finished first and not cancelled. */
  #terminate(): Disposition {
    const { core } = this;
    if (core.pipeline.length > 0 && core.copyIn !== 'active') {
      this.#terminating = true;
      return this.hold('idle');
    }
    core.end({ reason: 'client terminated' });
    return DROP;
  }

  #sync(body: Buffer): Disposition {
    const { core } = this;
    decodeEmpty(body, 'Sync');
    // An implicit transaction must not commit while one of its statements may still turn out to exceed a limit.
    if (core.groupWrites && core.pipeline.guarded) return this.hold('guard');
    core.skipping = false;
    core.groupOpen = false;
    core.groupWrites = false;
    this.expect({ kind: 'sync', group: core.group++ });
    return PASS;
  }

  // ---- running ---------------------------------------------------------------------------------------------------------------

  #ready(): boolean {
    const { pipeline, copyIn, skipping } = this.core;
    switch (this.#condition) {
      case 'idle':
        return pipeline.length === 0;
      case 'space':
        return pipeline.length <= MAX_PENDING / 2;
      case 'guard':
        return skipping || (!pipeline.guarded && !this.core.aborting);
      case 'copy':
        return copyIn !== 'expected';
      case 'settled':
        return this.#settled;
      case 'turn':
        return this.#turn;
    }
  }

  #run(step: () => boolean): void {
    this.#running = true;
    this.#began = performance.now();
    try {
      step();
    } catch (error) {
      this.#running = false;
      if (!(error instanceof ProtocolError)) {
        this.core.fault(error);
        return;
      }
      this.#batch.commit();
      this.core.end({ reason: 'protocol error', denial: error.denial });
      return;
    }
    this.#running = false;
    this.#batch.commit();
    // Poking again covers what became ready while this ran.
    if (this.#held !== null && !this.#batch.committing && !this.core.ended && this.#ready()) queueMicrotask(() => this.poke());
  }
}
