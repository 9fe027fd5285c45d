/** asyncpg's own tests against an existing cluster, which is what its environment variables are for. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Driver, Lane } from './driver.ts';
import { asyncpgTests, ASYNCPG_VERSION } from './sources.ts';

/** Modules whose tests speak to a server, in lanes of about the same length. */
const LANES: readonly (readonly string[])[] = [
  [
    'test_codecs',
    'test_introspection',
    'test_types',
    'test_utils',
    'test_record',
    'test_exceptions',
    'test_logging',
    'test_scram',
  ],
  ['test_pool'],
  ['test_cancellation', 'test_connect', 'test_copy', 'test_cursor', 'test_execute', 'test_listeners', 'test_timeout'],
  ['test_adversity', 'test_cache_invalidation', 'test_prepare', 'test_transaction'],
];

export async function asyncpg(major: 15 | 18): Promise<Driver> {
  const directory = await asyncpgTests();
  const runner = fileURLToPath(new URL('asyncpg/run.py', import.meta.url));
  return {
    name: 'asyncpg',
    about: `asyncpg ${ASYNCPG_VERSION}'s own tests, PostgreSQL ${major}`,
    compareOutput: false,
    lanes: LANES.map(
      (modules, index): Lane => ({
        name: `asyncpg.${index + 1}`,
        slow: SLOW,
        program: ({ port, user, database }, only) => ({
          command: join(directory, 'python', 'bin', 'python'),
          cwd: directory,
          env: { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: user, PGDATABASE: database },
          args: (without) => [
            runner,
            directory,
            ...without.flatMap((name) => ['--without', name]),
            ...only.flatMap((name) => ['--only', name]),
            ...modules,
          ],
        }),
      }),
    ),
    preparation: {
      major,
      database: 'asyncpg',
      user: 'postgres',
      hba: ['host all postgres 127.0.0.1/32 trust'],
      cluster: [],
      setup: [],
      settings: { jit: 'off' },
    },
  };
}

/** Classes that wait for seconds. */
const SLOW: readonly string[] = ['test_introspection.TestIntrospection', 'test_pool.TestPool', 'test_timeout.TestTimeout'];
