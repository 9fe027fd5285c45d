/** What a pod may be given: from the view, and where that lacks a Database or a policy the pod names, from the API server. */
import { bindPolicies } from '../../core/policy/bind.ts';
import { databaseKey } from '../../core/injection/sidecar-settings.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import type { DatabaseRequest, ParsedAnnotation } from './annotation.ts';
import type { InjectionInput } from './injection.ts';
import type { LiveObjects } from './live-objects.ts';

export interface CandidateSources {
  readonly view: Pick<ClusterView, 'databases' | 'policiesOf'>;
  readonly live: LiveObjects;
  readonly clock: Clock;
}

type Candidates = Pick<InjectionInput, 'databases' | 'allDatabases'>;
type Subject = { readonly namespace: string; readonly serviceAccount: string };

/** Together; the API server waits 5 s for us. */
const LIVE_PATIENCE = 1500;
/** Of one pod: whoever writes annotations must not make us ask for hundreds of objects. */
const MOST_LIVE_LOOKUPS = 16;

export async function candidatesFor(asked: ParsedAnnotation, subject: Subject, sources: CandidateSources): Promise<Candidates> {
  const { view, clock } = sources;
  const policies = new Map<string, readonly DatabaseAccessPolicy[]>();
  const databases = new Map<string, Database>();
  const bound = (): InjectionInput['databases'] =>
    [...databases].flatMap(([key, database]) => {
      const binding = bindPolicies(database, policies.get(key) ?? view.policiesOf(database), subject, clock.now()).policies;
      return binding.length === 0 ? [] : [{ database, policies: binding }];
    });
  for (const database of view.databases()) databases.set(databaseKey(database.metadata), database);
  const known = bound();
  if (asked.kind !== 'list') return { databases: known, allDatabases: [...databases.values()] };
  const missing = asked.requests.filter((request) => !known.some(({ database }) => isAbout(request, database)));
  if (missing.length > 0) {
    for (const found of await lookUp(missing, sources)) {
      databases.set(databaseKey(found.database.metadata), found.database);
      policies.set(databaseKey(found.database.metadata), found.policies);
    }
  }
  return { databases: bound(), allDatabases: [...databases.values()] };
}

function isAbout({ namespace, name }: DatabaseRequest, { metadata }: Database): boolean {
  return metadata.name === name && (namespace === undefined || metadata.namespace === namespace);
}

/** What cannot be had in time is not there: the pod is refused, and its controller tries again. */
async function lookUp(
  requests: readonly DatabaseRequest[],
  { live, clock }: CandidateSources,
): Promise<readonly { readonly database: Database; readonly policies: readonly DatabaseAccessPolicy[] }[]> {
  const places = requests
    .flatMap(({ namespace, name }) =>
      live.policyNamespaces
        .filter((trusted) => namespace === undefined || namespace === trusted)
        .map((trusted) => ({ namespace: trusted, name })),
    )
    .slice(0, MOST_LIVE_LOOKUPS);
  const abort = new AbortController();
  const cancel = clock.after(LIVE_PATIENCE, () => abort.abort());
  try {
    const found = await Promise.all(
      places.map(async ({ namespace, name }) => {
        try {
          const database = await live.database(namespace, name, abort.signal);
          return database === undefined ? [] : [{ database, policies: await live.policiesOf(database, abort.signal) }];
        } catch {
          return [];
        }
      }),
    );
    return found.flat();
  } finally {
    cancel();
  }
}
