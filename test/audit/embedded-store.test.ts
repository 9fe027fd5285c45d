/** The embedded store against its contract, and what is its own: a full disk, a damaged file, a full budget. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../core/audit/store.ts';
import { EmbeddedStore, type EmbeddedStoreOptions } from '../../operator/audit/store/embedded-store.ts';
import { collect, storeSuite } from './store-suite.ts';
import { day, OWNERS } from './store-worlds.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-embedded-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const directories = new WeakMap<object, string>();

function open(options: Partial<EmbeddedStoreOptions> = {}): EmbeddedStore {
  const directory = options.directory ?? join(root, String((made += 1)));
  const clock = { now: () => Date.UTC(2026, 10, 25) };
  const store = new EmbeddedStore({ directory, size: 1e9, whenFull: 'RemoveOldest', clock, log: () => {}, ...options });
  directories.set(store, directory);
  return store;
}

storeSuite('the embedded store', {
  create: async () => open(),
  async reopen(store) {
    await store.close();
    return open({ directory: directories.get(store)! });
  },
  runs: 25,
});

const owner = OWNERS['chain-1'];
const lines = (from: number, count: number, size = 200): string[] =>
  Array.from({ length: count }, (_, index) => JSON.stringify({ seq: from + index, type: 'event', text: 'x'.repeat(size) }));

describe('a file that is not what it was written as', () => {
  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ['is overwritten', (file) => writeFileSync(file, Buffer.alloc(4096, 'garbage'))],
    ['is cut off', (file) => truncateSync(file, 4096 * 5)],
    [
      'has a page of something else',
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0xa5, 4096 * 3, 4096 * 12);
        writeFileSync(file, bytes);
      },
    ],
  ];
  it.each(damages)('%s: it is put aside whole and said, and the store goes on', async (_, damage) => {
    const events: unknown[] = [];
    const store = open();
    const directory = directories.get(store)!;
    await store.append({ chain: 'c', owner, first: 0, lines: lines(0, 500) });
    await store.close();
    damage(join(directory, 'audit.db'));
    const before = readFileSync(join(directory, 'audit.db'));
    const again = open({ directory, log: (...event) => events.push(event) });
    await again.append({ chain: 'c', owner, first: 500, lines: lines(500, 3) });
    expect((await again.ending('c'))?.next).toBe(503);
    expect(events).toMatchObject([
      ['error', 'audit-store-damaged', { reason: expect.any(String), kept: expect.stringContaining('damaged-') }],
    ]);
    const kept = readdirSync(directory).find((name) => /damaged-[^-]*-[^-]*-[^-]*$/.test(name));
    expect(readFileSync(join(directory, kept!)).equals(before)).toBe(true);
    await again.close();
  });

  it('that is a store of a newer version, or a database of something else, is left alone', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    for (const sql of ['PRAGMA user_version = 99', 'CREATE TABLE other (x)']) {
      const store = open();
      await store.open();
      await store.close();
      const directory = directories.get(store)!;
      if (sql.startsWith('CREATE')) rmSync(join(directory, 'audit.db'));
      const database = new DatabaseSync(join(directory, 'audit.db'));
      database.exec(sql);
      database.close();
      const again = open({ directory });
      await expect(again.append({ chain: 'c', owner, first: 0, lines: ['{}'] })).rejects.toThrow(StoreUnavailableError);
      expect(readdirSync(directory).filter((name) => name.includes('damaged'))).toEqual([]);
      await again.close();
    }
  });
});

describe('a full budget', () => {
  it('with RemoveOldest makes room from the oldest on, says so, and keeps the end of every chain', async () => {
    let removed = 0;
    const size = 2 * 1024 * 1024;
    const store = open({ size, onRemoved: (records) => (removed += records) });
    await store.append({ chain: 'quiet', owner: OWNERS['chain-2'], first: 0, lines: lines(0, 5), received: day(0) });
    for (let at = 0; at < 20_000; at += 100)
      await store.append({ chain: 'busy', owner, first: at, lines: lines(at, 100), received: day(1 + at / 10_000) });
    expect(await store.used()).toBeLessThanOrEqual(size);
    expect(removed).toBeGreaterThan(1000);
    const [quiet, busy] = await collect(store.chains());
    expect(quiet).toMatchObject({ stretches: [[4, 5]], removed: 4 });
    expect(busy).toMatchObject({ next: 20_000, stretches: [[busy!.removed, 20_000]] });
    expect(busy!.removed! + 4).toBe(removed);
    // What was removed is not taken again: a peer may still have it.
    await store.append({ chain: 'busy', owner, first: 0, lines: lines(0, 100) });
    const [, after] = await collect(store.chains());
    expect(after!.removed).toBeGreaterThanOrEqual(busy!.removed!);
    expect(after!.stretches).toEqual([[after!.removed, 20_000]]);
    await store.close();
  });

  it('with Refuse takes nothing more, loses nothing, and goes on when there is room', async () => {
    const store = open({ size: 1024 * 1024, whenFull: 'Refuse' });
    let stored = 0;
    const fill = async (): Promise<void> => {
      for (; stored < 10_000; stored += 100)
        await store.append({ chain: 'c', owner, first: stored, lines: lines(stored, 100), received: day(0) });
    };
    await expect(fill()).rejects.toThrow(/full.*1048576 bytes/);
    expect((await store.ending('c'))?.next).toBe(stored);
    expect(await collect(store.lines('c'))).toHaveLength(stored);
    await store.prune(day(1));
    await store.append({ chain: 'c', owner, first: stored, lines: lines(stored, 100) });
    expect((await store.ending('c'))?.next).toBe(stored + 100);
    await store.close();
  });
});

describe('a directory that cannot be used', () => {
  it('is said with each call, and used when it can be', async () => {
    const file = join(root, 'in-the-way');
    writeFileSync(file, '');
    const store = open({ directory: file });
    await expect(store.ending('c')).rejects.toThrow(StoreUnavailableError);
    await expect(store.append({ chain: 'c', owner, first: 0, lines: ['{}'] })).rejects.toThrow(StoreUnavailableError);
    rmSync(file);
    await store.append({ chain: 'c', owner, first: 0, lines: ['{}'] });
    expect((await store.ending('c'))?.next).toBe(1);
    await store.close();
  });
});
