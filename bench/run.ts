/**
 * `npm run bench`: what Sluice costs beside a direct connection, a bare Node relay and pgbouncer, on this machine, in one run.
 * Prints Markdown; `--json FILE` and `--markdown FILE` keep the numbers. Exit 1 when Sluice itself could not be measured.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { startDatabase } from './database.ts';
import { type Load, measureLargeResults, measureLoad, measureMemory, measureStart } from './measurements.ts';
import { run } from './processes.ts';
import { markdown, type Results } from './report.ts';
import { direct, startPgbouncer, startRelay, startSluice, type Target, type TargetName } from './targets.ts';

const HELP = `usage: npm run bench -- [options]
  --quick            a tenth of the work: to see that it runs, not to compare
  --rounds N         interleaved rounds (default 5)
  --postgres 15|18   server major (default 18)
  --pgbench PATH     default: the one in PATH
  --pgbouncer PATH   default: the one in PATH
  --json FILE        all single measurements
  --markdown FILE    the tables
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    postgres: { type: 'string', default: '18' },
    pgbench: { type: 'string', default: 'pgbench' },
    pgbouncer: { type: 'string', default: 'pgbouncer' },
    json: { type: 'string' },
    markdown: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

if (values.help) {
  process.stdout.write(HELP);
} else {
  const rounds = Number(values.rounds);
  const major = values.postgres === '15' ? 15 : 18;
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50 || (values.postgres !== '15' && values.postgres !== '18')) {
    process.stderr.write(HELP);
    process.exitCode = 2;
  } else {
    process.exitCode = await bench(rounds, major);
  }
}

async function bench(rounds: number, major: 15 | 18): Promise<number> {
  try {
    await run(values.pgbench, ['--version']);
  } catch {
    say('pgbench was not found; it comes with the PostgreSQL server package (Debian: postgresql), or say --pgbench PATH');
    return 1;
  }
  const effort = values.quick ? 0.1 : 1;
  const people = 1_000_000 * effort;
  const load = loadavg();
  say(`PostgreSQL ${major} with ${people} rows of people`);
  const database = await startDatabase(major, values.quick ? 1 : 5, people, values.pgbench);
  const missing: Partial<Record<TargetName, string>> = {};
  const targets: Target[] = [direct(database)];
  const add = async (name: TargetName, start: () => Promise<Target>): Promise<void> => {
    try {
      targets.push(await start());
    } catch (error) {
      missing[name] = reason(error);
      say(`${name}: ${missing[name]}`);
    }
  };
  try {
    await add('relay', () => startRelay(database));
    await add('pgbouncer', () => startPgbouncer(database, values.pgbouncer));
    await add('sluice', () => startSluice(database));
    const loads: { load: Load; results: Awaited<ReturnType<typeof measureLoad>> }[] = [];
    for (const protocol of ['simple', 'prepared'] as const) {
      for (const clients of [1, 8]) {
        const one: Load = { protocol, clients, transactions: Math.ceil((clients === 1 ? 5000 : 2000) * effort) };
        say(
          `pgbench, ${protocol}, ${clients} ${clients === 1 ? 'client' : 'clients'}: ${rounds} rounds of ${targets.map((target) => target.name).join(', ')}`,
        );
        loads.push({ load: one, results: await measureLoad(targets, rounds, one, values.pgbench, database.scale) });
      }
    }
    say('large results');
    const large = await measureLargeResults(targets, rounds, database);
    let results: Results = {
      machine: {
        cpus: cpus().length,
        model: cpus()[0]?.model.trim() ?? 'unknown',
        memory: totalmem(),
        node: process.versions.node,
        load,
      },
      postgres: major,
      rounds,
      missing,
      loads,
      large,
    };
    if (missing.sluice === undefined) {
      say('start');
      const start = await measureStart(database, values.quick ? 3 : 7);
      say('memory: 50 sessions, then many different statements');
      const memory = await measureMemory(database, values.pgbench, 50, 100_000 * effort);
      results = { ...results, start, memory };
    }
    const tables = markdown(results);
    process.stdout.write(`${tables}\n`);
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
    if (values.markdown !== undefined) await writeFile(values.markdown, tables);
    return missing.sluice === undefined ? 0 : 1;
  } finally {
    for (const target of targets) await target.stop();
    await database.server.stop();
  }
}
