/** Who touched what: subjects × tables × actions, with the columns, how often, and when first and last. */
import { type Answer, type Column, Groups, type Question, sorted, subjectOf } from './question.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';
import { rowsOf, selectedUses, type Use } from './uses.ts';

const COLUMNS: readonly Column[] = [
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'relation', title: 'TABLE' },
  { key: 'action', title: 'ACTION' },
  { key: 'columns', title: 'COLUMNS' },
  { key: 'statements', title: 'STATEMENTS', right: true },
  { key: 'denied', title: 'DENIED', right: true },
  { key: 'rows', title: 'ROWS', right: true },
  { key: 'first', title: 'FIRST', wide: true },
  { key: 'last', title: 'LAST' },
];

/** A table has at most 1,600; a chain may claim more. */
const MOST_COLUMNS = 2_000;

interface Group {
  readonly subject: string;
  readonly database: string;
  readonly relation: string;
  readonly action: string;
  readonly columns: Set<string>;
  statements: number;
  denied: number;
  rows: number;
  first: string;
  last: string;
}

export function who(selection: Selection): Question {
  const groups = new Groups<Group>('subjects and tables');
  return {
    columns: COLUMNS,
    filter: storeFilter(selection),
    statement: (statement) => {
      if (selects(selection, statement)) for (const use of selectedUses(statement, selection)) add(groups, statement, use);
      return [];
    },
    end: () =>
      sorted(
        groups.values().map((group): Answer => ({ ...group, columns: [...group.columns].sort() })),
        'subject',
        'database',
        'relation',
        'action',
      ),
  };
}

function add(groups: Groups<Group>, statement: Statement, use: Use): void {
  const subject = subjectOf(statement);
  const database = statement.owner.database ?? '';
  const { relation, action } = use;
  const { time, decision } = statement.intent;
  const group = groups.of([subject, database, relation, action], () => ({
    subject,
    database,
    relation,
    action,
    columns: new Set<string>(),
    statements: 0,
    denied: 0,
    rows: 0,
    first: time,
    last: time,
  }));
  // What was denied names columns that may not exist, or are none of the subject's.
  if (decision === 'deny') group.denied += 1;
  else {
    group.statements += 1;
    group.rows += rowsOf(statement, use);
    for (const column of use.columns) if (group.columns.size < MOST_COLUMNS) group.columns.add(column);
  }
  if (time < group.first) group.first = time;
  if (time > group.last) group.last = time;
}
