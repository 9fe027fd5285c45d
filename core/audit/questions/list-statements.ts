/** Every statement that was selected, one row each, as they ended. */
import type { Answer, Column, Question } from './question.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';
import { subjectOf } from './question.ts';
import { usesOf } from './uses.ts';

const COLUMNS: readonly Column[] = [
  { key: 'time', title: 'TIME' },
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'pod', title: 'POD', wide: true },
  { key: 'image', title: 'IMAGE', wide: true },
  { key: 'decision', title: 'DECISION' },
  { key: 'code', title: 'CODE', wide: true },
  { key: 'rule', title: 'RULE', wide: true },
  { key: 'kind', title: 'KIND', wide: true },
  { key: 'result', title: 'RESULT' },
  { key: 'sqlstate', title: 'SQLSTATE', wide: true },
  { key: 'rows', title: 'ROWS', right: true },
  { key: 'bytes', title: 'BYTES', wide: true },
  { key: 'duration', title: 'DURATION', wide: true },
  { key: 'touched', title: 'TOUCHED' },
  { key: 'clear', title: 'IN CLEAR', wide: true },
  { key: 'masked', title: 'MASKED', wide: true },
  { key: 'capture', title: 'CAPTURE', wide: true },
  { key: 'policies', title: 'POLICIES', wide: true },
  { key: 'trace', title: 'TRACE', wide: true },
  { key: 'fingerprint', title: 'FINGERPRINT', wide: true },
  { key: 'text', title: 'TEXT' },
  { key: 'session', title: 'SESSION', wide: true },
  { key: 'chain', title: 'CHAIN', wide: true },
  { key: 'seq', title: 'SEQ', wide: true },
];

export function listStatements(selection: Selection): Question {
  return {
    columns: COLUMNS,
    filter: storeFilter(selection),
    statement: (statement) => (selects(selection, statement) ? [describe(statement)] : []),
    end: () => [],
  };
}

function describe(statement: Statement): Answer {
  const { chain, owner, intent, outcome } = statement;
  const observed = intent.decision === 'allow' && (intent.observed?.length ?? 0) > 0;
  return {
    time: intent.time,
    subject: subjectOf(statement),
    database: owner.database,
    pod: owner.identity.pod,
    image: owner.identity.image,
    decision: observed ? 'observed' : intent.decision,
    code: intent.code ?? (observed ? intent.observed?.join(' ') : undefined),
    rule: intent.rule,
    kind: intent.kind,
    result: outcome?.result ?? 'unknown',
    sqlstate: outcome?.sqlstate,
    rows: outcome?.rows,
    bytes: outcome?.bytes,
    /** Microseconds. */
    duration: outcome?.duration,
    touched: usesOf(statement).map(
      ({ action, relation, columns }) =>
        `${action.toLowerCase()} ${relation}${columns.length === 0 ? '' : `(${columns.join(', ')})`}`,
    ),
    clear: Object.entries(intent.clear ?? {}).map(([column, sensitivity]) => `${column} ${sensitivity}`),
    masked: Object.entries(intent.masks).map(([column, mask]) => `${column} ${mask}`),
    capture: outcome?.evidence?.capture,
    policies: intent.policies,
    trace: intent.trace,
    fingerprint: intent.fingerprint,
    text: intent.text,
    session: intent.session,
    chain,
    seq: intent.seq,
  };
}
