/**
 * What a trail says became durable, against the server's own log: blocks, savepoints, several statements in one message, pipelines, failures and ends of all
 * kinds. The log has no more than what was committed, so what a trail calls durable must be just that.
 */
import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { durabilityOf } from '../../core/audit/durability.ts';
import type { AuditRecord } from '../../core/audit/record.ts';
import * as frontend from '../support/frontend.ts';
import { MAJORS } from '../support/majors.ts';
import type { WireClient } from '../support/wire-client.ts';
import { captured, differences, Oracle } from './oracle.ts';
import { type EvidenceStand, startStand } from './support.ts';

const SCHEMA = `
CREATE TABLE t (id serial PRIMARY KEY, v text);
CREATE TABLE deferred (id int PRIMARY KEY, other int REFERENCES t DEFERRABLE INITIALLY DEFERRED)`;

type Step = readonly ['query' | 'pipeline', ...string[]];

const write = fc.constantFrom(
  "INSERT INTO t (v) VALUES ('a')",
  "INSERT INTO t (v) VALUES ('b'), ('c') RETURNING id",
  "UPDATE t SET v = v || '.' WHERE id % 3 = 0",
  'DELETE FROM t WHERE id % 7 = 0 RETURNING v',
);
const failing = fc.constantFrom(
  'INSERT INTO t (id) VALUES (NULL)',
  'SELECT 1/0',
  'INSERT INTO deferred SELECT coalesce(max(id), 0) + 1, -5 FROM deferred',
);
const control = fc.constantFrom(
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT a',
  'SAVEPOINT "B b"',
  'ROLLBACK TO a',
  'ROLLBACK TO "B b"',
  'RELEASE A',
  'COMMIT AND CHAIN',
  'ROLLBACK AND CHAIN',
);
const statement = fc.oneof({ weight: 5, arbitrary: write }, { weight: 1, arbitrary: failing }, { weight: 3, arbitrary: control });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: statement.map((sql) => ['query', sql] as const) },
  {
    weight: 2,
    arbitrary: fc.array(statement, { minLength: 2, maxLength: 4 }).map((list) => ['query', list.join('; ')] as const),
  },
  { weight: 2, arbitrary: fc.array(statement, { minLength: 1, maxLength: 4 }).map((list) => ['pipeline', ...list] as const) },
);
const end = fc.constantFrom('COMMIT', 'ROLLBACK', 'close', 'destroy');

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let stand: EvidenceStand;
  let oracle: Oracle;

  beforeAll(async () => {
    stand = await startStand({ major, schema: SCHEMA });
    oracle = await Oracle.create(stand.direct);
  });

  afterAll(() => stand.stop());

  it('what the trail calls durable is what the log has', async () => {
    let durable = 0;
    let undone = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), end, async (steps, last) => {
        const client = await stand.connect();
        for (const one of steps) await take(client, one);
        if (last === 'destroy') client.destroy();
        else if (last !== 'close') await client.query(last);
        await client.close();
        await ended(stand);
        const outcomes = await stand.outcomes();
        const records = (await readFile(stand.sluice.auditFile, 'utf8'))
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as AuditRecord);
        const durability = durabilityOf(records);
        const kept = outcomes.filter(({ outcome }) => durability.get(outcome.statement) === 'durable');
        for (const { outcome } of outcomes) {
          const how = durability.get(outcome.statement);
          if (how === 'durable') durable += 1;
          else if (how === 'undone') undone += 1;
          // Everything was answered before the client left.
          expect(how).not.toBe('open');
          expect(how).not.toBe('unknown');
        }
        expect(differences(captured(kept), await oracle.changes())).toEqual([]);
      }),
      { numRuns: 120 },
    );
    expect(Math.min(durable, undone)).toBeGreaterThan(30);
  });
});

async function take(client: WireClient, [how, ...statements]: Step): Promise<void> {
  if (how === 'query') await client.query(statements[0]!);
  else {
    const messages = statements.flatMap((sql) => [
      frontend.parse('', sql),
      frontend.bind(),
      frontend.describe('P'),
      frontend.execute(''),
    ]);
    await client.exchange([...messages, frontend.sync]);
  }
}

/** The server has no session of the client's any more: what was open is undone. */
async function ended(stand: EvidenceStand): Promise<void> {
  await expect
    .poll(async () => {
      const { results } = await stand.direct.query(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state <> 'idle'",
      );
      return results[0]?.rows[0]?.[0]?.toString();
    })
    .toBe('0');
}
