/**
 * PostgreSQL evaluates the cheaper condition first. With the filters of the restrictive policy, two comparisons with constants,
 * that is often the filter, by luck. Here the same rows are let through by a filter that costs more than any probe: what would
 * be evaluated before it, or raise before it, is seen. The probes are those of classes D2, D3, D7 and D11.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFindings } from '../oracle/canary-oracle.ts';
import { rows } from '../support/shop.ts';
import type { Attack } from './attack.ts';
import { CORPUS } from './corpus/index.ts';
import { DEAR_CONDITION, writeDearPolicy } from './dear-filter.ts';
import { perform, type Outcome } from './forms.ts';
import { transcript } from './transcript.ts';
import { MAJOR, startSluiceLaboratory, type Laboratory } from './laboratory.ts';

const probes: readonly Attack[] = CORPUS.filter(
  (attack) => ['D2', 'D3', 'D7', 'D11'].includes(attack.class) && attack.kind !== 'write',
);

describe('probes against a row filter that is dearer than they are', () => {
  let laboratory: Laboratory;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-filter-'));
    laboratory = await startSluiceLaboratory(MAJOR, await writeDearPolicy(directory));
  });
  afterAll(async () => {
    await laboratory?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const sorted = (outcome: Outcome): string => [...transcript(outcome.messages)].sort().join('\n');

  it('lets the same rows through', async () => {
    const client = await laboratory.a.connect();
    expect((await rows(client, 'SELECT count(*), max(id) FROM customers'))[0]).toEqual(['14', '102']);
    await client.close();
  });

  it('would leak if the filter were merely put into a subquery', async () => {
    const { a, b } = laboratory;
    const servers = [await a.admin(), await b.admin()] as const;
    const leaking: string[] = [];
    for (const { class: group, name, steps } of probes) {
      if (group !== 'D7' || typeof steps === 'function') continue;
      const naive = (steps[0] ?? '').replace(
        /\bcustomers (?:AS )?(c|k)\b/g,
        `(SELECT * FROM customers WHERE ${DEAR_CONDITION}) AS $1`,
      );
      const answers = await Promise.all(servers.map((server) => server.query(naive)));
      if (answers[0]?.error?.['C'] !== answers[1]?.error?.['C']) leaking.push(name);
    }
    for (const server of servers) await server.close();
    expect(leaking.length, leaking.join('; ')).toBeGreaterThanOrEqual(20);
  });

  it.each(probes.map((attack) => [attack.class, attack.name, attack] as const))('%s %s', async (_class, _name, attack) => {
    const { a, b } = laboratory;
    const problems: string[] = [];
    const clients = [await a.connect(), await b.connect()] as const;
    for (const form of ['simple', 'prepared'] as const) {
      for (const client of clients) await client.query('BEGIN');
      const [left, right] = [await perform(clients[0], attack.steps, form), await perform(clients[1], attack.steps, form)];
      for (const client of clients) {
        await client.query('ROLLBACK');
        await client.query('DISCARD ALL');
      }
      const findings = [...a.oracle.take(), ...b.oracle.take()];
      if (findings.length > 0) problems.push(`${form}: ${describeFindings(findings)}`);
      if (attack.residual === undefined && sorted(left) !== sorted(right))
        problems.push(`${form}:\n  a: ${sorted(left)}\n  b: ${sorted(right)}`);
    }
    for (const client of clients) await client.close();
    expect(problems.join('\n')).toBe('');
  });
});
