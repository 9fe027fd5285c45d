/**
 * Policies and Databases as they change, noted by the holder of the Lease as the API server stored them. What they were when its term began is one
 * record: a digest over all of them. Who changed them is the webhook's to say (operator/admission/governed-review.ts), joined by object and digest.
 */
import { canonicalHash, canonicalJson } from '../../core/json/canonical-json.ts';
import { record } from '../../core/json/read.ts';
import type { Leadership } from '../leader/leadership.ts';
import type { GovernedObjects } from '../view/create-cluster-view.ts';
import type { GovernedKind, RawGoverned } from '../view/governed-object.ts';
import type { AdminEntry, AdminLog } from './admin-log.ts';

const KINDS: readonly GovernedKind[] = ['Database', 'DatabaseAccessPolicy'];
const WORD: Readonly<Record<GovernedKind, string>> = { Database: 'database', DatabaseAccessPolicy: 'policy' };

interface Known {
  readonly uid: string;
  readonly generation: number;
  readonly spec: unknown;
}

export interface GovernedChangesOptions {
  readonly view: Pick<GovernedObjects, 'rawDatabase' | 'rawPolicy' | 'keys' | 'onObject' | 'synced' | 'hasSynced'>;
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly admin: AdminLog;
}

/** The answer ends it. */
export function noteGovernedChanges({ view, leadership, admin }: GovernedChangesOptions): () => void {
  const known = new Map<string, Known>();
  const look = (kind: GovernedKind, key: string): Known | undefined => {
    const raw = (kind === 'Database' ? view.rawDatabase(key) : view.rawPolicy(key))?.raw;
    return raw === undefined ? undefined : describe(raw);
  };
  const take = (kind: GovernedKind, key: string): void => {
    const id = `${kind} ${key}`;
    const [before, now] = [known.get(id), look(kind, key)];
    if (now === undefined) known.delete(id);
    else known.set(id, now);
    if (!view.hasSynced || !leadership.isLeader) return;
    for (const entry of changes(kind, key, before, now)) admin.note(entry);
  };
  const found = (): void => {
    if (!view.hasSynced || !leadership.isLeader) return;
    for (const kind of KINDS) for (const key of view.keys(kind)) take(kind, key);
    admin.note(inventory(known));
  };
  const ends = [
    view.onObject(take),
    leadership.onChange((leads) => {
      if (leads) found();
    }),
  ];
  void view.synced.then(() => {
    for (const kind of KINDS)
      for (const key of view.keys(kind)) {
        const now = look(kind, key);
        if (now !== undefined) known.set(`${kind} ${key}`, now);
      }
    found();
  });
  return () => {
    for (const end of ends) end();
  };
}

/** Of the spec alone: status and bookkeeping are no actions of people. */
function* changes(kind: GovernedKind, key: string, before: Known | undefined, now: Known | undefined): Generator<AdminEntry> {
  const entry = (what: string, { uid, generation, spec }: Known, more = {}): AdminEntry => ({
    action: `${WORD[kind]}-${what}`,
    object: `${kind} ${key}`,
    detail: { uid, generation, digest: canonicalHash(spec ?? null), ...more },
  });
  if (before !== undefined && before.uid !== now?.uid) yield entry('deleted', before);
  if (now === undefined) return;
  if (before?.uid !== now.uid) yield entry('created', now);
  else if (before.generation !== now.generation || canonicalJson(before.spec) !== canonicalJson(now.spec))
    yield entry('changed', now, { changed: changedFields(before.spec, now.spec) });
}

function inventory(known: ReadonlyMap<string, Known>): AdminEntry {
  const all = [...known].map(([id, { uid, generation, spec }]) => [id, uid, generation, canonicalHash(spec ?? null)]).sort();
  const count = (kind: GovernedKind): number => [...known.keys()].filter((id) => id.startsWith(`${kind} `)).length;
  return {
    action: 'objects-found',
    detail: { databases: count('Database'), policies: count('DatabaseAccessPolicy'), digest: canonicalHash(all) },
  };
}

function describe({ metadata, spec }: RawGoverned): Known {
  return { uid: metadata.uid ?? '', generation: metadata.generation ?? 0, spec };
}

/** Names of the fields right below `spec` that differ; their values may be what nobody else is to see. */
export function changedFields(before: unknown, now: unknown): string {
  const [one, other] = [record(before) ?? {}, record(now) ?? {}];
  const differs = (name: string): boolean => canonicalJson(one[name] ?? null) !== canonicalJson(other[name] ?? null);
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .filter(differs)
    .sort()
    .map((name) => `spec.${name}`)
    .join(' ');
}
