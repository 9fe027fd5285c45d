/** Errors: what the client is told instead of the server's own, and what no longer happens because of them. */
import { concernsCopy } from './copy.ts';
import type { Code } from '../../core/errors/codes.ts';
import type { Denial } from '../../core/errors/denial.ts';
import { rowFilterDenial } from '../../core/sql/write/markers.ts';
import type { ReportFields } from '../../core/wire/server-messages.ts';
import { denialResponse } from '../../core/wire/write.ts';
import type { SessionCore } from './core.ts';
import { affectedNotCounted, CHECK_FAILED, NOT_COUNTED, statementTimedOut, tooManyAffected } from './limits.ts';
import type { Expected, Piece } from './pipeline.ts';
import type { Reports } from './reports.ts';

const QUERY_CANCELED = '57014';
/** invalid_text_representation: how the check of a row filter raises (core/sql/write/markers.ts). */
const INVALID_TEXT = '22P02';

export interface ServerError {
  readonly core: SessionCore;
  readonly reports: Reports;
  readonly head: Expected;
  readonly piece: Piece | undefined;
  /** The limit on rows for which we asked the server to cancel. */
  readonly overflow: Denial | null;
  readonly fields: ReportFields;
  readonly sqlstate: string;
  readonly truncated: boolean;
}

/** What the client gets for this error; no bytes: the server's own. */
export function answerError(error: ServerError): {
  readonly sqlstate: string;
  readonly bytes: Buffer | undefined;
  /** The answer is ours. */
  readonly code?: Code;
} {
  const { core, reports, head, piece, overflow, fields, sqlstate, truncated } = error;
  const own = (reason: Denial, sql?: Buffer) => ({
    sqlstate: reason.sqlstate,
    bytes: denialResponse(reason, sql === undefined ? {} : { sql }),
    code: reason.code,
  });
  if (head.refusal !== undefined) return own(head.refusal, head.refusedText);
  if (overflow !== null && sqlstate === QUERY_CANCELED) return own(overflow);
  if (piece?.role === 'check' && sqlstate === CHECK_FAILED) return own(tooManyAffected(piece.execution?.maxAffected ?? 0));
  if (piece?.role === 'check' && sqlstate === NOT_COUNTED) return own(affectedNotCounted());
  const timeout = core.engine?.bundle.limits.statementTimeout;
  if (sqlstate === QUERY_CANCELED && timeout !== undefined && fields.get('M')?.includes('statement timeout') === true)
    return own(statementTimedOut(timeout));
  const outside = sqlstate === INVALID_TEXT ? rowFilterDenial(fields.get('M')?.toString('utf8') ?? '') : undefined;
  if (outside !== undefined) return own(outside);
  return { sqlstate, bytes: reports.error(fields, truncated, head) };
}

/** The head failed: the rest of its Query, or of its series up to the Sync, is not run. */
export function seriesFailed(core: SessionCore, head: Expected): void {
  const { pipeline, audit } = core;
  audit.open.failed();
  if (head.kind === 'query') {
    head.failed = true;
    if (concernsCopy(core, head)) core.copyIn = 'none';
    for (const rest of head.pieces?.slice(head.piece + 1) ?? []) audit.settle(rest.execution, 'error', { tag: 'not run' });
  } else if (head.kind !== 'sync') {
    if (concernsCopy(core, head)) core.copyIn = 'none';
    const { skipped, synced } = pipeline.failGroup();
    if (!synced) core.skipping = true;
    if (head.refusal !== undefined) head.confirmed?.();
    else head.abandoned?.();
    // The server drops the unnamed statement before it looks at the text of a new one.
    if (head.kind === 'parse' && head.statement?.name === '') core.statements.deallocated('', '');
    for (const entry of skipped.slice(1)) {
      entry.abandoned?.();
      for (const rest of entry.pieces ?? []) audit.settle(rest.execution, 'error', { tag: 'not run' });
    }
  }
}

/** The client has been told that the head's series failed, the server has not: whatever it still answers is dropped. True when its Sync has been sent. */
export function muteSeries(core: SessionCore): boolean {
  for (const entry of core.pipeline) {
    if (entry.kind === 'sync') return true;
    entry.muted = true;
  }
  return false;
}
