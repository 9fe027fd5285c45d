/** What is in the Secret. How replicas agree on it: test/kube/audit-keys.test.ts. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificateFault, issueCertificate } from '../../core/audit/certificate.ts';
import { signingKey } from '../../core/audit/keys.ts';
import { SecretProblem } from '../certs/agreed-secret.ts';
import { deriveDigestKey, parseAuditSecrets, trustAnchors } from './audit-keys.ts';

const data = {
  cluster: Buffer.from('a8098c1a-f86e-41da-bd1a-00112444be1e'),
  master: Buffer.alloc(32, 1),
  'sign-20261129060000': Buffer.alloc(32, 3),
  'sign-20261128060000': Buffer.alloc(32, 2),
};

describe('the audit keys', () => {
  it('are read in the order of their names, and what they certify holds under the anchors', () => {
    const secrets = parseAuditSecrets(data);
    const trust = trustAnchors(secrets);
    expect(trust).toMatchObject({
      v: 1,
      cluster: 'a8098c1a-f86e-41da-bd1a-00112444be1e',
      keys: [{ from: '2026-11-28T06:00:00Z' }, { from: '2026-11-29T06:00:00Z' }],
    });
    expect(JSON.stringify(trust)).not.toContain(Buffer.alloc(32, 2).toString('base64url'));
    for (const { key } of secrets.signing) {
      const { publicKey } = signingKey();
      const certificate = issueCertificate(key, {
        chain: 'c',
        publicKey,
        identity: { namespace: 'n', serviceAccount: 's' },
        issued: '2026-11-29T06:00:00Z',
      });
      expect(certificateFault(certificate, trust)).toBeUndefined();
    }
  });

  it('that are not what they should be are named, without what is in them', () => {
    const faults: readonly [Record<string, Buffer>, RegExp][] = [
      [{ ...data, cluster: Buffer.from('A B') }, /"cluster"/],
      [{ ...data, master: Buffer.alloc(31, 65) }, /"master" has 31 bytes/],
      [{ cluster: data.cluster, master: data.master }, /no signing key/],
      [{ ...data, 'sign-x': Buffer.alloc(32) }, /"sign-x" is no name/],
      [{ ...data, 'sign-20261130060000': Buffer.alloc(33, 65) }, /33 bytes/],
    ];
    for (const [wrong, message] of faults) {
      expect(() => parseAuditSecrets(wrong)).toThrow(SecretProblem);
      expect(() => parseAuditSecrets(wrong)).toThrow(message);
      expect(() => parseAuditSecrets(wrong)).not.toThrow(/AAAA/);
    }
  });

  it('give each Database a key of its own, always the same', () => {
    const master = randomBytes(32);
    const keys = ['a/b', 'a/c', 'ab'].map((database) => deriveDigestKey(master, database).toString('hex'));
    expect(new Set(keys).size).toBe(3);
    expect(keys[0]).toHaveLength(64);
    expect(deriveDigestKey(master, 'a/b').toString('hex')).toBe(keys[0]);
    expect(deriveDigestKey(randomBytes(32), 'a/b').toString('hex')).not.toBe(keys[0]);
    // Pinned: a release that derived another key would find nothing of what was recorded before.
    expect(deriveDigestKey(Buffer.alloc(32, 1), 'data/shop').toString('hex')).toMatchInlineSnapshot(
      `"32f60fbaa3e75f420a918db0466293414d55138c69cd959890ac1cb6c7caf820"`,
    );
  });
});
