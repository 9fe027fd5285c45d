import { describe, expect, it } from 'vitest';
import { createSeals, type SealKey } from './seals.ts';

const key = (id: string, byte: number): SealKey => ({ id, secret: new Uint8Array(32).fill(byte) });
const first = key('key-20260101000000', 1);
const second = key('key-20260601000000', 2);
const subject = { namespace: 'ai-agents', serviceAccount: 'support-agent' };
const seals = createSeals(() => ({ signing: first, all: [first] }));
const seal = seals.seal(subject, '{"a":1}');

describe('a seal', () => {
  it('names its key and verifies what was sealed', () => {
    expect(seal).toMatch(/^v1\.key-20260101000000\.[\w-]{43}$/);
    expect(seals.verify(subject, '{"a":1}', seal)).toBe(true);
  });

  it.each([
    ['another render', subject, '{"a":2}'],
    ['another namespace', { ...subject, namespace: 'others' }, '{"a":1}'],
    ['another service account', { ...subject, serviceAccount: 'admin' }, '{"a":1}'],
    ['a boundary that has moved', { namespace: 'ai-agents","support-agent', serviceAccount: '' }, '{"a":1}'],
  ])('does not verify %s', (_, other, render) => {
    expect(seals.verify(other, render, seal)).toBe(false);
  });

  it.each([
    '',
    'v1',
    seal.slice(0, -1),
    `${seal}A`,
    ` ${seal}`,
    `${seal}\n`,
    seal.replace('v1.', 'v2.'),
    seal.replace('key-20260101000000', 'key-20260601000000'),
    seal.replace(/[\w-]{43}$/, 'A'.repeat(43)),
    'v1.constructor.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  ])('is refused when it is %j', (text) => {
    expect(seals.verify(subject, '{"a":1}', text)).toBe(false);
  });

  it('has one spelling: the spare bits of its last character count', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spellings = [...alphabet].filter((last) => seals.verify(subject, '{"a":1}', seal.slice(0, -1) + last));
    expect(spellings).toHaveLength(1);
  });

  it('stays valid under a newer key, which signs from then on, and not without its own', () => {
    let keys = { signing: first, all: [first] };
    const rotated = createSeals(() => keys);
    keys = { signing: second, all: [first, second] };
    expect(rotated.verify(subject, '{"a":1}', seal)).toBe(true);
    expect(rotated.seal(subject, '{"a":1}')).toContain(second.id);
    keys = { signing: second, all: [second] };
    expect(rotated.verify(subject, '{"a":1}', seal)).toBe(false);
  });
});
