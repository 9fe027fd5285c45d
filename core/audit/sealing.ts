/**
 * The sealed form of images: base64 of nonce (12 bytes), ciphertext and tag (16 bytes) by AES-256-GCM over the JSON of SealedImages, filled up with spaces
 * so that its length says little about the values. Key and statement are authenticated along with it: an image that is put into another record,
 * or is said to be under another key, does not open. https://csrc.nist.gov/pubs/sp/800/38/d/final
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { isRecord } from '../json/read.ts';
import type { SealedImages } from './evidence.ts';

/** Bytes. */
export const SEALING_KEY = 32;
const NONCE = 12;
const TAG = 16;
/** Of the nonce: drawn with the key. The other six count. */
const PREFIX = 6;
/** Lengths of what is sealed are multiples of it. */
const STEP = 256;
const CIPHER = 'aes-256-gcm';

/** One sentence on why an image does not open. */
export class SealingError extends Error {
  static readonly code = 'SEALED_IMAGE';
  constructor(message: string) {
    super(message);
    this.name = 'SealingError';
  }
}

/** Nonces under one key: none comes twice. `prefix`: 6 random bytes. */
export class Nonces {
  readonly #prefix: Buffer;
  #next = 0;

  constructor(prefix: Buffer) {
    if (prefix.length !== PREFIX) throw new RangeError(`a prefix of ${PREFIX} bytes is needed`);
    this.#prefix = Buffer.from(prefix);
  }

  /** How many have been given out. */
  get used(): number {
    return this.#next;
  }

  next(): Buffer {
    const nonce = Buffer.allocUnsafe(NONCE);
    this.#prefix.copy(nonce);
    // Throws beyond 2^48 - 1.
    nonce.writeUIntBE(this.#next, PREFIX, NONCE - PREFIX);
    this.#next += 1;
    return nonce;
  }
}

/** `key`: 32 bytes; as a KeyObject it takes a quarter of the time. `id`: of the SealingKey record. `nonce` must never have been used with `key`. */
export function sealImages(key: Buffer | KeyObject, id: string, nonce: Buffer, images: SealedImages): string {
  const json = JSON.stringify(images);
  const length = Buffer.byteLength(json);
  const plain = Buffer.alloc(Math.ceil(length / STEP) * STEP, ' ');
  plain.write(json);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(bound(id, images.statement));
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  plain.fill(0);
  return sealed.toString('base64');
}

/** `id` and `statement`: as the record says that holds it. Throws SealingError. */
export function openImages(key: Buffer, id: string, statement: string, sealed: string): SealedImages {
  const bytes = Buffer.from(sealed, 'base64');
  // What a decoder skips would not be authenticated.
  if (bytes.length < NONCE + TAG || bytes.toString('base64') !== sealed) throw new SealingError('it is not a sealed image');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(bound(id, statement));
  decipher.setAuthTag(bytes.subarray(-TAG));
  let plain: Buffer;
  try {
    plain = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]);
  } catch {
    throw new SealingError('it was changed after it was sealed, or belongs to another statement or key');
  }
  const images: unknown = JSON.parse(plain.toString('utf8'));
  if (!isRecord(images) || images['v'] !== 1 || !Array.isArray(images['changes']))
    throw new SealingError('its format is one that this release does not know');
  if (images['statement'] !== statement) throw new SealingError('it belongs to another statement');
  return images as unknown as SealedImages;
}

function bound(id: string, statement: string): Buffer {
  return Buffer.from(JSON.stringify(['sluice image', 1, id, statement]));
}
