/**
 * Writes as a way to read or to reach what is hidden. Three kinds, each proven against the server itself first:
 *
 *   guesses   two statements that differ in one secret: their answers must not differ (past the engine, they do)
 *   shows     answers must not contain a secret (past the engine, they do)
 *   reaches   hidden rows must stay as they are (past the engine, they change)
 *
 * Every one has a benign twin that must work.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { Attack } from './attack.ts';
import { GUESSES } from './attack-guesses.ts';
import { REACHES } from './attack-reaches.ts';
import { SHOWS } from './attack-shows.ts';
import { POLICY, SCHEMA } from './schema.ts';
import { type Lab, type Outcome, startLab } from './support.ts';
import { MAJORS } from '../support/majors.ts';

const SECRETS = [
  'SSN-',
  'ada@',
  'bob@',
  'cyd@',
  'eve@',
  'fay@',
  'H1',
  'H9',
  'HIDDEN',
  'SECRET',
  '+1 555 888',
  'Eve',
  'Fay',
  '1234.56',
];
const HIDDEN_STATE = `SELECT (SELECT json_agg(c ORDER BY id) FROM customers c WHERE tenant <> 1)::text || (SELECT json_agg(c ORDER BY id) FROM orders c WHERE tenant <> 1)::text
  || (SELECT json_agg(c ORDER BY id) FROM parts c WHERE tenant <> 1)::text || (SELECT json_agg(c ORDER BY id) FROM guarded c WHERE tenant <> 1)::text
  || coalesce((SELECT json_agg(c ORDER BY id) FROM stamped c WHERE tenant <> 1)::text, '') || (SELECT json_agg(c) FROM members c)::text
  || (SELECT json_agg(DISTINCT hidden) FROM customers WHERE tenant = 1)::text`;

describe.each(MAJORS)('attacks by writing on PostgreSQL %i', (major) => {
  let lab: Lab;
  let engine: SqlEngine;
  beforeAll(async () => {
    lab = await startLab(major, SCHEMA);
    engine = lab.engine(POLICY);
  });
  afterAll(async () => lab?.stop());
  const on = (attacks: readonly Attack[]): readonly Attack[] => attacks.filter((attack) => (attack.since ?? 0) <= major);
  const through = (sql: string): Promise<Outcome> => lab.undo(() => lab.run(engine, sql));
  const past = (sql: string): Promise<Outcome> => lab.undo(() => lab.direct(sql));

  async function twinWorks(attack: Attack): Promise<void> {
    const outcome = await through(attack.twin);
    expect(outcome.kind, `${attack.twin}\n${JSON.stringify(outcome)}`).toBe('done');
  }

  describe('guesses', () => {
    test.each(on(GUESSES))('$name', async (attack) => {
      if (attack.sql !== attack.other) expect(answer(await past(attack.sql))).not.toEqual(answer(await past(attack.other!)));
      expect(answer(await through(attack.sql))).toEqual(answer(await through(attack.other!)));
      expect(JSON.stringify(await through(attack.sql))).not.toContain('SECRET');
      await twinWorks(attack);
    });
  });

  describe('shows', () => {
    test.each(on(SHOWS))('$name', async (attack) => {
      expect(found(await past(attack.sql)), 'the attack must work past the engine').not.toEqual([]);
      const outcome = await through(attack.sql);
      expect(found(outcome), JSON.stringify(outcome)).toEqual([]);
      await twinWorks(attack);
    });
  });

  describe('reaches', () => {
    const hidden = async (): Promise<unknown> => (await lab.client.query(HIDDEN_STATE)).rows[0];
    const afterwards = (run: () => Promise<Outcome>): Promise<unknown> =>
      lab.undo(async () => {
        const outcome = await run();
        return { outcome, hidden: await hidden() };
      });
    test.each(on(REACHES))('$name', async (attack) => {
      const before = await hidden();
      expect(
        ((await afterwards(() => lab.direct(attack.sql))) as { hidden: unknown }).hidden,
        'the attack must work past the engine',
      ).not.toEqual(before);
      expect(((await afterwards(() => lab.run(engine, attack.sql))) as { hidden: unknown }).hidden).toEqual(before);
      await twinWorks(attack);
    });
  });
});

/** What distinguishes answers: everything but the text that repeats the statement. */
function answer(outcome: Outcome): unknown {
  return outcome.kind === 'denied'
    ? [outcome.code, outcome.sqlstate]
    : outcome.kind === 'error'
      ? [outcome.sqlstate]
      : [outcome.tag, outcome.rows];
}

function found(outcome: Outcome): string[] {
  const text = JSON.stringify(outcome.kind === 'done' ? outcome.rows : outcome);
  return SECRETS.filter((secret) => text.includes(secret));
}
