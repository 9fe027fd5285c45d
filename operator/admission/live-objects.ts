/** Databases and policies asked for at the API server itself, for pods that come in the same `kubectl apply` as what they name. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, DATABASES, type KubeApi, POLICIES } from '../api/kube-api.ts';
import { Bucket } from '../queue/bucket.ts';
import { type RawGoverned, readGoverned } from '../view/governed-object.ts';

export interface LiveObjects {
  readonly policyNamespaces: readonly string[];
  /** Undefined where there is none, or none that this release can read. */
  database(namespace: string, name: string, signal: AbortSignal): Promise<Database | undefined>;
  /** Of the Database's namespace, those that name it. */
  policiesOf(database: Database, signal: AbortSignal): Promise<readonly DatabaseAccessPolicy[]>;
}

/** Objects at once, and a second: whoever writes annotations, or reaches the webhook's port, must not keep the API server busy through us. */
const MOST: readonly [number, number] = [200, 50];

export function liveObjects(
  api: Pick<KubeApi, 'get' | 'list'>,
  policyNamespaces: readonly string[],
  clock: Pick<Clock, 'monotonic'>,
): LiveObjects {
  const bucket = new Bucket(...MOST, clock.monotonic());
  const take = (): void => {
    if (!bucket.take(clock.monotonic())) throw new Error('too many objects are asked for at once');
  };
  return {
    policyNamespaces,
    async database(namespace, name, signal) {
      take();
      try {
        const raw = await api.get<RawGoverned>(DATABASES, { namespace, name }, signal);
        const reading = readGoverned('Database', raw);
        return reading.ok && raw.metadata.deletionTimestamp === undefined ? reading.object : undefined;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    async policiesOf(database, signal) {
      take();
      const { items } = await api.list<RawGoverned>(POLICIES, { namespace: database.metadata.namespace, signal });
      return items.flatMap((raw) => {
        const reading = readGoverned('DatabaseAccessPolicy', raw);
        const named = reading.ok && reading.object.spec.databaseRef.name === database.metadata.name;
        return named && raw.metadata.deletionTimestamp === undefined ? [reading.object] : [];
      });
    },
  };
}
