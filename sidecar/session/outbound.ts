/**
 * Server to client. Rows stream past unseen; every other message is matched with the entry that is owed it (pipeline.ts),
 * applies what it confirms, and passes, is dropped, or is replaced by an answer of ours.
 */
import { type Denial, denial } from '../../core/errors/denial.ts';
import {
  decodeCommandComplete,
  decodeParameterDescription,
  decodeReadyForQuery,
  decodeReport,
  decodeRowDescription,
  SERVER,
  withoutFirstColumn,
} from '../../core/wire/server-messages.ts';
import { SERVER_FRAMES } from '../../core/wire/frame-table.ts';
import { type Disposition, DROP, FrameWalker, HOLD, PASS } from '../../core/wire/frame-walker.ts';
import { lostSync, ProtocolError } from '../../core/wire/protocol-error.ts';
import { denialResponse, message, NO_DATA, readyForQuery } from '../../core/wire/write.ts';
import { concernsCopy, copyInBegins, copyInEnded } from './copy.ts';
import type { SessionCore } from './core.ts';
import { applyEffect, transactionReady } from './effects.ts';
import type { Inbound } from './inbound.ts';
import { answerError, seriesFailed } from './failures.ts';
import { HeldReply } from './held-reply.ts';
import { exceedsRowLimit } from './limits.ts';
import type { Expected, Piece } from './pipeline.ts';
import { JournalError } from '../journal/journal.ts';
import type { Completion } from '../evidence/write-recorder.ts';
import { Reports } from './reports.ts';
import { RowOverflow } from './row-overflow.ts';
import { ServerWatch } from './server-watch.ts';

const NO_LIMIT = Number.POSITIVE_INFINITY;

export interface OutboundOptions {
  readonly core: SessionCore;
  readonly inbound: Inbound;
  /** What the server reported at login. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly send: (buffers: readonly Buffer[]) => void;
  /** The server may be read again. */
  readonly resumed: () => void;
  /** ReadyForQuery went to the client. */
  readonly ready: () => void;
}

export class Outbound {
  readonly #core: SessionCore;
  readonly #inbound: Inbound;
  readonly #options: OutboundOptions;
  readonly #reports: Reports;
  readonly #watch: ServerWatch;
  readonly #walker: FrameWalker;
  #out: Buffer[] = [];
  #running = false;
  #held: { readonly type: number; readonly body: Buffer; readonly length: number } | null = null;
  readonly #heldReply: HeldReply;
  readonly #overflow: RowOverflow;
  /** Its evidence is in the trail now, its completion still to be passed on. */
  #recorded: Piece | null = null;
  /** A FATAL of the server's has been passed on. */
  #fatal = false;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#core = options.core;
    this.#inbound = options.inbound;
    this.#reports = new Reports(options.core);
    this.#overflow = new RowOverflow(options.core, options.inbound, () => this.#resume());
    this.#watch = new ServerWatch(options.core, options.parameters);
    this.#heldReply = new HeldReply(options.core.audit);
    this.#walker = new FrameWalker(SERVER_FRAMES, {
      message: (type, body, length) => this.#message(type, body, length),
      forward: (bytes) => void this.#out.push(bytes),
      rowLimitExceeded: () => {
        this.#overflow.exceeded();
        return DROP;
      },
    });
    options.core.pipeline.onHead = () => this.#enter();
  }

  /** True: the server must not be read. */
  get busy(): boolean {
    return this.#held !== null;
  }

  /** The server has told the client itself why the connection ends. */
  get fatal(): boolean {
    return this.#fatal;
  }

  receive(chunk: Buffer): void {
    this.#run(() => this.#walker.push(chunk));
  }

  /** Bytes of ours for the client, in order. */
  insert(bytes: Buffer): void {
    this.#walker.insert(bytes);
    if (!this.#running) this.#flush();
  }

  /** The last bytes for the client. False in the middle of a row: there they would be read as part of it. */
  farewell(bytes: Buffer): boolean {
    this.#running = false;
    try {
      this.insert(bytes);
      return true;
    } catch {
      return false;
    }
  }

  // ---- messages ------------------------------------------------------------------------------------------------------------

  #message(type: number, body: Buffer, length: number): Disposition {
    const disposition = this.#judge(type, body, length);
    if (disposition === HOLD) this.#held = { type, body, length };
    return disposition;
  }

  #judge(type: number, body: Buffer, length: number): Disposition {
    if (this.#core.ended) return DROP;
    switch (type) {
      case SERVER.noticeResponse:
        return this.#notice(body, length);
      case SERVER.parameterStatus:
        this.#watch.parameter(body);
        return PASS;
      case SERVER.notification:
        this.#watch.notification(body);
        return PASS;
      case SERVER.errorResponse:
        return this.#error(body, length);
      case SERVER.readyForQuery:
        return this.#ready(body);
      default:
        return this.#reply(type, body);
    }
  }

  #reply(type: number, body: Buffer): Disposition {
    const head = this.#core.pipeline.head;
    if (head === undefined || head.refusal !== undefined || head.mustFail === true) throw unexpected(type);
    const fate = head.silent === true || head.muted ? DROP : PASS;
    switch (type) {
      case SERVER.parseComplete:
        return this.#confirm(head, 'parse', type, fate);
      case SERVER.bindComplete:
        return this.#confirm(head, 'bind', type, fate);
      case SERVER.closeComplete:
        return this.#confirm(head, 'close', type, fate);
      case SERVER.noData:
        return this.#confirm(head, 'describe', type, fate);
      case SERVER.parameterDescription:
        if (head.kind !== 'describe') throw unexpected(type);
        if (head.describes !== undefined) head.describes.described = decodeParameterDescription(body);
        return fate;
      case SERVER.rowDescription:
        this.#watch.rowDescription(body);
        return head.kind === 'describe' ? this.#described(head, body, fate) : this.#rowsBegin(head, body);
      case SERVER.copyInResponse:
        if (this.#piece(head, type).execution?.plan.copyIn !== true) throw unexpected(type);
        copyInBegins(this.#inbound);
        return this.#pieceFate(head);
      case SERVER.copyOutResponse:
      case SERVER.copyDone:
        this.#piece(head, type);
        return this.#pieceFate(head);
      case SERVER.commandComplete:
      case SERVER.portalSuspended:
      case SERVER.emptyQuery:
        return this.#complete(head, type, body);
      default:
        throw unexpected(type);
    }
  }

  /** The check of protected columns has seen it whole. */
  #described(head: Expected, body: Buffer, fate: typeof PASS | typeof DROP): Disposition {
    const { describes } = head;
    if (describes !== undefined && this.#core.recordsRows && describes.upstream === head.describedText)
      describes.columns = decodeRowDescription(body);
    const disposition = this.#confirm(head, 'describe', SERVER.rowDescription, fate);
    if (disposition !== PASS) return disposition;
    if (head.noData === true) return this.#replace(NO_DATA, PASS);
    this.#watch.shown(body, head.cut === true ? 1 : 0);
    return head.cut === true ? this.#replace(message('T', withoutFirstColumn(body)), PASS) : PASS;
  }

  #rowsBegin(head: Expected, body: Buffer): Disposition {
    const { execution } = this.#piece(head, SERVER.rowDescription);
    const plan = execution?.plan;
    if (plan?.swallowRows === true) return DROP;
    if (execution?.returned !== undefined) this.#core.described = { execution, columns: decodeRowDescription(body) };
    const fate = this.#pieceFate(head);
    if (fate !== PASS) return fate;
    this.#watch.shown(body, plan?.evidence?.column === undefined ? 0 : 1);
    if (plan?.evidence?.column === undefined) return fate;
    return this.#replace(message('T', withoutFirstColumn(body)), PASS);
  }

  #confirm(head: Expected, kind: Expected['kind'], type: number, fate: typeof PASS | typeof DROP): Disposition {
    if (head.kind !== kind) throw unexpected(type);
    head.confirmed?.();
    this.#core.pipeline.pop();
    return fate;
  }

  // ---- statements ------------------------------------------------------------------------------------------------------------

  #piece(head: Expected, type: number): Piece {
    const piece = head.pieces?.[head.piece];
    if ((head.kind !== 'query' && head.kind !== 'execute') || piece === undefined || head.failed) throw unexpected(type);
    return piece;
  }

  #pieceFate(head: Expected): typeof PASS | typeof DROP {
    return head.silent === true || head.muted || head.pieces?.[head.piece]?.role !== 'client' || this.#overflow.denial !== null
      ? DROP
      : PASS;
  }

  #complete(head: Expected, type: number, body: Buffer): Disposition {
    if (head.kind !== 'query' && head.kind !== 'execute') throw unexpected(type);
    const piece = head.pieces?.[head.piece];
    if (piece === undefined) {
      // An empty query, in either protocol.
      if (type !== SERVER.emptyQuery || head.failed) throw unexpected(type);
      if (head.kind === 'execute') this.#core.pipeline.pop();
      return head.muted ? DROP : PASS;
    }
    if (head.failed) throw unexpected(type);
    const { tag, rows } = type === SERVER.commandComplete ? decodeCommandComplete(body) : { tag: undefined, rows: null };
    const fate = this.#pieceFate(head);
    if (piece.role !== 'client') {
      if (piece.role === 'check' && this.#recording(() => this.#heldReply.settle())) return HOLD;
      const released = piece.role === 'check' ? this.#heldReply.release() : null;
      if (released !== null) this.#walker.insert(released);
      this.#next(head);
      return DROP;
    }
    const passed = this.#walker.rows;
    const again = this.#recorded === piece;
    this.#recorded = null;
    if (!again) this.#countRows(head, piece, passed);

    const overflow = this.#overflow.denial ?? (exceedsRowLimit(piece, rows) ? this.#overflow.reason() : null);
    const completion = completionOf(head, type, rows);
    if (overflow !== null && !head.muted && !again) return this.#failLate(head, piece, overflow, passed, completion);

    const held = piece.held === true && fate === PASS;
    const settlement = { ...(tag === undefined ? {} : { tag }), rows: rows ?? passed, bytes: this.#walker.bytes, completion };
    // A held completion may still be undone by the check that follows it.
    if (!held && this.#recording(() => this.#core.audit.settle(piece.execution, 'ok', settlement))) {
      this.#recorded = piece;
      return HOLD;
    }
    if (piece.execution !== undefined && type === SERVER.commandComplete) applyEffect(this.#core, this.#inbound, piece.execution);
    if (piece.execution?.plan.copyIn === true) copyInEnded(this.#inbound);
    if (held) {
      this.#heldReply.hold({ bytes: message(String.fromCharCode(type), body), execution: piece.execution, settlement });
      this.#next(head);
      return DROP;
    }
    this.#next(head);
    return fate;
  }

  #countRows(head: Expected, piece: Piece, passed: number): void {
    const { statements } = this.#core;
    if (head.portal !== undefined) {
      if (head.portal.statement === null) statements.countCursorRows(head.portal.name, passed);
      else head.portal.rows += passed;
    }
    const cursor = piece.execution?.plan.uses?.cursor;
    if (cursor !== undefined) statements.countCursorRows(cursor, passed);
  }

  /**
   * Evidence of rows is in the trail before the client hears of success. True: it is not there yet, and the message has to wait; it is looked at again.
   * When it cannot be written the session ends: a transaction that is still open is undone by that, and of one that is committed the trail
   * has the intent without an outcome.
   */
  #recording(settle: () => void | Promise<void>): boolean {
    const failed = (): void => this.#core.end({ reason: 'audit record not written', denial: notRecorded() });
    let promise: void | Promise<void>;
    try {
      promise = settle();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      failed();
      return false;
    }
    if (promise === undefined) return false;
    promise.then(() => this.#resume(), failed).catch((error: unknown) => this.#core.fault(error));
    return true;
  }

  /** The statement at the head is done. */
  #next(head: Expected): void {
    head.piece++;
    if (head.kind === 'execute') this.#core.pipeline.pop();
    else this.#enter();
  }

  /** Another entry or statement is at the head: its rows are counted from here. */
  #enter(): void {
    const head = this.#core.pipeline.head;
    const piece = head?.pieces?.[head.piece];
    const walker = this.#walker;
    walker.rows = 0;
    walker.bytes = 0;
    walker.rowLimit = piece?.role === 'client' ? piece.rowLimit : NO_LIMIT;
    // Rows belong to a statement of the client's that is running, and to nothing else.
    const discarded =
      head === undefined ||
      head.silent === true ||
      head.muted ||
      head.failed ||
      piece?.role !== 'client' ||
      piece.execution?.plan.swallowRows === true;
    walker.discard('D', discarded);
    walker.discard('d', discarded);
    const returned = discarded ? undefined : piece?.execution?.returned;
    if (returned?.copy === true) walker.tap('d', returned);
    else walker.tap('D', head?.failed === false ? (piece?.tap ?? returned ?? null) : null);
  }

  #failLate(head: Expected, piece: Piece, reason: Denial, rows: number, completion: Completion): Disposition {
    const settlement = { sqlstate: reason.sqlstate, rows, bytes: this.#walker.bytes, completion };
    void this.#core.audit.settle(piece.execution, 'error', settlement);
    this.#walker.insert(denialResponse(reason));
    this.#core.telemetry.refusal(reason.code);
    this.#overflow.failLate(head, reason, () => this.#next(head));
    return DROP;
  }

  // ---- errors ----------------------------------------------------------------------------------------------------------------

  #error(body: Buffer, length: number): Disposition {
    const { pipeline, audit } = this.#core;
    const fields = decodeReport(body, length);
    const truncated = body.length < length;
    const severity = (fields.get('V') ?? fields.get('S'))?.toString('latin1');
    const sqlstate = fields.get('C')?.toString('latin1') ?? '';
    const head = pipeline.head;
    if (severity === 'FATAL' || severity === 'PANIC') {
      this.#fatal = true;
      // It may have been committed just before.
      const completion = { rows: null, reason: 'interrupted' } as const;
      void audit.settle(head?.pieces?.[head.piece]?.execution, 'error', { sqlstate, completion });
      return this.#replace(this.#reports.error(fields, truncated, undefined), PASS);
    }
    if (head === undefined) throw unexpected(SERVER.errorResponse);
    const piece = head.pieces?.[head.piece];
    const answer = answerError({
      core: this.#core,
      reports: this.#reports,
      head,
      piece,
      overflow: this.#overflow.denial,
      fields,
      sqlstate,
      truncated,
    });
    const hidden = head.muted || (head.silent === true && head.refusal !== undefined);
    if (sqlstate === '42P01' || sqlstate === '42703') {
      const { host } = this.#core;
      if (host.engine?.bundle.transparent === true) host.refreshSoon(sqlstate);
      else void host.refreshCatalog(sqlstate).catch(() => {});
    }
    this.#heldReply.fail(answer.sqlstate);
    this.#overflow.clear();
    this.#core.state.error();
    const rows = this.#walker.rows;
    const settlement = { sqlstate: answer.sqlstate, rows, bytes: this.#walker.bytes };
    void audit.settle(piece?.execution, 'error', settlement);
    if (concernsCopy(this.#core, head)) copyInEnded(this.#inbound);

    seriesFailed(this.#core, head);
    if (hidden) return DROP;
    if (answer.code !== undefined) this.#core.telemetry.refusal(answer.code);
    return this.#replace(answer.bytes, PASS);
  }

  #notice(body: Buffer, length: number): Disposition {
    const head = this.#core.pipeline.head;
    if (head !== undefined && (head.silent === true || head.muted || head.refusal !== undefined)) return DROP;
    const bytes = this.#reports.notice(decodeReport(body, length), body.length < length, head);
    return bytes === null ? DROP : this.#replace(bytes, PASS);
  }

  #replace(bytes: Buffer | undefined, otherwise: typeof PASS): Disposition {
    if (bytes === undefined) return otherwise;
    this.#walker.insert(bytes);
    return DROP;
  }

  // ---- ReadyForQuery ---------------------------------------------------------------------------------------------------------

  #ready(body: Buffer): Disposition {
    const core = this.#core;
    const head = core.pipeline.head;
    if (head === undefined || (head.kind !== 'sync' && head.kind !== 'query')) throw unexpected(SERVER.readyForQuery);
    if (head.kind === 'query' && !head.failed && head.piece < (head.pieces?.length ?? 0)) throw unexpected(SERVER.readyForQuery);
    if (this.#overflow.cancelling) return HOLD;
    const status = decodeReadyForQuery(body);
    if (head.kind === 'query') head.confirmed?.();
    if (core.copyIn === 'active') copyInEnded(this.#inbound);
    if (head.kind === 'query' && concernsCopy(core, head)) core.copyIn = 'none';
    const abort = this.#overflow.mustAbort(status);
    transactionReady(core, abort ? 'E' : status);
    core.pipeline.pop();
    core.aborting = abort;
    if (abort) this.#overflow.abortTransaction();
    const hidden = head.silent === true;
    this.#options.ready();
    if (hidden) return DROP;
    if (!abort) return PASS;
    this.#walker.insert(readyForQuery('E'));
    return DROP;
  }

  // ---- running ---------------------------------------------------------------------------------------------------------------

  #resume(): void {
    const held = this.#held;
    if (held === null || this.#core.ended) return;
    this.#held = null;
    this.#run(() => {
      const disposition = this.#message(held.type, held.body, held.length);
      return disposition === HOLD ? false : this.#walker.resume(disposition);
    });
    if (this.#held === null) this.#options.resumed();
  }

  #run(step: () => boolean): void {
    this.#running = true;
    try {
      step();
    } catch (error) {
      this.#running = false;
      if (!(error instanceof ProtocolError)) {
        this.#core.fault(error);
        return;
      }
      this.#flush();
      this.#core.end({ reason: error.denial.code === 'SLUICE-704' ? 'tripwire' : 'server protocol error', denial: error.denial });
      return;
    }
    this.#running = false;
    this.#flush();
    this.#core.audit.flush();
    this.#inbound.poke();
  }

  #flush(): void {
    const out = this.#out;
    if (out.length === 0) return;
    this.#out = [];
    this.#options.send(out);
  }
}

function notRecorded(): Denial {
  return denial('SLUICE-701', 'the audit record of what the statement wrote cannot be written, so the session ends', {
    hint: 'Look at the data before trying again: the statement may be committed.',
  });
}

/** What the server said of how far it has come. */
function completionOf(head: Expected, type: number, rows: number | null): Completion {
  const { portal } = head;
  const portion = type === SERVER.portalSuspended || portal?.portion === true;
  if (portion && portal !== undefined) portal.portion = true;
  return { rows, ...(portion ? { portion } : {}) };
}

function unexpected(type: number): ProtocolError {
  return lostSync(`the server sent a message of type '${String.fromCharCode(type)}' that nobody asked for`, 'SLUICE-706');
}
