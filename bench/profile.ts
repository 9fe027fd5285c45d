/**
 * Where Sluice's own time goes under one load: `node bench/profile.ts [simple|prepared] [clients]` runs the proxy with V8's
 * sampling profiler, loads it with pgbench and prints the functions that used the processor most, by self time.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startDatabase } from './database.ts';
import { pgbench } from './pgbench.ts';
import { startSluice } from './targets.ts';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  /** `function file:line`, or what V8 calls it: (idle), (garbage collector), (program). */
  readonly where: string;
  /** Of the time that was not idle, 0 to 1. */
  readonly share: number;
}

/** Self time by function, largest first, without the idle time. */
export function selfTimes(profile: CpuProfile): readonly SelfTime[] {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let busy = 0;
  profile.samples.forEach((sample, i) => {
    const name = names.get(sample) ?? '(unknown)';
    const delta = profile.timeDeltas[i] ?? 0;
    if (name === '(idle)') return;
    busy += delta;
    times.set(name, (times.get(name) ?? 0) + delta);
  });
  return [...times].map(([where, time]) => ({ where, share: time / busy })).sort((a, b) => b.share - a.share);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
}

async function main(protocol: 'simple' | 'prepared', clients: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-profile-'));
  const database = await startDatabase(18, 1, 1000, 'pgbench');
  try {
    const sluice = await startSluice(database, {
      NODE_OPTIONS: `--cpu-prof --cpu-prof-interval=200 --cpu-prof-dir=${directory}`,
    });
    const load = {
      command: 'pgbench',
      client: sluice.client,
      protocol,
      clients,
      transactions: Math.ceil(20_000 / clients),
      scale: 1,
    };
    const result = await pgbench(load);
    await sluice.stop();
    process.stdout.write(`${protocol}, ${clients} clients: ${result.tps.toFixed(0)} tps, p50 ${result.p50.toFixed(3)} ms\n`);
    for (const name of await readdir(directory)) {
      const profile = JSON.parse(await readFile(join(directory, name), 'utf8')) as CpuProfile;
      for (const { where, share } of selfTimes(profile).slice(0, 40))
        process.stdout.write(`${(share * 100).toFixed(1).padStart(5)} %  ${where}\n`);
    }
  } finally {
    await database.server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv[2] === 'simple' ? 'simple' : 'prepared', Number(process.argv[3] ?? 1));
}
