/** The Kubernetes API over undici: one request, one answer, bounded in time and size; nothing is tried again here except a GET once. */
import type { Dispatcher } from 'undici';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { isRecord } from '../../core/json/read.ts';
import { parseBody, readBody, refusal, unreachable } from './answers.ts';
import { createConnections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { jsonLines } from './json-lines.ts';
import {
  ApiUnreachableError,
  type KubeApi,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type ObjectRef,
  type PatchOptions,
  type Resource,
  type WatchEvent,
  type WatchOptions,
} from './kube-api.ts';
import { collectionPath, objectPath, query } from './paths.ts';

export interface KubeApiConfig {
  readonly credentials: Credentials;
  readonly clock?: Clock;
  /** Whole requests, body included, and until a watch begins. Milliseconds, 30 s. */
  readonly requestTimeout?: number;
  /**
   * A watch without a byte for so long is taken for dead. Bookmarks come about once a minute, though not to a resource of which an API
   * server has seen nothing yet. Milliseconds, 150 s.
   */
  readonly watchIdle?: number;
  /** Bytes of one answer, 64 MiB; of one watch event, 16 MiB (etcd takes 1.5 MiB, the API server 3 MiB). */
  readonly maxResponse?: number;
  readonly maxEvent?: number;
  readonly maxConnections?: number;
  readonly maxWatches?: number;
  /** Shown in the API server's audit log. */
  readonly userAgent?: string;
  /** Between us and the connections: faults, for tests. */
  readonly interceptors?: readonly Dispatcher.DispatcherComposeInterceptor[];
}

export interface ClosableKubeApi extends KubeApi {
  /** Ends what is under way. */
  close(): Promise<void>;
}

/**
 * TCP and TLS. A pool gives a connection that is still being made to the next request as well, so this bounds how long one that hangs can
 * hold up others: leadership must be renewed within 10 s. Milliseconds.
 */
const CONNECT = 4_000;

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

const PATCHES: Readonly<Record<PatchOptions['type'], string>> = {
  // JSON is YAML. https://kubernetes.io/docs/reference/using-api/server-side-apply/
  apply: 'application/apply-patch+yaml',
  // Strategic merge patches do not exist for custom resources.
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

export function createKubeApi(config: KubeApiConfig): ClosableKubeApi {
  const { credentials, clock = systemClock, requestTimeout = 30_000, watchIdle = 150_000 } = config;
  const { maxResponse = 64 << 20, maxEvent = 16 << 20, userAgent = 'sluice' } = config;
  const server = new URL(credentials.server);
  // Where a token could be overheard it is not sent. Loopback: `kubectl proxy`.
  if (server.protocol !== 'https:' && !['127.0.0.1', '[::1]', 'localhost'].includes(server.hostname)) {
    throw new TypeError('an API server is spoken to over https');
  }
  const prefix = server.pathname.replace(/\/+$/, '');
  const limits = { connectTimeout: CONNECT, requests: config.maxConnections ?? 32, watches: config.maxWatches ?? 512 };
  const connections = createConnections(credentials, limits, config.interceptors);

  async function open(pool: Dispatcher, call: Call, signal: AbortSignal, bodyTimeout: number): Promise<Dispatcher.ResponseData> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const identity = await credentials.headers();
    const response = await pool.request({
      origin: server.origin,
      path: prefix + call.path,
      method: call.method,
      headers: {
        ...identity,
        // The keys of service accounts have a type of their own, and are refused to whoever does not name it (406).
        accept: 'application/json, application/jwk-set+json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      signal,
      headersTimeout: requestTimeout,
      bodyTimeout,
    });
    // A redirect is no success either: it is not followed, or a token would go where somebody points.
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    if (response.statusCode === 401) credentials.refused();
    throw await refusal(response, maxResponse, clock.now());
  }

  async function attempt<T>(call: Call): Promise<T> {
    const pool = connections.requests;
    try {
      return await bounded(clock, requestTimeout, call.signal, async (signal) => {
        const response = await open(pool, call, signal, requestTimeout);
        return parseBody(await readBody(response.body, maxResponse)) as T;
      });
    } catch (error) {
      // TimeoutError: the caller has less patience than we (AbortSignal.timeout).
      const late = error instanceof ApiUnreachableError ? error.kind === 'timeout' : (error as Error)?.name === 'TimeoutError';
      if (late) connections.suspect(pool);
      throw error;
    }
  }

  /** A kept connection may be closed by the server just when it is used: what only reads is tried once more. */
  async function send<T>(call: Call): Promise<T> {
    try {
      return await attempt<T>(call);
    } catch (error) {
      const again = call.method === 'GET' && error instanceof ApiUnreachableError && error.kind === 'reset';
      if (!again || call.signal?.aborted) throw error;
      return attempt<T>(call);
    }
  }

  return {
    get: (resource, ref, signal) => send({ method: 'GET', path: objectPath(resource, ref), signal }),

    async list<T extends KubeObject>(resource: Resource, options: ListOptions = {}): Promise<KubeList<T>> {
      const { namespace, signal, ...parameters } = options;
      const path = collectionPath(resource, namespace) + query(parameters);
      const answer = await send<unknown>({ method: 'GET', path, signal });
      return parseList<T>(answer, resource);
    },

    async *watch<T extends KubeObject>(
      resource: Resource,
      options: WatchOptions,
    ): AsyncGenerator<WatchEvent<T>, void, undefined> {
      const { namespace, signal, ...parameters } = options;
      const path = collectionPath(resource, namespace) + query({ ...parameters, watch: true, allowWatchBookmarks: true });
      const ending = new AbortController();
      const follow = (): void => ending.abort();
      signal.addEventListener('abort', follow, { once: true });
      try {
        signal.throwIfAborted();
        const call: Call = { method: 'GET', path };
        const response = await bounded(clock, requestTimeout, ending.signal, (bound) =>
          // The bound ends when headers are there; `ending` holds for the body.
          open(connections.watches, call, AbortSignal.any([bound, ending.signal]), watchIdle),
        );
        for await (const line of jsonLines(response.body, maxEvent)) yield parseEvent<T>(line);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw error instanceof Error && error.name === 'ApiError' ? error : unreachable(error);
      } finally {
        signal.removeEventListener('abort', follow);
        ending.abort();
      }
    },

    create: (resource, object, signal) =>
      send({ method: 'POST', path: collectionPath(resource, namespaceOf(resource, object)), body: object, signal }),

    replace: (resource, object, signal) =>
      send({ method: 'PUT', path: objectPath(resource, refOf(resource, object)), body: object, signal }),

    patch: (resource, ref, body, options) => {
      const parameters = query({ fieldManager: options.fieldManager, force: options.force });
      const path = objectPath(resource, ref, options.subresource) + parameters;
      return send({ method: 'PATCH', path, body, contentType: PATCHES[options.type], signal: options.signal });
    },

    async delete(resource: Resource, ref: ObjectRef, signal?: AbortSignal): Promise<void> {
      await send({ method: 'DELETE', path: objectPath(resource, ref), signal });
    },

    request: (method, path, body, signal) => {
      if (!path.startsWith('/')) throw new TypeError('a path begins with /');
      return send({ method, path, body, signal });
    },

    close: connections.close,
  };
}

/** Runs it with a signal that fires when the caller's does, or after so long; tells the two apart. */
async function bounded<T>(
  clock: Clock,
  milliseconds: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const follow = (): void => controller.abort();
  let late = false;
  outer?.throwIfAborted();
  outer?.addEventListener('abort', follow, { once: true });
  const cancel = clock.after(milliseconds, () => {
    late = true;
    controller.abort();
  });
  try {
    return await run(controller.signal);
  } catch (error) {
    if (outer?.aborted) throw outer.reason;
    if (late) throw new ApiUnreachableError(`no answer of the API server within ${milliseconds} ms`, { kind: 'timeout' });
    throw error instanceof Error && error.name === 'ApiError' ? error : unreachable(error);
  } finally {
    cancel();
    outer?.removeEventListener('abort', follow);
  }
}

function namespaceOf(resource: Resource, object: KubeObject): string | undefined {
  if (resource.namespaced && object.metadata.namespace === undefined) throw new TypeError(`a ${resource.kind} has a namespace`);
  return object.metadata.namespace;
}

function refOf(resource: Resource, object: KubeObject): ObjectRef {
  const namespace = namespaceOf(resource, object);
  return { name: object.metadata.name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Items of a list lack the kind and version that objects of a watch have: both look alike to who reads them. */
function parseList<T extends KubeObject>(answer: unknown, resource: Resource): KubeList<T> {
  const metadata = isRecord(answer) ? answer['metadata'] : undefined;
  const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined;
  const items = isRecord(answer) ? (answer['items'] ?? []) : undefined;
  if (typeof version !== 'string' || !Array.isArray(items) || !items.every(isObject)) {
    throw new ApiUnreachableError('the API server answered with something that is no list', { kind: 'malformed' });
  }
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  const more = isRecord(metadata) ? metadata['continue'] : undefined;
  return {
    items: items.map((item) => ({ apiVersion, kind: resource.kind, ...item }) as unknown as T),
    resourceVersion: version,
    ...(typeof more === 'string' && more !== '' ? { continue: more } : {}),
  };
}

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

function parseEvent<T extends KubeObject>(line: unknown): WatchEvent<T> {
  if (isRecord(line) && EVENT_TYPES.has(line['type']) && isRecord(line['object'])) {
    if (line['type'] === 'ERROR' || isObject(line['object'])) return line as unknown as WatchEvent<T>;
  }
  throw new ApiUnreachableError('the API server sent something that is no watch event', { kind: 'malformed' });
}

function isObject(value: unknown): boolean {
  return isRecord(value) && isRecord(value['metadata']);
}
