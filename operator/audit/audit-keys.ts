/**
 * The keys of evidence: Secret `<release>-audit-keys`.
 *
 *   cluster          what this installation is called in its trust anchors
 *   master           32 bytes; the key of each Database's digests is derived from it. With another one, no question finds older rows or values.
 *   sign-<time>      seed of an Ed25519 key that certifies the keys of chains. The last in order of names signs; all are trusted.
 *
 * To rotate the signing key, add an entry. Taking one away says that nothing it has signed is to be believed any more.
 *
 *   kubectl -n sluice patch secret sluice-audit-keys --type merge -p \
 *     "{\"data\":{\"sign-$(date -u +%Y%m%d%H%M%S)\":\"$(head -c 32 /dev/urandom | base64)\"}}"
 */
import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type ChainCertificate, issueCertificate, type TrustAnchors } from '../../core/audit/certificate.ts';
import { type SigningKey, signingKey } from '../../core/audit/keys.ts';
import type { ChainOwner } from '../../core/audit/store.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { type AgreedSecret, createAgreedSecret, type SecretData, SecretProblem } from '../certs/agreed-secret.ts';

export interface AuditKeys {
  /** Undefined before they have been read. */
  readonly trust: TrustAnchors | undefined;
  /**
   * `owner`: as verified by the caller, as well as that whoever asks may write the chain and holds the key. Throws an Error before the keys have
   * been read, RangeError if `publicKey` is none.
   */
  issueCertificate(chain: string, publicKey: string, owner: Pick<ChainOwner, 'identity' | 'database'>): ChainCertificate;
  /** 32 bytes, of a Database (`namespace/name`), for core/audit/digest.ts. Throws an Error before the keys have been read. */
  digestKey(database: string): Buffer;
}

export interface FollowedAuditKeys extends AuditKeys {
  readonly ready: Promise<void>;
  /** One sentence why the Secret is not what it should be. */
  readonly problem: string | undefined;
  /** Called with each new set, also the first. */
  onChange(listener: (trust: TrustAnchors) => void): () => void;
  /** Reads the Secret now. Never rejects. */
  refresh(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export interface AuditKeysOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly release: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pollEvery?: number;
}

/** What the Secret holds. */
export interface AuditSecrets {
  readonly cluster: string;
  readonly master: Buffer;
  /** In the order of their names; never empty. */
  readonly signing: readonly { readonly key: SigningKey; readonly from: string }[];
}

const KEY_BYTES = 32;
const SIGNING = /^sign-(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;
const CLUSTER = /^[0-9a-z-]{1,64}$/;
/** A key that comes beside others is trusted at once and signs a minute later, when every replica has it. */
const SETTLES_AFTER = 60_000;

export function createAuditKeys(options: AuditKeysOptions): FollowedAuditKeys {
  const { api, namespace, release, clock, log, pollEvery } = options;
  const firstSeen = new Map<string, number>();
  const secret: AgreedSecret<AuditSecrets> = createAgreedSecret({
    api,
    namespace,
    name: `${release}-audit-keys`,
    initial: async () => initialSecret(clock.now()),
    parse: parseAuditSecrets,
    clock,
    log,
    ...(pollEvery === undefined ? {} : { pollEvery }),
  });
  secret.onChange(({ signing }) => {
    for (const { key } of signing) if (!firstSeen.has(key.id)) firstSeen.set(key.id, clock.monotonic());
  });
  const settled = (id: string): boolean => clock.monotonic() - (firstSeen.get(id) ?? 0) >= SETTLES_AFTER;
  const secrets = (): AuditSecrets => {
    if (secret.current === undefined) throw new Error('the audit keys have not been read yet');
    return secret.current;
  };
  return {
    get trust() {
      return secret.current === undefined ? undefined : trustAnchors(secret.current);
    },
    issueCertificate(chain, publicKey, { identity, database }) {
      const { signing } = secrets();
      const { key } = signing.findLast((each) => settled(each.key.id)) ?? signing.at(-2) ?? signing.at(-1)!;
      const issued = new Date(clock.now()).toISOString();
      return issueCertificate(key, { chain, publicKey, identity, ...(database === undefined ? {} : { database }), issued });
    },
    digestKey: (database) => deriveDigestKey(secrets().master, database),
    ready: secret.ready,
    get problem() {
      return secret.problem;
    },
    onChange: (listener) => secret.onChange((value) => listener(trustAnchors(value))),
    refresh: () => secret.refresh(),
    start: () => secret.start(),
    stop: () => secret.stop(),
  };
}

export function trustAnchors({ cluster, signing }: AuditSecrets): TrustAnchors {
  return { v: 1, cluster, keys: signing.map(({ key: { id, publicKey }, from }) => ({ id, publicKey, from })) };
}

/** HKDF (RFC 5869) with SHA-256: keys of two Databases say nothing about each other or the master. */
export function deriveDigestKey(master: Buffer, database: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', `sluice audit digest v1\n${database}`, KEY_BYTES));
}

/** @throws SecretProblem */
export function parseAuditSecrets(data: SecretData): AuditSecrets {
  const cluster = data['cluster']?.toString('utf8') ?? '';
  if (!CLUSTER.test(cluster)) throw new SecretProblem('"cluster" is not a name of lower-case letters, digits and hyphens');
  const master = data['master'];
  if (master?.length !== KEY_BYTES) throw new SecretProblem(`"master" has ${master?.length ?? 0} bytes, not ${KEY_BYTES}`);
  const names = Object.keys(data).filter((name) => name.startsWith('sign-'));
  if (names.length === 0) throw new SecretProblem('there is no signing key in it');
  const signing = names.sort().map((name) => {
    const [, ...digits] = SIGNING.exec(name) ?? [];
    if (digits.length === 0) throw new SecretProblem(`"${name}" is no name of a key: sign- and 14 digits of a time`);
    const seed = data[name]!;
    if (seed.length !== KEY_BYTES) throw new SecretProblem(`key "${name}" has ${seed.length} bytes, not ${KEY_BYTES}`);
    const [year, month, day, hour, minute, second] = digits;
    return { key: signingKey(seed.toString('base64url')), from: `${year}-${month}-${day}T${hour}:${minute}:${second}Z` };
  });
  return { cluster, master, signing };
}

function initialSecret(now: number): SecretData {
  const time = new Date(now).toISOString().replace(/\D/g, '').slice(0, 14);
  return {
    cluster: Buffer.from(randomUUID()),
    master: randomBytes(KEY_BYTES),
    [`sign-${time}`]: randomBytes(KEY_BYTES),
  };
}
