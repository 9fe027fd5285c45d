/** Who read most: rows and bytes that were returned, and the largest single result. */
import { type Answer, type Column, Groups, type Question, sorted, subjectOf } from './question.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';
import { selectedUses } from './uses.ts';

const COLUMNS: readonly Column[] = [
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'statements', title: 'STATEMENTS', right: true },
  { key: 'rows', title: 'ROWS', right: true },
  { key: 'bytes', title: 'BYTES', right: true },
  { key: 'largest', title: 'LARGEST', right: true },
  { key: 'largestAt', title: 'AT' },
  { key: 'tables', title: 'TABLES', wide: true },
  { key: 'text', title: 'TEXT' },
];

export type ReaderOrder = 'rows' | 'bytes' | 'statements';

interface Group {
  readonly subject: string;
  readonly database: string;
  readonly tables: Set<string>;
  statements: number;
  rows: number;
  bytes: number;
  /** Rows of the largest result, when it was asked for, and by what. */
  largest: number;
  largestAt: string;
  text: string;
}

/** Only what reads a table counts, and only what returns rows: the rows of a write are those written. */
export function readers(selection: Selection, by: ReaderOrder = 'rows'): Question {
  const groups = new Groups<Group>('subjects');
  return {
    columns: COLUMNS,
    filter: { ...storeFilter(selection), decision: 'allow' },
    statement: (statement) => {
      if (selects(selection, statement)) add(groups, selection, statement);
      return [];
    },
    end: () =>
      sorted(
        groups.values().map((group): Answer => ({ ...group, tables: [...group.tables].sort() })),
        `-${by}`,
        'subject',
        'database',
      ),
  };
}

const MOST_TABLES = 1_000;

function add(groups: Groups<Group>, selection: Selection, statement: Statement): void {
  const { intent, outcome } = statement;
  if (outcome === undefined || intent.decision === 'deny' || intent.writes.length > 0) return;
  const reads = selectedUses(statement, selection).filter(({ action }) => action === 'Select');
  if (reads.length === 0) return;
  const subject = subjectOf(statement);
  const database = statement.owner.database ?? '';
  const group = groups.of([subject, database], () => ({
    subject,
    database,
    tables: new Set<string>(),
    statements: 0,
    rows: 0,
    bytes: 0,
    largest: -1,
    largestAt: '',
    text: '',
  }));
  const rows = outcome.rows ?? 0;
  group.statements += 1;
  group.rows += rows;
  group.bytes += outcome.bytes ?? 0;
  for (const { relation } of reads) if (group.tables.size < MOST_TABLES) group.tables.add(relation);
  if (rows < group.largest || (rows === group.largest && intent.time >= group.largestAt)) return;
  group.largest = rows;
  group.largestAt = intent.time;
  group.text = intent.text;
}
