import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from './chain.ts';
import { certificateFault, type ChainCertificate, isSameIdentity, issueCertificate, type TrustAnchors } from './certificate.ts';
import { clusterLogName, isSidecarChain, kindOfChain, operatorChainName } from './chain-names.ts';
import { checkpointEntry, isCheckpointOf } from './checkpoint.ts';
import { isSignedBy, keyId, newSeed, signingKey } from './keys.ts';

const TIME = '2026-11-21T10:00:00.000000Z';
const anchor = signingKey();
const key = signingKey();
const trust: TrustAnchors = { v: 1, cluster: 'k', keys: [{ id: anchor.id, publicKey: anchor.publicKey, from: TIME }] };
const subject = {
  chain: 'c',
  publicKey: key.publicKey,
  identity: { namespace: 'n', serviceAccount: 's', podUid: 'u' },
  database: 'd/o',
  issued: TIME,
};

/** Another character in this place, of the same alphabet where it is one. */
function flip(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

describe('keys', () => {
  it('are those of RFC 8032, test 1', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString('base64url');
    const one = signingKey(seed);
    expect(Buffer.from(one.publicKey, 'base64url').toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(Buffer.from(one.sign(''), 'base64url').toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
  });

  it('of one seed are one key, and no other', () => {
    const seed = newSeed();
    expect(signingKey(seed).id).toBe(signingKey(seed).id);
    expect(signingKey().id).not.toBe(signingKey().id);
    expect(keyId(key.publicKey)).toBe(key.id);
    expect(JSON.stringify(signingKey(seed))).not.toContain(seed);
  });

  it('a signature holds for its message and in one spelling alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(85), (message, at) => {
        const signature = key.sign(message);
        expect(isSignedBy(key.publicKey, message, signature)).toBe(true);
        expect(isSignedBy(key.publicKey, `${message} `, signature)).toBe(false);
        expect(isSignedBy(anchor.publicKey, message, signature)).toBe(false);
        expect(isSignedBy(key.publicKey, message, flip(signature, at))).toBe(false);
      }),
    );
    const signature = key.sign('m');
    // The last character of 64 bytes carries two bits that nobody reads.
    const other = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter(
      (last) => Buffer.from(signature.slice(0, -1) + last, 'base64url').toString('base64url') === signature,
    );
    expect(other.length).toBeGreaterThan(1);
    for (const last of other)
      expect(isSignedBy(key.publicKey, 'm', signature.slice(0, -1) + last)).toBe(signature.endsWith(last));
    for (const nonsense of ['', '=', `${signature}=`, `${signature} `, undefined, null, 7, {}])
      expect(isSignedBy(key.publicKey, 'm', nonsense as string)).toBe(false);
    for (const nonsense of ['', 'AAAA', undefined]) expect(isSignedBy(nonsense as string, 'm', signature)).toBe(false);
  });

  it('of a wrong length are refused', () => {
    for (const nonsense of ['', 'AAAA', `${newSeed()}A`, 'ä']) expect(() => signingKey(nonsense)).toThrow(RangeError);
  });
});

describe('certificates', () => {
  const certificate = issueCertificate(anchor, subject);

  it('hold under the anchor that signed, and no other', () => {
    expect(certificateFault(certificate, trust)).toBeUndefined();
    expect(certificateFault(JSON.parse(JSON.stringify(certificate)), trust)).toBeUndefined();
    expect(certificateFault(issueCertificate(key, subject), trust)).toMatch(/not among the trusted keys/);
    const forged: TrustAnchors = { ...trust, keys: [{ ...trust.keys[0]!, publicKey: key.publicKey }] };
    expect(certificateFault(issueCertificate(anchor, subject), forged)).toMatch(/not the one of that name/);
  });

  it('without a Database hold as well, and cannot be given one', () => {
    const { database, ...own } = subject;
    const without = issueCertificate(anchor, own);
    expect(certificateFault(without, trust)).toBeUndefined();
    expect(certificateFault({ ...without, database }, trust)).toMatch(/signature/);
  });

  it('with any field changed, missing or added do not hold', () => {
    for (const field of Object.keys(certificate) as (keyof ChainCertificate)[]) {
      const { [field]: value, ...rest } = certificate;
      expect(certificateFault(rest, trust)).toBeDefined();
      expect(certificateFault({ ...certificate, [field]: typeof value === 'string' ? flip(value, 0) : 2 }, trust)).toBeDefined();
    }
    expect(certificateFault({ ...certificate, more: 1 }, trust)).toBeDefined();
    expect(certificateFault({ ...certificate, identity: { ...certificate.identity, node: 'x' } }, trust)).toBeDefined();
    for (const nonsense of [null, undefined, 1, 'x', [], {}]) expect(certificateFault(nonsense, trust)).toBeDefined();
  });

  it('are not issued for what is no key', () => {
    expect(() => issueCertificate(anchor, { ...subject, publicKey: 'AAAA' })).toThrow(RangeError);
  });

  it('what a pod says of itself agrees in what both name', () => {
    const identity = { namespace: 'n', serviceAccount: 's' };
    expect(isSameIdentity(identity, { ...identity, podUid: 'u' })).toBe(true);
    expect(isSameIdentity({ ...identity, podUid: 'v' }, { ...identity, podUid: 'u' })).toBe(false);
    expect(isSameIdentity({ ...identity, serviceAccount: 't' }, identity)).toBe(false);
    expect(isSameIdentity({ namespace: 'n' }, identity)).toBe(false);
  });
});

describe('checkpoints', () => {
  const chain = new Chain();
  chain.seal({ type: 'event', event: 'x', detail: {} }, TIME);
  const line = chain.seal(checkpointEntry({ chain: 'c', key }), TIME).slice(0, -1);

  it('are records of their chain like others', () => {
    expect(JSON.parse(line)).toMatchObject({ v: 1, seq: 1, time: TIME, type: 'checkpoint', key: key.id });
    expect(chain.head.seq).toBe(2);
    expect(isCheckpointOf(line, 'c', key.publicKey)).toBe(true);
    expect(isCheckpointOf(Buffer.from(line), 'c', key.publicKey)).toBe(true);
  });

  it('hold for no other chain, key, or byte', () => {
    expect(isCheckpointOf(line, 'd', key.publicKey)).toBe(false);
    expect(isCheckpointOf(line, 'c', anchor.publicKey)).toBe(false);
    for (let at = 0; at < line.length; at += 1) {
      expect(isCheckpointOf(flip(line, at), 'c', key.publicKey)).toBe(false);
      expect(isCheckpointOf(line.slice(0, at) + line.slice(at + 1), 'c', key.publicKey)).toBe(false);
      expect(isCheckpointOf(`${line.slice(0, at)} ${line.slice(at)}`, 'c', key.publicKey)).toBe(false);
    }
    const record = JSON.parse(line) as object;
    expect(isCheckpointOf(JSON.stringify({ ...record, more: 1 }), 'c', key.publicKey)).toBe(false);
    expect(isCheckpointOf(JSON.stringify({ more: 1, ...record }), 'c', key.publicKey)).toBe(false);
  });
});

it('the name of a chain says what it is, and a sidecar may not take one of the operator', () => {
  expect([clusterLogName('k'), clusterLogName('k', 2)]).toEqual(['cluster-k', 'cluster-k.2']);
  expect(kindOfChain(clusterLogName('k'))).toBe('cluster');
  expect(kindOfChain(operatorChainName('x'))).toBe('operator');
  const drawn = 'a8098c1a-f86e-41da-bd1a-00112444be1e';
  expect([kindOfChain(drawn), isSidecarChain(drawn)]).toEqual(['sidecar', true]);
  for (const chain of [clusterLogName(drawn), operatorChainName(drawn), '', `${drawn}\n`, `${drawn} `])
    expect(isSidecarChain(chain)).toBe(false);
});
