/**
 * `node bench/audit.ts`: what each level of audit costs, against the same proxy without it: records alone (rows None, values None, Local). One process for each
 * level, all at once; they take turns in every round, and ratios are taken within a round. Prints Markdown.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Client } from './client.ts';
import { type BenchDatabase, startDatabase } from './database.ts';
import { pgbench, SELECT_ONLY } from './pgbench.ts';
import { processorSeconds } from './processes.ts';
import { type Spread, spread } from './statistics.ts';
import { startSluice, type Target } from './targets.ts';

const HELP = `usage: node bench/audit.ts [--rounds N] [--quick] [--postgres 15|18] [--pgbench PATH]
`;

const LEVELS = {
  base: 'rows: None',
  'values Digest': 'rows: None, values: Digest',
  'rows Writes': 'rows: Writes, recipients: [RECIPIENT]',
  'rows Keys': 'rows: Keys, recipients: [RECIPIENT]',
  'rows Proof': 'rows: Proof, recipients: [RECIPIENT]',
  'Proof, Digest': 'rows: Proof, values: Digest, recipients: [RECIPIENT]',
  Synced: 'rows: None, durability: Synced',
} as const;
type Level = keyof typeof LEVELS;

/** pgbench's own TPC-B-like script, without what it asks catalogs for. */
const TPCB = `\\set aid random(1, 100000 * :scale)
\\set bid random(1, 1 * :scale)
\\set tid random(1, 10 * :scale)
\\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
`;
/** With the key, so that there is one to record. */
const READ = SELECT_ONLY.replace('SELECT abalance', 'SELECT aid, abalance');

const policy = (audit: string): string => `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: bench, namespace: bench}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: bench}
  tls: {mode: Disable}
  sensitivity: {detection: "Off"}
  audit: {${audit}}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: agent, namespace: bench}
spec:
  databaseRef: {name: bench}
  subjects: [{serviceAccount: {namespace: bench, name: agent}}]
  grants:
    - tables: [public.pgbench_accounts, public.pgbench_tellers, public.pgbench_branches, public.pgbench_history]
      actions: [Select, Insert, Update]
    - {tables: [public.people_open], actions: [Select]}
  guardrails: {requireWhere: true}
`;

interface Measured {
  /** Work in a second. */
  readonly rate: number;
  /** Processor time of the proxy for one, in microseconds. */
  readonly processor: number;
}

type Measurement = (target: Target) => Promise<Measured>;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    postgres: { type: 'string', default: '18' },
    pgbench: { type: 'string', default: 'pgbench' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await bench(Number(values.rounds), values.postgres === '15' ? 15 : 18, values.quick ? 0.1 : 1);

async function bench(rounds: number, major: 15 | 18, effort: number): Promise<void> {
  const database = await startDatabase(major, 1, 1_000_000 * effort, values.pgbench);
  const targets = new Map<Level, Target>();
  try {
    const recipient = await identityToRecipient(await generateX25519Identity());
    for (const [level, audit] of Object.entries(LEVELS) as [Level, string][])
      targets.set(level, await startSluice(database, {}, policy(audit.replace('RECIPIENT', recipient))));
    const transactions = (count: number): number => Math.ceil(count * effort);
    const loads: Readonly<Record<string, Measurement>> = {
      'TPC-B-like, prepared, 1 client': (target) => load(database, target, TPCB, 'prepared', transactions(1_000)),
      'TPC-B-like, simple, 1 client': (target) => load(database, target, TPCB, 'simple', transactions(1_000)),
      'read by key, prepared, 1 client': (target) => load(database, target, READ, 'prepared', transactions(5_000)),
      'read by key, simple, 1 client': (target) => load(database, target, READ, 'simple', transactions(5_000)),
      [`${database.people.toLocaleString('en')} rows of four columns`]: (target) => fetchAll(database, target),
    };
    process.stdout.write(
      `PostgreSQL ${major}, ${rounds} rounds, ${cpus().length} cores (${cpus()[0]?.model.trim()}), load before ${loadavg()[0]!.toFixed(1)}\n`,
    );
    for (const [name, measure] of Object.entries(loads)) {
      for (const target of targets.values()) await measure(target);
      process.stdout.write(table(name, await interleaved(targets, rounds, measure)));
    }
  } finally {
    for (const target of targets.values()) await target.stop();
    await database.server.stop();
  }
}

async function interleaved(targets: ReadonlyMap<Level, Target>, rounds: number, measure: Measurement) {
  const results = new Map<Level, Measured[]>([...targets.keys()].map((level) => [level, []]));
  const order = [...targets];
  for (let round = 0; round < rounds; round += 1)
    for (let turn = 0; turn < order.length; turn += 1) {
      const [level, target] = order[(turn + round) % order.length]!;
      results.get(level)!.push(await measure(target));
    }
  return results;
}

async function load(
  { scale }: BenchDatabase,
  target: Target,
  script: string,
  protocol: 'simple' | 'prepared',
  transactions: number,
): Promise<Measured> {
  const { client, pid } = target;
  const { tps, processor } = await pgbench({
    command: values.pgbench,
    client,
    pid,
    script,
    protocol,
    clients: 1,
    transactions,
    scale,
  });
  return { rate: tps, processor: processor ?? Number.NaN };
}

/** A row is one of what is counted. */
async function fetchAll({ people }: BenchDatabase, { client: options, pid }: Target): Promise<Measured> {
  const client = await Client.connect(options);
  const before = (await processorSeconds(pid)) ?? Number.NaN;
  try {
    const { rows, duration } = await client.query('SELECT id, name, email, region FROM people_open');
    if (rows !== people) throw new Error(`${rows} rows of ${people}`);
    return {
      rate: (rows * 1_000) / duration,
      processor: (((await processorSeconds(pid)) ?? Number.NaN) - before) * (1e6 / rows),
    };
  } finally {
    client.close();
  }
}

function table(name: string, results: ReadonlyMap<Level, readonly Measured[]>): string {
  const base = results.get('base')!;
  const rows = [...results].map(([level, measured]) => {
    const ratio = spread(measured.map(({ rate }, round) => rate / base[round]!.rate));
    const processor = spread(measured.map((each) => each.processor));
    return `| ${level} | ${shown(ratio)} | ${spread(measured.map(({ rate }) => rate)).median.toFixed(0)} | ${processor.median.toFixed(processor.median < 10 ? 2 : 0)} |\n`;
  });
  return `\n**${name}**\n\n| | throughput against records alone | a second | CPU µs each |\n|---|---|---|---|\n${rows.join('')}`;
}

function shown({ min, median, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}
