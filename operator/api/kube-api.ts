/**
 * The Kubernetes API as this operator uses it: raw JSON in, raw JSON out. Typed models would drop fields they do not know.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/
 */

export interface KubeMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubeMeta;
}

/** Where a kind lives: `/api/v1/...` for the core group (''), `/apis/GROUP/VERSION/...` for the others. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  /** '0': whatever the server has in its cache; absent: a consistent read. */
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface KubeList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly object: { readonly metadata: { readonly resourceVersion: string } } }
  | { readonly type: 'ERROR'; readonly object: Status };

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

export interface PatchOptions {
  /** `apply`: server-side apply, with a field manager. */
  readonly type: 'apply' | 'merge' | 'json';
  readonly fieldManager?: string;
  readonly force?: boolean;
  readonly subresource?: 'status';
  readonly signal?: AbortSignal;
}

/** All methods reject with ApiError for an answer that is no success, and with ApiUnreachableError where there was none. */
export interface KubeApi {
  get<T extends KubeObject>(resource: Resource, ref: ObjectRef, signal?: AbortSignal): Promise<T>;
  list<T extends KubeObject>(resource: Resource, options?: ListOptions): Promise<KubeList<T>>;
  /** Ends when the server closes it; asks for bookmarks. Rejects while iterating when the connection breaks. */
  watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(resource: Resource, object: T, signal?: AbortSignal): Promise<T>;
  /** With `metadata.resourceVersion`: 409 when it has changed meanwhile. */
  replace<T extends KubeObject>(resource: Resource, object: T, signal?: AbortSignal): Promise<T>;
  patch<T extends KubeObject>(resource: Resource, ref: ObjectRef, body: unknown, options: PatchOptions): Promise<T>;
  delete(resource: Resource, ref: ObjectRef, signal?: AbortSignal): Promise<void>;
  /** Any other path: `/.well-known/openid-configuration`, a subresource. `body` is sent as JSON. */
  request<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T>;
}

/** The server answered, and it was not a success. */
export class ApiError extends Error {
  readonly status: number;
  /** `NotFound`, `Conflict`, `AlreadyExists`, `Forbidden`, `Invalid`, `Expired`, `TooManyRequests` … */
  readonly reason: string;
  /** Of a Retry-After header or details.retryAfterSeconds. */
  readonly retryAfterMs?: number;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** How there came to be no answer: a label for metrics. */
export type NoAnswer = 'refused' | 'reset' | 'timeout' | 'malformed' | 'credentials';

/** No answer: refused, reset, timed out, not JSON. */
export class ApiUnreachableError extends Error {
  readonly kind: NoAnswer;

  constructor(message: string, options: ErrorOptions & { readonly kind?: NoAnswer } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ApiUnreachableError';
    this.kind = options.kind ?? 'reset';
  }
}

const core = (kind: string, plural: string, namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  kind,
  plural,
  namespaced,
});

export const PODS = core('Pod', 'pods');
export const SECRETS = core('Secret', 'secrets');
export const CONFIG_MAPS = core('ConfigMap', 'configmaps');
export const NAMESPACES = core('Namespace', 'namespaces', false);
export const SERVICES = core('Service', 'services');
export const SERVICE_ACCOUNTS = core('ServiceAccount', 'serviceaccounts');
export const DATABASES: Resource = {
  group: 'sluice.dev',
  version: 'v1alpha1',
  kind: 'Database',
  plural: 'databases',
  namespaced: true,
};
export const POLICIES: Resource = {
  group: 'sluice.dev',
  version: 'v1alpha1',
  kind: 'DatabaseAccessPolicy',
  plural: 'databaseaccesspolicies',
  namespaced: true,
};
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };
export const CUSTOM_RESOURCE_DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
export const MUTATING_WEBHOOKS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
};
