/**
 * Who may sign for a chain: the operator certifies a writer's Ed25519 key for the identity that it has verified itself. Small enough to stand in
 * a record, so that a chain carries what it needs to be checked; what it is checked against (the trust anchor) comes from elsewhere.
 */
import type { Identity } from '../identity/identity.ts';

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
