/** When an authority follows another, and what a Secret must hold. */
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SecretData } from './agreed-secret.ts';
import {
  announce,
  type Authorities,
  found,
  nextStep,
  parseAuthorities,
  promote,
  prune,
  STREAM_SUCCESSION,
  type Succession,
  unexpired,
  WEBHOOK_SUCCESSION,
} from './succession.ts';
import { certificatesOf, issueAuthority, issueLeaf, type KeyPair, validityOf } from '../../core/certificates/x509.ts';
import { serviceNames } from './service-names.ts';

const DAY = 24 * 3600_000;
const START = Date.parse('2026-11-28T00:00:00Z');
const SHORT: Succession = { lifetime: 90 * DAY, announceBefore: 30 * DAY, promoteAfter: 10 * DAY };

const make = (now: number, lifetime = SHORT.lifetime): Promise<KeyPair> =>
  issueAuthority('test', { from: now, until: now + lifetime });

describe('a succession', () => {
  it('announces, promotes, and forgets what has expired, in that order', async () => {
    const first = await make(START);
    let state = parseAuthorities(found(first, START));
    expect(state.trusted).toEqual([first.certificate]);
    expect(nextStep(state, START + 59 * DAY, SHORT)).toBeUndefined();
    const announced = START + 60 * DAY;
    expect(nextStep(state, announced, SHORT)).toBe('announce');
    const second = await make(announced);
    state = parseAuthorities(announce(state, second, announced));
    expect(state.signing.certificate).toBe(first.certificate);
    expect(new Set(state.trusted)).toEqual(new Set([first.certificate, second.certificate]));
    expect(nextStep(state, announced + 9 * DAY, SHORT)).toBeUndefined();
    expect(nextStep(state, announced + 10 * DAY, SHORT)).toBe('promote');
    state = parseAuthorities(promote(state, announced + 10 * DAY));
    expect(state.signing).toEqual(second);
    expect(state.next).toBeUndefined();
    expect(new Set(state.trusted)).toEqual(new Set([first.certificate, second.certificate]));
    expect(nextStep(state, START + 89 * DAY, SHORT)).toBeUndefined();
    expect(nextStep(state, START + 90 * DAY, SHORT)).toBe('prune');
    expect(unexpired(state, START + 90 * DAY)).toEqual([second.certificate]);
    state = parseAuthorities(prune(state, START + 90 * DAY));
    expect(state.trusted).toEqual([second.certificate]);
    expect(nextStep(state, START + 90 * DAY, SHORT)).toBeUndefined();
  });

  it('does not wait when the one that signs has expired already', async () => {
    let state = parseAuthorities(found(await make(START), START));
    const late = START + 400 * DAY;
    expect(nextStep(state, late, SHORT)).toBe('announce');
    state = parseAuthorities(announce(state, await make(late), late));
    expect(nextStep(state, late, SHORT)).toBe('promote');
    state = parseAuthorities(promote(state, late));
    expect(state.trusted).toEqual([state.signing.certificate]);
  });

  it('replaces a successor that has expired before it ever signed', async () => {
    let state = parseAuthorities(found(await make(START, 4000 * DAY), START));
    state = parseAuthorities(announce(state, await make(START, DAY), START));
    const later = START + 2 * DAY;
    expect(nextStep(state, later, { ...SHORT, promoteAfter: 100 * DAY })).toBe('announce');
    const another = await make(later);
    state = parseAuthorities(announce(state, another, later));
    expect(state.next).toEqual(another);
    expect(state.trusted).toHaveLength(2);
  });

  it.each([
    ['webhook', WEBHOOK_SUCCESSION],
    ['stream', STREAM_SUCCESSION],
  ])('of the %s authority: whoever signs is trusted before, whenever anybody looks', async (_, succession) => {
    const pairs = await Promise.all([0, 1, 2, 3].map(() => make(START, 10_000 * DAY)));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 }), async (pauses) => {
        let now = START;
        let state: Authorities = parseAuthorities(found(pairs[0]!, now));
        const trustedBefore = new Set(state.trusted);
        for (const pause of pauses) {
          now += pause * DAY;
          const step = nextStep(state, now, succession);
          if (step === 'announce') state = parseAuthorities(announce(state, await make(now, succession.lifetime), now));
          if (step === 'promote') state = parseAuthorities(promote(state, now));
          if (step === 'prune') state = parseAuthorities(prune(state, now));
          expect(trustedBefore.has(state.signing.certificate)).toBe(true);
          expect(unexpired(state, now)).toContain(state.signing.certificate);
          for (const each of state.trusted) trustedBefore.add(each);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a Secret', () => {
  let good: SecretData;
  let other: KeyPair;
  beforeAll(async () => {
    good = found(await make(START), START);
    other = await make(START);
  });
  const problem = (change: (data: Record<string, Buffer | undefined>) => void): string => {
    const data: Record<string, Buffer | undefined> = { ...good };
    change(data);
    try {
      parseAuthorities(Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined)) as SecretData);
    } catch (error) {
      return (error as Error).message;
    }
    return 'none';
  };

  it.each<[string, (data: Record<string, Buffer | undefined>) => void]>([
    ['none', () => {}],
    [
      'it has no tls.crt and tls.key',
      (data) => {
        data['tls.crt'] = data['tls.key'] = undefined;
      },
    ],
    [
      'it has tls.crt but no tls.key',
      (data) => {
        data['tls.key'] = undefined;
      },
    ],
    [
      'tls.crt holds no certificate',
      (data) => {
        data['tls.crt'] = undefined;
      },
    ],
    [
      'tls.crt holds no certificate',
      (data) => {
        data['tls.crt'] = Buffer.from('garbage');
      },
    ],
    [
      'tls.crt holds something that is no certificate',
      (data) => {
        data['tls.crt'] = Buffer.from(data['tls.crt']!.toString().replace('MII', 'MIX'));
      },
    ],
    [
      'tls.key is not the key of tls.crt',
      (data) => {
        data['tls.key'] = Buffer.from(other.key);
      },
    ],
    [
      'tls.key is not the key of tls.crt',
      (data) => {
        data['tls.key'] = Buffer.from('garbage');
      },
    ],
    [
      'it has next.crt but no next.key',
      (data) => {
        data['next.crt'] = Buffer.from(other.certificate);
      },
    ],
    [
      'next.crt holds no certificate',
      (data) => {
        data['next.key'] = Buffer.from(other.key);
      },
    ],
    [
      'ca.crt holds something that is no certificate',
      (data) => {
        data['ca.crt'] = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      },
    ],
  ])('%s', (expected, change) => expect(problem(change)).toBe(expected));

  it('a leaf is not taken for an authority', async () => {
    const leaf = await issueLeaf(other, ['x.svc'], { from: START, until: START + DAY });
    expect(
      problem((data) => {
        data['tls.crt'] = Buffer.from(leaf.certificate);
        data['tls.key'] = Buffer.from(leaf.key);
      }),
    ).toBe('tls.crt is not the certificate of an authority');
  });

  it('has nothing of its key in what is said about it', () => {
    const secret = good['tls.key']!.toString().split('\n')[1]!;
    expect(
      problem((data) => {
        data['tls.crt'] = Buffer.from(other.certificate);
      }),
    ).not.toContain(secret);
  });
});

describe('a leaf', () => {
  it('has the names of its Service, is for servers, and does not outlive its authority', async () => {
    const authority = await make(START, DAY);
    const names = serviceNames('sluice-webhook', 'sluice-system', 'cluster.local');
    const leaf = await issueLeaf(authority, [...names, '127.0.0.1', '::1'], { from: START, until: START + 7 * DAY });
    const [certificate] = certificatesOf(leaf.certificate);
    const [issuer] = certificatesOf(authority.certificate);
    expect(names[0]).toBe('sluice-webhook.sluice-system.svc');
    for (const name of names) expect(certificate!.checkHost(name)).toBe(name);
    expect(certificate!.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate!.checkHost('other.svc')).toBeUndefined();
    expect(certificate!.checkIssued(issuer!)).toBe(true);
    expect(certificate!.verify(issuer!.publicKey)).toBe(true);
    expect(certificate!.ca).toBe(false);
    expect(certificate!.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(validityOf(certificate!).until).toBe(validityOf(issuer!).until);
  });

  it.each([
    ['RSA, PKCS #1', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'pkcs1' as const],
    ['P-384, SEC 1', () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey, 'sec1' as const],
  ])('may be signed with a key from elsewhere: %s', async (_, generate, type) => {
    const x509 = await import('@peculiar/x509');
    const { webcrypto } = await import('node:crypto');
    x509.cryptoProvider.set(webcrypto as never);
    const key = generate();
    const rsa = key.asymmetricKeyType === 'rsa';
    const algorithm = rsa ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : { name: 'ECDSA', namedCurve: 'P-384' };
    const { createPublicKey } = await import('node:crypto');
    const privateKey = await webcrypto.subtle.importKey('pkcs8', key.export({ format: 'der', type: 'pkcs8' }), algorithm, true, [
      'sign',
    ]);
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
    const publicKey = await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=elsewhere',
      notBefore: new Date(START),
      notAfter: new Date(START + DAY),
      signingAlgorithm: { ...algorithm, hash: 'SHA-256' } as never,
      keys: { privateKey, publicKey } as never,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    const pem = certificate.toString('pem');
    const data = { 'tls.crt': Buffer.from(pem), 'tls.key': Buffer.from(key.export({ format: 'pem', type }) as string) };
    const { signing } = parseAuthorities(data);
    const leaf = await issueLeaf(signing, ['x.svc'], { from: START, until: START + DAY });
    expect(certificatesOf(leaf.certificate)[0]!.verify(certificatesOf(pem)[0]!.publicKey)).toBe(true);
  });
});
