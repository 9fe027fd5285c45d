/**
 * Secrets by name: one watch each, for as long as something trusted refers to it. The operator may read the Secrets of the policy namespaces,
 * and holds no more of them than it needs.
 */
import { type KubeObject, SECRETS } from '../api/kube-api.ts';
import type { Informer } from '../watch/informer.ts';
import type { OpenInformer } from '../watch/open-informer.ts';

export interface SecretObject extends KubeObject {
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

interface Watch {
  readonly informer: Informer<SecretObject>;
  readonly unsubscribe: () => void;
}

/**
 * Of all namespaces. The API client has 512 (create-kube-api.ts): whoever may write Databases in one listed namespace must leave the others, pods and
 * policies, theirs.
 */
const MOST = 400;

export class SecretWatches {
  readonly #open: OpenInformer;
  readonly #onChange: (key: string) => void;
  readonly #onFull: (left: number) => void;
  readonly #most: number;
  #left = 0;
  readonly #watches = new Map<string, Watch>();

  /** `onFull` is told when there begin to be too many, and how many are not watched then. */
  constructor(open: OpenInformer, onChange: (key: string) => void, onFull: (left: number) => void, most = MOST) {
    this.#open = open;
    this.#onChange = onChange;
    this.#onFull = onFull;
    this.#most = most;
  }

  /** Exactly these (`namespace/name`) are watched from now on; of too many, those that came last are not until others go. */
  follow(keys: ReadonlySet<string>): void {
    for (const [key, watch] of this.#watches) {
      if (keys.has(key)) continue;
      this.#watches.delete(key);
      watch.unsubscribe();
      void watch.informer.stop();
    }
    for (const key of keys) if (!this.#watches.has(key) && this.#watches.size < this.#most) this.#watch(key);
    const left = keys.size - this.#watches.size;
    if (left > 0 && this.#left === 0) this.#onFull(left);
    this.#left = left;
  }

  follows(key: string): boolean {
    return this.#watches.has(key);
  }

  hasSynced(key: string): boolean {
    return this.#watches.get(key)?.informer.hasSynced === true;
  }

  /** Decoded; undefined where there is no such key, or it is empty or no text. */
  value(secret: string, key: string): string | undefined {
    const data = this.#secret(secret)?.data;
    const encoded = data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
    if (encoded === undefined || encoded === '') return undefined;
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
      return text === '' ? undefined : text;
    } catch {
      return undefined;
    }
  }

  exists(secret: string): boolean {
    return this.#secret(secret) !== undefined;
  }

  async stop(): Promise<void> {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    for (const watch of watches) watch.unsubscribe();
    await Promise.all(watches.map((watch) => watch.informer.stop()));
  }

  #watch(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const informer = this.#open<SecretObject>(
      { resource: SECRETS, namespace, fieldSelector: `metadata.name=${name}` },
      withoutBookkeeping,
    );
    const unsubscribe = informer.onChange(() => this.#onChange(key));
    this.#watches.set(key, { informer, unsubscribe });
    informer.start();
    void informer.synced.then(() => {
      if (this.#watches.get(key)?.informer === informer) this.#onChange(key);
    });
  }

  #secret(key: string): SecretObject | undefined {
    const [namespace = '', name = ''] = key.split('/');
    return this.#watches.get(key)?.informer.get(namespace, name);
  }
}

/** An annotation of kubectl apply repeats the whole Secret. */
function withoutBookkeeping(secret: SecretObject): SecretObject {
  const { name, namespace, resourceVersion, uid } = secret.metadata;
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(secret.data === undefined ? {} : { data: secret.data }),
  };
}
