/** One run of pgbench against one target: throughput and the latency of each transaction. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientOptions } from './client.ts';
import { processorSeconds, run } from './processes.ts';
import { quantile } from './statistics.ts';

/** pgbench's own select-only script, as a file: with the built-in one pgbench first asks catalogs about partitions. */
export const SELECT_ONLY = '\\set aid random(1, 100000 * :scale)\nSELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n';

export interface PgbenchOptions {
  readonly command: string;
  readonly client: ClientOptions;
  readonly protocol: 'simple' | 'prepared';
  readonly clients: number;
  /** By each client. */
  readonly transactions: number;
  readonly scale: number;
  /** What a transaction is; SELECT_ONLY by default. */
  readonly script?: string;
  /** Whose processor time is counted. */
  readonly pid?: number;
}

export interface PgbenchResult {
  /** Transactions a second, without connecting. */
  readonly tps: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the target for one transaction, in microseconds. */
  readonly processor?: number;
}

/** Rejects when a transaction failed: a proxy that refuses is not fast. */
export async function pgbench(options: PgbenchOptions): Promise<PgbenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-pgbench-'));
  try {
    const script = join(directory, 'select.sql');
    await writeFile(script, options.script ?? SELECT_ONLY);
    const { client } = options;
    const load = [
      '-n',
      '-f',
      script,
      '-s',
      String(options.scale),
      '-M',
      options.protocol,
      '-c',
      String(options.clients),
      '-t',
      String(options.transactions),
    ];
    const log = ['-l', '--log-prefix', join(directory, 'log')];
    const where = ['-h', '127.0.0.1', '-p', String(client.port), '-U', client.user, client.database];
    const before = options.pid === undefined ? undefined : await processorSeconds(options.pid);
    const output = await run(options.command, [...load, ...log, ...where], {
      cwd: directory,
      env: { ...process.env, PGPASSWORD: client.password ?? '', PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' },
    });
    const after = options.pid === undefined ? undefined : await processorSeconds(options.pid);
    const processed = /number of transactions actually processed: (\d+)/.exec(output)?.[1];
    const tps = /tps = ([\d.]+) \(without initial connection time\)/.exec(output)?.[1];
    if (tps === undefined || Number(processed) !== options.clients * options.transactions)
      throw new Error(`pgbench did not finish its transactions: ${output.slice(-500)}`);
    const latencies: number[] = [];
    for (const name of await readdir(directory)) {
      if (!name.startsWith('log')) continue;
      // client_id transaction_no time script_no time_epoch time_us
      for (const line of (await readFile(join(directory, name), 'utf8')).split('\n')) {
        const microseconds = line.split(' ')[2];
        if (microseconds !== undefined) latencies.push(Number(microseconds) / 1000);
      }
    }
    latencies.sort((a, b) => a - b);
    const processor = before === undefined || after === undefined ? undefined : ((after - before) * 1e6) / Number(processed);
    return {
      tps: Number(tps),
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      ...(processor === undefined ? {} : { processor }),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
