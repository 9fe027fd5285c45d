/** kind on a Docker engine of our own: for machines without one, and without an image registry. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram } from '../support/majors.ts';
import { BINARIES, buildBinaries, kubernetesMissing } from '../kube/binaries.ts';
import { cacheDirectory } from '../support/cache.ts';
import type { Cluster, Provider, Say, UpOptions } from './cluster.ts';
import { Engine } from './engine.ts';
import { KindCluster } from './kind.ts';
import { withLock } from './lock.ts';
import { buildNodeImage, copyNodeImage, NODE_IMAGE } from './node-image.ts';
import { buildTools, toolsBuilt } from './tools.ts';

/** By program, the Debian package that has it. */
const PACKAGES: Readonly<Record<string, string>> = {
  dockerd: 'docker.io',
  docker: 'docker.io',
  containerd: 'containerd',
  runc: 'runc',
  debootstrap: 'debootstrap',
  nft: 'nftables',
  iptables: 'iptables',
  ip: 'iproute2',
  nsenter: 'util-linux',
  flock: 'util-linux',
};

export const privateProvider: Provider = {
  name: 'private',

  async missing() {
    if (process.platform !== 'linux') return 'a private cluster needs Linux';
    if (process.getuid?.() !== 0)
      return 'a private cluster needs root (network namespaces, mounts): run it as root, or install Docker and kind';
    const packages = Object.entries(PACKAGES).filter(([program]) => !hasProgram(program));
    if (packages.length > 0) {
      const names = [...new Set(packages.map(([, name]) => name))].join(' ');
      return `a private cluster needs ${packages.map(([program]) => program).join(', ')}: apt-get install --no-install-recommends ${names}`;
    }
    if (!hasProgram('go') && (kubernetesMissing !== undefined || !toolsBuilt()))
      return 'a private cluster is built from Go modules: install Go (https://go.dev/doc/install)';
    return undefined;
  },

  async up(name, say, options = {}) {
    return withLock(lockOf(name), async () => {
      const running = await privateProvider.find(name);
      if (running) {
        say(`${name} runs already`);
        return running;
      }
      await takeAway(name);
      await build(say);
      return make(name, say, options);
    });
  },

  async find(name) {
    const cluster = clusterOf(name);
    return (await engineOf(name).runs()) && (await cluster.isUp()) ? cluster : undefined;
  },

  async down(name) {
    await withLock(lockOf(name), () => takeAway(name));
  },
};

function homeOf(name: string): string {
  return join(cacheDirectory(), 'clusters', name);
}

function lockOf(name: string): string {
  return `${homeOf(name)}.lock`;
}

function engineOf(name: string): Engine {
  return new Engine(`sluice-cluster-${name}`, join(homeOf(name), 'docker'));
}

function clusterOf(name: string): KindCluster {
  const { directory, netns, env } = engineOf(name);
  return new KindCluster({ name, provider: 'private', directory, netns, dockerHost: env['DOCKER_HOST']! });
}

async function build(say: Say): Promise<void> {
  await withLock(`${BINARIES}.lock`, async () => {
    if (existsSync(join(BINARIES, 'k8sbox')) && kubernetesMissing === undefined) return;
    say('building Kubernetes (about ten minutes, once)');
    await buildBinaries();
  });
  if (!existsSync(join(BINARIES, 'k8sbox')))
    throw new Error(`a private cluster needs the k8sbox that npm run kubernetes builds; ${BINARIES} has none`);
  await buildTools(say);
  await buildNodeImage(say);
}

async function make(name: string, say: Say, { workers = 1 }: UpOptions): Promise<Cluster> {
  const engine = engineOf(name);
  const cluster = clusterOf(name);
  allowInotifyInstances(say);
  say('starting a Docker engine in a network namespace of its own');
  try {
    await copyNodeImage(engine.data);
    await engine.start();
    await cluster.create({ workers, image: NODE_IMAGE }, say);
    return cluster;
  } catch (error) {
    const logs = join(cacheDirectory(), 'clusters', `${name}-failed`);
    rmSync(logs, { recursive: true, force: true });
    await cluster.collectLogs(logs).catch(() => undefined);
    await takeAway(name);
    throw new Error(`${(error as Error).message}\nlogs of the cluster are in ${logs}`);
  }
}

async function takeAway(name: string): Promise<void> {
  await engineOf(name).stop();
  rmSync(homeOf(name), { recursive: true, force: true });
}

/** Each kubelet and each of its pods takes several; Linux' own limit of 128 is that of about four nodes. */
function allowInotifyInstances(say: Say): void {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  const enough = 1024;
  if (Number(readFileSync(file, 'utf8')) >= enough) return;
  try {
    writeFileSync(file, String(enough));
    say(`fs.inotify.max_user_instances is now ${enough}`);
  } catch {
    say(`fs.inotify.max_user_instances is low and cannot be changed here: several clusters at once may not start`);
  }
}
