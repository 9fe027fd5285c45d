/**
 * Keyed digests: they let somebody who holds the key ask for a value, and tell whoever does not nothing but equality. 128 bits of HMAC-SHA-256,
 * base64url. A key belongs to one Database: equal values of two databases do not meet.
 */
import { createHmac } from 'node:crypto';

/** Of a literal or bound value in PostgreSQL's text format. `key`: 32 bytes. */
export function valueDigest(key: Buffer, text: string | Buffer): string {
  return truncated(createHmac('sha256', key).update('value\0').update(text));
}

/** Of a row: `relation` as records spell it, values of its primary key in the order of the key's columns, in text format. */
export function rowDigest(key: Buffer, relation: string, values: readonly (string | null)[]): string {
  return truncated(
    createHmac('sha256', key)
      .update('row\0')
      .update(JSON.stringify([relation, ...values])),
  );
}

function truncated(hmac: ReturnType<typeof createHmac>): string {
  return hmac.digest().subarray(0, 16).toString('base64url');
}
