/** How complete the evidence of writes is: of which share it is known row by row what they changed, and why not of the others. */
import { type Answer, type Column, Groups, type Question, sorted, subjectOf } from './question.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';
import { selectedUses } from './uses.ts';

const COLUMNS: readonly Column[] = [
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'relation', title: 'TABLE' },
  { key: 'action', title: 'ACTION' },
  { key: 'statements', title: 'STATEMENTS', right: true },
  { key: 'rows', title: 'ROWS', right: true },
  { key: 'exact', title: 'EXACT', right: true },
  { key: 'partial', title: 'PARTIAL', right: true },
  { key: 'none', title: 'NONE', right: true },
  { key: 'reasons', title: 'REASONS' },
];

interface Group {
  readonly subject: string;
  readonly database: string;
  readonly relation: string;
  readonly action: string;
  statements: number;
  rows: number;
  exact: number;
  partial: number;
  /** Of statements that succeeded and whose outcome has no evidence, too. */
  none: number;
  readonly reasons: Set<string>;
}

const MOST_REASONS = 50;

/** Only writes that succeeded: others changed nothing. */
export function writeEvidence(selection: Selection): Question {
  const groups = new Groups<Group>('subjects and tables');
  return {
    columns: COLUMNS,
    filter: { ...storeFilter(selection), decision: 'allow' },
    statement: (statement) => {
      if (statement.outcome?.result === 'ok' && statement.intent.decision === 'allow' && selects(selection, statement))
        add(groups, selection, statement);
      return [];
    },
    end: () =>
      sorted(
        groups.values().map((group): Answer => ({ ...group, reasons: [...group.reasons].sort() })),
        'subject',
        'database',
        'relation',
        'action',
      ),
  };
}

function add(groups: Groups<Group>, selection: Selection, statement: Statement): void {
  const subject = subjectOf(statement);
  const database = statement.owner.database ?? '';
  const { outcome } = statement;
  // What MERGE wrote is several actions on one table, and each of them is a write.
  for (const { relation, action } of selectedUses(statement, selection)) {
    if (action === 'Select') continue;
    const group = groups.of([subject, database, relation, action], () => ({
      subject,
      database,
      relation,
      action,
      statements: 0,
      rows: 0,
      exact: 0,
      partial: 0,
      none: 0,
      reasons: new Set<string>(),
    }));
    const evidence = outcome?.evidence;
    group.statements += 1;
    group.rows += outcome?.rows ?? 0;
    group[evidence?.capture ?? 'none'] += 1;
    for (const reason of evidence?.reasons ?? []) if (group.reasons.size < MOST_REASONS) group.reasons.add(reason);
  }
}
