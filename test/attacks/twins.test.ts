/**
 * Silence is easy for a proxy that refuses everything. Each attack has a benign twin, what an honest client would write, and it
 * must work in every protocol form, with the very answer that a database holding only the masked and filtered data gives.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restrictedIdentity, restrictivePolicy, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import type { WireClient } from '../support/wire-client.ts';
import type { Twin } from './attack.ts';
import { CORPUS } from './corpus/index.ts';
import { formsOf, perform, type Form, type Outcome } from './forms.ts';
import { answer } from './transcript.ts';
import { MAJOR } from './laboratory.ts';
import { buildReference } from './reference.ts';

/** Twins that several attacks share run once. */
const twins = new Map<string, { readonly label: string; readonly twin: Twin; readonly forms?: readonly Form[] }>();
for (const attack of CORPUS) {
  if ((attack.since ?? 15) > MAJOR) continue;
  const { twin, forms } = attack;
  const label = `${attack.class} ${attack.name}`;
  const key = typeof twin.steps === 'function' ? label : JSON.stringify([twin.steps, twin.shape]);
  if (!twins.has(key)) twins.set(key, { label, twin, ...(forms === undefined ? {} : { forms }) });
}

let shop: Shop;
let sluice: RunningSluice;
const totals = { instances: 0, failed: 0 };

beforeAll(async () => {
  shop = await startShop(MAJOR, ['a'], { name: () => 'shop', settings: { autovacuum: 'off' } });
  await shop.copy('shop', 'reference');
  sluice = await startSluice({ policy: [restrictivePolicy], as: restrictedIdentity, upstream: shop.url('shop') });
  const through = await sluice.connect('shop');
  await buildReference(shop, 'reference', through);
  await through.close();
});
afterAll(async () => {
  process.stdout.write(`twins: ${twins.size} distinct twins, ${totals.instances} instances, ${totals.failed} failed\n`);
  await sluice?.stop();
  await shop?.stop();
});

async function run(client: WireClient, twin: Twin, form: Form): Promise<Outcome> {
  if (twin.writes) await client.query('BEGIN');
  const outcome = await perform(client, twin.steps, form);
  if (!client.ended) {
    await client.query('ROLLBACK');
    await client.query('DISCARD ALL');
  }
  return outcome;
}

describe('benign twins', () => {
  it.each([...twins.values()].map((entry) => [entry.label, entry] as const))('of %s work', async (_label, { twin, forms }) => {
    const through = await sluice.connect('shop');
    const direct = await shop.connect('reference', 'superuser');
    const problems: string[] = [];
    for (const form of formsOf(forms === undefined ? twin : { ...twin, forms })) {
      const expected = typeof twin.steps === 'function' ? null : await run(direct, twin, form);
      // The server does not take it in this form (or at all, which is a fault of the corpus).
      if (expected !== null && expected.errors.length > 0) {
        if (form === 'simple')
          problems.push(`${form}: fails on the reference database too: ${answer(expected.messages).join('; ')}`);
        continue;
      }
      totals.instances++;
      let problem: string | null = null;
      try {
        const outcome = await run(through, twin, form);
        const [got, wanted] = [answer(outcome.messages), expected === null ? null : answer(expected.messages)];
        if (outcome.ended) problem = 'the connection ended';
        else if (outcome.errors.length > 0) problem = got.filter((line) => line.startsWith('error')).join('; ');
        else if (twin.expect === 'reference' && wanted !== null && got.join('\n') !== wanted.join('\n'))
          problem = firstDifference(wanted, got);
      } catch (error) {
        problem = String(error);
      }
      if (problem !== null) {
        totals.failed++;
        problems.push(`${form}: ${problem}`);
      }
      if (through.ended) break;
    }
    await through.close();
    await direct.close();
    expect(problems.join('\n')).toBe('');
  });
});

function firstDifference(wanted: readonly string[], got: readonly string[]): string {
  const missing = wanted.find((line) => !got.includes(line));
  const extra = got.find((line) => !wanted.includes(line));
  return `${wanted.length} lines expected, ${got.length} came; missing "${missing ?? ''}", unexpected "${extra ?? ''}"`;
}
