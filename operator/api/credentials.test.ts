import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { inClusterCredentials } from './credentials.ts';
import { findCredentials, kubeconfigCredentials, kubeconfigTextCredentials } from './kubeconfig.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

describe('credentials of a pod', () => {
  let folder: string;
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-account-'));
    write('token', 'first\n');
    write('ca.crt', 'CA 1');
    write('namespace', 'sluice-system');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('follow the kubelet when it rotates the token, and keep the last one while there is none', async () => {
    const clock = manualClock();
    const credentials = await inClusterCredentials({ env: POD, folder, clock });
    expect(credentials).toMatchObject({ server: 'https://10.96.0.1:443', namespace: 'sluice-system' });
    expect(await credentials.headers()).toEqual({ authorization: 'Bearer first' });
    write('token', 'second');
    await clock.advance(10_000);
    expect(await credentials.headers()).toEqual({ authorization: 'Bearer second' });
    write('token', '');
    await clock.advance(10_000);
    expect(await credentials.headers()).toEqual({ authorization: 'Bearer second' });
  });

  it('are read again at once after a 401', async () => {
    const credentials = await inClusterCredentials({ env: POD, folder, clock: manualClock() });
    write('token', 'second');
    expect(await credentials.headers()).toEqual({ authorization: 'Bearer first' });
    credentials.refused();
    expect(await credentials.headers()).toEqual({ authorization: 'Bearer second' });
  });

  it('give the same TLS material until the CA changes', async () => {
    const clock = manualClock();
    const credentials = await inClusterCredentials({ env: POD, folder, clock });
    const first = await credentials.tls();
    await clock.advance(10_000);
    expect(await credentials.tls()).toBe(first);
    write('ca.crt', 'CA 2');
    await clock.advance(10_000);
    expect(await credentials.tls()).toEqual({ ca: 'CA 2' });
  });

  it('know addresses of both families, and say when this is no pod', async () => {
    const six = await inClusterCredentials({ env: { ...POD, KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder });
    expect(six.server).toBe('https://[fd00::1]:443');
    await expect(inClusterCredentials({ env: {}, folder })).rejects.toThrow('this is no pod');
    await expect(inClusterCredentials({ env: POD, folder: join(folder, 'none') })).rejects.toMatchObject({ kind: 'credentials' });
    expect((await findCredentials({ env: POD, folder })).server).toBe('https://10.96.0.1:443');
  });
});

describe('credentials of a kubeconfig', () => {
  const text = (cluster: object, user: object): string =>
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443/', ...cluster } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'data' } }],
      'current-context': 'x',
    });
  const base64 = (value: string): string => Buffer.from(value).toString('base64');

  it('token, CA, client certificate', async () => {
    const credentials = await kubeconfigTextCredentials(
      text(
        { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' },
        { token: 'abc', 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
      ),
    );
    expect(credentials).toMatchObject({ server: 'https://127.0.0.1:6443', namespace: 'data' });
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer abc' });
    const tls = await credentials.tls();
    expect(tls).toEqual({ ca: Buffer.from('CA'), cert: Buffer.from('CERT'), key: Buffer.from('KEY'), servername: 'kubernetes' });
    expect(await credentials.tls()).toBe(tls);
  });

  it('exec plugins are run; what a failing one wrote is not repeated', async () => {
    const exec = (script: string): object => ({
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] },
    });
    const good = await kubeconfigTextCredentials(text({}, exec('console.log(JSON.stringify({status:{token:"from-plugin"}}))')));
    expect(await good.headers()).toEqual({ Authorization: 'Bearer from-plugin' });
    const bad = await kubeconfigTextCredentials(text({}, exec('console.error("hunter2");process.exit(1)')));
    const failure = (await bad.headers().catch((error: unknown) => error)) as Error;
    expect(failure.message).toContain('credential plugin failed');
    expect(failure.message + String(failure.cause)).not.toContain('hunter2');
  });

  it('says where it has looked', async () => {
    vi.stubEnv('HOME', '/nowhere');
    vi.stubEnv('KUBECONFIG', '');
    try {
      await expect(kubeconfigCredentials()).rejects.toThrow('there is no kubeconfig');
      vi.stubEnv('KUBECONFIG', '/nowhere/kubeconfig');
      await expect(kubeconfigCredentials()).rejects.toThrow('/nowhere/kubeconfig cannot be read: ENOENT');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('says what it cannot do, without quoting the file', async () => {
    await expect(kubeconfigTextCredentials(text({ 'proxy-url': 'http://proxy:3128' }, {}))).rejects.toThrow('proxy-url');
    await expect(kubeconfigTextCredentials('{"current-context": "x"}')).rejects.toThrow('names no cluster');
    const failure = (await kubeconfigTextCredentials('token: "hunter2').catch((error: unknown) => error)) as Error;
    expect(failure.message).toContain('no valid kubeconfig');
    expect(failure.message + String(failure.cause)).not.toContain('hunter2');
  });
});
