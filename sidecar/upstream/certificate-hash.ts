/**
 * The channel binding data tls-server-end-point (RFC 5929 section 4.1): the hash of the server's certificate, with the hash
 * function of the certificate's own signature; SHA-256 in place of MD5 and SHA-1. Node does not tell that function in every
 * version, so the two DER fields in front of it are stepped over here.
 */
import { createHash } from 'node:crypto';

const HASH_BY_SIGNATURE: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a864886f70d01010e': 'sha224',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/**
 * `der` is the certificate as received. Undefined where the signature names no hash function of its own (Ed25519, RSA-PSS):
 * the RFC defines no binding for it then, and the caller does without.
 */
export function tlsServerEndPoint(der: Buffer): Buffer | undefined {
  const certificate = element(der, 0, 0x30);
  const toBeSigned = certificate && element(der, certificate.start, 0x30);
  const algorithm = toBeSigned && element(der, toBeSigned.end, 0x30);
  const oid = algorithm && element(der, algorithm.start, 0x06);
  const hash = oid && HASH_BY_SIGNATURE[der.subarray(oid.start, oid.end).toString('hex')];
  return hash === undefined ? undefined : createHash(hash).update(der).digest();
}

/** Content range of the DER element at `at`, which must have this tag. */
function element(der: Buffer, at: number, tag: number): { start: number; end: number } | undefined {
  if (der[at] !== tag) return undefined;
  let length = der[at + 1];
  if (length === undefined) return undefined;
  let start = at + 2;
  if (length > 0x7f) {
    const bytes = length & 0x7f;
    if (bytes === 0 || bytes > 4 || start + bytes > der.length) return undefined;
    length = der.readUIntBE(start, bytes);
    start += bytes;
  }
  return start + length > der.length ? undefined : { start, end: start + length };
}
