/** The file of the embedded store in the hands of somebody who speaks SQL: each record changed, removed, each chain beheaded and cut. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TrailReport, verifyTrail } from '../../core/audit/verify-trail.ts';
import { openSource } from '../../cli/audit/sources/open.ts';
import { sourceTrail } from '../../cli/audit/verify-sources.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { type RecordedTrail, recordTrail } from './recorded-trail.ts';

let directory: string;
let trail: RecordedTrail;
let database: DatabaseSync;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-tamper-'));
  trail = await recordTrail();
  const store = new EmbeddedStore({ directory, size: 1024 ** 3, whenFull: 'Refuse', clock: systemClock, log: () => {} });
  for (const { chain, owner, files } of trail.chains) await store.append({ chain, owner, first: 0, lines: files.flat() });
  await store.close();
  database = new DatabaseSync(join(directory, 'audit.db'));
});
afterAll(() => {
  database?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function verified(): Promise<TrailReport> {
  const source = await openSource([], { store: `sqlite:${join(directory, 'audit.db')}` }, () => {});
  try {
    const { anchors, head } = trail;
    return await verifyTrail(await sourceTrail(source, 'the store', true), { trusted: { anchors, head } });
  } finally {
    await source.close();
  }
}

/** What is done is undone. */
async function after(act: string, chain: string, seq: number): Promise<TrailReport> {
  database.exec('SAVEPOINT tampered');
  const id = (database.prepare('SELECT id FROM chain WHERE chain = ?').get(chain) as { id: number }).id;
  const kept = database.prepare('SELECT * FROM record WHERE chain = ? AND seq >= ?').all(id, seq);
  database.exec('RELEASE tampered');
  database.prepare(act).run({ chain: id, seq });
  try {
    return await verified();
  } finally {
    database.prepare('DELETE FROM record WHERE chain = ? AND seq >= ?').run(id, seq);
    for (const row of kept) {
      const names = Object.keys(row);
      database.prepare(`INSERT INTO record (${names}) VALUES (${names.map((name) => `:${name}`)})`).run(row);
    }
  }
}

it('is valid as it was stored', async () => {
  expect((await verified()).chains.map(({ state }) => state).sort()).toEqual(['partly', 'proven', 'proven', 'proven']);
});

it.each([
  ['changed', 'UPDATE record SET line = replace(line, \'"v":1\', \'"v":1,"more":1\') WHERE chain = :chain AND seq = :seq'],
  ['removed', 'DELETE FROM record WHERE chain = :chain AND seq = :seq'],
  ['and all behind it removed', 'DELETE FROM record WHERE chain = :chain AND seq >= :seq'],
])(
  'a record %s is named',
  async (_, act) => {
    for (const { chain, files, countersigned } of trail.chains)
      for (let seq = 0; seq <= countersigned; seq += 1) {
        const report = await after(act, chain, seq);
        const gone = report.absent.some((each) => each.chain === chain && each.fault);
        const broken = report.chains.filter(({ state }) => state === 'broken');
        const place = broken.map((each) => [each.chain, each.fault?.seq]);
        // With its first record everything of a chain may be gone.
        if (!gone)
          expect([seq, files.flat().length, place]).toEqual([seq, files.flat().length, expect.arrayContaining([[chain, seq]])]);
        expect(report.valid).toBe(false);
      }
    expect((await verified()).valid).toBe(true);
  },
  120_000,
);
