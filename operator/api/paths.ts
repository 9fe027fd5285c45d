/** Where things are: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
import type { ObjectRef, Resource } from './kube-api.ts';

/** One segment of a path. An empty name would turn "delete this" into "delete all", so it is no name. */
function segment(text: string, what: string): string {
  if (text === '' || text === '.' || text === '..' || /[/%]/.test(text)) {
    throw new TypeError(`${JSON.stringify(text)} is no ${what} of a Kubernetes object`);
  }
  return encodeURIComponent(text);
}

/** Without a namespace: of all namespaces. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (namespace === undefined || !resource.namespaced) return `${root}/${resource.plural}`;
  return `${root}/namespaces/${segment(namespace, 'namespace')}/${resource.plural}`;
}

export function objectPath(resource: Resource, ref: ObjectRef, subresource?: string): string {
  if (resource.namespaced && ref.namespace === undefined) throw new TypeError(`a ${resource.kind} has a namespace`);
  const path = `${collectionPath(resource, ref.namespace)}/${segment(ref.name, 'name')}`;
  return subresource === undefined ? path : `${path}/${segment(subresource, 'subresource')}`;
}

export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
