/** Chains as sidecars write them, and as they should not: what the suites of the stores draw from. */
import fc from 'fast-check';
import type { ChainBatch, ChainOwner, RecordFilter } from '../../core/audit/store.ts';

export const RELATIONS = ['public.orders', 'public."Odd Name"', 'hr.people'] as const;
export const ROWS = ['rowA', 'rowB', 'rowC'] as const;
export const FINGERPRINTS = ['f1', 'f2'] as const;
export const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
export const CHAINS = ['chain-1', 'chain-2', 'chain-3'] as const;
export type ChainName = (typeof CHAINS)[number];

export const OWNERS: Readonly<Record<ChainName, ChainOwner>> = {
  'chain-1': { kind: 'sidecar', identity: { namespace: 'team', serviceAccount: 'bot', podUid: 'u1' }, database: 'data/orders' },
  'chain-2': { kind: 'sidecar', identity: { namespace: 'team', serviceAccount: 'other', podUid: 'u2' }, database: 'data/people' },
  'chain-3': { kind: 'operator', identity: { namespace: 'sluice', serviceAccount: 'operator', podUid: 'u3' } },
};

/** Records of a chain: mostly as they should be, some hostile. */
const record = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('intent'),
      statement: fc.constantFrom('1', '2', '3', '4'),
      decision: fc.constantFrom('allow', 'deny'),
      fingerprint: fc.constantFrom(...FINGERPRINTS),
      reads: fc.array(fc.record({ relation: fc.constantFrom(...RELATIONS), columns: fc.constant(['a']) }), { maxLength: 2 }),
      writes: fc.constant([]),
      trace: fc.option(fc.constant(TRACE), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('outcome'),
      statement: fc.constantFrom('1', '2', '3', '4'),
      result: fc.constant('ok'),
      evidence: fc.option(
        fc.record({
          changes: fc.array(fc.record({ relation: fc.constantFrom(...RELATIONS), keys: fc.subarray([...ROWS]) }), {
            maxLength: 2,
          }),
        }),
        { nil: undefined },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('admin', 'checkpoint', 'session-start') }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.constant(JSON.parse('{"__proto__":{"type":"intent"},"constructor":1,"type":["intent"],"statement":7}') as object),
      fc.constant({ type: 'intent', reads: 'all', writes: [null, 3, { relation: {} }], trace: 5, statement: {} }),
      fc.constant({ type: 'outcome', evidence: [], returned: { keys: { length: 3 } } }),
    ),
  },
);
const time = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.nat(99).map((second) => `2026-11-21T10:00:${String(second % 60).padStart(2, '0')}.00000${second % 10}Z`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('9999-12-31T23:59:59.999999Z', '0001-01-01T00:00:00Z', 'yesterday', '2026-11-21T12:00:07.5+02:00'),
  },
);

/** The lines of each chain, from seq 0 on. */
export const worlds = fc.record(
  Object.fromEntries(
    CHAINS.map((chain) => [
      chain,
      fc
        .array(fc.tuple(time, record, fc.string({ unit: 'binary', maxLength: 5 })), { minLength: 1, maxLength: 24 })
        .map((all) => all.map(([at, entry, text], seq) => JSON.stringify({ v: 1, seq, time: at, ...entry, text }))),
    ]),
  ) as Record<ChainName, fc.Arbitrary<string[]>>,
);
export type World = Readonly<Record<ChainName, readonly string[]>>;

export type Step =
  | {
      readonly do: 'append';
      readonly chain: ChainName;
      readonly from: number;
      readonly length: number;
      readonly received: number;
    }
  /** A batch in which the line at `from` is another. */
  | { readonly do: 'fork'; readonly chain: ChainName; readonly from: number; readonly length: number }
  | { readonly do: 'stranger'; readonly chain: ChainName }
  | { readonly do: 'prune'; readonly before: number }
  | { readonly do: 'restart' };

const chain = fc.constantFrom(...CHAINS);
const position = { from: fc.nat(24), length: fc.nat(12) };
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant('append' as const), chain, ...position, received: fc.nat(9) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('fork' as const), chain, ...position }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stranger' as const), chain }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), before: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  ),
  { minLength: 1, maxLength: 30 },
);

/** Of a day each. */
export function day(number: number): string {
  return new Date(Date.UTC(2026, 10, 20 + number, 12)).toISOString();
}

export function batchOf(world: World, step: Extract<Step, { do: 'append' | 'fork' }>): ChainBatch {
  const lines = world[step.chain].slice(step.from, step.from + Math.max(1, step.length));
  return {
    chain: step.chain,
    owner: OWNERS[step.chain],
    first: step.from,
    lines:
      step.do === 'fork'
        ? lines.map((line, index) => (index === lines.length - 1 ? line.replace('"v":1', '"v":2') : line))
        : lines,
    ...(step.do === 'append' && { received: day(step.received) }),
  };
}

const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined, freq: 2 });
const bounds = fc.nat(60).map((second) => new Date(Date.UTC(2026, 10, 21, 10, 0, second)).toISOString());

export const filters: fc.Arbitrary<RecordFilter> = fc
  .record({
    from: maybe(bounds),
    to: maybe(fc.oneof(bounds, fc.constant('9999-12-31T23:59:59Z'))),
    chains: maybe(fc.subarray([...CHAINS, 'nowhere'])),
    namespace: maybe(fc.constantFrom('team', 'sluice', 'nobody')),
    serviceAccount: maybe(fc.constantFrom('bot', 'other')),
    podUid: maybe(fc.constantFrom('u1', 'u2')),
    database: maybe(fc.constantFrom('data/orders', 'data/people')),
    relation: maybe(fc.constantFrom(...RELATIONS)),
    row: maybe(fc.constantFrom(...ROWS)),
    decision: maybe(fc.constantFrom('allow' as const, 'deny' as const)),
    trace: maybe(fc.constantFrom(TRACE, 'a'.repeat(32), 'c'.repeat(32))),
    fingerprint: maybe(fc.constantFrom(...FINGERPRINTS)),
    types: maybe(fc.subarray(['intent', 'outcome', 'admin', 'checkpoint', 'unknown'])),
  })
  .map((filter) => {
    // Most filters have few conditions: of all these at a time nothing would be left.
    const kept = Object.entries(filter).filter(([, value]) => value !== undefined);
    return Object.fromEntries(kept.slice(0, 3)) as RecordFilter;
  });
