/**
 * maxAffectedRows and maxRows.
 *
 * Rows written are counted by the server itself: the difference of its per-transaction table counters around the statement.
 * They see CTEs, MERGE, COPY, triggers and cascades, which command tags hide. The difference, because the counters of
 * earlier transactions may be pending in them (PostgreSQL 15 and later). The number before rides in a transaction-local
 * setting that no client can name; the check divides by zero, so that the server itself rolls the statement back inside its
 * own transaction, and nothing that was sent behind it can slip through.
 * Foreign tables have no such counters.
 */
import { denial, type Denial } from '../../core/errors/denial.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import type { Piece } from './pipeline.ts';
import type { Statements } from './statements.ts';

const COUNT = `(SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)), 0) FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char" AND c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid)`;
const SETTING = 'sluice.rows_before';

/** Keeps the number of rows written so far in this transaction. Returns one row. */
export const BASELINE_SQL = `SELECT pg_catalog.set_config('${SETTING}', CASE pg_catalog.current_setting('track_counts') WHEN 'on' THEN ${COUNT}::pg_catalog.text ELSE 'not counted' END, true)`;

/** Fails with 22012 when more than `max` rows were written since the baseline. Returns one row otherwise. */
export function checkSql(max: number): string {
  return `SELECT 1 OPERATOR(pg_catalog./) (CASE WHEN ${COUNT} OPERATOR(pg_catalog.-) pg_catalog.current_setting('${SETTING}')::pg_catalog.numeric OPERATOR(pg_catalog.>) ${max} THEN 0 ELSE 1 END)`;
}

/** What a failed check answers. */
export const CHECK_FAILED = '22012';
/** What it answers where the server does not count: the baseline is no number. */
export const NOT_COUNTED = '22P02';

/** The limit on rows written that applies to this statement, or undefined. */
export function maxAffected(bundle: Bundle, plan: StatementPlan): number | undefined {
  const max = bundle.guardrails.maxAffectedRows;
  return plan.writesRows && bundle.mode === 'Enforce' && max !== undefined ? Math.max(0, Math.floor(max)) : undefined;
}

export function tooManyAffected(max: number): Denial {
  return denial('SLUICE-302', `the statement would affect more than ${max} rows and was rolled back`, {
    rule: 'guardrails',
    detail: `maxAffectedRows is ${max}; rows changed by triggers and cascades count too.`,
    hint: `Narrow the WHERE clause, or work in steps of at most ${max} rows.`,
  });
}

export function affectedNotCounted(): Denial {
  return denial('SLUICE-302', 'the rows this statement affects cannot be counted, so it was rolled back', {
    rule: 'guardrails',
    detail: 'maxAffectedRows needs track_counts = on, and the server has it off.',
    hint: 'Ask whoever runs this database to switch track_counts on.',
  });
}

/** Rows this statement may still pass on; Infinity where there is no limit. COPY may add one line (a header or trailer). */
export function rowLimit(bundle: Bundle, plan: StatementPlan, statements: Statements, portalRows?: number): number {
  const max = bundle.limits.maxRows;
  if (max === undefined || !plan.returnsRows || bundle.mode !== 'Enforce') return Number.POSITIVE_INFINITY;
  const before = portalRows ?? (plan.uses?.cursor === undefined ? 0 : statements.cursorRows(plan.uses.cursor));
  return Math.max(0, max - before) + (plan.kind === 'copy-to' ? 1 : 0);
}

/** COPY's own count, where its rows could not be told from its header. */
export function exceedsRowLimit(piece: Piece, rows: number | null): boolean {
  return piece.execution?.plan.kind === 'copy-to' && rows !== null && rows > piece.rowLimit - 1;
}

export function tooManyRows(max: number): Denial {
  return denial('SLUICE-401', `the result has more than ${max} rows`, {
    rule: 'limits',
    detail: `maxRows is ${max}; the rows sent so far are all that may be read by one statement.`,
    hint: `Add LIMIT ${max} or a narrower WHERE clause, or aggregate.`,
  });
}

export function statementTimedOut(milliseconds: number | undefined): Denial {
  return denial('SLUICE-402', 'the statement took longer than the policy allows and was cancelled', {
    rule: 'limits',
    ...(milliseconds === undefined ? {} : { detail: `statementTimeout is ${milliseconds} ms.` }),
    hint: 'Use a more selective WHERE clause, an indexed column, or a LIMIT.',
  });
}

/** Statements that change nothing, so that they may run while an earlier one is still being counted. */
export function readsOnly(plan: StatementPlan): boolean {
  if (plan.writesRows || plan.effect.kind !== 'none') return false;
  return plan.kind === 'select' || plan.kind === 'values' || plan.kind === 'show' || plan.kind === 'fetch';
}
