/** A whole collection, page by page. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
import { ApiError, type KubeApi, type KubeObject, type ListOptions, type Resource } from '../api/kube-api.ts';

export type Selection = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;

/**
 * A consistent read: at least as new as anything a watch has told before. `keep` takes each page as it comes, and starts anew when it is
 * called with `first`. Answers the version to watch from.
 */
export async function listAll<T extends KubeObject>(
  api: KubeApi,
  resource: Resource,
  selection: Selection,
  limit: number,
  signal: AbortSignal,
  keep: (items: readonly T[], first: boolean) => void,
): Promise<string> {
  let page = await api.list<T>(resource, { ...selection, limit, signal });
  keep(page.items, true);
  try {
    while (page.continue !== undefined) {
      page = await api.list<T>(resource, { ...selection, limit, continue: page.continue, signal });
      keep(page.items, false);
    }
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 410)) throw error;
    // The pages are older than what etcd still knows: the server is too slow or too busy for pages. All at once, as client-go does.
    page = await api.list<T>(resource, { ...selection, signal });
    keep(page.items, true);
  }
  return page.resourceVersion;
}
