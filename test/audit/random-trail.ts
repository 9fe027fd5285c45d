/** Trails of several chains, of honest writers and of ones that write what they like, for whoever reads them to agree on. */
import fc from 'fast-check';
import { Chain } from '../../core/audit/chain.ts';
import type { AuditEntry } from '../../core/audit/record.ts';
import type { ChainOwner } from '../../core/audit/store.ts';

export interface Trail {
  readonly chain: string;
  readonly owner: ChainOwner;
  readonly lines: readonly string[];
}

export const DAY = Date.UTC(2026, 10, 1);
export const at = (second: number): string => new Date(DAY + second * 1_000).toISOString().replace('Z', '000Z');

const relations = fc.constantFrom('public.t', 'public.u', '"Weird S"."T.x"', 'pg_catalog.pg_class', 't');
const columns = fc.uniqueArray(fc.constantFrom('a', 'b', 'E-Mail', 'ssn'), { maxLength: 3 });
const use = fc.record({ relation: relations, columns });

const intent = fc.record(
  {
    session: fc.constantFrom('s1', 's2'),
    policies: fc.constantFrom(['data/p@1'], ['data/p@2', 'data/q@1'], []),
    mode: fc.constantFrom('Enforce', 'Observe'),
    decision: fc.constantFrom('allow', 'allow', 'allow', 'deny'),
    code: fc.constantFrom('SLUICE-201', 'SLUICE-301'),
    rule: fc.constantFrom('grants', 'guardrails'),
    observed: fc.constantFrom(['SLUICE-202'], []),
    kind: fc.constantFrom('select', 'update', 'explain', 'prepare'),
    fingerprint: fc.constantFrom('f1', 'f2', 'f3', 'f4', 'f5'),
    text: fc.constantFrom('select $1', 'update t', "=cmd|' /c'", '\u001b[2J\u0000\ud800'),
    reads: fc.array(use, { maxLength: 2 }),
    writes: fc.array(fc.record({ relation: relations, columns, action: fc.constantFrom('Update', 'Delete', 'Insert') }), {
      maxLength: 1,
    }),
    masks: fc.constantFrom({}, { 'public.t.a': 'email' }),
    clear: fc.constantFrom({ 'public.t.b': 'pii.email' }, { '"Weird S"."T.x"."E-Mail"': 'pii.email', 'public.u.ssn': 'secret' }),
    trace: fc.constantFrom(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, `00-${'c'.repeat(32)}-${'b'.repeat(16)}-01`),
    functions: fc.constantFrom(['public.f']),
  },
  {
    requiredKeys: ['session', 'policies', 'mode', 'decision', 'kind', 'fingerprint', 'text', 'reads', 'writes', 'masks'],
  },
);

const outcome = fc.record(
  {
    result: fc.constantFrom('ok', 'ok', 'error', 'denied'),
    rows: fc.nat(1_000),
    bytes: fc.nat(100_000),
    duration: fc.nat(1_000),
    sqlstate: fc.constantFrom('42501', '22P02'),
    evidence: fc.record({
      capture: fc.constantFrom('exact', 'partial', 'none'),
      reasons: fc.constantFrom(['triggers'], []),
      changes: fc.array(
        fc.record({
          relation: relations,
          action: fc.constant('Update'),
          rows: fc.nat(3),
          key: fc.constant(['id']),
          keys: fc.constantFrom(['d1'], ['d1', 'd2']),
        }),
        { maxLength: 2 },
      ),
    }),
  },
  { requiredKeys: ['result'] },
);

/** What no sidecar of ours writes. Times stay records' times: where a store puts others is its own matter. */
const strange = fc.dictionary(
  fc.constantFrom(
    'reads',
    'writes',
    'masks',
    'clear',
    'decision',
    'policies',
    'rows',
    'evidence',
    'returned',
    'text',
    'statement',
    '__proto__',
    'relation',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('statement' as const), intent, outcome: fc.option(outcome), late: fc.nat(900) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('strange' as const),
      type: fc.constantFrom('intent', 'outcome', 'session-start', 'admin'),
      strange,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('other' as const),
      entry: fc.constantFrom<AuditEntry>(
        { type: 'session-start', session: 's1', claims: { user: 'u', application: '=1' } },
        { type: 'session-end', session: 's1', reason: 'client' },
        { type: 'admin', action: 'policy-changed', object: 'p', author: { username: 'x' }, detail: { n: 1 } },
      ),
    }),
  },
);

const owners: readonly ChainOwner[] = [
  {
    identity: {
      namespace: 'ai',
      serviceAccount: 'one',
      pod: 'one-0',
      podUid: '00000000-0000-4000-8000-000000000001',
      image: 'i:1',
    },
    database: 'data/shop',
    kind: 'sidecar',
  },
  {
    identity: { namespace: 'ai', serviceAccount: 'two', pod: 'two-0', podUid: '00000000-0000-4000-8000-000000000002' },
    database: 'data/shop',
    kind: 'sidecar',
  },
  { identity: { namespace: 'etl', serviceAccount: 'one' }, database: 'data/other', kind: 'sidecar' },
];

/** Second by second; outcomes up to fifteen minutes later, other records between. */
export const trails: fc.Arbitrary<readonly Trail[]> = fc
  .tuple(...owners.map(() => fc.array(step, { maxLength: 25 })))
  .map((all) =>
    all.map((steps, index) => {
      const owner = owners[index]!;
      const chain = `1111111${index}-1111-4111-8111-111111111111`;
      return { chain, owner, lines: linesOf(chain, owner, steps) };
    }),
  );

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function linesOf(chain: string, { identity, database }: ChainOwner, steps: readonly Step[]): readonly string[] {
  const [namespace = '', name = ''] = (database ?? '').split('/');
  const entries: { readonly second: number; readonly entry: object }[] = [
    { second: 0, entry: { type: 'chain-start', chain, product: 't', identity, database: { namespace, name } } },
  ];
  steps.forEach((each, n) => {
    const second = 1 + n * 60;
    if (each.what === 'other') entries.push({ second, entry: each.entry });
    else if (each.what === 'strange') entries.push({ second, entry: { ...each.strange, type: each.type } });
    else {
      const statement = `${chain}.${n}`;
      entries.push({ second, entry: { type: 'intent', statement, bundle: 'b', filters: {}, ...each.intent } });
      if (each.outcome !== null)
        entries.push({
          second: second + each.late,
          entry: { type: 'outcome', session: each.intent.session, statement, ...each.outcome },
        });
    }
  });
  const writer = new Chain();
  return entries
    .toSorted((a, b) => a.second - b.second)
    .map(({ second, entry }) =>
      writer
        .seal(entry as AuditEntry, at(second))
        .slice(0, -1)
        .toWellFormed(),
    );
}
