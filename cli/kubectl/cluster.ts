/** The cluster as the person at the terminal may see it: their kubeconfig, their rights. */
import { createKubeApi } from '../../operator/api/create-kube-api.ts';
import { findCredentials } from '../../operator/api/kubeconfig.ts';
import { ApiError, ApiUnreachableError, type KubeApi, type KubeObject, type Resource } from '../../operator/api/kube-api.ts';
import { listAll, type Selection } from '../../operator/watch/paged-list.ts';
import { CliError } from '../errors.ts';
import { VERSION } from '../../core/version.ts';

export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

export interface Cluster {
  readonly api: KubeApi;
  /** Of --namespace, else of the context, else `default`. */
  readonly namespace: string;
  /** Whether --namespace was given. */
  readonly namespaceGiven: boolean;
}

/** Throws CliError for whatever the API server or the kubeconfig refuses. */
export async function withCluster<T>(options: ClusterOptions, use: (cluster: Cluster) => Promise<T>): Promise<T> {
  try {
    const credentials = await findCredentials({
      ...(options.kubeconfig === undefined ? {} : { file: options.kubeconfig }),
      ...(options.context === undefined ? {} : { context: options.context }),
    });
    const api = createKubeApi({ credentials, userAgent: `kubectl-sluice/${VERSION}` });
    try {
      const namespace = options.namespace ?? credentials.namespace ?? 'default';
      return await use({ api, namespace, namespaceGiven: options.namespace !== undefined });
    } finally {
      await api.close();
    }
  } catch (error) {
    if (error instanceof ApiError || error instanceof ApiUnreachableError)
      throw new CliError(sentence(error), 1, { cause: error });
    throw error;
  }
}

/** What the API server said, without a stack. */
export function sentence(error: ApiError | ApiUnreachableError): string {
  return error instanceof ApiError ? `the API server says: ${error.message}` : error.message;
}

export async function listObjects<T extends KubeObject>(
  api: KubeApi,
  resource: Resource,
  selection: Selection = {},
): Promise<readonly T[]> {
  const items: T[] = [];
  await listAll<T>(api, resource, selection, 500, new AbortController().signal, (page, first) => {
    if (first) items.length = 0;
    items.push(...page);
  });
  return items;
}

/** Undefined: there is no such object. */
export async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
