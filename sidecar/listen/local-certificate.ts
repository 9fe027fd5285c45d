/**
 * TLS for clients that insist on it (sslmode=require … verify-full) although the way is loopback: a certificate from files, or a
 * throw-away authority with one leaf for the local names, made at start and never written but for the authority's certificate.
 */
import { issueAuthority, issueLeaf } from '../../core/certificates/x509.ts';

export interface LocalCertificate {
  /** PEM: the leaf, then its authority. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  /** PEM: what a client verifies against (sslrootcert). */
  readonly authority: string;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** `names`: host names and addresses that clients connect to. Valid for `lifetime` milliseconds from `now` (since the epoch). */
export async function makeLocalCertificate(
  names: readonly string[],
  now: number,
  lifetime: number = YEAR_MS,
): Promise<LocalCertificate> {
  const validity = { from: now, until: now + lifetime };
  const authority = await issueAuthority('sluice local authority', validity);
  const { certificate, key } = await issueLeaf(authority, names, validity);
  return { certificate: `${certificate}${authority.certificate}`, key, authority: authority.certificate };
}
