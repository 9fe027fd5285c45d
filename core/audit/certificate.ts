/**
 * Who may sign for a chain: the operator certifies a writer's Ed25519 key for the identity that it has verified itself. Small enough to stand in
 * a record, so that a chain carries what it needs to be checked; what it is checked against (the trust anchor) comes from elsewhere.
 */
import type { Identity } from '../identity/identity.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { isSignedBy, keyId, type SigningKey } from './keys.ts';

export interface ChainCertificate {
  readonly v: 1;
  readonly chain: string;
  /** Raw Ed25519 public key, base64url (RFC 8032). */
  readonly publicKey: string;
  readonly identity: Identity;
  /** `namespace/name`; absent for the operator's own chains. */
  readonly database?: string;
  /** RFC 3339 UTC. */
  readonly issued: string;
  /** keyId of the anchor that signed. */
  readonly issuer: string;
  /** Ed25519 over `sluice audit certificate v1\n` and the canonical JSON of all other fields, base64url. */
  readonly signature: string;
}

/** What a stranger has to trust: public keys of one installation. Published as a ConfigMap, kept wherever auditors keep such things. */
export interface TrustAnchors {
  readonly v: 1;
  /** Drawn once for each installation. */
  readonly cluster: string;
  /** Raw Ed25519 public keys, base64url. */
  readonly keys: readonly { readonly id: string; readonly publicKey: string; readonly from: string }[];
}

const DOMAIN = 'sluice audit certificate v1\n';

/** `subject.publicKey` must have been proven to be the writer's own, by whatever it came over. Throws RangeError if it is no Ed25519 key. */
export function issueCertificate(
  anchor: SigningKey,
  subject: Pick<ChainCertificate, 'chain' | 'publicKey' | 'identity' | 'database' | 'issued'>,
): ChainCertificate {
  keyId(subject.publicKey);
  const { chain, publicKey, identity, database, issued } = subject;
  const said = {
    v: 1 as const,
    chain,
    publicKey,
    identity,
    ...(database === undefined ? {} : { database }),
    issued,
    issuer: anchor.id,
  };
  return { ...said, signature: anchor.sign(DOMAIN + canonicalJson(said)) };
}

/** Why it does not hold, in one clause; undefined: it does. Takes whatever a record says for a certificate. */
export function certificateFault(certificate: unknown, trust: TrustAnchors): string | undefined {
  if (!isCertificate(certificate)) return 'it is not a certificate';
  const { signature, ...said } = certificate;
  const anchor = trust.keys.find(({ id }) => id === certificate.issuer);
  if (anchor === undefined) return `its issuer ${certificate.issuer} is not among the trusted keys`;
  if (keyIdOrNone(anchor.publicKey) !== anchor.id) return `the trusted key ${anchor.id} is not the one of that name`;
  if (!isSignedBy(anchor.publicKey, DOMAIN + canonicalJson(said), signature)) return `the signature of its issuer does not fit`;
  return undefined;
}

/** Whether it has the form of one; says nothing about whether it is true. */
export function isCertificate(value: unknown): value is ChainCertificate {
  if (typeof value !== 'object' || value === null) return false;
  const { v, chain, publicKey, identity, database, issued, issuer, signature } = value as Record<string, unknown>;
  return (
    v === 1 &&
    [chain, publicKey, issued, issuer, signature].every((text) => typeof text === 'string') &&
    (database === undefined || typeof database === 'string') &&
    isIdentity(identity) &&
    keyIdOrNone(publicKey as string) !== undefined
  );
}

/** What is said of a pod by somebody else than itself: the fields that both name have to agree, and both name the service account. */
export function isSameIdentity(one: unknown, other: unknown): boolean {
  if (!isIdentity(one) || !isIdentity(other)) return false;
  const fields = ['namespace', 'serviceAccount', 'pod', 'podUid', 'node'] as const;
  return fields.every((field) => one[field] === undefined || other[field] === undefined || one[field] === other[field]);
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false;
  const { namespace, serviceAccount } = value as Record<string, unknown>;
  return typeof namespace === 'string' && typeof serviceAccount === 'string';
}

function keyIdOrNone(publicKey: string): string | undefined {
  try {
    return keyId(publicKey);
  } catch {
    return undefined;
  }
}
