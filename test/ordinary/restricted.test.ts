/**
 * The ordinary corpus under the restrictive policy: every statement works and answers as a database does that holds only the
 * masked and filtered data.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer } from '../attacks/transcript.ts';
import { buildReference } from '../attacks/reference.ts';
import { restrictedIdentity, restrictivePolicy, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { CORPUS } from './corpus/index.ts';
import { formsOf, perform } from './perform.ts';
import { MAJORS } from '../support/majors.ts';

const corpus = CORPUS.filter(({ restricted }) => restricted);

describe.each(MAJORS)('ordinary statements under a restrictive policy on PostgreSQL %i', (major) => {
  let shop: Shop;
  let sluice: RunningSluice;
  const totals = { instances: 0, failed: 0 };
  beforeAll(async () => {
    shop = await startShop(major, ['a'], { name: () => 'shop', settings: { autovacuum: 'off' } });
    await shop.copy('shop', 'reference');
    sluice = await startSluice({ policy: [restrictivePolicy], as: restrictedIdentity, upstream: shop.url('shop') });
    const through = await sluice.connect('shop');
    await buildReference(shop, 'reference', through);
    await through.close();
  });
  afterAll(async () => {
    process.stdout.write(
      `ordinary on ${major}: ${corpus.length} statements, ${totals.instances} instances, ${totals.failed} failed\n`,
    );
    await sluice?.stop();
    await shop?.stop();
  });

  it.each(corpus.map((statement) => [statement.group, statement.steps.join('; ').slice(0, 120), statement] as const))(
    '%s: %s',
    async (_group, _text, statement) => {
      const direct = await shop.connect('reference', 'superuser');
      const through = await sluice.connect('shop');
      const problems: string[] = [];
      for (const form of formsOf(statement)) {
        const expected = answer(await perform(direct, statement, form));
        const got = answer(await perform(through, statement, form));
        totals.instances++;
        if (got.join('\n') === expected.join('\n')) continue;
        totals.failed++;
        problems.push(
          `${form}: expected "${expected.find((line) => !got.includes(line)) ?? ''}", got "${got.find((line) => !expected.includes(line)) ?? ''}" (${expected.length} and ${got.length} lines)`,
        );
      }
      await direct.close();
      await through.close();
      expect(problems.join('\n')).toBe('');
    },
  );
});
