/**
 * The corpus through Sluice, started as a user starts it, under the restrictive policy and with a superuser as upstream login:
 * no canary in any byte, the same answer from two databases that differ in every secret, no change of state, and a session that
 * goes on.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFindings, type Finding } from '../oracle/canary-oracle.ts';
import { rows } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';
import { firstDifference } from './compare.ts';
import { CORPUS } from './corpus/index.ts';
import { STARTUP } from './corpus/protocol.ts';
import { formsOf, perform, type Form } from './forms.ts';
import { MAJOR, startSluiceLaboratory } from './laboratory.ts';
import { changed, stateOf, type State } from './state.ts';

const corpus = CORPUS.filter((attack) => (attack.since ?? 15) <= MAJOR);

const totals = { instances: 0, leaked: 0, told: 0, changed: 0, dead: 0 };
let laboratory: Awaited<ReturnType<typeof startSluiceLaboratory>>;
let pristine: State;
/** The highest OID of a relation of the fixture. */
let newestOid = 0;

beforeAll(async () => {
  laboratory = await startSluiceLaboratory(MAJOR);
  pristine = await state();
  const admin = await laboratory.a.admin();
  newestOid = Number((await rows(admin, 'SELECT max(oid::bigint) FROM pg_class'))[0]?.[0]);
  await admin.close();
});
afterAll(async () => {
  process.stdout.write(
    `sluice: ${corpus.length} attacks, ${totals.instances} instances: leaked ${totals.leaked}, told apart ${totals.told}, changed state ${totals.changed}, session lost ${totals.dead}\n`,
  );
  await laboratory?.stop();
});

async function state(): Promise<State> {
  const admin = await laboratory.a.admin();
  const found = await stateOf(admin);
  await admin.close();
  return found;
}

/** True if the session still answers; leaves it clean for the next form. */
async function alive(client: WireClient): Promise<boolean> {
  if (client.ended) return false;
  await client.query('ROLLBACK');
  const { results } = await client.query('SELECT 1');
  await client.query('DISCARD ALL');
  return results[0]?.rows[0]?.[0]?.toString() === '1';
}

describe('through sluice', () => {
  it.each(corpus.map((attack) => [attack.class, attack.name, attack] as const))('%s %s fails', async (_class, _name, attack) => {
    const { a, b } = laboratory;
    const problems: string[] = [];
    const problem = (total: keyof typeof totals, form: Form, text: string): void => {
      totals[total]++;
      problems.push(`${form}: ${text}`);
    };
    const ordered = typeof attack.steps === 'function' || /ORDER BY/i.test(attack.steps.at(-1) ?? '');
    let clients: readonly [WireClient, WireClient] | null = null;
    for (const form of formsOf(attack)) {
      totals.instances++;
      clients ??= [await a.connect(), await b.connect()];
      a.oracle.take();
      b.oracle.take();
      const outcomes = [await perform(clients[0], attack.steps, form), await perform(clients[1], attack.steps, form)] as const;
      const survived = [await alive(clients[0]), await alive(clients[1])];
      const findings: readonly Finding[] = [...a.oracle.take(), ...b.oracle.take()];
      if (findings.length > 0) problem('leaked', form, describeFindings(findings));
      const difference = attack.residual === undefined ? firstDifference(...outcomes, { ordered, newestOid }) : null;
      if (difference !== null) problem('told', form, difference);
      if (survived.includes(false)) {
        problem('dead', form, 'the session did not survive');
        for (const client of clients) client.destroy();
        clients = null;
      }
    }
    await Promise.all((clients ?? []).map((client) => client.close()));
    if (attack.kind === 'write' || attack.dirty === true) {
      // A sequence moves with every attempt, rolled back or not, unless moving it is the attack.
      const sequences = /setval|nextval|SEQUENCE/i.test(JSON.stringify(attack.steps));
      const found = changed(pristine, await state()).filter((what) => sequences || !what.endsWith('_seq'));
      if (found.length > 0) {
        if (attack.kind === 'write') problem('changed', 'simple', `changed: ${found.join(', ')}`);
        await a.restore();
        await b.restore();
      }
    }
    expect(problems.join('\n')).toBe('');
  });

  it.each(STARTUP.map((attack) => [attack.class, attack.name, attack] as const))('%s %s fails', async (_class, _name, attack) => {
    const { a } = laboratory;
    a.oracle.take();
    try {
      const client = await a.connect(attack.parameters);
      await perform(client, attack.steps, 'simple');
      await client.close();
    } catch {
      // Refusing the login is an answer too.
    }
    const findings = a.oracle.take();
    if (findings.length > 0) totals.leaked++;
    totals.instances++;
    expect(describeFindings(findings)).toBe('0 canaries: ');
    const honest = await a.connect(attack.twin.parameters);
    const { error } = await honest.query(attack.twin.sql);
    await honest.close();
    expect(error).toBeNull();
  });

  it('leaves no protected value in the audit records and logs', async () => {
    for (const [side, proxy] of [
      [laboratory.a, laboratory.proxies[0]],
      [laboratory.b, laboratory.proxies[1]],
    ] as const) {
      if (proxy === undefined) throw new Error('no proxy');
      const records = await readFile(proxy.auditFile);
      expect(records.length).toBeGreaterThan(1_000_000);
      side.oracle.take();
      // As a connection of its own that is no protocol stream: only the views of raw bytes apply.
      side.oracle.listen(withoutChance(records), -1);
      side.oracle.listen(withoutChance(Buffer.from(proxy.output())), -2);
      expect(describeFindings(side.oracle.take())).toBe('0 canaries: ');
    }
  });

  it('counts at least 300 distinct triples', () => {
    expect(
      new Set(corpus.flatMap((attack) => formsOf(attack).map((form) => `${attack.class}/${attack.name}/${form}`))).size,
    ).toBeGreaterThanOrEqual(300);
  });
});

/** Hashes, identifiers, times and durations: among so many digits that are random a number that is protected occurs by chance. */
function withoutChance(text: Buffer): Buffer {
  const plain = text
    .toString('latin1')
    .replace(/\b[0-9a-f]{16,}\b/g, '#')
    .replace(/"(?:duration|time)":"?[\d.:TZ-]+"?/g, '#');
  return Buffer.from(plain, 'latin1');
}
