/**
 * Which of the writes that a trail has evidence of became durable. A statement's evidence says what it did; whether that lasted is decided by the end of its
 * transaction, which stands in the trail too: COMMIT and ROLLBACK are statements with an outcome, and what ends a transaction without one
 * (an error behind it in the same message or pipeline, the end of the session) is an event.
 */
import type { AuditRecord, Intent, Outcome } from './record.ts';

/**
 *   durable   committed, as far as the server said
 *   undone    its transaction, or a part of it with the statement in it, was rolled back
 *   open      the trail ends before its transaction does
 *   unknown   nobody heard how it ended
 */
export type Durability = 'durable' | 'undone' | 'open' | 'unknown';

/**
 * Of an `event` record: the writes from `from` to `to` (statements) were in a transaction that was undone; or that was open when the session ended; or that became a block by
 * a BEGIN behind them in the same message.
 */
export const ROLLED_BACK = 'rolled-back';
export const JOINED = 'joined-block';
export const LEFT_OPEN = 'left-open';

interface Session {
  /** Inside BEGIN … COMMIT. */
  block: boolean;
  /** Of that block. */
  writes: string[];
  savepoints: { readonly name: string; readonly from: number }[];
  /** Of single statements and pipelines: durable until an event says otherwise. */
  alone: string[];
  /** A COMMIT was sent, and no answer is known. */
  committing: boolean;
  readonly intents: Map<string, Intent>;
}

/** By statement, of all that have evidence and succeeded. `records`: of one chain, in order. */
export function durabilityOf(records: Iterable<AuditRecord>): ReadonlyMap<string, Durability> {
  const result = new Map<string, Durability>();
  const sessions = new Map<string, Session>();
  for (const record of records) {
    if (!('session' in record) || record.session === undefined) continue;
    const session = sessionOf(sessions, record.session);
    if (record.type === 'intent') {
      if (record.decision === 'allow') session.intents.set(record.statement, record);
      if (record.kind === 'commit' && record.decision === 'allow') session.committing = true;
    } else if (record.type === 'outcome') settle(session, record, result);
    else if (record.type === 'event') follow(session, record.event, record.detail, result);
    else if (record.type === 'session-end') {
      for (const statement of session.writes) result.set(statement, session.committing ? 'unknown' : 'undone');
      sessions.delete(record.session);
    }
  }
  for (const { writes } of sessions.values()) for (const statement of writes) result.set(statement, 'open');
  return result;
}

function settle(session: Session, outcome: Outcome, result: Map<string, Durability>): void {
  const intent = session.intents.get(outcome.statement);
  session.intents.delete(outcome.statement);
  if (intent === undefined) return;
  if (outcome.evidence !== undefined) {
    if (outcome.result === 'unknown') result.set(outcome.statement, 'unknown');
    // The client was told of an error that the server does not know of, or the server left without a word on the statement.
    const { changes, reasons } = outcome.evidence;
    if (outcome.result === 'error' && (changes.length > 0 || reasons.includes('interrupted')))
      result.set(outcome.statement, 'unknown');
    if (outcome.result === 'ok') {
      if (session.block) session.writes.push(outcome.statement);
      else session.alone.push(outcome.statement);
      result.set(outcome.statement, session.block ? 'open' : 'durable');
    }
  }
  if (intent.kind === 'commit') session.committing = outcome.result === 'unknown';
  if (outcome.result === 'ok') control(session, intent, outcome.tag ?? '', result);
  else if (intent.kind === 'commit' && outcome.result === 'error' && outcome.tag !== 'not run') {
    end(session, 'undone', result);
    session.block = false;
  }
}

function control(session: Session, intent: Intent, tag: string, result: Map<string, Durability>): void {
  switch (intent.kind) {
    case 'begin':
      session.block = true;
      return;
    case 'commit':
      if (tag === 'PREPARE TRANSACTION') end(session, 'unknown', result);
      else end(session, tag === 'ROLLBACK' ? 'undone' : 'durable', result);
      session.block = chains(intent.text);
      return;
    case 'rollback':
      end(session, 'undone', result);
      session.block = chains(intent.text);
      return;
    case 'savepoint':
      session.savepoints.push({ name: nameIn(intent.text), from: session.writes.length });
      return;
    case 'release':
      dropSavepoints(session, nameIn(intent.text), false);
      return;
    case 'rollback-to': {
      const from = dropSavepoints(session, nameIn(intent.text), true);
      for (const statement of session.writes.splice(from)) result.set(statement, 'undone');
      return;
    }
    default:
  }
}

function end(session: Session, how: Durability, result: Map<string, Durability>): void {
  for (const statement of session.writes) result.set(statement, how);
  session.writes = [];
  session.savepoints = [];
}

/** Gives where in the block's writes it began; everything, where the name is not known. */
function dropSavepoints(session: Session, name: string, keep: boolean): number {
  const index = session.savepoints.findLastIndex((savepoint) => savepoint.name === name);
  const from = session.savepoints[index]?.from ?? 0;
  session.savepoints = session.savepoints.slice(0, Math.max(0, keep ? index + 1 : index));
  return from;
}

function follow(
  session: Session,
  event: string,
  detail: Readonly<Record<string, unknown>>,
  result: Map<string, Durability>,
): void {
  if (event !== ROLLED_BACK && event !== LEFT_OPEN && event !== JOINED) return;
  const { from, to } = detail;
  if (event === JOINED) {
    const joining = session.alone.filter((statement) => isBetween(statement, from, to));
    session.alone = session.alone.filter((statement) => !joining.includes(statement));
    session.writes.unshift(...joining);
    for (const statement of joining) result.set(statement, 'open');
    return;
  }
  const concerned = [...session.alone, ...session.writes].filter((statement) => isBetween(statement, from, to));
  // In a block nothing is durable without its COMMIT; of anything else the last word was on its way.
  for (const statement of concerned) {
    const lost = event === ROLLED_BACK || (session.writes.includes(statement) && !session.committing);
    result.set(statement, lost ? 'undone' : 'unknown');
  }
  const gone = new Set(concerned);
  session.alone = session.alone.filter((statement) => !gone.has(statement));
  session.writes = session.writes.filter((statement) => !gone.has(statement));
}

/** Statements of a session are numbered: `session.n`. */
function isBetween(statement: string, from: unknown, to: unknown): boolean {
  const number = numberOf(statement);
  return typeof from === 'string' && typeof to === 'string' && number >= numberOf(from) && number <= numberOf(to);
}

function numberOf(statement: string): number {
  return Number(statement.slice(statement.lastIndexOf('.') + 1));
}

function chains(text: string): boolean {
  return /\band\s+chain\b/i.test(text) && !/\band\s+no\s+chain\b/i.test(text);
}

/** The savepoint that SAVEPOINT, RELEASE or ROLLBACK TO names, folded as the server does. */
function nameIn(text: string): string {
  const match = /(?:savepoint|release|to)\s+(?:savepoint\s+)?("(?:[^"]|"")+"|[^\s;"]+)\s*;?\s*$/i.exec(text);
  const name = match?.[1] ?? '';
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}

function sessionOf(sessions: Map<string, Session>, id: string): Session {
  let session = sessions.get(id);
  if (session === undefined) {
    session = { block: false, writes: [], savepoints: [], alone: [], committing: false, intents: new Map() };
    sessions.set(id, session);
  }
  return session;
}
