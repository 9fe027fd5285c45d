/** kind on the Docker engine that is there, with kind's own node image. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BINARIES } from '../kube/binaries.ts';
import { cacheDirectory } from '../support/cache.ts';
import type { Provider } from './cluster.ts';
import { KindCluster } from './kind.ts';
import { withLock } from './lock.ts';
import { attempt, onPath, run } from './process.ts';
import { TOOLS } from './tools.ts';

export const dockerProvider: Provider = {
  name: 'docker',

  async missing() {
    const path = [TOOLS, BINARIES, process.env['PATH'] ?? ''].join(delimiter);
    if (!onPath('docker', path)) return 'no docker: install Docker (https://docs.docker.com/engine/install/)';
    if ((await attempt('docker', ['version'])).code !== 0) return 'no Docker engine answers: start it, or set DOCKER_HOST';
    if (!onPath('kind', path)) return 'no kind: install it (https://kind.sigs.k8s.io/docs/user/quick-start/#installation)';
    const absent = ['kubectl', 'helm'].filter((name) => !onPath(name, path));
    return absent.length === 0 ? undefined : `no ${absent.join(', no ')}: install them, or let npm run kubernetes build them`;
  },

  async up(name, say, { workers = 1 } = {}) {
    return withLock(`${homeOf(name)}.lock`, async () => {
      const running = await dockerProvider.find(name);
      if (running) {
        say(`${name} runs already`);
        return running;
      }
      await takeAway(name);
      mkdirSync(homeOf(name), { recursive: true });
      const cluster = clusterOf(name);
      const image = process.env['SLUICE_CLUSTER_NODE_IMAGE'];
      try {
        await cluster.create({ workers, ...(image ? { image } : {}) }, say);
        return cluster;
      } catch (error) {
        const logs = `${homeOf(name)}-failed`;
        rmSync(logs, { recursive: true, force: true });
        await cluster.collectLogs(logs).catch(() => undefined);
        await takeAway(name);
        throw new Error(`${(error as Error).message}\nlogs of the cluster are in ${logs}`);
      }
    });
  },

  async find(name) {
    const cluster = clusterOf(name);
    return (await cluster.isUp()) ? cluster : undefined;
  },

  async down(name) {
    await withLock(`${homeOf(name)}.lock`, () => takeAway(name));
  },
};

function homeOf(name: string): string {
  return join(cacheDirectory(), 'clusters', `docker-${name}`);
}

function clusterOf(name: string): KindCluster {
  return new KindCluster({ name, provider: 'docker', directory: homeOf(name) });
}

async function takeAway(name: string): Promise<void> {
  if (!existsSync(homeOf(name))) return;
  const { kindName, env } = clusterOf(name);
  await run('kind', ['delete', 'cluster', '--name', kindName], { env });
  rmSync(homeOf(name), { recursive: true, force: true });
}
