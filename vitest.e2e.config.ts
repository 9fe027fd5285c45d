import { defineConfig } from 'vitest/config';

// On the cluster that test/e2e/run.ts has brought up. Most of the time is waiting, so files run beside each other although there are few processors.
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: { name: 'guide', include: ['test/e2e/guide/*.e2e.ts'], maxWorkers: 1, sequence: { groupOrder: 0 } },
      },
      { extends: true, test: { name: 'beside', include: ['test/e2e/*.e2e.ts'], maxWorkers: 6, sequence: { groupOrder: 1 } } },
      {
        extends: true,
        test: { name: 'disruptive', include: ['test/e2e/disruptive/*.e2e.ts'], maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
