/**
 * Test support: our own contracts (IdentityVerifier, ClusterView, Materials) in memory, so that a test decides what the cluster says. What
 * stands between them and a sidecar is the real thing.
 */
import { loadDocuments } from '../../core/policy/documents.ts';
import { validUntil } from '../../core/policy/bind.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import type { DigestKeys } from '../../operator/audit/digest-keys.ts';
import type { IdentityVerifier, Verification, VerifiedPod } from '../../operator/identity/verified-pod.ts';
import type { DatabaseMaterials, Login, Materials } from '../../operator/materials/materials.ts';
import type { ClusterView } from '../../operator/view/cluster-view.ts';

export class MemoryDigestKeys implements DigestKeys {
  /** Undefined: they have not been read yet. */
  #key: Buffer | undefined = Buffer.alloc(32, 1);
  readonly #listeners = new Set<() => void>();

  set(key: Buffer | undefined): void {
    this.#key = key;
    for (const listener of [...this.#listeners]) listener();
  }
  digestKey(): Buffer | undefined {
    return this.#key;
  }
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export class MemoryView implements ClusterView {
  readonly synced = Promise.resolve();
  hasSynced = true;
  readonly namespaces = new Set(['data']);
  readonly #databases = new Map<string, Database>();
  readonly #policies = new Map<string, DatabaseAccessPolicy>();
  readonly #listeners = new Set<(key: string) => void>();

  /** YAML, as kubectl applies it; generations count up. */
  apply(yaml: string): void {
    const documents = loadDocuments([{ name: 'test', text: yaml }]);
    const [problem] = documents.diagnostics.filter((each) => each.severity === 'error');
    if (problem !== undefined) throw new Error(problem.message);
    for (const object of documents.databases)
      this.#databases.set(keyOf(object), next(this.#databases.get(keyOf(object)), object));
    for (const object of documents.policies) this.#policies.set(keyOf(object), next(this.#policies.get(keyOf(object)), object));
    for (const { metadata } of documents.databases) this.changed(`${metadata.namespace}/${metadata.name}`);
    for (const { metadata, spec } of documents.policies) this.changed(`${metadata.namespace}/${spec.databaseRef.name}`);
  }

  removePolicy(key: string): void {
    const policy = this.#policies.get(key);
    this.#policies.delete(key);
    if (policy !== undefined) this.changed(`${policy.metadata.namespace}/${policy.spec.databaseRef.name}`);
  }

  removeDatabase(key: string): void {
    this.#databases.delete(key);
    this.changed(key);
  }

  changed(key: string): void {
    for (const listener of [...this.#listeners]) listener(key);
  }

  trusted(namespace: string): boolean {
    return this.namespaces.has(namespace);
  }
  database(namespace: string, name: string): Database | undefined {
    return this.trusted(namespace) ? this.#databases.get(`${namespace}/${name}`) : undefined;
  }
  databases(): readonly Database[] {
    return [...this.#databases.values()];
  }
  policy(namespace: string, name: string): DatabaseAccessPolicy | undefined {
    return this.#policies.get(`${namespace}/${name}`);
  }
  policiesOf(database: Database): readonly DatabaseAccessPolicy[] {
    return [...this.#policies.values()].filter(
      ({ metadata, spec }) =>
        metadata.namespace === database.metadata.namespace && spec.databaseRef.name === database.metadata.name,
    );
  }
  databasesFor(subject: { namespace: string; serviceAccount: string }, now: number): readonly Database[] {
    return this.databases().filter((database) =>
      this.policiesOf(database).some(
        (policy) =>
          (validUntil(policy) ?? now + 1) > now &&
          policy.spec.subjects.some(
            ({ serviceAccount }) =>
              serviceAccount.namespace === subject.namespace &&
              (serviceAccount.name === '*' || serviceAccount.name === subject.serviceAccount),
          ),
      ),
    );
  }
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export interface TestMaterials {
  logins: Record<string, Login>;
  ca?: string;
  addresses: string[];
  findings?: string;
  problems?: DatabaseMaterials['problems'];
}

export class MemoryMaterials implements Materials {
  readonly #of = new Map<string, TestMaterials>();
  readonly #listeners = new Set<(key: string) => void>();

  set(key: string, materials: TestMaterials): void {
    this.#of.set(key, materials);
    for (const listener of [...this.#listeners]) listener(key);
  }

  of(key: string): DatabaseMaterials | undefined {
    const found = this.#of.get(key);
    if (found === undefined) return undefined;
    return {
      login: (secret = '') => found.logins[secret],
      ca: found.ca,
      addresses: found.addresses,
      findings: found.findings,
      problems: found.problems ?? [],
    };
  }
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  start(): void {}
  async stop(): Promise<void> {}
}

/** Tokens are what `admit` says they are. */
export class MemoryIdentity implements IdentityVerifier {
  readonly tokens = new Map<string, VerifiedPod>();
  readonly refusals = new Map<string, Exclude<Verification, { ok: true }>>();
  /** Every token that was ever shown. */
  readonly seen: (string | undefined)[] = [];
  readonly #listeners = new Set<(podUid: string) => void>();

  admit(token: string, pod: Partial<VerifiedPod> = {}): void {
    this.tokens.set(token, {
      namespace: 'agents',
      serviceAccount: 'bot',
      pod: 'bot-1',
      podUid: '00000000-0000-0000-0000-000000000001',
      node: 'node-a',
      databases: ['data/shop'],
      expiresAt: Math.floor(Date.now() / 1000) + 600,
      ...pod,
    });
  }

  async verify(token: string | undefined): Promise<Verification> {
    this.seen.push(token);
    const refusal = this.refusals.get(token ?? '');
    if (refusal !== undefined) return refusal;
    const pod = token === undefined ? undefined : this.tokens.get(token);
    if (pod === undefined)
      return { ok: false, code: token === undefined ? 'TokenMissing' : 'TokenRejected', reason: 'not in this test' };
    return { ok: true, pod };
  }

  gone(podUid: string): void {
    for (const [token, pod] of this.tokens) if (pod.podUid === podUid) this.tokens.delete(token);
    for (const listener of [...this.#listeners]) listener(podUid);
  }
  isAlive({ podUid }: { podUid: string }): boolean {
    return [...this.tokens.values()].some((pod) => pod.podUid === podUid);
  }
  onGone(listener: (podUid: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

function keyOf({ metadata }: Database | DatabaseAccessPolicy): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function next<T extends Database | DatabaseAccessPolicy>(before: T | undefined, object: T): T {
  return { ...object, metadata: { ...object.metadata, generation: (before?.metadata.generation ?? 0) + 1 } };
}
