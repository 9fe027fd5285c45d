/**
 * The life of a cluster, from a start that is killed to an end that leaves nothing. `npm run cluster -- selftest` runs it (a few minutes);
 * its tests build on one another.
 */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cacheDirectory } from '../support/cache.ts';
import type { Cluster, ClusterCommand, ProviderName } from './cluster.ts';
import { attempt, onPath, run } from './process.ts';
import { findCluster, PROVIDERS } from './providers.ts';

const NAME = 'selftest';
const IMAGE = 'sluice-selftest:1';
const provider = PROVIDERS[process.env['SLUICE_SELFTEST_PROVIDER'] as ProviderName];
const said: string[] = [];
let cluster: Cluster | undefined;
let scratch: string;

function the(): Cluster {
  if (!cluster) throw new Error('there is no cluster: its start failed');
  return cluster;
}

const inside = (program: string, ...args: readonly string[]): Promise<string> => start(the().command(program, args));
const kubectl = (...args: readonly string[]): Promise<string> => inside('kubectl', ...args);
const start = ({ program, args, env }: ClusterCommand): Promise<string> => run(program, args, { env });

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sluice-selftest-'));
  await provider.down(NAME);
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    const logs = join(cacheDirectory(), 'clusters', `${NAME}-failed`);
    await cluster?.collectLogs(logs);
    process.stderr.write(`logs of the cluster are in ${logs}\n`);
  });
});

afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await provider.down(NAME);
});

describe('a cluster', () => {
  it('whose making was killed is none, and is made anew', async () => {
    await killedWhile('creating');
    expect(await findCluster(NAME)).toBeUndefined();
    cluster = await provider.up(NAME, (line) => said.push(line));
    expect(said.some((line) => line.startsWith('creating 2 nodes'))).toBe(true);
  });

  it('is the same one when it is asked for again', async () => {
    const uid = await kubectl('get', 'namespace', 'kube-system', '--output', 'jsonpath={.metadata.uid}');
    said.length = 0;
    cluster = await provider.up(NAME, (line) => said.push(line));
    expect(said).toEqual([`${NAME} runs already`]);
    expect(await kubectl('get', 'namespace', 'kube-system', '--output', 'jsonpath={.metadata.uid}')).toBe(uid);
  });

  it('has two nodes, which take pods', async () => {
    const nodes = await kubectl(
      'get',
      'nodes',
      '--output',
      'jsonpath={range .items[*]}{.spec.taints}{.status.conditions[-1:].status} {end}',
    );
    expect(nodes.trim()).toBe('True True');
  });

  it('takes an image onto all nodes, once', async () => {
    await buildImage();
    await the().load([IMAGE]);
    const before = await imagesOnNodes();
    expect(before.map((listing) => listing.includes(`library/${IMAGE} `))).toEqual([true, true]);
    await the().load([IMAGE]);
    expect(await imagesOnNodes()).toEqual(before);
  });

  it('runs pods, which find one another by name across nodes', async () => {
    const [first = '', second = ''] = await nodeNames();
    await apply(server('there', first), service('there'));
    await kubectl('rollout', 'status', 'deployment/there', '--timeout', '120s');
    expect(await answer('from-the-other-node', second, 'http://there.default.svc.cluster.local:8000')).toMatch(/^there-/);
  });

  it('keeps the address of a pod that calls one on another node', async () => {
    const [first = '', second = ''] = await nodeNames();
    const ranges = await kubectl('get', 'nodes', first, second, '--output', 'jsonpath={.items[*].spec.podCIDR}');
    const pod = await kubectl('get', 'pods', '--selector', 'app=there', '--output', 'jsonpath={.items[0].status.podIP}');
    expect(prefix(pod)).toBe(prefix(ranges.split(' ')[0]!));
    expect(await answer('by-address', second, `http://${pod}:8000`)).toMatch(/^there-/);
  });

  it.runIf(provider.name === 'private')('says at once that there is nothing outside: no name, no route', async () => {
    const [, second = ''] = await nodeNames();
    const name = await refusal('outside-by-name', second, 'http://www.example.com:80');
    expect(name).toMatch(/no such host|server misbehaving/);
    const outside = await refusal('outside-by-address', second, 'http://192.0.2.1:80');
    expect(outside).toMatch(/unreachable|no route to host/);
    expect(await inside('ip', 'route', 'show', 'default')).toBe('');
  });

  it('has another node for the pods of one that is drained', async () => {
    const [first = '', second = ''] = await nodeNames();
    await kubectl('drain', first, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout', '120s');
    await kubectl('rollout', 'status', 'deployment/there', '--timeout', '120s');
    const nodes = await kubectl('get', 'pods', '--selector', 'app=there', '--output', 'jsonpath={.items[*].spec.nodeName}');
    expect(new Set(nodes.split(' '))).toContain(second);
    await kubectl('uncordon', first);
  });

  it.runIf(provider.name === 'private')('has its network back after a node was stopped and started', async () => {
    const [, worker = ''] = await nodeNames();
    await inside('docker', 'restart', '--time', '5', worker);
    await kubectl('wait', 'node', worker, '--for', 'condition=Ready', '--timeout', '180s');
    expect(await answer('after-the-restart', worker, 'http://there.default.svc.cluster.local:8000')).toMatch(/^there-/);
  });

  it('gives its logs', async () => {
    const directory = join(scratch, 'logs');
    await the().collectLogs(directory);
    expect(readFileSync(join(directory, 'pods.txt'), 'utf8')).toContain('there-');
    expect(readFileSync(join(directory, 'events.txt'), 'utf8')).toContain('Created');
    const [node = ''] = await nodeNames();
    const files = readdirSync(join(directory, 'nodes', node));
    expect(files).toEqual(
      expect.arrayContaining(['console.log', 'pods', provider.name === 'private' ? 'kubelet.log' : 'journal.log']),
    );
  });

  it('leaves nothing', async () => {
    await provider.down(NAME);
    expect(await findCluster(NAME)).toBeUndefined();
    expect(await remains()).toEqual([]);
    await provider.down(NAME); // there is none: no error
  });
});

/** `up` by a process that is killed as soon as it has said this. */
async function killedWhile(word: string): Promise<void> {
  const script = `import { PROVIDERS } from ${JSON.stringify(join(import.meta.dirname, 'providers.ts'))};
    await PROVIDERS[${JSON.stringify(provider.name)}].up(${JSON.stringify(NAME)}, (line) => console.log(line));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes(word)) child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
}

/** kubectl and nothing else: it can serve a file, and ask for one. */
async function buildImage(): Promise<void> {
  const context = join(scratch, 'image');
  mkdirSync(context);
  const { env } = the().command('kubectl', []);
  copyFileSync(realpathSync(onPath('kubectl', env['PATH'] ?? '')!), join(context, 'kubectl'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY kubectl /kubectl\nENTRYPOINT ["/kubectl"]\n');
  await run('docker', ['build', '--quiet', '--tag', IMAGE, context], { env: { ...env, DOCKER_BUILDKIT: '0' } });
}

async function imagesOnNodes(): Promise<readonly string[]> {
  const listings: string[] = [];
  for (const node of await nodeNames())
    listings.push(await inside('docker', 'exec', node, 'ctr', '--namespace', 'k8s.io', 'images', 'ls'));
  return listings;
}

async function nodeNames(): Promise<readonly string[]> {
  const names = await kubectl('get', 'nodes', '--output', 'jsonpath={.items[*].metadata.name}');
  return names.split(' ').sort();
}

async function apply(...objects: readonly object[]): Promise<void> {
  const { program, args, env } = the().command('kubectl', ['apply', '--filename', '-']);
  await run(program, args, { env, input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });
}

/** Serves /etc/hostname, which is the name of the pod. On this node, as long as pods can be there. */
function server(name: string, node: string): object {
  const serve = ['proxy', '--address=0.0.0.0', '--port=8000', '--accept-hosts=.*', '--www=/etc', '--www-prefix=/files/'];
  const preference = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] };
  const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } };
  const container = {
    name: 'server',
    image: IMAGE,
    imagePullPolicy: 'Never',
    args: serve,
    readinessProbe: { httpGet: { path: '/files/hostname', port: 8000 } },
  };
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { affinity, containers: [container] } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { selector: { matchLabels: labels }, template } };
}

function service(name: string): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 8000 }] } };
}

/** What a pod on a node is answered; it asks again after a while, as kube-proxy is behind by a second when pods have just become ready. */
async function answer(name: string, node: string, url: string): Promise<string> {
  await apply(client(name, node, url, 'OnFailure'));
  await kubectl('wait', `pod/${name}`, '--for', 'jsonpath={.status.phase}=Succeeded', '--timeout', '120s');
  return kubectl('logs', name);
}

/** What a pod on a node gets to know when it gets no answer. */
async function refusal(name: string, node: string, url: string): Promise<string> {
  await apply(client(name, node, url, 'Never'));
  await kubectl('wait', `pod/${name}`, '--for', 'jsonpath={.status.phase}=Failed', '--timeout', '120s');
  return kubectl('logs', name);
}

function client(name: string, node: string, url: string, restartPolicy: 'Never' | 'OnFailure'): object {
  const args = [`--server=${url}`, 'get', '--raw', '/files/hostname', '--request-timeout=20s'];
  const containers = [{ name: 'client', image: IMAGE, imagePullPolicy: 'Never', args }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { nodeName: node, restartPolicy, containers } };
}

function prefix(address: string): string {
  return address.split('.').slice(0, 3).join('.');
}

/** Anything of a cluster of this name: mounts, cgroups, network namespace, directories, processes that were started for it. */
async function remains(): Promise<readonly string[]> {
  const ofUs = `sluice-cluster-${NAME}`;
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(ofUs) || line.includes(`clusters/${NAME}/`));
  const cgroups = readdirSync('/sys/fs/cgroup')
    .map((hierarchy) => join('/sys/fs/cgroup', hierarchy, ofUs))
    .filter(existsSync);
  const others = [join('/run', ofUs), join('/run/netns', ofUs)].filter(existsSync);
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(ofUs));
  const containers = onPath('docker', process.env['PATH'] ?? '')
    ? (await attempt('docker', ['ps', '--all', '--filter', `name=sluice-${NAME}`, '--quiet'])).stdout
    : '';
  return [
    ...mounts,
    ...cgroups,
    ...others,
    ...processes.map((pid) => `${pid} ${commandLine(pid)}`),
    ...containers.split('\n').filter(Boolean),
  ];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // gone meanwhile
  }
}
