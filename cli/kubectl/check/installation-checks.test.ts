/** What a running cluster seldom shows; the rest is in test/kube/kubectl.test.ts, on a real one. */
import { expect, test } from 'vitest';
import { makeLocalCertificate } from '../../../sidecar/listen/local-certificate.ts';
import type { Gathered } from './gather.ts';
import { checkKubernetes, checkOperator, checkWebhook } from './installation-checks.ts';

const NOW = Date.parse('2026-11-28T00:00:00Z');
const missing = { problem: { kind: 'missing', message: 'not found' } } as const;
const NOTHING: Gathered = {
  version: { value: { major: '1', minor: '34', gitVersion: 'v1.34.0' } },
  crds: [],
  webhooks: { value: [] },
  installations: [{ release: 'sluice', namespace: 'system' }],
  installation: { release: 'sluice', namespace: 'system' },
  settings: missing,
  deployment: missing,
  lease: missing,
  admissionPolicies: { value: [] },
  policyBindings: { value: [] },
  databases: { value: [] },
  policies: { value: [] },
  pods: { value: [] },
};

test.each([
  ['1', '29', 'v1.29.3', 'failed'],
  ['1', '30', 'v1.30.0', 'ok'],
  ['1', '31+', 'v1.31.2-gke.1', 'ok'],
  ['2', '0', 'v2.0.0', 'ok'],
])('Kubernetes %s.%s', (major, minor, gitVersion, outcome) => {
  expect(checkKubernetes({ ...NOTHING, version: { value: { major, minor, gitVersion } } })).toMatchObject([{ outcome }]);
});

test('an API server that does not answer is the one thing that is said', () => {
  const version = { problem: { kind: 'unreachable', message: 'connect ECONNREFUSED 127.0.0.1:6443' } } as const;
  expect(checkKubernetes({ ...NOTHING, version })).toMatchObject([
    { outcome: 'failed', hint: 'connect ECONNREFUSED 127.0.0.1:6443' },
  ]);
});

const lease = (seconds: number, holderIdentity = 'operator-0') => ({
  value: {
    metadata: { name: 'sluice-leader' },
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: new Date(NOW - seconds * 1000).toISOString() },
  },
});

test.each([
  [lease(5), 'operator-0 reconciles'],
  [lease(5, 'operator-0_0f319184-a383'), 'operator-0 reconciles'],
  [lease(-30), 'operator-0 reconciles'],
  [lease(300), 'operator-0 renewed the Lease 300 s ago, and should have done so since'],
  [lease(5, ''), 'no replica holds the Lease'],
])('the Lease', (held, message) => {
  expect(checkOperator({ ...NOTHING, lease: held }, NOW, '1.0.0').map((each) => each.message)).toContain(message);
});

const deployment = (readyReplicas: number, version: string) => ({
  value: {
    metadata: { name: 'sluice-operator', namespace: 'system', labels: { 'app.kubernetes.io/version': version } },
    spec: { replicas: 2 },
    status: { readyReplicas },
  },
});

test.each([
  [deployment(2, '1.0.0'), 'ok', '2 of 2 replicas are ready, version 1.0.0'],
  [deployment(1, '1.0.0'), 'warning', '1 of 2 replicas of system/sluice-operator are ready'],
  [deployment(0, '1.0.0'), 'failed', 'no replica of system/sluice-operator is ready'],
  [deployment(2, '1.1.0'), 'warning', 'the operator is 1.1.0, this command 1.0.0'],
])('replicas', (given, outcome, message) => {
  expect(checkOperator({ ...NOTHING, deployment: given }, NOW, '1.0.0')).toContainEqual(
    expect.objectContaining({ outcome, message }),
  );
});

async function authorities(...from: number[]): Promise<string> {
  const made = await Promise.all(from.map((at) => makeLocalCertificate(['sluice-webhook.system.svc'], at)));
  return Buffer.from(made.map((each) => each.authority).join('')).toString('base64');
}

const registered = (caBundle: string): Gathered => ({
  ...NOTHING,
  webhooks: {
    value: [
      {
        metadata: { name: 'sluice.system.sluice.dev' },
        webhooks: [
          {
            name: 'inject.sluice.dev',
            failurePolicy: 'Ignore',
            clientConfig: { caBundle, service: { namespace: 'system', name: 'sluice-webhook' } },
          },
        ],
      },
    ],
  },
});

test('an authority that ends counts by the last of the bundle', async () => {
  const [old, fresh] = [NOW - 30 * 365 * 86_400_000, NOW];
  const said = async (...from: number[]) =>
    checkWebhook(registered(await authorities(...from)), NOW).map((each) => `${each.outcome}: ${each.message}`);
  expect((await said(old))[1]).toMatch(/^failed: the authority of the webhook ended on /);
  expect((await said(old, fresh))[1]).toMatch(/^ok: its authority is good until /);
  expect(checkWebhook(registered(''), NOW)[1]).toMatchObject({
    outcome: 'failed',
    message: expect.stringMatching(/caBundle is empty/),
  });
  expect(checkWebhook(registered('bm90aGluZw=='), NOW)[1]).toMatchObject({ message: 'caBundle holds no certificate' });
  expect((await said(fresh))[2]).toBe('warning: annotated pods start without a sidecar while no replica answers');
});
