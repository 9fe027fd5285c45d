/** The key blocks are those of RFC 2104, for keys of any length. */
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maskKeyBlocks } from './hash.ts';

it('H(outer || H(inner || message)) is HMAC-SHA-256', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 100 }), (key, message) => {
      const { inner, outer } = maskKeyBlocks(Buffer.from(key));
      expect(inner).toMatch(/^[0-9a-f]{128}$/);
      const hash = (block: string, data: Uint8Array): Buffer =>
        createHash('sha256').update(Buffer.from(block, 'hex')).update(data).digest();
      expect(hash(outer, hash(inner, message)).toString('hex')).toBe(createHmac('sha256', key).update(message).digest('hex'));
    }),
  );
});
