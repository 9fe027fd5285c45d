/**
 * All objects of one kind in the trusted namespaces, as they came and as this release reads them. An object that is being deleted is no longer
 * in force: whatever holds it up (somebody's finalizer), its author has taken it back.
 */
import { canonicalHash } from '../../core/json/canonical-json.ts';
import type { Resource } from '../api/kube-api.ts';
import type { Change, Informer } from '../watch/informer.ts';
import type { OpenInformer } from '../watch/open-informer.ts';
import { type Governed, type GovernedKind, type RawGoverned, type Reading, objectKey, readGoverned } from './governed-object.ts';

export interface TrustedObject<K extends GovernedKind> {
  readonly raw: RawGoverned;
  readonly reading: Reading<Governed<K>>;
  /** Equal as long as nothing but status (and bookkeeping) changes. */
  readonly content: string;
}

export interface ObjectChange<K extends GovernedKind> {
  readonly key: string;
  readonly before: TrustedObject<K> | undefined;
  readonly now: TrustedObject<K> | undefined;
}

export class TrustedObjects<K extends GovernedKind> {
  readonly synced: Promise<void>;
  readonly #kind: K;
  readonly #openAll: () => readonly Informer<RawGoverned>[];
  #informers: readonly Informer<RawGoverned>[];
  #reopening: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #objects = new Map<string, TrustedObject<K>>();
  readonly #onChange: (change: ObjectChange<K>) => void;

  constructor(
    kind: K,
    resource: Resource,
    namespaces: readonly string[],
    open: OpenInformer,
    onChange: (change: ObjectChange<K>) => void,
  ) {
    this.#kind = kind;
    this.#onChange = onChange;
    this.#openAll = () => namespaces.map((namespace) => open<RawGoverned>({ resource, namespace }));
    this.#informers = this.#openAll();
    this.#follow(this.#informers);
    this.synced = Promise.all(this.#informers.map((informer) => informer.synced)).then(() => undefined);
  }

  get hasSynced(): boolean {
    return this.#informers.every((informer) => informer.hasSynced);
  }

  get(key: string): TrustedObject<K> | undefined {
    return this.#objects.get(key);
  }

  /** In force: it fits the schema, and nobody is deleting it. */
  object(key: string): Governed<K> | undefined {
    return inForce(this.#objects.get(key));
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  objects(): readonly Governed<K>[] {
    return [...this.#objects.values()].flatMap((each) => inForce(each) ?? []);
  }

  start(): void {
    for (const informer of this.#informers) informer.start();
  }

  /**
   * Reads everything anew. A watch that was open when a CRD changed goes on for a while under the schema before: fields that are new are cut
   * off objects whose version stays the same, so that nothing else would ever notice.
   */
  reopen(): Promise<void> {
    this.#reopening = this.#reopening.then(() => this.#replace());
    return this.#reopening;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#informers.map((informer) => informer.stop()));
  }

  async #replace(): Promise<void> {
    const fresh = this.#openAll();
    for (const informer of fresh) informer.start();
    await Promise.race([Promise.all(fresh.map((informer) => informer.synced)), aborted(this.#stop.signal)]);
    const old = this.#stop.signal.aborted ? fresh : this.#informers;
    // In one turn, so that no change is lost or told twice.
    if (old !== fresh) this.#adopt(fresh);
    await Promise.all(old.map((informer) => informer.stop()));
  }

  #adopt(informers: readonly Informer<RawGoverned>[]): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#informers = informers;
    this.#follow(informers);
    const listed = new Map(informers.flatMap((informer) => informer.list()).map((object) => [objectKey(object), object]));
    for (const [key, object] of listed) {
      const known = this.#objects.get(key);
      const version = known?.raw.metadata.resourceVersion;
      if (version !== object.metadata.resourceVersion || known?.content !== this.#read(object).content)
        this.#take({ type: 'added', object });
    }
    for (const [key, { raw }] of [...this.#objects]) if (!listed.has(key)) this.#take({ type: 'deleted', object: raw });
  }

  #follow(informers: readonly Informer<RawGoverned>[]): void {
    for (const informer of informers) this.#unsubscribe.push(informer.onChange((change) => this.#take(change)));
  }

  #take(change: Change<RawGoverned>): void {
    const key = objectKey(change.object);
    const before = this.#objects.get(key);
    const now = change.type === 'deleted' ? undefined : this.#read(change.object);
    if (now === undefined) this.#objects.delete(key);
    else this.#objects.set(key, now);
    this.#onChange({ key, before, now });
  }

  #read(raw: RawGoverned): TrustedObject<K> {
    const { name, namespace, uid, generation, creationTimestamp, deletionTimestamp, labels, annotations } = raw.metadata;
    const metadata = { name, namespace, uid, generation, creationTimestamp, deletionTimestamp, labels, annotations };
    return { raw, reading: readGoverned(this.#kind, raw), content: canonicalHash({ metadata, spec: raw.spec }) };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

export function inForce<K extends GovernedKind>(object: TrustedObject<K> | undefined): Governed<K> | undefined {
  return object?.reading.ok === true && object.raw.metadata.deletionTimestamp === undefined ? object.reading.object : undefined;
}
