/**
 * The view kept up to date: Databases and policies of the trusted namespaces, and of no other. Objects elsewhere are never read here, so
 * nothing can be made of them (reconcile/strangers.ts tells their authors).
 */
import { bindPolicies, validUntil } from '../../core/policy/bind.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import { DATABASES, POLICIES } from '../api/kube-api.ts';
import type { OpenInformer } from '../watch/open-informer.ts';
import type { ClusterView, ServiceAccountRef } from './cluster-view.ts';
import { type GovernedKind, objectKey } from './governed-object.ts';
import { type ObjectChange, type TrustedObject, TrustedObjects, inForce } from './trusted-objects.ts';

export interface ClusterViewOptions {
  readonly policyNamespaces: readonly string[];
  readonly open: OpenInformer;
}

/** What the reconcilers need beside the view: objects as they came, those with mistakes among them. */
export interface GovernedObjects extends ClusterView {
  rawDatabase(key: string): TrustedObject<'Database'> | undefined;
  rawPolicy(key: string): TrustedObject<'DatabaseAccessPolicy'> | undefined;
  keys(kind: GovernedKind): readonly string[];
  /** Any change of an object, of its status too. */
  onObject(listener: (kind: GovernedKind, key: string) => void): () => void;
  start(): void;
  /** The kind's CRD has changed: everything is read anew (trusted-objects.ts). */
  reopen(kind: GovernedKind): Promise<void>;
  stop(): Promise<void>;
}

export function createClusterView(options: ClusterViewOptions): GovernedObjects {
  return new View(options);
}

class View implements GovernedObjects {
  readonly synced: Promise<void>;
  readonly #trusted: ReadonlySet<string>;
  readonly #databases: TrustedObjects<'Database'>;
  readonly #policies: TrustedObjects<'DatabaseAccessPolicy'>;
  /** Key of a Database → keys of the policies that name it. */
  readonly #byDatabase = new Map<string, Set<string>>();
  /** Namespace of a subject → keys of the policies in force for someone there. */
  readonly #bySubject = new Map<string, Set<string>>();
  readonly #listeners = new Set<(key: string) => void>();
  readonly #objectListeners = new Set<(kind: GovernedKind, key: string) => void>();

  constructor({ policyNamespaces, open }: ClusterViewOptions) {
    const namespaces = [...new Set(policyNamespaces)];
    this.#trusted = new Set(namespaces);
    this.#databases = new TrustedObjects('Database', DATABASES, namespaces, open, (change) => this.#databaseChanged(change));
    this.#policies = new TrustedObjects('DatabaseAccessPolicy', POLICIES, namespaces, open, (change) =>
      this.#policyChanged(change),
    );
    this.synced = Promise.all([this.#databases.synced, this.#policies.synced]).then(() => undefined);
  }

  get hasSynced(): boolean {
    return this.#databases.hasSynced && this.#policies.hasSynced;
  }

  trusted(namespace: string): boolean {
    return this.#trusted.has(namespace);
  }

  database(namespace: string, name: string): Database | undefined {
    return this.#databases.object(`${namespace}/${name}`);
  }

  databases(): readonly Database[] {
    return this.#databases.objects();
  }

  policy(namespace: string, name: string): DatabaseAccessPolicy | undefined {
    return this.#policies.object(`${namespace}/${name}`);
  }

  policiesOf(database: Database): readonly DatabaseAccessPolicy[] {
    const keys = this.#byDatabase.get(objectKey(database)) ?? [];
    return [...keys].flatMap((key) => this.#policies.object(key) ?? []);
  }

  databasesFor(subject: ServiceAccountRef, now: number): readonly Database[] {
    const found = new Map<string, Database>();
    for (const key of this.#bySubject.get(subject.namespace) ?? []) {
      const policy = this.#policies.object(key);
      const database = policy === undefined ? undefined : this.#databases.object(databaseOf(policy));
      if (policy === undefined || database === undefined || found.has(objectKey(database))) continue;
      if (bindPolicies(database, [policy], subject, now).policies.length > 0) found.set(objectKey(database), database);
    }
    return [...found.values()];
  }

  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  rawDatabase(key: string): TrustedObject<'Database'> | undefined {
    return this.#databases.get(key);
  }

  rawPolicy(key: string): TrustedObject<'DatabaseAccessPolicy'> | undefined {
    return this.#policies.get(key);
  }

  keys(kind: GovernedKind): readonly string[] {
    return (kind === 'Database' ? this.#databases : this.#policies).keys();
  }

  onObject(listener: (kind: GovernedKind, key: string) => void): () => void {
    this.#objectListeners.add(listener);
    return () => void this.#objectListeners.delete(listener);
  }

  start(): void {
    this.#databases.start();
    this.#policies.start();
  }

  reopen(kind: GovernedKind): Promise<void> {
    return kind === 'Database' ? this.#databases.reopen() : this.#policies.reopen();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#databases.stop(), this.#policies.stop()]);
  }

  #databaseChanged({ key, before, now }: ObjectChange<'Database'>): void {
    this.#tell('Database', key, before?.content === now?.content ? [] : [key]);
  }

  #policyChanged({ key, before, now }: ObjectChange<'DatabaseAccessPolicy'>): void {
    const was = inForce(before);
    const is = inForce(now);
    if (was !== undefined) this.#unindex(key, was);
    if (is !== undefined) this.#index(key, is);
    const concerned =
      before?.content === now?.content ? [] : [was, is].flatMap((each) => (each === undefined ? [] : [databaseOf(each)]));
    this.#tell('DatabaseAccessPolicy', key, concerned);
  }

  #tell(kind: GovernedKind, key: string, concerned: readonly string[]): void {
    for (const database of new Set(concerned)) for (const listener of [...this.#listeners]) listener(database);
    for (const listener of [...this.#objectListeners]) listener(kind, key);
  }

  #index(key: string, policy: DatabaseAccessPolicy): void {
    add(this.#byDatabase, databaseOf(policy), key);
    for (const { serviceAccount } of policy.spec.subjects) add(this.#bySubject, serviceAccount.namespace, key);
  }

  #unindex(key: string, policy: DatabaseAccessPolicy): void {
    remove(this.#byDatabase, databaseOf(policy), key);
    for (const { serviceAccount } of policy.spec.subjects) remove(this.#bySubject, serviceAccount.namespace, key);
  }
}

/** Key of the Database a policy is about. */
export function databaseOf(policy: DatabaseAccessPolicy): string {
  return `${policy.metadata.namespace}/${policy.spec.databaseRef.name}`;
}

/** Milliseconds since the epoch at which the next of these ends. */
export function nextEnd(policies: readonly DatabaseAccessPolicy[], now: number): number | undefined {
  const ends = policies.flatMap((policy) => validUntil(policy) ?? []).filter((end) => end > now);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function add(index: Map<string, Set<string>>, at: string, key: string): void {
  const keys = index.get(at);
  if (keys === undefined) index.set(at, new Set([key]));
  else keys.add(key);
}

function remove(index: Map<string, Set<string>>, at: string, key: string): void {
  const keys = index.get(at);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(at);
}
