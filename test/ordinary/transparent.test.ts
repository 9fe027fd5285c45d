/** With everything granted and nothing masked, the ordinary corpus brings back the same bytes as without Sluice, errors included. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareTraffic } from '../oracle/transparency.ts';
import { allowAllIdentity, allowAllPolicy, rows, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { CORPUS } from './corpus/index.ts';
import { formsOf, perform } from './perform.ts';
import { MAJORS } from '../support/majors.ts';

it('is a corpus of at least 200 statements', () => {
  expect(new Set(CORPUS.map(({ steps }) => steps.join(';'))).size).toBeGreaterThanOrEqual(200);
});

describe.each(MAJORS)('transparency on PostgreSQL %i', (major) => {
  // Three servers filled by the same steps: what one run changes (sequences) the others have changed as well.
  let shops: readonly Shop[] = [];
  let sluice: RunningSluice;
  let firstNewOid = 0;
  const totals = { compared: 0, unstable: 0, different: 0 };
  beforeAll(async () => {
    const options = { name: () => 'shop', settings: { autovacuum: 'off' } };
    shops = await Promise.all([
      startShop(major, ['a'], options),
      startShop(major, ['a'], options),
      startShop(major, ['a'], options),
    ]);
    const admin = await shops[0]!.connect('shop');
    firstNewOid = Number((await rows(admin, 'SELECT max(oid::bigint) + 1 FROM pg_class'))[0]?.[0]);
    await admin.close();
    sluice = await startSluice({ policy: [allowAllPolicy], as: allowAllIdentity, upstream: shops[2]!.url('shop') });
  });
  afterAll(async () => {
    process.stdout.write(
      `transparency on ${major}: ${totals.compared} compared, ${totals.unstable} unstable, ${totals.different} different\n`,
    );
    await sluice?.stop();
    for (const shop of shops) await shop.stop();
  });

  it.each(CORPUS.map((statement) => [statement.group, statement.steps.join('; ').slice(0, 120), statement] as const))(
    '%s: %s',
    async (_group, _text, statement) => {
      const connections = {
        direct: await shops[0]!.connect('shop'),
        again: await shops[1]!.connect('shop'),
        through: await sluice.connect('shop'),
      };
      const report = await compareTraffic(
        formsOf(statement).map((form) => ({ name: form, run: (client) => perform(client, statement, form) })),
        connections,
        firstNewOid,
      );
      for (const client of Object.values(connections)) await client.close();
      totals.compared += report.compared;
      totals.unstable += report.unstable.length;
      totals.different += report.mismatches.length;
      expect(
        report.mismatches
          .map(({ step, at, direct, through }) => `${step}, message ${at}:\n  direct:  ${direct}\n  through: ${through}`)
          .join('\n'),
      ).toBe('');
    },
  );
});
