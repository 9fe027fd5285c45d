/**
 * An object from the API server as one of ours. The server has validated it against the CRD it serves, which may be of another release than
 * this one: what this release's schema does not know is refused, not ignored, since it might be a restriction.
 */
import { type DatabaseAccessPolicy, policyKind } from '../../crds/database-access-policy.ts';
import { type Database, databaseKind } from '../../crds/database.ts';
import { API_VERSION, type ObjectMeta } from '../../crds/meta.ts';
import { formatPath, validate } from '../../core/policy/validate.ts';
import type { KubeMeta, KubeObject } from '../api/kube-api.ts';

/** As it came. */
export interface RawGoverned extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

export type GovernedKind = 'Database' | 'DatabaseAccessPolicy';
export type Governed<K extends GovernedKind> = K extends 'Database' ? Database : DatabaseAccessPolicy;

export type Reading<T> =
  | { readonly ok: true; readonly object: T }
  /** A sentence for each problem. */
  | { readonly ok: false; readonly problems: readonly string[] };

export function readGoverned<K extends GovernedKind>(kind: K, raw: RawGoverned): Reading<Governed<K>> {
  const schema = kind === 'Database' ? databaseKind.spec : policyKind.spec;
  if (raw.spec === undefined || raw.spec === null) return { ok: false, problems: ['required field "spec" is missing'] };
  const { value, issues } = validate(raw.spec, schema, ['spec']);
  if (issues.length > 0)
    return { ok: false, problems: issues.map(({ path, message }) => `${formatPath(path)}: ${shortenedMessage(message)}`) };
  const object = {
    apiVersion: API_VERSION,
    kind,
    metadata: objectMeta(raw.metadata),
    spec: value,
    ...(raw.status === undefined ? {} : { status: raw.status }),
  };
  return { ok: true, object: object as unknown as Governed<K> };
}

/** Without managedFields and whatever else a server adds. */
function objectMeta(metadata: KubeMeta): ObjectMeta {
  const {
    name,
    namespace = '',
    uid,
    generation,
    creationTimestamp,
    resourceVersion,
    deletionTimestamp,
    labels,
    annotations,
  } = metadata;
  return {
    name,
    namespace,
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** `namespace/name`. */
export function objectKey(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** [namespace, name]. */
export function splitKey(key: string): readonly [namespace: string, name: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}

function shortenedMessage(message: string): string {
  return message.length > 300 ? `${message.slice(0, 297)}...` : message;
}
