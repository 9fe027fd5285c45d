/**
 * The regression suite under a policy that hides things: canaries stand in its base tables, the canary oracle listens. The files
 * make their own tables in a schema that is wholly granted, and read the base tables, which are not.
 *
 *   person, stud_emp   name masked (stud_emp's can never be revealed)      onek    all strings masked
 *   emp, student       not granted, their rows come through person         onek2   one string masked to a hash
 *   tenk1              rows filtered                                        tenk2   both strings not granted
 *   int8_tbl           one number nullified, the other rounded              text_tbl not granted
 *   road               rows filtered, those of its children included        ihighway, shighway not granted
 */
import type { Scoreboard } from '../../scoreboard/suite.ts';
import { CanaryOracle } from '../../oracle/canary-oracle.ts';
import type { LocalPostgres } from '../../support/postgres.ts';
import { type Canary, must, rows } from '../../support/shop.ts';
import { startSluice } from '../../support/sluice.ts';
import { WireClient } from '../../support/wire-client.ts';
import { startBackRelay } from '../relay/back-relay.ts';
import { startCluster } from '../relay/cluster.ts';
import { startFrontRelay } from '../relay/front-relay.ts';
import { runPgRegress } from '../relay/pg-regress.ts';
import { alive } from '../relay/passage.ts';
import { IDENTITY, restricted, withPolicyFile } from '../relay/policy.ts';
import { Watch } from '../relay/watch.ts';

const DATABASE = 'regression';

/** Twelve consonants made of a cell and its place. */
const TOKEN = `CREATE FUNCTION pg_temp.token(text) RETURNS text LANGUAGE sql
  AS $$ SELECT translate(substr(md5($1), 1, 12), '0123456789abcdef', 'bcdghjkmnpqrtvwz') $$`;

/** Sixteen digits made of a cell's column: the numbers of a table stay as equal and as different as they were. */
const NUMBER = `CREATE FUNCTION pg_temp.number(text) RETURNS bigint LANGUAGE sql
  AS $$ SELECT ('x' || substr(md5($1), 1, 13))::bit(52)::bigint % 7777777777777777 + 1111111111111111 $$`;

/** Relation, column, which rows; the cells become tokens, and no policy below shows them. */
const PROTECTED: readonly (readonly [relation: string, column: string, where: string])[] = [
  ...['person', 'emp', 'student', 'stud_emp'].map((relation) => [relation, 'name', 'true'] as const),
  ...['emp', 'stud_emp'].map((relation) => [relation, 'manager', 'true'] as const),
  ...['onek', 'tenk1', 'tenk2'].flatMap((relation) =>
    ['stringu1', 'stringu2'].map((column) => [relation, column, 'unique1 < 60'] as const),
  ),
  ...['onek', 'tenk1'].map((relation) => [relation, 'string4', 'unique1 < 60'] as const),
  ['text_tbl', 'f1', 'true'],
  ['onek2', 'stringu1', 'unique1 < 60'],
  ...['road', 'ihighway', 'shighway'].map((relation) => [relation, 'name', "md5(name || thepath::text) < '04'"] as const),
];

const POLICY = restricted(DATABASE, {
  classes: [
    ['public.person', 'name', 'pii.free-text'],
    ['public.stud_emp', 'name', 'secret'],
    ['public.onek', 'stringu1', 'secret'],
    ['public.onek', 'stringu2', 'pii.free-text'],
    ['public.onek', 'string4', 'pii.free-text'],
    ['public.int8_tbl', 'q1', 'secret'],
    ['public.int8_tbl', 'q2', 'financial.salary'],
  ],
  grants: `
    - tables: [public.person, public.stud_emp, public.onek]
      actions: [Select, Insert, Update, Explain]
    - tables: [public.onek2]
      actions: ["*"]
      masks: [{columns: [stringu1], mask: {hash: {}}}]
    - tables: [public.tenk1]
      actions: [Select, Insert, Update, Delete, Explain]
      rowFilter: "unique1 >= 60"
    - tables: [public.tenk2]
      actions: [Select, Explain]
      columns: [unique1, unique2, two, four, ten, twenty, hundred, thousand, twothousand, fivethous, tenthous, odd, even, string4]
    - tables: [public.road]
      actions: [Select, Explain]
      rowFilter: "name < 'a'"
    - tables: [public.char_tbl, public.float8_tbl, public.int2_tbl, public.int4_tbl, public.int8_tbl, public.point_tbl, public.varchar_tbl]
      actions: [Select, Insert, Update, Delete, Explain]
    - tables: [scratch.*]
      actions: ["*"]`,
});

/** Files in which the oracle fires on the bare relay: silence in any other would prove nothing. CI's portion first. */
const BOUNDED = 'select select_distinct select_distinct_on union subselect join portals limit plancache'.split(' ');
const ALL = [
  ...BOUNDED,
  ...'select_into transactions returning with groupingsets misc create_index create_view rangefuncs rowtypes xml select_parallel portals_p2 plpgsql'.split(
    ' ',
  ),
];

export interface RestrictedOptions {
  readonly bounded: boolean;
  readonly only: readonly string[];
  readonly say: (line: string) => void;
  readonly inputDirectory: string;
  readonly libraryDirectory: string;
}

/** First on a bare relay, where the oracle must fire, then through Sluice, where it must not. */
export async function runRestricted(options: RestrictedOptions): Promise<Scoreboard> {
  const all = options.bounded ? BOUNDED : ALL;
  const tests = options.only.length === 0 ? all : all.filter((name) => options.only.includes(name));
  const [bare, through] = await Promise.all([passage(options, tests, false), passage(options, tests, true)]);
  const fired = new Set(bare.watch.findings.map(({ file }) => file));
  const silent = tests.filter((name) => !fired.has(name));
  options.say(
    `  the oracle fires in ${fired.size} of ${tests.length} files on the bare relay (not: ${silent.join(' ') || 'none'})`,
  );
  if (fired.size === 0 && tests.length > 0) throw new Error('the canary oracle is silent on the bare relay: it proves nothing');
  const leaks = through.watch.findings.map(
    ({ file, column, encoding, sql }) => `${file}.sql: ${column} as ${encoding} by ${sql}`,
  );
  return {
    suite: 'regress/restricted',
    what: `${through.watch.files.size} files of the regression suite under a restrictive policy, PostgreSQL 15`,
    cases: through.watch.statements,
    identical: through.watch.statements - new Set(through.watch.findings.map(({ file, sql }) => `${file} ${sql}`)).size,
    refusedByFloor: 0,
    floors: {},
    unstable: 0,
    differences: [],
    leaks,
    deaths: through.deaths,
    figures: {
      canaries: bare.canaries,
      'files in which the oracle fires on the bare relay': fired.size,
      'findings on the bare relay': bare.watch.findings.length,
      'statements refused by Sluice': through.watch.refused,
      'statements answered with rows': through.watch.withRows,
    },
  };
}

interface RestrictedPassage {
  readonly watch: Watch;
  readonly canaries: number;
  readonly deaths: number;
}

async function passage(options: RestrictedOptions, tests: readonly string[], governed: boolean): Promise<RestrictedPassage> {
  const server = await startCluster([DATABASE]);
  const common = { program: 'regress/pg_regress', database: DATABASE, limit: 600 } as const;
  const directories = { inputDirectory: options.inputDirectory, libraryDirectory: options.libraryDirectory };
  const run = (names: readonly string[], port: number) => runPgRegress({ ...common, ...directories, tests: names, port });
  try {
    await run(['test_setup'], server.port);
    const canaries = await plant(server);
    const watch = new Watch(new CanaryOracle(canaries));
    if (!governed) {
      const front = await startFrontRelay({ port: server.port, ...watch.hooks });
      await run(tests, front.port);
      await front.stop();
      return { watch, canaries: canaries.length, deaths: 0 };
    }
    const deaths = await withPolicyFile(POLICY, (file) => throughSluice(server, file, watch, (port) => run(tests, port)));
    return { watch, canaries: canaries.length, deaths };
  } finally {
    await server.stop();
  }
}

async function throughSluice(
  server: LocalPostgres,
  policy: string,
  watch: Watch,
  workload: (port: number) => Promise<unknown>,
): Promise<number> {
  const back = await startBackRelay({ port: server.port });
  const sluice = await startSluice({
    policy: [policy],
    as: IDENTITY,
    database: 'suite',
    upstream: `postgres://postgres@127.0.0.1:${back.port}/${DATABASE}`,
  });
  const front = await startFrontRelay({ port: sluice.port, behind: back, mayRunBehind, ...watch.hooks });
  try {
    await workload(front.port);
    return alive(sluice.pid) ? 0 : 1;
  } finally {
    await front.stop();
    await sluice.stop();
    await back.stop();
  }
}

/** New types and tables without rows give the files more to do; everything else would carry protected cells past Sluice. */
function mayRunBehind(floor: string, sql: string): boolean {
  return floor === 'types' || (floor === 'table-forms' && /^\s*create (?:temp(?:orary)? )?table\b(?!.*\bas\b)/is.test(sql));
}

/** Puts the tokens in place and gives the files a schema of their own; the list of what must not be seen. */
async function plant(server: LocalPostgres): Promise<readonly Canary[]> {
  const client = await WireClient.connect({ port: server.port, user: 'postgres', database: DATABASE });
  try {
    await must(client, TOKEN);
    await must(client, NUMBER);
    const canaries: Canary[] = [];
    for (const [relation, column, where] of PROTECTED) {
      const changed = `UPDATE ONLY ${relation} SET ${column} = pg_temp.token('${relation}.${column}' || ctid::text || ${column})
        WHERE ${where} RETURNING ${column}`;
      for (const [value] of await rows(client, changed))
        if (value !== null && value !== undefined) canaries.push({ value, column: `public.${relation}.${column}`, type: 'text' });
    }
    for (const column of ['q1', 'q2']) {
      const changed = `UPDATE int8_tbl SET ${column} = pg_temp.number('${column}') WHERE ${column} = 4567890123456789 RETURNING ${column}`;
      const [value] = (await rows(client, changed))[0] ?? [];
      if (value !== null && value !== undefined) canaries.push({ value, column: `public.int8_tbl.${column}`, type: 'number' });
    }
    await must(client, 'CREATE SCHEMA scratch');
    await must(client, `ALTER DATABASE ${DATABASE} SET search_path = scratch, public`);
    return canaries;
  } finally {
    await client.close();
  }
}
