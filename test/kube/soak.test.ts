/** Half a minute of the soak; 15 minutes are for a command: node test/kube/soak.ts --minutes 15 --seed N. */
import { describe, expect, it } from 'vitest';
import { needsKubernetes } from './binaries.ts';
import { runSoak } from './soak.ts';

const { skip, title } = needsKubernetes('the controller core under faults');

describe.skipIf(skip)(title, () => {
  it('misses nothing, and has one leader at a time', async () => {
    const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Math.floor(Math.random() * 1e9));
    const summary = await runSoak({ minutes: 0.5, seed, say: () => {} });
    expect(summary.written).toBeGreaterThan(50);
    expect(summary.copiesRight).toBeGreaterThan(50);
    expect(summary).toMatchObject({ drift: 0, copiesWrong: [], differences: [], contradictions: [] });
    expect(summary.leaders.mostAtATime).toBeLessThanOrEqual(1);
  }, 300_000);
});
