/** The world of `world.ts`, by kubectl. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from '../cluster/cluster.ts';
import { type CommandOptions, type CommandResult, run } from './commands.ts';
import { POLICY_NAMESPACE, policyObject, podObject, SYSTEM_NAMESPACE } from './objects.ts';
import { replicas } from './replicas.ts';
import type { ContainerStatus, Images, KubernetesObject, World } from './world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const GUIDE_POLICY = join(ROOT, 'examples', 'getting-started', 'policy.yaml');

export function createWorld(cluster: Cluster, images: Images): { readonly world: World; dispose(): Promise<void> } {
  const namespaces: string[] = [];
  const policies: string[] = [];

  const kubectl = (args: readonly string[], options?: CommandOptions): Promise<CommandResult> =>
    run(cluster, 'kubectl', args, options);
  const helm = (args: readonly string[], options?: CommandOptions): Promise<CommandResult> => run(cluster, 'helm', args, options);
  const sluice = (args: readonly string[], options?: CommandOptions): Promise<CommandResult> =>
    run(cluster, join(ROOT, 'bin', 'kubectl-sluice'), args, options);

  async function get<T = KubernetesObject>(namespace: string, kind: string, name: string): Promise<T> {
    return JSON.parse((await kubectl(['get', kind, name, '-n', namespace, '-o', 'json'])).stdout) as T;
  }

  async function apply(namespace: string, ...objects: readonly object[]): Promise<void> {
    const items = objects.map((object) => {
      const { metadata, ...rest } = object as { readonly metadata: { readonly namespace?: string } };
      return { ...rest, metadata: { namespace, ...metadata } };
    });
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
  }

  async function wait(namespace: string, what: string, condition: string, timeout: number): Promise<void> {
    await kubectl(['wait', what, '-n', namespace, `--for=${condition}`, `--timeout=${timeout}s`], { timeout: timeout + 30 });
  }

  /** Everything about a pod that did not become what it should. */
  async function story(namespace: string, pod: string): Promise<string> {
    const parts = await Promise.all([
      kubectl(['describe', 'pod', pod, '-n', namespace], { mayFail: true }),
      kubectl(['logs', pod, '-n', namespace, '--all-containers', '--prefix', '--tail=40'], { mayFail: true }),
    ]);
    return parts.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  }

  async function orItsStory<T>(namespace: string, pod: string, waiting: Promise<T>): Promise<T> {
    try {
      return await waiting;
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await story(namespace, pod)}`);
    }
  }

  async function metricsOf(namespace: string, pod: string, port: number): Promise<string> {
    // Through the API server: good from where no route leads to pods.
    return (await kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy/metrics`])).stdout;
  }

  const world: World = {
    cluster,
    images,
    kubectl,
    helm,
    sluice,
    get,
    apply,
    async namespace(purpose) {
      const name = `e2e-${purpose}-${randomBytes(2).toString('hex')}`;
      namespaces.push(name);
      const labels = {
        'sluice.dev/e2e': 'true',
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      };
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
      await kubectl(['create', '-f', '-'], { input });
      return name;
    },
    async agent({ namespace, serviceAccount, database = 'shop', grants = guideGrants(), spec = {} }) {
      await apply(namespace, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount } });
      const policy = policyObject({ namespace, serviceAccount, database, grants, spec });
      policies.push(policy.metadata.name);
      await apply(POLICY_NAMESPACE, policy);
      await wait(POLICY_NAMESPACE, `databaseaccesspolicy/${policy.metadata.name}`, 'condition=Accepted', 60);
    },
    async pod(options) {
      await kubectl(['create', '-f', '-'], { input: JSON.stringify(podObject(options, images.agents)) });
    },
    async ready(namespace, pod, timeout = 90) {
      await orItsStory(namespace, pod, wait(namespace, `pod/${pod}`, 'condition=Ready', timeout));
    },
    async ended(namespace, pod, container = 'app', timeout = 90) {
      const exitCode = async (): Promise<number> => {
        for (;;) {
          const { status } = await get(namespace, 'pod', pod);
          const all: readonly ContainerStatus[] = [
            ...(status?.containerStatuses ?? []),
            ...(status?.initContainerStatuses ?? []),
          ];
          const terminated = all.find((each) => each.name === container)?.state.terminated;
          if (terminated !== undefined) return terminated.exitCode;
          if (Date.now() > end) throw new Error(`container ${container} of ${pod} has not ended after ${timeout} s`);
          await new Promise((resolve) => setTimeout(resolve, 2000));
        }
      };
      const end = Date.now() + timeout * 1000;
      return orItsStory(namespace, pod, exitCode());
    },
    exec: (namespace, pod, container, command, options) =>
      kubectl(
        ['exec', ...(options?.input === undefined ? [] : ['--stdin']), pod, '-n', namespace, '-c', container, '--', ...command],
        options,
      ),
    async logs(namespace, pod, container, { previous = false } = {}) {
      return (await kubectl(['logs', pod, '-n', namespace, '-c', container, ...(previous ? ['--previous'] : [])])).stdout;
    },
    async sidecarLog(namespace, pod) {
      const { stdout } = await kubectl(['logs', pod, '-n', namespace, '-c', 'sluice']);
      return stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async sql(text, database = 'shop') {
      const psql = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', database];
      const args = ['exec', '--stdin', 'deployment/shop-db', '-n', POLICY_NAMESPACE, '--', ...psql];
      return (await kubectl(args, { input: text })).stdout.trimEnd();
    },
    async operatorMetric(name) {
      const running = (await replicas(world)).filter(({ status }) => status?.phase === 'Running');
      const texts = await Promise.all(running.map(({ metadata }) => metricsOf(SYSTEM_NAMESPACE, metadata.name, 8080)));
      return texts.reduce((sum, text) => sum + sumOf(text, name), 0);
    },
    async sidecarMetric(namespace, pod, name) {
      return sumOf(await metricsOf(namespace, pod, 15_490), name);
    },
  };

  return {
    world,
    async dispose() {
      const gone = ['--ignore-not-found', '--wait=false'];
      if (namespaces.length > 0) await kubectl(['delete', 'namespace', ...namespaces, ...gone]);
      if (policies.length > 0) await kubectl(['delete', 'databaseaccesspolicy', ...policies, '-n', POLICY_NAMESPACE, ...gone]);
    },
  };
}

/** Of the exposition format: all samples of that name, whatever their labels. */
function sumOf(text: string, name: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function guideGrants(): readonly object[] {
  const documents = parseAllDocuments(readFileSync(GUIDE_POLICY, 'utf8')).map(
    (each) => each.toJS() as { readonly kind: string; readonly spec: { readonly grants: readonly object[] } },
  );
  return documents.find(({ kind }) => kind === 'DatabaseAccessPolicy')!.spec.grants;
}
