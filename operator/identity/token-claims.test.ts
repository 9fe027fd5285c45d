/** Tokens whose form alone decides. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkShape, readClaims } from './token-claims.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const seconds = NOW / 1000;
const GOOD = {
  iss: 'https://kubernetes.default.svc',
  aud: ['sluice.dev'],
  sub: 'system:serviceaccount:ai-agents:support-agent',
  iat: seconds,
  nbf: seconds,
  exp: seconds + 600,
  jti: 'x',
  'kubernetes.io': {
    namespace: 'ai-agents',
    serviceaccount: { name: 'support-agent', uid: 'a' },
    pod: { name: 'agent', uid: 'p' },
    node: { name: 'node-1', uid: 'n' },
  },
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: unknown, header: unknown = { alg: 'RS256', kid: 'k' }): string =>
  `${encode(header)}.${encode(claims)}.c2ln`;
const codeOf = (claims: unknown, now = NOW): string => {
  const read = readClaims(token(claims), now);
  return read.ok ? 'ok' : read.code;
};

describe('the claims of a token', () => {
  it('are those of a pod', () => {
    expect(readClaims(token(GOOD), NOW)).toEqual({
      ok: true,
      issuer: GOOD.iss,
      namespace: 'ai-agents',
      serviceAccount: 'support-agent',
      serviceAccountUid: 'a',
      pod: 'agent',
      podUid: 'p',
      node: 'node-1',
      expiresAt: GOOD.exp,
    });
    expect(codeOf({ ...GOOD, aud: 'sluice.dev' })).toBe('ok');
  });

  it.each<[string, object]>([
    ['TokenAudience', { aud: [] }],
    ['TokenAudience', { aud: undefined }],
    ['TokenAudience', { aud: 'sluice.dev ' }],
    ['TokenAudience', { aud: 'Sluice.dev' }],
    ['TokenAudience', { aud: ['sluice.dev', 'sluice.dev'] }],
    ['TokenAudience', { aud: [['sluice.dev']] }],
    ['TokenExpired', { exp: seconds - 31, iat: seconds - 631, nbf: seconds - 631 }],
    ['TokenNotYetValid', { nbf: seconds + 31 }],
    ['TokenNotYetValid', { iat: seconds + 31 }],
    ['TokenRejected', { exp: seconds + 3601 }],
    ['TokenRejected', { iat: 0, nbf: 0 }],
    ['TokenMalformed', { exp: undefined }],
    ['TokenMalformed', { exp: '9999999999' }],
    ['TokenMalformed', { iat: undefined }],
    ['TokenMalformed', { nbf: null }],
    ['TokenMalformed', { iss: undefined }],
    ['TokenMalformed', { sub: 'system:serviceaccount:ai-agents:admin' }],
    ['TokenMalformed', { sub: 'system:serviceaccount:ai-agents:support-agent:x' }],
    ['TokenMalformed', { 'kubernetes.io': undefined }],
    ['TokenMalformed', { 'kubernetes.io': 'x' }],
    ['TokenMalformed', { 'kubernetes.io': { ...GOOD['kubernetes.io'], serviceaccount: { name: 'support-agent' } } }],
    ['TokenUnbound', { 'kubernetes.io': { ...GOOD['kubernetes.io'], pod: undefined } }],
    ['TokenUnbound', { 'kubernetes.io': { ...GOOD['kubernetes.io'], pod: { name: 'agent' } } }],
    ['TokenUnbound', { 'kubernetes.io': { ...GOOD['kubernetes.io'], pod: undefined, secret: { name: 's', uid: 'u' } } }],
  ])('%s: %j', (code, change) => {
    expect(codeOf({ ...GOOD, ...change })).toBe(code);
  });

  it('are refused, never thrown at, whatever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (claims, header) => {
        const text = token(claims, header);
        if (checkShape(text) === undefined) expect(readClaims(text, NOW).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(GOOD)), fc.jsonValue(), (claim, value) => {
        expect(() => readClaims(token({ ...GOOD, [claim]: value }), NOW)).not.toThrow();
      }),
    );
  });
});

describe('the shape of a token', () => {
  it.each<[string, string]>([
    ['TokenMalformed', 'a b.c.d'],
    ['TokenMalformed', `${token(GOOD)}.x`],
    ['TokenMalformed', `Bearer ${token(GOOD)}`],
    ['TokenMalformed', `${encode([])}..`],
    ['TokenSignature', token(GOOD, { alg: 'none', kid: 'k' })],
    ['TokenSignature', token(GOOD, { alg: 'None', kid: 'k' })],
    ['TokenSignature', token(GOOD, { alg: 'HS256', kid: 'k' })],
    ['TokenSignature', token(GOOD, { alg: 'PS256', kid: 'k' })],
    ['TokenSignature', token(GOOD, { alg: ['RS256'], kid: 'k' })],
    ['TokenSignature', token(GOOD, { alg: 'RS256' })],
    ['TokenSignature', token(GOOD, { alg: 'RS256', kid: 7 })],
  ])('%s: %.30s', (code, text) => expect(checkShape(text)).toMatchObject({ code }));

  it('is judged without a word of the token in what is said', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: fc.constantFrom(...'ZYXWVQJ789') }), (secret) => {
        for (const text of [
          secret,
          `${secret}.${secret}.${secret}`,
          token({ iss: secret, aud: secret, sub: secret }, { alg: secret }),
        ]) {
          const refusal = checkShape(text) ?? readClaims(text, NOW);
          expect(JSON.stringify(refusal)).not.toContain(secret);
        }
      }),
    );
  });
});
