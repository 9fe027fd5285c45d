/**
 * Keyed digests: they let somebody who holds the key ask for a value, and tell whoever does not nothing but equality. 128 bits of HMAC-SHA-256,
 * base64url. A key belongs to one Database: equal values of two databases do not meet.
 */
import { createHmac, type KeyObject } from 'node:crypto';

/** 32 bytes. On the path of statements a KeyObject: with bytes, node:crypto makes one for each digest, which takes six times as long. */
export type DigestKey = Buffer | KeyObject;

/** Of a literal or bound value in PostgreSQL's text format. */
export function valueDigest(key: DigestKey, text: string | Buffer): string {
  // One update; latin1 stands for the bytes as they are.
  if (typeof text === 'string') return truncated(createHmac('sha256', key).update(`value\0${text}`));
  return truncated(createHmac('sha256', key).update(`value\0${text.toString('latin1')}`, 'latin1'));
}

/** Of a row: `relation` as records spell it, values of its primary key in the order of the key's columns, in text format. */
export function rowDigest(key: DigestKey, relation: string, values: readonly (string | null)[]): string {
  return truncated(createHmac('sha256', key).update(`row\0${JSON.stringify([relation, ...values])}`));
}

/** Names a key without telling it, so that records say under which one their digests are. 64 bits, base64url. */
export function digestKeyId(key: DigestKey): string {
  return createHmac('sha256', key).update('key\0').digest().subarray(0, 8).toString('base64url');
}

function truncated(hmac: ReturnType<typeof createHmac>): string {
  return hmac.digest().subarray(0, 16).toString('base64url');
}
