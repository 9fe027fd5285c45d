import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chain, hashLine } from '../../../core/audit/chain.ts';
import { Demultiplexer } from './demultiplex.ts';
import { openFiles } from './files.ts';
import { merge } from './merge.ts';
import { isBefore, type TimedLine } from './source.ts';

const time = (n: number): string => `2026-11-01T00:00:00.${String(n).padStart(6, '0')}Z`;

function chainLines(chain: string, times: readonly number[]): readonly string[] {
  const writer = new Chain();
  const identity = { namespace: 'ai', serviceAccount: chain };
  const database = { namespace: 'data', name: 'shop' };
  return [
    writer.seal({ type: 'chain-start', chain, product: 'test', identity, database }, time(times[0] ?? 0)),
    ...times.map((at, n) => writer.seal({ type: 'event', event: `e${n}`, detail: {} }, time(at))),
  ].map((line) => line.trimEnd());
}

const timed = (chain: string, n: number, at: number): TimedLine => ({ chain, seq: n, line: `${chain} ${n}`, time: time(at) });

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('merging', () => {
  it('gives every line once, in the order of time, however lines are spread over replicas', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(50), fc.integer({ min: 1, max: 7 })), { maxLength: 60 }),
        async (given) => {
          const lines = given.map(([chain, at, where], n) => ({ line: timed(chain, n, at), where }));
          const sorted = lines.toSorted((x, y) => (isBefore(x.line, y.line) ? -1 : 1));
          const replicas = [1, 2, 4].map((bit) => sorted.filter(({ where }) => (where & bit) !== 0).map(({ line }) => line));
          const streams = replicas.map((replica) => ({ begins: replica[0]?.time ?? '', lines: () => each(replica) }));
          expect(await all(merge(streams))).toEqual(sorted.map(({ line }) => line));
        },
      ),
    );
  });

  it('gives two different lines of one place: that is a fork, which nobody may hide', async () => {
    const [one, other] = [timed('a', 1, 1), { ...timed('a', 1, 1), line: 'other' }];
    const streams = [one, other].map((line) => ({ begins: '', lines: () => each([line]) }));
    expect(await all(merge(streams))).toHaveLength(2);
  });

  it('begins a stream when it is its turn, and ends those it has begun', async () => {
    let open = 0;
    const stream = (at: number): { begins: string; lines: () => AsyncGenerator<TimedLine> } => ({
      begins: time(at),
      lines: async function* () {
        open += 1;
        try {
          yield timed(`c${at}`, 0, at);
          yield timed(`c${at}`, 1, at + 1);
        } finally {
          open -= 1;
        }
      },
    });
    let most = 0;
    for await (const { time: at } of merge([stream(40), stream(10), stream(20), stream(30)])) {
      most = Math.max(most, open);
      if (at === time(31)) break;
    }
    expect([most, open]).toEqual([1, 0]);
  });
});

describe('telling chains apart', () => {
  it('goes by the hash of the line before', () => {
    const lines = [chainLines('a', [1, 2, 3]), chainLines('b', [1, 2, 3])];
    fc.assert(
      fc.property(fc.array(fc.nat(1), { maxLength: 12 }), (order) => {
        const demultiplexer = new Demultiplexer('?');
        const waiting = lines.map((each) => [...each]);
        for (const index of order) {
          const line = waiting[index]!.shift();
          if (line !== undefined) expect(demultiplexer.chainOf(line)).toBe(['a', 'b'][index]);
        }
      }),
    );
  });
});

describe('files', () => {
  let directory: string;
  const said: string[] = [];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-files-'));
    const a = chainLines('a', [10, 30, 50]);
    mkdirSync(join(directory, 'pods', 'a'), { recursive: true });
    writeFileSync(join(directory, 'pods', 'a', '00000001.jsonl'), `${a.slice(0, 2).join('\n')}\n`);
    // A segment says what it continues; here it only has to be found behind the first.
    const second = new Chain({ seq: 2, hash: hashLine(a[1]!) });
    const start = { type: 'chain-start', chain: 'a', product: 't', identity: { namespace: 'ai', serviceAccount: 'a' } } as const;
    writeFileSync(
      join(directory, 'pods', 'a', '00000002.jsonl'),
      `${second.seal({ ...start, database: { namespace: 'data', name: 'shop' } }, time(40))}${second.seal({ type: 'event', event: 'late', detail: {} }, time(41))}{"v":1,"torn`,
    );
    const b = chainLines('b', [20, 40]);
    writeFileSync(join(directory, 'log.jsonl'), `{"level":30,"msg":"ready"}\n${b.join('\n')}\n`);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('are found below directories, put in order, merged by time; what is no record is said', async () => {
    const source = await openFiles([directory], (sentence) => said.push(sentence));
    const records = await all(source.records({}));
    expect(records.map(({ chain, seq }) => `${chain}${seq}`)).toEqual(['a0', 'a1', 'b0', 'b1', 'a2', 'b2', 'a3']);
    expect(said.toSorted().map((each) => each.slice(each.lastIndexOf('/') + 1))).toEqual([
      expect.stringContaining('log.jsonl: 1 lines are no audit records'),
      expect.stringContaining('00000002.jsonl ends with 12 bytes'),
    ]);
    expect((await all(source.lines('a', 1))).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(await all(source.chains({ serviceAccount: 'a' }))).toMatchObject([
      { chain: 'a', next: 4, stretches: [[0, 4]], owner: { database: 'data/shop' } },
    ]);
    expect((await source.owners()).get('a')?.identity.serviceAccount).toBe('a');
  });

  it('leave out what lies before and after the period, and nothing in it', async () => {
    const source = await openFiles([join(directory, 'pods')], () => {});
    const records = await all(source.records({ from: time(40), to: time(41) }));
    expect(records.map(({ seq }) => seq)).toEqual([0, 2]);
  });
});
