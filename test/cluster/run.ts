/** `npm run cluster`: a cluster to test on and to look around in, by hand. */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { splitAtCommand } from './arguments.ts';
import { type Cluster, DEFAULT_NAME, isName } from './cluster.ts';
import { findCluster, findProvider, isProviderName, PROVIDERS } from './providers.ts';
import { attempt } from './process.ts';
import { selftest as selftestOf } from './selftest.ts';

const HELP = `usage: npm run cluster -- COMMAND [options]
  up                    a cluster; the same one when it is there already
  down                  all of it is taken away; no error when there is none
  enter COMMAND...      runs a command where the cluster can be reached, with its kubectl and helm (default: your shell)
  load IMAGE...         images, by reference from the store of docker, buildah or podman, or archives by path, onto all nodes
  logs DIRECTORY        everything that helps after a failure
  status                whether it runs, its nodes and pods; exit 1 when it does not
  selftest              the life of a cluster of its own, from a start that is killed to an end that leaves nothing; a few minutes

  --name NAME           another one beside it (default ${DEFAULT_NAME})
  --provider PROVIDER   docker (kind on the Docker that is there), private (kind on a Docker engine of its own, in a network namespace
                        without a route out; needs root) or current-context (what kubectl talks to); default: the first two, in this order
  --use-current-context the same as --provider current-context
  --workers N           up: nodes beside the control plane, which takes pods, too (default 1)

What is built is kept in the cache and built once: Kubernetes and tools from Go modules (about twelve minutes), the node image (two).
`;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  up,
  down,
  enter,
  load,
  logs,
  status,
  selftest,
};

const split = splitAtCommand(process.argv.slice(2));

const { values, positionals } = parseArgs({
  args: split.ours,
  options: {
    name: { type: 'string', default: DEFAULT_NAME },
    provider: { type: 'string' },
    'use-current-context': { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

const say = (line: string): void => void process.stderr.write(`cluster: ${line}\n`);

const asked = values['use-current-context'] ? 'current-context' : values.provider;
const [command = '', ...given] = [...positionals, ...split.theirs];
const action = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
if (values.help) {
  process.stdout.write(HELP);
} else if (
  action === undefined ||
  !isName(values.name) ||
  !/^\d$/.test(values.workers) ||
  (asked !== undefined && !isProviderName(asked))
) {
  process.stderr.write(HELP);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await action(given);
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 1;
  }
}

async function up(): Promise<number> {
  const began = Date.now();
  const provider = PROVIDERS[await findProvider(provided())];
  const cluster = await provider.up(values.name, say, { workers: Number(values.workers) });
  say(
    `${cluster.name} is up (${cluster.provider}, ${Math.round((Date.now() - began) / 1000)} s): npm run cluster -- enter${named()} kubectl get pods -A`,
  );
  return 0;
}

async function down(): Promise<number> {
  const wanted = provided();
  for (const provider of Object.values(PROVIDERS))
    if (wanted === undefined || provider.name === wanted) await provider.down(values.name);
  return 0;
}

async function enter(args: readonly string[]): Promise<number> {
  const cluster = await running();
  const [program = process.env['SHELL'] ?? '/bin/sh', ...rest] = args;
  const { program: first, args: all, env } = cluster.command(program, rest);
  const child = spawn(first, all, { stdio: 'inherit', env });
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)));
}

async function load(images: readonly string[]): Promise<number> {
  if (images.length === 0) throw new Error('load what? references or archives of images');
  await (await running()).load(images);
  return 0;
}

async function logs([directory]: readonly string[]): Promise<number> {
  if (directory === undefined) throw new Error('logs into which directory?');
  await (await running()).collectLogs(directory);
  say(`logs are in ${directory}`);
  return 0;
}

async function status(): Promise<number> {
  const cluster = await findCluster(values.name, provided());
  if (!cluster) {
    process.stdout.write(`${values.name} does not run\n`);
    return 1;
  }
  process.stdout.write(`${cluster.name} runs (${cluster.provider})\n`);
  const { program, args, env } = cluster.command('kubectl', ['get', 'nodes,pods', '--all-namespaces']);
  const { code, stdout, stderr } = await attempt(program, args, { env });
  process.stdout.write(stdout + stderr);
  return code === 0 ? 0 : 1;
}

async function selftest(): Promise<number> {
  return selftestOf(await findProvider(provided()));
}

async function running(): Promise<Cluster> {
  const cluster = await findCluster(values.name, provided());
  if (!cluster) throw new Error(`${values.name} does not run: npm run cluster -- up${named()}`);
  return cluster;
}

function provided(): keyof typeof PROVIDERS | undefined {
  return asked !== undefined && isProviderName(asked) ? asked : undefined;
}

function named(): string {
  return values.name === DEFAULT_NAME ? '' : ` --name ${values.name}`;
}
