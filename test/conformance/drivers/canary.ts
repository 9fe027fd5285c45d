/**
 * The same suites under the restrictive policy, in a database that holds the shop with its canaries, and the canary oracle
 * listening: whatever the drivers' tests do, no protected value may pass. Programs that read the shop's tables in every way of
 * their drivers are first seen to make the oracle fire on a bare relay.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CanaryOracle } from '../../oracle/canary-oracle.ts';
import type { RunOptions, Scoreboard } from '../../scoreboard/suite.ts';
import { must, restrictedIdentity, restrictivePolicy, startShop, type Shop } from '../../support/shop.ts';
import { startSluice } from '../../support/sluice.ts';
import type { Driver } from './driver.ts';
import { startRecorder } from './recorder.ts';
import { runTests, type TestProgram } from './run-tests.ts';
import { jdbcJar, psycopgPython } from './sources.ts';

const file = (name: string): string => fileURLToPath(new URL(`patterns/${name}`, import.meta.url));
const TABLES = [
  'customers',
  'orders',
  'products',
  'employees',
  'payroll',
  'tickets',
  'ticket_messages',
  'events',
  'vip_customers',
  'archive.customers',
  '"Weird Schema"."Customer Data"',
];

/** They name their database themselves, or wait for minutes for what the policy refuses. */
const BOUND_ELSEWHERE = [
  'Example_open',
  'Example_timestampWithTimezone',
  'Example_timestampWithoutTimezone',
  'ExampleConnectorWithNoticeHandler',
  'ExampleListener',
  'TestConnCopyFromConnectionTerminated',
  'TestConnCheckConn',
  // Twenty thousand hashes, whose digits hold every short number there is.
  'postgres.js: many rows',
];
/** Lanes of the bounded run. */
const BOUNDED: ReadonlySet<string> = new Set(['lib-pq.pq', 'pgx.stdlib', 'patterns-node', 'patterns-psycopg']);

export async function canaryRow(drivers: readonly Driver[], options: RunOptions): Promise<Scoreboard> {
  const shop = await startShop(options.major, ['a'], { name: () => 'shop' });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-canary-'));
  try {
    const canaries = await shop.canaries('a');
    await prepare(shop);
    const policy = join(directory, 'policy.yaml');
    await writeFile(policy, await widened());
    const address = { user: 'shop_app', database: 'shop' };
    const relayed = await listenTo(shop.server.port, canaries, await readers(address), options);
    const quiet = [...new Set(relayed.programs.filter((name) => !relayed.leaks.has(name)))];
    if (quiet.length > 0) throw new Error(`the oracle did not fire on a bare relay under ${quiet.join(', ')}`);
    const sluice = await startSluice({
      policy: [policy],
      as: restrictedIdentity,
      upstream: `postgres://shop_app@127.0.0.1:${shop.server.port}/shop`,
    });
    try {
      const chosen = drivers.flatMap(({ lanes }) => lanes).filter(({ name }) => !options.bounded || BOUNDED.has(name));
      const lanes = chosen.map((lane) => ({
        name: lane.name,
        program: (port: number): TestProgram => lane.program({ port, ...address }, []),
        without: [...(lane.elsewhere ?? []), ...lane.slow, ...BOUND_ELSEWHERE],
      }));
      const heard = await listenTo(sluice.port, canaries, [...(await readers(address)), ...lanes], options);
      const alive = isAlive(sluice.pid);
      return {
        suite: 'drivers/canary',
        what: `drivers' tests and readers of every table under the restrictive policy, PostgreSQL ${options.major}`,
        cases: heard.tests,
        identical: heard.tests - heard.found.length,
        refusedByFloor: 0,
        floors: {},
        unstable: 0,
        differences: [],
        leaks: heard.found,
        deaths: alive ? 0 : 1,
        figures: {
          'canaries listened for': canaries.length,
          'found on a bare relay': relayed.found.length,
          'tests that passed': heard.passed,
        },
      };
    } finally {
      await sluice.stop();
    }
  } finally {
    await shop.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Listened {
  readonly name: string;
  readonly program: (port: number) => TestProgram;
  readonly without: readonly string[];
}

interface Heard {
  readonly tests: number;
  readonly passed: number;
  readonly programs: readonly string[];
  /** Programs under which something was found. */
  readonly leaks: ReadonlySet<string>;
  /** A line each: the test and the column. */
  readonly found: readonly string[];
}

/** How many programs run beside each other: searching all that passes takes a processor's time. */
const BESIDE = 2;

/** Runs the programs, each behind a recorder and an oracle of its own. */
async function listenTo(
  port: number,
  canaries: ConstructorParameters<typeof CanaryOracle>[0],
  programs: readonly Listened[],
  { say }: RunOptions,
): Promise<Heard> {
  let tests = 0;
  let passed = 0;
  const leaks = new Set<string>();
  const found = new Set<string>();
  const waiting = [...programs];
  const next = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const { name, program, without } = one;
      const oracle = new CanaryOracle(canaries);
      let known = 0;
      const recorder = await startRecorder({
        onServerData: (chunk, connection, test) => {
          oracle.listen(chunk, connection);
          const { findings } = oracle;
          for (const { column, encoding } of findings.slice(known)) {
            leaks.add(name);
            found.add(`${name} ${test}: ${column} as ${encoding}`);
          }
          known = findings.length;
        },
      });
      recorder.target(port);
      try {
        const outcomes = await runTests(program(recorder.port), recorder, without, say);
        tests += outcomes.size;
        passed += [...outcomes.values()].filter(({ status }) => status === 'pass').length;
      } finally {
        await recorder.stop();
      }
    }
  };
  await Promise.all(Array.from({ length: BESIDE }, next));
  return { tests, passed, programs: programs.map(({ name }) => name), leaks, found: [...found] };
}

async function readers({ user, database }: { readonly user: string; readonly database: string }): Promise<readonly Listened[]> {
  const jar = await jdbcJar();
  const python = await psycopgPython();
  const reader = (name: string, command: string, args: readonly string[]): Listened => ({
    name,
    without: [],
    program: (port) => ({
      command,
      cwd: file('.'),
      env: { PYTHONDONTWRITEBYTECODE: '1' },
      args: () => [...args, String(port), user, database, ...TABLES],
    }),
  });
  return [
    reader('readers-node', process.execPath, [file('shop-readers.ts')]),
    reader('readers-psycopg', python, [file('shop_readers.py')]),
    reader('readers-jdbc', 'java', ['-cp', jar, file('ShopReaders.java')]),
  ];
}

/** A schema for what the tests make, first on the login's path; past Sluice. */
async function prepare(shop: Shop): Promise<void> {
  const admin = await shop.connect('shop', 'superuser');
  for (const sql of [
    'CREATE SCHEMA tests AUTHORIZATION shop_app',
    'CREATE EXTENSION ltree',
    'ALTER ROLE shop_app SET search_path = tests, public',
    'ALTER ROLE shop_app CONNECTION LIMIT 150',
    'CREATE DOMAIN tests.uint64 AS numeric(20,0)',
    'SET ROLE shop_app',
    'SET search_path = tests, public',
    ...readFileSync(file('patterns.sql'), 'utf8').split(/;\n\n/),
  ])
    await must(admin, sql);
  await admin.close();
  const hba = join(shop.server.dataDirectory, 'pg_hba.conf');
  // The readers on the bare relay log in without a password, as they do through Sluice.
  await writeFile(hba, `host shop shop_app 127.0.0.1/32 trust\n${await readFile(hba, 'utf8')}`);
  const reload = await shop.connect('shop', 'superuser');
  await must(reload, 'SELECT pg_reload_conf()');
  await reload.close();
}

/** restrictive.yaml, and whatever the tests do in their own schema. */
async function widened(): Promise<string> {
  return (await readFile(restrictivePolicy, 'utf8'))
    .replace('deny: [Drop, Truncate]', 'deny: []')
    .replace(/guardrails: .*\n/, '\n')
    .replace(/limits: .*\n/, '\n')
    .replace(/session: .*\n/, "session: {temporaryTables: true, listen: ['*'], notify: ['*'], advisoryLocks: true}\n")
    .replace(
      '  functions: [',
      "    - tables: ['tests.*']\n      actions: ['*']\n  functions: [tests.add_one, tests.two_columns, tests.many_rows, tests.say, ",
    );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
