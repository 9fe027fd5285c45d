/** Soak: what changes in the cluster meanwhile, at a steady pace, past the faults. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIG_MAPS, DATABASES, type KubeApi, type KubeObject, type Resource } from '../../operator/api/kube-api.ts';

export interface Writers {
  /** Changes that the server has confirmed, and attempts that failed or were in doubt. */
  readonly written: number;
  readonly failed: number;
  stop(): Promise<void>;
}

export interface WriterOptions {
  readonly api: KubeApi;
  readonly namespaces: readonly string[];
  readonly random: () => number;
  /** Names per kind and namespace. */
  readonly names: number;
  readonly perSecond: number;
}

type Draft = (name: string, namespace: string, random: () => number) => KubeObject;

export function startWriters(options: WriterOptions): Writers {
  const stopping = new AbortController();
  const counts = { written: 0, failed: 0 };
  const run = async (resource: Resource, draft: Draft): Promise<void> => {
    while (!stopping.signal.aborted) {
      const worked = await change(options, resource, draft).catch(() => false);
      counts[worked ? 'written' : 'failed'] += 1;
      await sleep(2_000 / options.perSecond, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = Promise.all([run(CONFIG_MAPS, configMap), run(DATABASES, database)]);
  return {
    get written() {
      return counts.written;
    },
    get failed() {
      return counts.failed;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** One object is created, changed in a drawn way, deleted, or deleted and created again under its name. */
async function change({ api, namespaces, random, names }: WriterOptions, resource: Resource, draft: Draft): Promise<boolean> {
  const namespace = namespaces[Math.floor(random() * namespaces.length)]!;
  const name = `soak-${Math.floor(random() * names)}`;
  const drawn = random();
  const object = draft(name, namespace, random);
  if (drawn < 0.15 || drawn > 0.95) await api.delete(resource, { namespace, name }).catch(ignoreMissing);
  if (drawn >= 0.15) {
    const written = await api.create(resource, object).catch(ignoreExisting);
    if (written === undefined) await api.patch(resource, { namespace, name }, object, { type: 'merge' });
  }
  return true;
}

/** Every third one is large, so that events span several TLS records and can be cut in two. */
const configMap: Draft = (name, namespace, random) =>
  ({
    metadata: { name, namespace, labels: { shard: String(Math.floor(random() * 3)) } },
    data: { value: String(random()), padding: 'ä'.repeat(random() < 0.33 ? Math.floor(random() * 50_000) : 0) },
  }) as KubeObject;

const database: Draft = (name, namespace, random) =>
  ({
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Database',
    metadata: { name, namespace, labels: { shard: String(Math.floor(random() * 3)) } },
    spec: {
      endpoint: { host: `db-${Math.floor(random() * 1e9)}.example.svc`, port: 5432, database: 'orders' },
      credentialsSecretRef: { name: 'login' },
    },
  }) as KubeObject;

const statusOf = (error: unknown): unknown => (error as { status?: unknown }).status;

function ignoreMissing(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}

function ignoreExisting(error: unknown): undefined {
  if (statusOf(error) !== 409) throw error;
  return undefined;
}
