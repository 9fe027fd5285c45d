/** pgx and lib/pq: their own tests, as their CI runs them. */
import { join } from 'node:path';
import type { Driver, Lane } from './driver.ts';
import { goTests } from './run-tests.ts';
import { goModule, PGX_VERSION, PQ_VERSION } from './sources.ts';

/** Packages whose tests speak to a server: directory -> tests that take seconds. */
const PGX_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '.': ['TestConnCopyFromSlowFailRace', 'TestListenNotifyWhileBusyIsSafe'],
  pgconn: [
    'TestConnExecBatchWriteError',
    'TestConnStress',
    'TestConnExecBatchHuge',
    'TestQueryBiggerThanMaxMessageBodyLen',
    'TestBindBiggerThanMaxMessageBodyLen',
  ],
  pgtype: ['TestNumericCodec', 'TestNumericBinaryEncodeLargeDigitCount'],
  'pgtype/zeronull': [],
  pgxpool: [
    'TestPoolAfterRelease',
    'TestPoolAcquireUnlimitedLifetimeDoesNotExpire',
    'TestPoolAcquirePingTimeout',
    'TestPoolAcquireDestroysExpiredIdleConn',
  ],
  stdlib: [],
  tracelog: [],
  multitracer: [],
};

export async function pgx(major: 15 | 18): Promise<Driver> {
  const directory = await goModule('github.com/jackc/pgx/v5', PGX_VERSION);
  const lanes = Object.entries(PGX_PACKAGES).map(([path, slow]): Lane => {
    const name = path === '.' ? 'pgx' : (path.split('/').at(-1) ?? path);
    return {
      name: `pgx.${name}`,
      slow,
      program: ({ port, user, database }, only) => {
        const address = (name: string): string => `host=127.0.0.1 port=${port} user=${name} password=secret dbname=${database}`;
        return goTests(join(directory, 'bin', `${name}.test`), join(directory, 'source', path), only, {
          PGSSLMODE: 'disable',
          PGX_TEST_DATABASE: `host=127.0.0.1 port=${port} user=${user} dbname=${database}`,
          PGX_TEST_TCP_CONN_STRING: `host=127.0.0.1 port=${port} user=${user} dbname=${database}`,
          PGX_TEST_MD5_PASSWORD_CONN_STRING: address('pgx_md5'),
          PGX_TEST_PLAIN_PASSWORD_CONN_STRING: address('pgx_pw'),
          PGX_TEST_SCRAM_PASSWORD_CONN_STRING: `${address('pgx_scram')} channel_binding=disable`,
        });
      },
    };
  });
  return {
    name: 'pgx',
    about: `pgx ${PGX_VERSION}'s own tests (${lanes.length} packages), PostgreSQL ${major}`,
    compareOutput: false,
    lanes,
    preparation: {
      major,
      database: 'pgx_test',
      user: 'postgres',
      hba: [
        'host all postgres  127.0.0.1/32 trust',
        'host all pgx_md5   127.0.0.1/32 md5',
        'host all pgx_scram 127.0.0.1/32 scram-sha-256',
        'host all pgx_pw    127.0.0.1/32 password',
      ],
      cluster: [
        "SET password_encryption = md5; CREATE USER pgx_md5 WITH SUPERUSER PASSWORD 'secret'; RESET password_encryption",
        "CREATE USER pgx_pw WITH SUPERUSER PASSWORD 'secret'",
        "CREATE USER pgx_scram WITH SUPERUSER PASSWORD 'secret'",
        `CREATE USER " tricky, ' } "" \\ test user " SUPERUSER PASSWORD 'secret'`,
      ],
      setup: ['CREATE EXTENSION hstore', 'CREATE EXTENSION ltree', 'CREATE DOMAIN uint64 AS numeric(20,0)'],
    },
  };
}

export async function libPq(major: 15 | 18): Promise<Driver> {
  const directory = await goModule('github.com/lib/pq', PQ_VERSION);
  const lanes = [
    ['pq', '.', 'no'],
    ['pq-binary', '.', 'yes'],
    ['hstore', 'hstore', 'no'],
  ].map(
    ([name = '', path = '', binaryParameters = '']): Lane => ({
      name: `lib-pq.${name}`,
      slow: [],
      elsewhere: ['ExampleNewConnector', 'ExampleRegisterTLSConfig', 'Example_openConfig'],
      program: ({ port, user, database }, only) =>
        goTests(join(directory, 'bin', name === 'hstore' ? 'hstore.test' : 'pq.test'), join(directory, 'source', path), only, {
          PGHOST: '127.0.0.1',
          PGPORT: String(port),
          PGDATABASE: database,
          PGUSER: user,
          PGSSLMODE: 'disable',
          PQTEST_BINARY_PARAMETERS: binaryParameters,
        }),
    }),
  );
  return {
    name: 'lib-pq',
    about: `lib/pq ${PQ_VERSION}'s own tests, with and without binary parameters, PostgreSQL ${major}`,
    compareOutput: false,
    lanes,
    preparation: {
      major,
      database: 'pqgo',
      user: 'pqgo',
      hba: [
        'host all pqgomd5      127.0.0.1/32 md5',
        'host all pqgopassword 127.0.0.1/32 password',
        'host all pqgoscram    127.0.0.1/32 scram-sha-256',
        'host all pqgo         127.0.0.1/32 trust',
        'host all postgres     127.0.0.1/32 trust',
      ],
      cluster: [
        'CREATE ROLE pqgo LOGIN SUPERUSER',
        "CREATE ROLE pqgopassword LOGIN PASSWORD 'wordpass'",
        "CREATE ROLE pqgoscram LOGIN PASSWORD 'wordpass'",
        "SET password_encryption = md5; CREATE ROLE pqgomd5 LOGIN PASSWORD 'wordpass'; RESET password_encryption",
      ],
      setup: [],
    },
  };
}
