/**
 * The schema the API server serves against the one of this release. Where the served one is older, the server cuts off what it does not know,
 * without a word: a restriction in a policy would be lost, and a status would never show what was written. Where it is newer, objects may say
 * what this release cannot read; those are refused one by one.
 */
import { isRecord } from '../../core/json/read.ts';
import { GROUP, VERSION } from '../../crds/meta.ts';
import { customResourceDefinition, type Kind } from '../../crds/custom-resource-definition.ts';
import { canonicalJson } from '../../core/json/canonical-json.ts';
import type { KubeObject } from '../api/kube-api.ts';

export interface CustomResourceDefinition extends KubeObject {
  readonly spec?: {
    readonly versions?: readonly {
      readonly name: string;
      readonly served?: boolean;
      readonly subresources?: { readonly status?: unknown };
      readonly schema?: { readonly openAPIV3Schema?: unknown };
    }[];
  };
}

export type Drift =
  | { readonly state: 'current' }
  /** `differences`: paths of what this release's schema says and the served one does not, or says otherwise. */
  | { readonly state: 'outdated'; readonly differences: readonly string[] }
  /** It has all of this release's, and more. */
  | { readonly state: 'newer'; readonly differences: readonly string[] }
  | { readonly state: 'missing' };

export function crdName(kind: Kind): string {
  return `${kind.plural}.${GROUP}`;
}

export function crdDrift(kind: Kind, served: CustomResourceDefinition | undefined): Drift {
  const version = served?.spec?.versions?.find(({ name }) => name === VERSION);
  if (version === undefined || version.served === false) return { state: 'missing' };
  const own = (customResourceDefinition(kind) as unknown as CustomResourceDefinition).spec?.versions?.[0];
  const compared = { missing: [] as string[], extra: [] as string[] };
  compare(own?.schema?.openAPIV3Schema, version.schema?.openAPIV3Schema, '', compared);
  if (version.subresources?.status === undefined) compared.missing.push('subresources.status');
  if (compared.missing.length > 0) return { state: 'outdated', differences: compared.missing };
  if (compared.extra.length > 0) return { state: 'newer', differences: compared.extra };
  return { state: 'current' };
}

/** Keys whose values are names of fields, not words of OpenAPI. */
const FIELDS = 'properties';

function compare(own: unknown, served: unknown, path: string, found: { missing: string[]; extra: string[] }): void {
  if (Array.isArray(own) && Array.isArray(served)) {
    const has = (list: readonly unknown[], item: unknown): boolean =>
      list.some((each) => canonicalJson(each) === canonicalJson(item));
    if (!own.every((item) => has(served, item))) found.missing.push(path);
    else if (!served.every((item) => has(own, item))) found.extra.push(path);
    return;
  }
  if (!isRecord(own) || !isRecord(served)) {
    if (canonicalJson(own) !== canonicalJson(served)) found.missing.push(path);
    return;
  }
  const words = (node: Readonly<Record<string, unknown>>): readonly string[] =>
    Object.keys(node).filter((key) => path.endsWith(`.${FIELDS}`) || key !== 'description');
  for (const key of words(own)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (!Object.hasOwn(served, key)) found.missing.push(at);
    else compare(own[key], served[key], at, found);
  }
  for (const key of words(served)) if (!Object.hasOwn(own, key)) found.extra.push(path === '' ? key : `${path}.${key}`);
}

/** `properties.spec.properties.grants.items.properties.reveal` as people write it: `spec.grants[].reveal`. */
export function readablePath(path: string): string {
  return path.replaceAll(/(^|\.)properties\./g, '$1').replaceAll(/\.items(?=\.|$)/g, '[]');
}
