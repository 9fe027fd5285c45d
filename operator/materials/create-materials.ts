/** Materials put together from watches: Secrets by name, addresses from the resolver, findings from the ConfigMaps of the leader. */
import type { EventLog } from '../../core/event-log.ts';
import { X509Certificate } from 'node:crypto';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import { parseFindings } from '../../core/sensitivity/findings.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { CONFIG_MAPS } from '../api/kube-api.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { objectKey, splitKey } from '../view/governed-object.ts';
import type { Change, Informer } from '../watch/informer.ts';
import type { OpenInformer } from '../watch/open-informer.ts';
import { Addresses, type Resolve, systemResolve } from './addresses.ts';
import type { DatabaseMaterials, Login, Materials } from './materials.ts';
import { CONTENT_LABEL, type ConfigMap, publishedText } from './published.ts';
import { SecretWatches } from './secret-watches.ts';

export interface MaterialsOptions {
  readonly view: ClusterView;
  readonly open: OpenInformer;
  /** The operator's own. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly resolve?: Resolve;
  readonly log: EventLog;
}

export function createMaterials(options: MaterialsOptions): Materials {
  return new ClusterMaterials(options);
}

type Problem = DatabaseMaterials['problems'][number];

/** What a Database refers to. */
interface References {
  readonly host: string;
  readonly secrets: ReadonlySet<string>;
}

class ClusterMaterials implements Materials {
  readonly #view: ClusterView;
  readonly #log: MaterialsOptions['log'];
  readonly #secrets: SecretWatches;
  readonly #addresses: Addresses;
  readonly #configMaps: Informer<ConfigMap>;
  readonly #findings = new Map<string, string>();
  readonly #references = new Map<string, References>();
  readonly #listeners = new Set<(key: string) => void>();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(options: MaterialsOptions) {
    const { view, open, namespace, clock, resolve = systemResolve, log } = options;
    this.#view = view;
    this.#log = log;
    this.#secrets = new SecretWatches(
      open,
      (secret) => this.#tell(({ secrets }) => secrets.has(secret)),
      (left) => log('error', 'too-many-secrets', { notRead: left }),
    );
    this.#addresses = new Addresses({ clock, resolve, onChange: (host) => this.#tell((each) => each.host === host) });
    this.#configMaps = open<ConfigMap>({ resource: CONFIG_MAPS, namespace, labelSelector: `${CONTENT_LABEL}=findings` });
    this.#configMaps.onChange((change) => this.#findingsChanged(change));
  }

  of(key: string): DatabaseMaterials | undefined {
    const database = this.#view.database(...splitKey(key));
    const references = this.#references.get(key);
    const resolved = database === undefined ? undefined : this.#addresses.of(database.spec.endpoint.host);
    if (database === undefined || references === undefined || resolved === undefined || !this.#configMaps.hasSynced)
      return undefined;
    if (![...references.secrets].every((secret) => this.#secrets.hasSynced(secret))) return undefined;
    const ca = this.#ca(database);
    return {
      login: (secretName) => this.#login(database, references, secretName),
      ca: ca.pem,
      addresses: resolved.addresses,
      findings: this.#findings.get(key),
      problems: [
        ...this.#loginProblems(database),
        ...(ca.problem === undefined ? [] : [ca.problem]),
        ...(resolved.problem === undefined ? [] : [{ reason: 'HostUnresolved' as const, message: resolved.problem }]),
      ],
    };
  }

  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#configMaps.start();
    void this.#configMaps.synced.then(() => this.#tell(() => true));
    this.#unsubscribe.push(this.#view.onChange((key) => this.#databaseChanged(key)));
    for (const database of this.#view.databases()) this.#databaseChanged(objectKey(database));
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#addresses.follow(new Set());
    await Promise.all([this.#secrets.stop(), this.#configMaps.stop()]);
  }

  #databaseChanged(key: string): void {
    const database = this.#view.database(...splitKey(key));
    if (database === undefined) this.#references.delete(key);
    else this.#references.set(key, referencesOf(database, this.#view.policiesOf(database)));
    const all = [...this.#references.values()];
    this.#secrets.follow(new Set(all.flatMap(({ secrets }) => [...secrets])));
    this.#addresses.follow(new Set(all.map(({ host }) => host)));
    for (const listener of [...this.#listeners]) listener(key);
  }

  #tell(concerns: (references: References) => boolean): void {
    for (const [key, references] of [...this.#references])
      if (concerns(references)) for (const listener of [...this.#listeners]) listener(key);
  }

  #findingsChanged(change: Change<ConfigMap>): void {
    const { name } = change.object.metadata;
    try {
      const published = publishedText('findings', change.object);
      if (published === undefined) return;
      const { database, text } = published;
      parseFindings(text);
      if (change.type === 'deleted') this.#findings.delete(database);
      else if (this.#findings.get(database) === text) return;
      else this.#findings.set(database, text);
      for (const listener of [...this.#listeners]) listener(database);
    } catch (error) {
      // The last good ones stay in force.
      this.#log('error', 'findings-unreadable', { configMap: name, reason: (error as Error).message });
    }
  }

  /** Of Secrets that something trusted refers to, and in the Database's own namespace. */
  #login(database: Database, { secrets }: References, secretName: string | undefined): Login | undefined {
    const name = secretName ?? database.spec.credentialsSecretRef?.name;
    const secret = `${database.metadata.namespace}/${name}`;
    if (name === undefined || !secrets.has(secret)) return undefined;
    const username = this.#secrets.value(secret, 'username');
    const password = this.#secrets.value(secret, 'password');
    if (username === undefined || password === undefined || /\0/.test(username + password)) return undefined;
    return { username, password };
  }

  #loginProblems(database: Database): readonly Problem[] {
    const { credentialsSecretRef } = database.spec;
    if (credentialsSecretRef === undefined) {
      const message =
        'spec.credentialsSecretRef names no Secret; create one with the keys username and password, and name it there';
      return [{ reason: 'SecretMissing', message }];
    }
    const { name } = credentialsSecretRef;
    const secret = `${database.metadata.namespace}/${name}`;
    if (!this.#secrets.exists(secret))
      return [
        { reason: 'SecretMissing', message: `Secret ${secret} does not exist; create it with the keys username and password` },
      ];
    const missing = ['username', 'password'].filter((key) => this.#secrets.value(secret, key) === undefined);
    if (missing.length === 0) return [];
    const message = `Secret ${secret} has no text under ${missing.join(' and ')}; it needs the keys username and password`;
    return [{ reason: 'SecretIncomplete', message }];
  }

  #ca(database: Database): { readonly pem: string | undefined; readonly problem?: Problem } {
    const { caSecretRef } = database.spec.tls;
    if (caSecretRef === undefined) return { pem: undefined };
    const secret = `${database.metadata.namespace}/${caSecretRef.name}`;
    const bad = (message: string) => ({ pem: undefined, problem: { reason: 'CaMissing' as const, message } });
    if (!this.#secrets.exists(secret)) return bad(`Secret ${secret}, which tls.caSecretRef names, does not exist`);
    const text = this.#secrets.value(secret, caSecretRef.key);
    if (text === undefined) return bad(`Secret ${secret} has no key "${caSecretRef.key}", which tls.caSecretRef names`);
    const certificates = certificatesIn(text);
    if (certificates === undefined) return bad(`key "${caSecretRef.key}" of Secret ${secret} does not hold certificates in PEM`);
    return { pem: certificates };
  }
}

function referencesOf(database: Database, policies: readonly DatabaseAccessPolicy[]): References {
  const { namespace } = database.metadata;
  const { credentialsSecretRef, tls, endpoint } = database.spec;
  const names = [
    credentialsSecretRef?.name,
    tls.caSecretRef?.name,
    ...policies.map((policy) => policy.spec.credentialsSecretRef?.name),
  ];
  return {
    host: endpoint.host,
    secrets: new Set(names.flatMap((name) => (name === undefined ? [] : [`${namespace}/${name}`]))),
  };
}

/** And nothing else: a private key beside its certificates, as some servers want it, must not go into every pod. */
function certificatesIn(text: string): string | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every(isCertificate) ? blocks.map((each) => `${each}\n`).join('') : undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
