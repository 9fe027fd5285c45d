/** What was denied and why: by subject, code and rule, with examples. What Observe only recorded is told apart. */
import { type Answer, type Column, Groups, type Question, sorted, subjectOf } from './question.ts';
import { type Selection, selects, storeFilter } from './selection.ts';
import type { Statement } from './statements.ts';

const COLUMNS: readonly Column[] = [
  { key: 'decision', title: 'DECISION' },
  { key: 'code', title: 'CODE' },
  { key: 'rule', title: 'RULE' },
  { key: 'subject', title: 'SUBJECT' },
  { key: 'database', title: 'DATABASE' },
  { key: 'policies', title: 'POLICIES', wide: true },
  { key: 'statements', title: 'STATEMENTS', right: true },
  { key: 'different', title: 'DIFFERENT', right: true, wide: true },
  { key: 'first', title: 'FIRST', wide: true },
  { key: 'last', title: 'LAST' },
  { key: 'examples', title: 'EXAMPLES' },
];

const EXAMPLES = 3;
/** Of one group: beyond it `different` is "at least". */
const FINGERPRINTS = 10_000;

interface Group {
  readonly decision: 'deny' | 'observed';
  readonly code: string;
  readonly rule: string;
  readonly subject: string;
  readonly database: string;
  readonly policies: Set<string>;
  readonly fingerprints: Set<string>;
  /** The first of each fingerprint in the order of time, so that the answer does not depend on the order of reading. */
  readonly examples: { readonly time: string; readonly fingerprint: string; readonly text: string }[];
  statements: number;
  first: string;
  last: string;
}

/** `observed`: also what Observe let through and Enforce would deny; no store has an index for it. */
export function denials(selection: Selection, options: { readonly observed?: boolean } = {}): Question {
  const groups = new Groups<Group>('codes, rules and subjects', 20_000);
  const observed = options.observed === true;
  const wanted: Selection = observed ? selection : { ...selection, decision: 'deny' };
  return {
    columns: COLUMNS,
    filter: storeFilter(wanted),
    statement: (statement) => {
      if (!selects(wanted, statement)) return [];
      const { intent } = statement;
      if (intent.decision === 'deny') add(groups, statement, 'deny', intent.code ?? '');
      else for (const code of new Set(intent.observed ?? [])) add(groups, statement, 'observed', code);
      return [];
    },
    end: () =>
      sorted(
        groups.values().map(
          ({ fingerprints, policies, examples, ...group }): Answer => ({
            ...group,
            policies: [...policies].sort(),
            different: fingerprints.size,
            examples: examples.map(({ text }) => text),
          }),
        ),
        'decision',
        '-statements',
        'code',
        'rule',
        'subject',
        'database',
      ),
  };
}

function add(groups: Groups<Group>, statement: Statement, decision: 'deny' | 'observed', code: string): void {
  const { intent } = statement;
  const subject = subjectOf(statement);
  const database = statement.owner.database ?? '';
  const rule = intent.rule ?? '';
  const group = groups.of([decision, code, rule, subject, database], () => ({
    decision,
    code,
    rule,
    subject,
    database,
    policies: new Set<string>(),
    fingerprints: new Set<string>(),
    examples: [],
    statements: 0,
    first: intent.time,
    last: intent.time,
  }));
  group.statements += 1;
  for (const policy of intent.policies) if (group.policies.size < 100) group.policies.add(policy);
  if (group.fingerprints.size < FINGERPRINTS) group.fingerprints.add(intent.fingerprint);
  if (intent.time < group.first) group.first = intent.time;
  if (intent.time > group.last) group.last = intent.time;
  keepExample(group.examples, { time: intent.time, fingerprint: intent.fingerprint, text: intent.text });
}

/** The earliest of different fingerprints. */
function keepExample(examples: Group['examples'], candidate: Group['examples'][number]): void {
  const same = examples.findIndex(({ fingerprint }) => fingerprint === candidate.fingerprint);
  if (same >= 0) {
    if (isBefore(candidate, examples[same]!)) examples[same] = candidate;
  } else examples.push(candidate);
  examples.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  if (examples.length > EXAMPLES) examples.pop();
}

function isBefore(a: Group['examples'][number], b: Group['examples'][number]): boolean {
  return a.time === b.time ? a.fingerprint < b.fingerprint : a.time < b.time;
}
