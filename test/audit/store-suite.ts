/** The contract of core/audit/store.ts, asked of any store: the same steps as to the model, and the same answers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bound, ownerMatches, recordFacts } from '../../core/audit/facts.ts';
import {
  type AuditStore,
  type ChainBatch,
  type RecordFilter,
  StoreConflictError,
  type StoredLine,
} from '../../core/audit/store.ts';
import { InvalidBatchError } from '../../operator/audit/store/batches.ts';
import { ModelStore } from './model-store.ts';
import { batchOf, CHAINS, day, filters, OWNERS, type Step, steps, type World, worlds } from './store-worlds.ts';

export interface StoreUnderTest {
  /** An empty one. */
  create(): Promise<AuditStore>;
  /** The same data in a store opened anew. */
  reopen(store: AuditStore): Promise<AuditStore>;
  readonly runs: number;
  readonly prunes?: 'beginnings' | 'everything';
}

const NOW = (): number => Date.UTC(2026, 10, 25);

export function storeSuite(title: string, { create, reopen, runs, prunes = 'beginnings' }: StoreUnderTest): void {
  describe(title, () => {
    it('answers as the model does, whatever is appended, repeated, forked, removed and asked', async () => {
      let conflicts = 0;
      let found = 0;
      await fc.assert(
        fc.asyncProperty(worlds, steps, fc.array(filters, { minLength: 4, maxLength: 8 }), async (world, all, asked) => {
          const model = new ModelStore(NOW, prunes);
          let store = await create();
          try {
            for (const step of all) {
              if (step.do === 'restart') store = await reopen(store);
              const [expected, actual] = [await perform(model, world, step), await perform(store, world, step)];
              expect(actual, JSON.stringify(step)).toEqual(expected);
              if (typeof expected === 'string' && expected.includes('another record')) conflicts += 1;
            }
            await compareAll(store, model);
            for (const filter of asked) found += await compareRecords(store, model, filter);
          } finally {
            await store.close();
          }
        }),
        { numRuns: runs },
      );
      expect(conflicts).toBeGreaterThan(0);
      expect(found).toBeGreaterThan(0);
    }, 240_000);

    it('takes the same batch from many at once, once', async () => {
      const store = await create();
      const lines = Array.from({ length: 200 }, (_, seq) => JSON.stringify({ v: 1, seq, type: 'event' }));
      const batches = Array.from({ length: 20 }, (_, index): ChainBatch => {
        const first = index * 9;
        return { chain: 'chain-1', owner: OWNERS['chain-1'], first, lines: lines.slice(first, first + 29) };
      });
      await Promise.all([...batches, ...batches].map((batch) => store.append(batch)));
      expect((await collect(store.lines('chain-1'))).map(({ line }) => line)).toEqual(lines);
      expect(await collect(store.records({}))).toHaveLength(lines.length);
      await store.close();
    });

    it('gives a conflict to whom it belongs to, and stores what comes with it', async () => {
      const store = await create();
      const owner = OWNERS['chain-1'];
      await store.append({ chain: 'chain-1', owner, first: 0, lines: ['{"a":1}', '{"a":2}'] });
      const [fork, good] = await Promise.allSettled([
        store.append({ chain: 'chain-1', owner, first: 0, lines: ['{"a":1}', '{"a":3}', '{"a":4}'] }),
        store.append({ chain: 'chain-2', owner: OWNERS['chain-2'], first: 5, lines: ['{"b":1}'] }),
      ]);
      expect(fork).toMatchObject({ status: 'rejected', reason: { name: 'StoreConflictError', chain: 'chain-1', seq: 1 } });
      expect(good.status).toBe('fulfilled');
      expect(await store.ending('chain-1')).toMatchObject({ next: 2 });
      expect(await store.ending('chain-2')).toMatchObject({ next: 6 });
      await store.close();
    });

    it('keeps every byte of what can be a line, and refuses what cannot', async () => {
      const store = await create();
      const lines = [
        ' {"a" : 1.0e5}\t',
        '{"é":"\\u0000 \\ud800 日本 🐘"}',
        'not JSON at all',
        '\u007f\u0001',
        `{"x":"${'y'.repeat(1024 * 1024)}"}`,
      ];
      await store.append({ chain: 'chain-1', owner: OWNERS['chain-1'], first: 0, lines });
      expect((await collect(store.lines('chain-1'))).map(({ line }) => line)).toEqual(lines);
      for (const line of ['two\nlines', 'NUL \0'])
        await expect(store.append({ chain: 'chain-1', owner: OWNERS['chain-1'], first: 9, lines: [line] })).rejects.toThrow(
          InvalidBatchError,
        );
      for (const first of [-1, 0.5, Number.MAX_SAFE_INTEGER])
        await expect(store.append({ chain: 'c', owner: OWNERS['chain-1'], first, lines: ['{}'] })).rejects.toThrow(
          InvalidBatchError,
        );
      await store.close();
    });

    it('finds a row among more than are indexed', async () => {
      const store = await create();
      const keys = Array.from({ length: 30_000 }, (_, index) => `row-${index}`);
      const outcome = JSON.stringify({ type: 'outcome', statement: 's', evidence: { changes: [{ relation: 'a.b', keys }] } });
      const intent = JSON.stringify({ type: 'intent', statement: 's', decision: 'allow', reads: [] });
      await store.append({ chain: 'chain-1', owner: OWNERS['chain-1'], first: 0, lines: [intent, outcome, '{"type":"event"}'] });
      const found = await collect(store.records({ row: 'row-29999' }));
      expect(found.map(({ seq }) => seq).sort()).toEqual([0, 1]);
      await store.close();
    });

    it('reads more than a page, in order, while more is written', async () => {
      const store = await create();
      const owner = OWNERS['chain-1'];
      const line = (seq: number): string =>
        JSON.stringify({ seq, type: 'event', time: `2026-11-21T10:00:00.${String(seq).padStart(6, '0')}Z` });
      await store.append({ chain: 'chain-1', owner, first: 0, lines: Array.from({ length: 3000 }, (_, seq) => line(seq)) });
      const seen: number[] = [];
      for await (const { seq } of store.records({ from: '2026-11-21T10:00:00Z' })) {
        if (seq % 500 === 0)
          await store.append({ chain: 'chain-1', owner, first: 3000 + seq / 500, lines: [line(3000 + seq / 500)] });
        seen.push(seq);
      }
      expect(seen.slice(0, 3000)).toEqual(Array.from({ length: 3000 }, (_, seq) => seq));
      expect(new Set(seen).size).toBe(seen.length);
      await store.close();
    });

    it('refuses a time that is none', async () => {
      const store = await create();
      await expect(collect(store.records({ from: 'yesterday' }))).rejects.toThrow(RangeError);
      await expect(store.prune('tomorrow')).rejects.toThrow(RangeError);
      await store.close();
    });
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of items) all.push(each);
  return all;
}

/** What came of it: a value, or what it was refused for. */
async function perform(store: AuditStore, world: World, step: Step): Promise<unknown> {
  try {
    switch (step.do) {
      case 'restart':
        return undefined;
      case 'prune':
        return await store.prune(day(step.before));
      case 'stranger':
        return await store.append({
          ...{ chain: step.chain, first: 0, lines: [world[step.chain][0]!] },
          owner: { ...OWNERS[step.chain], identity: { namespace: 'x', serviceAccount: 'y' } },
        });
      default:
        return await store.append(batchOf(world, step));
    }
  } catch (error) {
    if (!(error instanceof StoreConflictError)) throw error;
    return error.message;
  }
}

async function compareAll(store: AuditStore, model: ModelStore): Promise<void> {
  const byName = (a: { chain: string }, b: { chain: string }): number => (a.chain < b.chain ? -1 : 1);
  expect((await collect(store.chains())).sort(byName)).toEqual((await collect(model.chains())).sort(byName));
  for (const chain of [...CHAINS, 'nowhere']) {
    expect(await store.ending(chain)).toEqual(await model.ending(chain));
    for (const from of [0, 3, 7, 12, 1000]) expect(await store.standing(chain, from)).toEqual(await model.standing(chain, from));
    const named = { chains: [chain, 'nowhere', chain] };
    expect(await collect(store.chains(named))).toEqual(await collect(model.chains(named)));
    for (const from of [0, 7]) expect(await collect(store.lines(chain, from))).toEqual(await collect(model.lines(chain, from)));
  }
}

/** Everything that is asked for, in its order, and nothing that is not at least of the right writer, time and type. */
async function compareRecords(store: AuditStore, model: ModelStore, filter: RecordFilter): Promise<number> {
  const expected = await collect(model.records(filter));
  const actual = await collect(store.records(filter));
  const place = ({ chain, seq }: StoredLine): string => `${chain} ${seq}`;
  const places = actual.map(place);
  expect(new Set(places).size, 'a record twice').toBe(places.length);
  expect(places).toEqual(expect.arrayContaining(expected.map(place)));
  const times = actual.map((each) => recordFacts(each.line).time ?? bound(each.received!));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  for (const [index, each] of actual.entries()) {
    expect(ownerMatches(filter, each.chain, OWNERS[each.chain as keyof typeof OWNERS])).toBe(true);
    expect(times[index]).toBeGreaterThanOrEqual(bound(filter.from ?? '1970-01-01T00:00:00Z'));
    if (filter.to !== undefined) expect(times[index]).toBeLessThan(bound(filter.to));
    if (filter.types !== undefined) expect(filter.types).toContain(recordFacts(each.line).type);
  }
  const theirs = await collect(store.chains(filter));
  for await (const { chain } of model.chains(filter)) expect(theirs.map((each) => each.chain)).toContain(chain);
  return expected.length;
}
