import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestKeyId, rowDigest, valueDigest } from './digest.ts';

const bytes = Buffer.alloc(32, 3);
const key = createSecretKey(bytes);
const hmac = (...parts: (string | Buffer)[]): string => {
  const each = createHmac('sha256', bytes);
  for (const part of parts) each.update(part);
  return each.digest().subarray(0, 16).toString('base64url');
};

describe('digests', () => {
  it('are what the format says, of text and of bytes alike', () => {
    for (const text of ['', 'Åsa', '4711', 'x'.repeat(5_000)]) {
      expect(valueDigest(key, text)).toBe(hmac('value\0', text));
      expect(valueDigest(bytes, Buffer.from(text))).toBe(hmac('value\0', text));
    }
    const odd = Buffer.from([0, 0xff, 0x80, 0xc3]);
    expect(valueDigest(key, odd)).toBe(hmac('value\0', odd));
    expect(rowDigest(key, 'public.t', ['1', null])).toBe(hmac('row\0', '["public.t","1",null]'));
  });

  it('of values, rows and keys do not meet', () => {
    expect(new Set([valueDigest(key, ''), rowDigest(key, '', []), digestKeyId(key)]).size).toBe(3);
    expect(valueDigest(Buffer.alloc(32, 4), 'a')).not.toBe(valueDigest(key, 'a'));
  });
});
