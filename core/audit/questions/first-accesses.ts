/**
 * Accesses that had not been seen before: a subject, a Database, an action, a table and its columns, of which the log before the period has no
 * record. What the log does not reach back to counts as unseen, so it says from when on it was asked.
 */
import { type Answer, type Column, Groups, type Question, sorted, subjectOf } from './question.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';
import { selectedUses } from './uses.ts';

const COLUMNS: readonly Column[] = [
  { key: 'time', title: 'TIME' },
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'action', title: 'ACTION' },
  { key: 'relation', title: 'TABLE' },
  { key: 'columns', title: 'COLUMNS' },
  { key: 'pod', title: 'POD', wide: true },
  { key: 'policies', title: 'POLICIES', wide: true },
  { key: 'text', title: 'TEXT' },
];

/** Everything before `from` is only remembered; `since` is how far back. */
export interface FirstAccessOptions {
  /** RFC 3339; absent: as far as the log goes. */
  readonly since?: string;
}

/** Of the text: up to a million of them are held. */
const LONGEST = 300;

interface Seen {
  readonly subject: string;
  readonly database: string;
  readonly action: string;
  readonly relation: string;
  readonly column: string;
  /** Of the first access, where that is in the period; of others nothing needs to be held. */
  first: First | undefined;
}

interface First {
  readonly time: string;
  readonly chain: string;
  readonly seq: number;
  readonly pod: string | undefined;
  readonly policies: readonly string[];
  readonly text: string;
}

export function firstAccesses(selection: Selection, options: FirstAccessOptions = {}): Question {
  const { from: _, ...before } = selection;
  const wanted: Selection = options.since === undefined ? before : { ...before, from: options.since };
  const seen = new Groups<Seen>('accesses', 1_000_000);
  return {
    columns: COLUMNS,
    filter: { ...storeFilter(wanted), decision: 'allow' },
    statement: (statement) => {
      if (statement.intent.decision === 'allow' && selects(wanted, statement)) remember(seen, selection, statement);
      return [];
    },
    end: () => sorted(gather(seen.values()), 'time', 'subject', 'database', 'relation', 'action'),
  };
}

function remember(seen: Groups<Seen>, selection: Selection, statement: Statement): void {
  const subject = subjectOf(statement);
  const database = statement.owner.database ?? '';
  const first = firstOf(statement, selection.from ?? '');
  for (const { relation, action, columns } of selectedUses(statement, selection)) {
    for (const column of columns.length === 0 ? [''] : columns) {
      if (selection.column !== undefined && column !== selection.column) continue;
      const begin = (): Seen => ({ subject, database, action, relation, column, first });
      const one = seen.of([subject, database, action, relation, column], begin);
      if (one.first !== undefined && (first === undefined || isBefore(first, one.first))) one.first = first;
    }
  }
}

function firstOf({ chain, owner, intent }: Statement, from: string): First | undefined {
  if (intent.time < from) return undefined;
  const { time, seq, policies } = intent;
  const text = intent.text.length > LONGEST ? `${intent.text.slice(0, LONGEST)}…` : intent.text;
  return { time, chain, seq, pod: owner.identity.pod, policies: policies.slice(0, 20), text };
}

function isBefore(a: First, b: First): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.chain === b.chain ? a.seq < b.seq : a.chain < b.chain;
}

/** What one statement saw for the first time on one table is one row. */
function gather(all: readonly Seen[]): readonly Answer[] {
  const rows = new Map<string, { readonly seen: Seen; readonly first: First; readonly columns: string[] }>();
  for (const seen of all) {
    const { first, relation, action, column } = seen;
    if (first === undefined) continue;
    const key = JSON.stringify([first.chain, first.seq, relation, action]);
    let row = rows.get(key);
    if (row === undefined) rows.set(key, (row = { seen, first, columns: [] }));
    if (column !== '') row.columns.push(column);
  }
  return [...rows.values()].map(({ seen: { subject, database, action, relation }, first, columns }): Answer => {
    const { time, pod, policies, text } = first;
    return { time, subject, database, action, relation, columns: columns.sort(), pod, policies, text };
  });
}
