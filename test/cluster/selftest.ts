/** Runs *.selftest.ts: they need a cluster of their own, and so are not among the tests of `npm test`. */
import { startVitest } from 'vitest/node';
import type { ProviderName } from './cluster.ts';

export async function selftest(provider: ProviderName): Promise<number> {
  process.env['SLUICE_SELFTEST_PROVIDER'] = provider;
  const minutes = 60_000;
  const vitest = await startVitest('test', [], {
    config: false,
    root: import.meta.dirname,
    include: ['*.selftest.ts'],
    watch: false,
    bail: 1,
    testTimeout: 10 * minutes,
    hookTimeout: 2 * minutes,
    reporters: ['verbose'],
  });
  await vitest.close();
  return vitest.state.getCountOfFailedTests() > 0 || vitest.state.getUnhandledErrors().length > 0 ? 1 : 0;
}
