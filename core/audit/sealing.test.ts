import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SealedImages } from './evidence.ts';
import { isRecipient } from './recipients.ts';
import { Nonces, openImages, SealingError, sealImages } from './sealing.ts';

const key = Buffer.alloc(32, 7);
const images: SealedImages = {
  v: 1,
  statement: 's.1',
  changes: [
    {
      relation: 'public.customers',
      action: 'Update',
      key: ['id'],
      rows: [{ before: { id: '1', name: 'Åsa "x" \\', note: null }, after: { name: '' } }],
    },
  ],
};
const sealed = sealImages(key, 'k1', new Nonces(randomBytes(6)).next(), images);

describe('sealed images', () => {
  it('open to what was sealed', () => {
    expect(openImages(key, 'k1', 's.1', sealed)).toEqual(images);
  });

  it('hold nothing in clear', () => {
    const bytes = Buffer.from(sealed, 'base64').toString('latin1');
    for (const part of ['customers', 's.1', 'name']) expect(bytes).not.toContain(part);
  });

  it('do not say how long a short value is', () => {
    const long = { ...images, statement: 's.1234567' };
    expect(sealImages(key, 'k1', new Nonces(randomBytes(6)).next(), long)).toHaveLength(sealed.length);
  });

  it('do not open under another key, for another statement, or as sealed by another key', () => {
    expect(() => openImages(Buffer.alloc(32, 8), 'k1', 's.1', sealed)).toThrow(SealingError);
    expect(() => openImages(key, 'k1', 's.2', sealed)).toThrow(SealingError);
    expect(() => openImages(key, 'k2', 's.1', sealed)).toThrow(SealingError);
    // Where one ends and the other begins is part of what is bound.
    expect(() => openImages(key, 'k1","s', '.1', sealed)).toThrow(SealingError);
  });

  it('do not open with any bit changed, cut or added', () => {
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      expect(() => openImages(key, 'k1', 's.1', changed.toString('base64')), `byte ${at}`).toThrow(SealingError);
    }
    for (const other of ['', 'AAAA', sealed.slice(0, -4), `${sealed}AAAA`, `${sealed}=`, ` ${sealed}`, `${sealed}\n`])
      expect(() => openImages(key, 'k1', 's.1', other)).toThrow(SealingError);
  });
});

describe('nonces', () => {
  it('never repeat, and begin with what was drawn', () => {
    const nonces = new Nonces(Buffer.from('abcdef'));
    const seen = new Set(Array.from({ length: 1_000 }, () => nonces.next().toString('latin1')));
    expect(seen.size).toBe(1_000);
    expect([...seen].every((nonce) => nonce.length === 12 && nonce.startsWith('abcdef'))).toBe(true);
    expect(nonces.used).toBe(1_000);
  });
});

describe('recipients', () => {
  const good = [
    'age1ckehhcunz4k632g7jy59m2xwd2m0dfn6we5qlc8x7nnayk7yx3kqt7gy5w',
    'age1d8xkuq2shmyeyyaycqq9mx49qwtnr42ds44rxqapzmxqr7lzc5qsuyv6l8',
    // From the age specification.
    'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj',
  ];

  it('are told from what was mistyped', () => {
    for (const recipient of good) {
      expect(isRecipient(recipient)).toBe(true);
      for (let at = 4; at < recipient.length; at += 1) {
        const other = recipient[at] === 'q' ? 'p' : 'q';
        expect(isRecipient(recipient.slice(0, at) + other + recipient.slice(at + 1)), `letter ${at}`).toBe(false);
      }
    }
  });

  it('are nothing else', () => {
    const [recipient = ''] = good;
    for (const text of [
      '',
      'age1',
      recipient.toUpperCase(),
      ` ${recipient}`,
      `${recipient}\n`,
      recipient.slice(0, -1),
      `${recipient}q`,
    ])
      expect(isRecipient(text)).toBe(false);
  });
});
