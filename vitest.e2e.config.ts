import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By name, whatever took how long before; what takes as long as a token lives is begun first and looked at last. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): string => {
      if (moduleId.endsWith('/long-session.e2e.ts')) return '';
      return moduleId.endsWith('/token-rotation.e2e.ts') ? '~' : moduleId;
    };
    return files.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }
}

// A cluster has moments: a Service that is a second behind, a container that is being collected. CI asks twice; the report says which test needed it.
const retry = process.env['CI'] === undefined ? 0 : 1;

// On the cluster that test/e2e/run.ts has brought up. Most of the time is waiting, so files run beside each other although there are few processors.
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    sequence: { sequencer: ByName },
    testTimeout: 300_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: { name: 'guide', include: ['test/e2e/guide/*.e2e.ts'], maxWorkers: 1, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'beside', include: ['test/e2e/*.e2e.ts'], maxWorkers: 6, retry, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'disruptive',
          include: ['test/e2e/disruptive/*.e2e.ts'],
          maxWorkers: 1,
          retry,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
