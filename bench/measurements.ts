/** The measurements themselves. All bounded in count; all on loopback. */
import { Client, type QueryResult } from './client.ts';
import type { BenchDatabase } from './database.ts';
import { DATABASE } from './database.ts';
import { pgbench, type PgbenchResult } from './pgbench.ts';
import { peakResident, residentBytes } from './processes.ts';
import { startSluice, type Target, type TargetName } from './targets.ts';

export interface Load {
  readonly protocol: 'simple' | 'prepared';
  readonly clients: number;
  /** By each client. */
  readonly transactions: number;
}

/** One list entry a round, in the order of the rounds. */
export type ByTarget<T> = Partial<Record<TargetName, T[]>>;

/** Every round visits every target, in an order that turns from round to round, so that none is always the first. */
export async function interleaved<T>(
  targets: readonly Target[],
  rounds: number,
  measure: (target: Target) => Promise<T>,
): Promise<ByTarget<T>> {
  const results: ByTarget<T> = {};
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < targets.length; i++) {
      const target = targets[(i + round) % targets.length]!;
      const list = (results[target.name] ??= []);
      list.push(await measure(target));
    }
  }
  return results;
}

export async function measureLoad(
  targets: readonly Target[],
  rounds: number,
  load: Load,
  command: string,
  scale: number,
): Promise<ByTarget<PgbenchResult>> {
  // One short run each, uncounted: connections, plans and compiled code are warm for all.
  const warm = { ...load, transactions: Math.ceil(load.transactions / 5) };
  for (const target of targets) await pgbench({ ...warm, command, client: target.client, scale });
  return await interleaved(targets, rounds, (target) =>
    pgbench({ ...load, command, client: target.client, scale, ...(target.name === 'direct' ? {} : { pid: target.pid }) }),
  );
}

export interface LargeResults {
  readonly unmasked: ByTarget<QueryResult>;
  /** direct runs the statement that Sluice makes of the client's. */
  readonly masked: ByTarget<QueryResult>;
  readonly maskedStatement: string;
  /** Sluice's resident set before, and its peak during the rounds, in bytes. */
  readonly residentBefore?: number;
  readonly residentPeak?: number;
}

const ALL_COLUMNS = 'SELECT id, name, email, region FROM';

export async function measureLargeResults(
  targets: readonly Target[],
  rounds: number,
  database: BenchDatabase,
): Promise<LargeResults> {
  const sluice = targets.find((target) => target.name === 'sluice');
  const fetch = async (target: Target, sql: string): Promise<QueryResult> => {
    const client = await Client.connect(target.client);
    try {
      const result = await client.query(sql);
      if (result.rows !== database.people) throw new Error(`${target.name} returned ${result.rows} rows of ${database.people}`);
      return result;
    } finally {
      client.close();
    }
  };
  for (const target of targets) await fetch(target, `${ALL_COLUMNS} people_open`);
  const maskedStatement = sluice === undefined ? '' : await rewrittenBy(sluice, database, `${ALL_COLUMNS} people WHERE id <= 10`);
  const allMasked = maskedStatement.replace(/WHERE id <= 10/, '');
  const residentBefore = sluice === undefined ? undefined : await residentBytes(sluice.pid);
  const measure = async (): Promise<Pick<LargeResults, 'unmasked' | 'masked'>> => ({
    unmasked: await interleaved(targets, rounds, (target) => fetch(target, `${ALL_COLUMNS} people_open`)),
    masked:
      sluice === undefined
        ? {}
        : await interleaved(
            targets.filter((target) => target.name !== 'pgbouncer'),
            rounds,
            (target) => fetch(target, target === sluice ? `${ALL_COLUMNS} people` : allMasked),
          ),
  });
  if (sluice === undefined) return { ...(await measure()), maskedStatement };
  const { result, peak } = await peakResident(sluice.pid, measure);
  return {
    ...result,
    maskedStatement: allMasked,
    ...(residentBefore === undefined ? {} : { residentBefore }),
    ...(peak === undefined ? {} : { residentPeak: peak }),
  };
}

/** What reaches the server for `sql`: read from the server itself, while the session still shows its last statement. */
async function rewrittenBy(sluice: Target, database: BenchDatabase, sql: string): Promise<string> {
  const { server } = database;
  const admin = await Client.connect({ port: server.port, user: server.user, password: server.password, database: DATABASE });
  const client = await Client.connect(sluice.client);
  try {
    await client.query(sql);
    const seen = await admin.query(
      "SELECT query FROM pg_stat_activity WHERE application_name LIKE 'sluice/%' AND query LIKE '%WHERE id <= 10%' LIMIT 1",
    );
    const text = seen.first[0];
    if (text === undefined || text === null) throw new Error('the rewritten statement was not found in pg_stat_activity');
    return text;
  } finally {
    client.close();
    admin.close();
  }
}

export interface MemoryResults {
  /** Bytes. */
  readonly idle?: number;
  readonly underLoad?: number;
  readonly afterStatements?: number;
  readonly sessions: number;
  readonly statements: number;
  /** Milliseconds for each statement that was never seen before, the whole round trip. */
  readonly firstSeen: number;
}

/** On a proxy of its own, so that nothing before counts. */
export async function measureMemory(
  database: BenchDatabase,
  command: string,
  sessions: number,
  statements: number,
): Promise<MemoryResults> {
  const sluice = await startSluice(database);
  try {
    const client = await Client.connect(sluice.client);
    await client.query('SELECT 1');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const idle = await residentBytes(sluice.pid);
    const { peak } = await peakResident(sluice.pid, () =>
      pgbench({
        command,
        client: sluice.client,
        protocol: 'prepared',
        clients: sessions,
        transactions: 200,
        scale: database.scale,
      }),
    );
    const began = performance.now();
    for (let i = 0; i < statements; i++)
      await client.query(`SELECT abalance AS balance_${i} FROM pgbench_accounts WHERE aid = ${(i % 100_000) + 1}`);
    const firstSeen = (performance.now() - began) / statements;
    const after = await residentBytes(sluice.pid);
    client.close();
    return {
      sessions,
      statements,
      firstSeen,
      ...(idle === undefined ? {} : { idle }),
      ...(peak === undefined ? {} : { underLoad: peak }),
      ...(after === undefined ? {} : { afterStatements: after }),
    };
  } finally {
    await sluice.stop();
  }
}

/** Milliseconds from spawning the command to the answer to a first statement. */
export async function measureStart(database: BenchDatabase, times: number): Promise<number[]> {
  const results: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    const sluice = await startSluice(database);
    try {
      const client = await Client.connect(sluice.client);
      await client.query('SELECT abalance FROM pgbench_accounts WHERE aid = 1');
      results.push(performance.now() - began);
      client.close();
    } finally {
      await sluice.stop();
    }
  }
  return results;
}
