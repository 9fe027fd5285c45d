/** Usage patterns written here, one program a language: what they print directly and through Sluice has to be the same. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Driver, Lane } from './driver.ts';
import type { TestProgram } from './run-tests.ts';
import { jdbcJar, JDBC_VERSION, psycopgPython, PSYCOPG_VERSION } from './sources.ts';

const file = (name: string): string => fileURLToPath(new URL(`patterns/${name}`, import.meta.url));
const DATABASE = 'patterns';

export async function nodePatterns(major: 15 | 18): Promise<Driver> {
  return patterns('node', `node-postgres and postgres.js patterns, PostgreSQL ${major}`, major, process.execPath, [
    file('node.ts'),
  ]);
}

export async function psycopgPatterns(major: 15 | 18): Promise<Driver> {
  const about = `psycopg ${PSYCOPG_VERSION} patterns, PostgreSQL ${major}`;
  return patterns('psycopg', about, major, await psycopgPython(), [file('psycopg_patterns.py')]);
}

export async function jdbcPatterns(major: 15 | 18): Promise<Driver> {
  const about = `PostgreSQL JDBC ${JDBC_VERSION} patterns, PostgreSQL ${major}`;
  return patterns('jdbc', about, major, 'java', ['-cp', await jdbcJar(), file('JdbcPatterns.java')]);
}

function patterns(language: string, about: string, major: 15 | 18, command: string, args: readonly string[]): Driver {
  const lane: Lane = {
    name: `patterns-${language}`,
    slow: [],
    program: ({ port, user, database }, only): TestProgram => ({
      command,
      cwd: file('.'),
      env: { PYTHONDONTWRITEBYTECODE: '1' },
      args: (without) => [
        ...args,
        String(port),
        user,
        database,
        ...without.flatMap((name) => ['--without', name]),
        ...only.flatMap((name) => ['--only', name]),
      ],
    }),
  };
  return {
    name: `patterns-${language}`,
    about,
    compareOutput: true,
    lanes: [lane],
    preparation: {
      major,
      database: DATABASE,
      // An ordinary application: it owns its tables and is no superuser.
      user: 'app',
      hba: ['host all app 127.0.0.1/32 trust'],
      cluster: ['CREATE ROLE app LOGIN', 'GRANT pg_signal_backend TO app'],
      // Statistics are part of what JDBC tells of an index.
      settings: { autovacuum: 'off' },
      setup: [
        'CREATE EXTENSION hstore',
        'CREATE EXTENSION ltree',
        'ALTER SCHEMA public OWNER TO app',
        'SET ROLE app',
        ...readFileSync(file('patterns.sql'), 'utf8').split(/;\n\n/),
        'ANALYZE',
      ],
    },
  };
}
