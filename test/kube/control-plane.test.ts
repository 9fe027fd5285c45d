import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer } from 'node:https';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes('the control plane that tests run on');

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  beforeAll(async () => {
    kube = await startControlPlane();
  });
  afterAll(() => kube?.stop());

  test('authorises by RBAC', async () => {
    expect((await kube.request('GET', '/api/v1/namespaces/default')).status).toBe(200);
    expect((await kube.request('GET', '/api/v1/namespaces/default', undefined, { token: kube.nobodyToken })).status).toBe(403);
    expect((await kube.request('GET', '/api/v1/namespaces/default', undefined, { token: 'wrong' })).status).toBe(401);
  });

  test('kubectl, helm, and tokens of service accounts', async () => {
    expect(kube.kubectl(['create', 'namespace', 'agents'])).toContain('created');
    expect(kube.helm(['version', '--short'])).toContain('v3');
    await expect
      .poll(async () => (await kube.request('GET', '/api/v1/namespaces/agents/serviceaccounts/default')).status)
      .toBe(200);
    const token = await kube.serviceAccountToken('agents', 'default');
    const review = await kube.request<{ status: { user: { username: string } } }>(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'SelfSubjectReview',
      },
      { token },
    );
    expect(review.body).toMatchObject({ status: { userInfo: { username: 'system:serviceaccount:agents:default' } } });
  });

  test('reaches a webhook behind a Service by name, over loopback only', async () => {
    const { certificate, key, authority } = await makeLocalCertificate(['hook.default.svc'], Date.now());
    let asked = 0;
    const server = createServer({ cert: certificate, key }, (request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        asked += 1;
        const { uid } = JSON.parse(body).request;
        response.end(
          JSON.stringify({
            apiVersion: 'admission.k8s.io/v1',
            kind: 'AdmissionReview',
            response: { uid, allowed: false, status: { message: 'not today' } },
          }),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await kube.request('POST', '/api/v1/namespaces/default/services', {
        metadata: { name: 'hook' },
        spec: { ports: [{ port: 443 }] },
      });
      kube.route({ namespace: 'default', name: 'hook', port: 443 }, (server.address() as { port: number }).port);
      await kube.request('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
        metadata: { name: 'hook' },
        webhooks: [
          {
            name: 'hook.example.com',
            clientConfig: {
              service: { namespace: 'default', name: 'hook' },
              caBundle: Buffer.from(authority).toString('base64'),
            },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            failurePolicy: 'Fail',
          },
        ],
      });
      await expect
        .poll(
          async () =>
            (await kube.request('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', { metadata: { generateName: 'x' } }))
              .body,
        )
        .toMatchObject({ message: expect.stringContaining('not today') });
      expect(asked).toBeGreaterThan(0);
    } finally {
      server.close();
      await kube.request('DELETE', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hook');
    }
  });

  test('its API server can be restarted, and its signing key rotated', async () => {
    const old = await kube.serviceAccountToken('default', 'default');
    await kube.rotateServiceAccountKey();
    for (const token of [old, await kube.serviceAccountToken('default', 'default')]) {
      expect((await kube.request('GET', '/api', undefined, { token })).status).toBe(200);
    }
  });
});
