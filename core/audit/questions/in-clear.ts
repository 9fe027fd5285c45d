/**
 * Which sensitive columns were read as they are stored, by whom, and why they could be. Read means returned, compared or passed on: the
 * record does not tell them apart. Statements that only prepare or explain read nothing.
 */
import { type Answer, type Column, Groups, type Question, sorted, subjectOf } from './question.ts';
import { splitColumn } from './relation-name.ts';
import { isRelation } from './relation-name.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';

const COLUMNS: readonly Column[] = [
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'relation', title: 'TABLE' },
  { key: 'column', title: 'COLUMN' },
  { key: 'class', title: 'CLASS' },
  { key: 'why', title: 'WHY' },
  { key: 'statements', title: 'STATEMENTS', right: true },
  { key: 'rows', title: 'ROWS', right: true },
  { key: 'policies', title: 'POLICIES', wide: true },
  { key: 'first', title: 'FIRST', wide: true },
  { key: 'last', title: 'LAST' },
];

/** Rows are read when they are executed or fetched from. */
const READS_NOTHING: ReadonlySet<string> = new Set(['prepare', 'declare-cursor', 'explain', 'move']);

interface Group {
  readonly subject: string;
  readonly database: string;
  readonly relation: string;
  readonly column: string;
  readonly class: string;
  /** `revealed`: a policy says so. `observed`: Observe masks nothing. */
  readonly why: 'revealed' | 'observed';
  readonly policies: Set<string>;
  statements: number;
  rows: number;
  first: string;
  last: string;
}

export function inClear(selection: Selection): Question {
  const groups = new Groups<Group>('subjects and columns');
  return {
    columns: COLUMNS,
    filter: { ...storeFilter(selection), decision: 'allow' },
    statement: (statement) => {
      const { intent } = statement;
      if (intent.clear === undefined || intent.decision === 'deny' || READS_NOTHING.has(intent.kind)) return [];
      if (!selects(selection, statement)) return [];
      for (const [name, sensitivity] of Object.entries(intent.clear)) add(groups, selection, statement, name, sensitivity);
      return [];
    },
    end: () =>
      sorted(
        groups.values().map(({ policies, ...group }): Answer => ({ ...group, policies: [...policies].sort() })),
        'subject',
        'database',
        'relation',
        'column',
        'class',
        'why',
      ),
  };
}

function add(
  groups: Groups<Group>,
  { table, column: wanted }: Selection,
  statement: Statement,
  name: string,
  kind: string,
): void {
  const { relation, column } = splitColumn(name);
  if (table !== undefined && !isRelation(table, relation)) return;
  if (wanted !== undefined && column !== wanted) return;
  const { intent } = statement;
  const subject = subjectOf(statement);
  const database = statement.owner.database ?? '';
  // Observe masks what is never revealed, and with masking Enforce everything: what it shows, a policy need not have revealed.
  const why = intent.mode === 'Observe' ? 'observed' : 'revealed';
  const group = groups.of([subject, database, relation, column, kind, why], () => ({
    subject,
    database,
    relation,
    column,
    class: kind,
    why,
    policies: new Set<string>(),
    statements: 0,
    rows: 0,
    first: intent.time,
    last: intent.time,
  }));
  group.statements += 1;
  group.rows += statement.outcome?.rows ?? 0;
  for (const policy of intent.policies) if (group.policies.size < 100) group.policies.add(policy);
  if (intent.time < group.first) group.first = intent.time;
  if (intent.time > group.last) group.last = intent.time;
}
