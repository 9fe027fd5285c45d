/**
 * Ed25519 keys of chains and of the installation (RFC 8032). A private key is its seed of 32 bytes, a public one its 32 bytes, both base64url;
 * a key is named by the digest of its public half. Everything here is synchronous: a signature takes some 50 µs, and a journal that seals a
 * record cannot wait for one.
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject, randomBytes, sign, verify } from 'node:crypto';

export interface SigningKey {
  /** keyId of the public half. */
  readonly id: string;
  /** Raw, base64url. */
  readonly publicKey: string;
  /** base64url, 86 characters. */
  sign(message: string | Buffer): string;
}

/** What stands before the 32 bytes in DER (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** A new seed: what is to be kept secret. Whoever only signs until the process ends has no need to see it: `signingKey()`. */
export function newSeed(): string {
  return randomBytes(32).toString('base64url');
}

/** Throws RangeError if the seed is not 32 bytes of base64url. The returned object does not show the private half. */
export function signingKey(seed: string = newSeed()): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, bytesOf(seed, 32)]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey)
    .export({ format: 'der', type: 'spki' })
    .subarray(SPKI.length)
    .toString('base64url');
  return {
    id: keyId(publicKey),
    publicKey,
    sign: (message) => sign(null, Buffer.from(message as string), privateKey).toString('base64url'),
  };
}

/** The first 16 bytes of SHA-256 over the raw public key, base64url. Throws RangeError if it is not a public key. */
export function keyId(publicKey: string): string {
  return Buffer.from(hash('sha256', bytesOf(publicKey, 32), 'hex'), 'hex')
    .subarray(0, 16)
    .toString('base64url');
}

/** False for anything that is not a key, not a signature, or not the canonical spelling of one. Never throws. */
export function isSignedBy(publicKey: string, message: string | Buffer, signature: string): boolean {
  try {
    return verify(null, Buffer.from(message as string), importPublic(publicKey), bytesOf(signature, 64));
  } catch {
    return false;
  }
}

function importPublic(publicKey: string): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, bytesOf(publicKey, 32)]), format: 'der', type: 'spki' });
}

/** Base64url has spellings that differ in bits nobody reads: only one of them counts, or a changed character would not show. */
function bytesOf(text: unknown, length: number): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== length || bytes.toString('base64url') !== text) throw new RangeError(`not ${length} bytes of base64url`);
  return bytes;
}
