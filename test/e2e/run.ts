/** `npm run e2e`: cluster, images, the guide, the tests, and away with it all. README.md beside this file says what is where. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Cluster } from '../cluster/cluster.ts';
import { findProvider, isProviderName, PROVIDERS } from '../cluster/providers.ts';
import { run } from './commands.ts';
import { giveMetrics } from './metrics-server.ts';
import { POLICY_NAMESPACE, SYSTEM_NAMESPACE } from './objects.ts';
import { type Images, type Installed, INSTALLED_VARIABLE } from './world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** On the guide's namespace for policies, when all of the guide went well. */
const FOLLOWED = 'sluice.dev/e2e=followed';
const GUIDE_POSTGRES = 'docker.io/library/postgres:18';
const HELP = `usage: npm run e2e -- [options] [FILE... and other arguments of vitest]

Brings up a cluster, builds the images, installs Sluice as docs/guides/getting-started.md says, runs test/e2e, takes everything away.

  --keep                  leaves the cluster (and what failing files have made in it), for looking at it and for the next run, which
                          then upgrades what is installed instead of following the guide
  --name NAME             of the cluster; default e2e. See it: npm run cluster -- enter --name e2e kubectl get pods -A
  --provider NAME         docker, private or current-context; default: the first of the first two that works here
  --use-current-context   the same as --provider current-context
  --no-images             builds and loads none: the cluster has them
  --logs DIRECTORY        where logs of the cluster go when something failed; default: a new one, which is printed
`;

const began = Date.now();
const { values, positionals, tokens } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    name: { type: 'string', default: 'e2e' },
    provider: { type: 'string' },
    'use-current-context': { type: 'boolean', default: false },
    'no-images': { type: 'boolean', default: false },
    logs: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
  strict: false,
  tokens: true,
});
const asked = values['use-current-context'] ? 'current-context' : (values.provider as string | undefined);
if (values.help || (asked !== undefined && !isProviderName(asked))) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}
const OWN = ['keep', 'name', 'provider', 'use-current-context', 'no-images', 'logs'];
const forVitest = [
  ...positionals,
  ...tokens.flatMap((token) =>
    token.kind === 'option' && !OWN.includes(token.name)
      ? [`${token.rawName}${token.value === undefined ? '' : `=${token.value}`}`]
      : [],
  ),
];

const counts = { passed: 0, failed: 0, skipped: 0 };
const children = new Set<ChildProcess>();
// Whoever is told to end takes the cluster away all the same.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
const reports = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
let cluster: Cluster | undefined;
let code = 1;
try {
  code = await main();
} catch (error) {
  say((error as Error).stack ?? String(error));
} finally {
  rmSync(reports, { recursive: true, force: true });
  await end();
}
const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped} (${seconds()} s)\n`);
process.exit(code === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1);

async function main(): Promise<number> {
  const provider = PROVIDERS[await findProvider(asked as Cluster['provider'] | undefined)];
  const images = imagesOf((JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version);
  say(`a cluster (${provider.name})${values['no-images'] ? '' : ', and images beside it'}`);
  // Waited for together: when one fails, the other is not left behind.
  const [up, built] = await Promise.allSettled([
    provider.up(values.name as string, say),
    values['no-images'] ? undefined : program(process.execPath, [join(ROOT, 'bin', 'run.mjs'), 'images', '--e2e', '--previous']),
  ]);
  if (up.status === 'rejected') throw up.reason;
  cluster = up.value;
  if (built.status === 'rejected' || (built.value !== undefined && built.value !== 0)) throw new Error('npm run images failed');
  if (!values['no-images']) {
    say('images onto its nodes');
    await cluster.load(Object.values(images));
    await standInForPostgres(cluster, images.postgres);
    if (provider.name !== 'current-context') await giveMetrics(cluster);
  }
  const installed: Installed = {
    cluster: { provider: provider.name, name: cluster.name },
    images,
    keep: values.keep === true,
  };
  const followed = await guideFollowed(cluster);
  if (followed === 'whole') {
    say('the guide: followed by an earlier run; what it installed is upgraded');
    await upgrade(cluster);
  } else if (followed === 'begun') {
    throw new Error(
      `an earlier run did not come to the end of the guide: npm run cluster -- down --name ${cluster.name}, and again`,
    );
  } else {
    say('the guide');
    const guide = await vitest(installed, ['--project', 'guide']);
    if (guide !== 0) return guide;
    await run(cluster, 'kubectl', ['label', 'namespace', POLICY_NAMESPACE, FOLLOWED]);
  }
  say('the tests');
  return vitest(installed, ['--project', 'beside', '--project', 'disruptive', ...forVitest]);
}

async function guideFollowed(target: Cluster): Promise<'whole' | 'begun' | 'not'> {
  const { stdout } = await run(target, 'kubectl', ['get', 'namespace', POLICY_NAMESPACE, '--ignore-not-found', '-o', 'json']);
  if (stdout === '') return 'not';
  const { metadata } = JSON.parse(stdout) as { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
  const [label = '', value] = FOLLOWED.split('=');
  return metadata.labels[label] === value ? 'whole' : 'begun';
}

function imagesOf(version: string): Images {
  return {
    operator: `sluice-operator:${version}`,
    sidecar: `sluice-sidecar:${version}`,
    agents: 'sluice-e2e-agents:1',
    postgres: 'sluice-e2e-postgres:1',
  };
}

/** The guide's manifests name the official image. Where no registry can be reached the nodes have ours under that name, and nobody else. */
async function standInForPostgres(target: Cluster, image: string): Promise<void> {
  if (target.provider === 'current-context') return;
  const nodes = (await run(target, 'kubectl', ['get', 'nodes', '-o', 'name'])).stdout.split('\n').filter((line) => line !== '');
  const tag = ['ctr', '--namespace', 'k8s.io', 'images', 'tag', '--force', `docker.io/library/${image}`, GUIDE_POSTGRES];
  for (const node of nodes) await run(target, 'docker', ['exec', node.replace('node/', ''), ...tag]);
}

async function upgrade(target: Cluster): Promise<void> {
  await run(target, 'kubectl', ['apply', '--server-side', '-f', join(ROOT, 'crds')]);
  await run(target, 'helm', [
    'upgrade',
    'sluice',
    join(ROOT, 'charts', 'sluice'),
    '-n',
    SYSTEM_NAMESPACE,
    '--reuse-values',
    '--wait',
  ]);
  const operator = ['deployment/sluice-operator', '-n', SYSTEM_NAMESPACE];
  await run(target, 'kubectl', ['rollout', 'restart', ...operator]);
  await run(target, 'kubectl', ['rollout', 'status', ...operator, '--timeout=120s'], { timeout: 150 });
}

/** What it counts is added to ours. */
async function vitest(installed: Installed, args: readonly string[]): Promise<number> {
  const report = join(reports, `${Date.now()}.json`);
  const status = await program(
    process.execPath,
    [
      ...['--disable-warning=ExperimentalWarning', join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run'],
      ...['--config', join(ROOT, 'vitest.e2e.config.ts'), '--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`],
      ...args,
    ],
    { [INSTALLED_VARIABLE]: JSON.stringify(installed) },
  );
  if (!existsSync(report)) {
    counts.failed += 1;
    return status || 1;
  }
  const result = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly numPassedTests: number;
    readonly numFailedTests: number;
    readonly numPendingTests: number;
    readonly numTodoTests: number;
    readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
  };
  counts.passed += result.numPassedTests;
  // A file that could not even be read has no tests to count.
  counts.failed +=
    result.numFailedTests +
    result.testResults.filter((each) => each.status === 'failed' && each.assertionResults.length === 0).length;
  counts.skipped += result.numPendingTests + result.numTodoTests;
  return status;
}

async function end(): Promise<void> {
  if (cluster !== undefined && (code !== 0 || counts.failed > 0)) {
    const directory = typeof values.logs === 'string' ? values.logs : mkdtempSync(join(tmpdir(), 'sluice-e2e-logs-'));
    await cluster.collectLogs(directory).catch((error: unknown) => say(`logs could not be collected: ${String(error)}`));
    say(`logs of the cluster are in ${directory}`);
  }
  if (cluster === undefined) return;
  if (values.keep) say(`the cluster stays: npm run cluster -- enter --name ${cluster.name} kubectl get pods -A`);
  else await PROVIDERS[cluster.provider].down(cluster.name);
}

function program(name: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(name, [...args], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...more } });
  children.add(child);
  return new Promise<number>((resolve, reject) =>
    child.once('error', reject).once('close', (status) => resolve(status ?? 1)),
  ).finally(() => children.delete(child));
}

function say(line: string): void {
  process.stdout.write(`\n== ${line} (${seconds()} s)\n`);
}

function seconds(): number {
  return Math.round((Date.now() - began) / 1000);
}
