/** Which statements a question is about: what stores can narrow down (RecordFilter), and the same said exactly. */
import type { Intent } from '../record.ts';
import type { RecordFilter } from '../store.ts';
import { isRelation, type RelationName, spelled } from './relation-name.ts';
import type { Statement } from './statements.ts';

export interface Selection {
  /** RFC 3339 UTC; [from, to) of the intent. */
  readonly from?: string;
  readonly to?: string;
  readonly table?: RelationName;
  /** Of `table`. */
  readonly column?: string;
  /** rowDigests that stand for one row: one for each order that its key's columns may have. */
  readonly rows?: readonly string[];
  readonly namespace?: string;
  readonly serviceAccount?: string;
  /** Name or UID. */
  readonly pod?: string;
  /** A part of its name is enough. */
  readonly image?: string;
  /** `namespace/name`, or a name in whichever namespace. */
  readonly database?: string;
  readonly session?: string;
  readonly decision?: 'allow' | 'deny';
  /** A trace id (32 hex digits), or a whole traceparent. */
  readonly trace?: string;
  readonly fingerprint?: string;
}

/** Milliseconds after the period in which outcomes of its statements are still looked for; of longer ones it is not known how they ended. */
const LATE = 600_000;

/** Never less than `selects` selects. */
export function storeFilter(selection: Selection): RecordFilter {
  const { from, to, table, rows, namespace, serviceAccount, pod, database, decision, trace, fingerprint } = selection;
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to: withLate(to) }),
    ...(table?.schema === undefined ? {} : { relation: spelled(table) }),
    ...(rows?.length === 1 ? { row: rows[0]! } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(pod === undefined || !UID.test(pod) ? {} : { podUid: pod }),
    ...(database?.includes('/') ? { database } : {}),
    ...(decision === undefined ? {} : { decision }),
    ...(trace === undefined ? {} : { trace: traceId(trace) }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    types: ['intent', 'outcome', 'chain-start'],
  };
}

export function withLate(to: string): string {
  return new Date(Date.parse(to) + LATE).toISOString().replace('Z', '000Z');
}

export function selects(selection: Selection, statement: Statement): boolean {
  const { owner, intent } = statement;
  const { identity } = owner;
  return (
    inPeriod(selection, intent.time) &&
    (selection.decision === undefined || intent.decision === selection.decision) &&
    (selection.namespace === undefined || identity.namespace === selection.namespace) &&
    (selection.serviceAccount === undefined || identity.serviceAccount === selection.serviceAccount) &&
    (selection.pod === undefined || identity.pod === selection.pod || identity.podUid === selection.pod) &&
    (selection.image === undefined || identity.image?.includes(selection.image) === true) &&
    (selection.database === undefined || isDatabase(selection.database, owner.database)) &&
    (selection.session === undefined || intent.session.startsWith(selection.session)) &&
    (selection.trace === undefined || isTrace(selection.trace, intent.trace)) &&
    (selection.fingerprint === undefined || intent.fingerprint === selection.fingerprint) &&
    (selection.table === undefined || touches(intent, selection.table, selection.column)) &&
    (selection.rows === undefined || touchesRow(statement, selection.rows, selection.table))
  );
}

export function inPeriod({ from, to }: { readonly from?: string; readonly to?: string }, time: string): boolean {
  return (from === undefined || time >= from) && (to === undefined || time < to);
}

/** Actions on the whole row, or the whole table: every column is touched, though none is named. */
const WHOLE: ReadonlySet<string> = new Set(['Delete', 'Truncate', 'Drop', 'Alter']);

function touches(intent: Intent, table: RelationName, column: string | undefined): boolean {
  const has = (use: { readonly relation: string; readonly columns: readonly string[] }): boolean =>
    isRelation(table, use.relation) && (column === undefined || use.columns.includes(column));
  return (
    intent.reads.some(has) ||
    intent.writes.some((use) => has(use) || (column !== undefined && WHOLE.has(use.action) && isRelation(table, use.relation)))
  );
}

/** Rows are known of writes with evidence, and of results whose keys are recorded. */
function touchesRow({ outcome }: Statement, digests: readonly string[], table: RelationName | undefined): boolean {
  const hit = (relation: string, keys: readonly string[] | undefined): boolean =>
    keys !== undefined && (table === undefined || isRelation(table, relation)) && keys.some((digest) => digests.includes(digest));
  return (
    outcome?.evidence?.changes.some((change) => hit(change.relation, change.keys)) === true ||
    outcome?.returned?.keys?.some((each) => hit(each.relation, each.digests)) === true
  );
}

function isDatabase(wanted: string, database: string | undefined): boolean {
  if (database === undefined) return false;
  return wanted.includes('/') ? database === wanted : database.endsWith(`/${wanted}`);
}

function isTrace(wanted: string, traceparent: string | undefined): boolean {
  return traceparent !== undefined && traceId(traceparent) === traceId(wanted);
}

/** The trace id of a traceparent; of anything else itself. https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
export function traceId(text: string): string {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(text)?.[1] ?? text;
}

const UID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
