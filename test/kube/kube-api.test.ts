/** The client of the operator against a real API server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClosableKubeApi, createKubeApi } from '../../operator/api/create-kube-api.ts';
import { kubeconfigCredentials } from '../../operator/api/kubeconfig.ts';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  type KubeObject,
  NAMESPACES,
  SERVICE_ACCOUNTS,
} from '../../operator/api/kube-api.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const { skip, title } = needsKubernetes('the Kubernetes API, as the operator uses it');

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let api: ClosableKubeApi;
  const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({
    metadata: { namespace: 'default', name },
    data,
  });

  beforeAll(async () => {
    kube = await startControlPlane();
    api = createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfig }) });
  });
  afterAll(async () => {
    await api?.close();
    await kube?.stop();
  });

  it('creates, reads, replaces, patches in three ways, deletes', async () => {
    const ref = { namespace: 'default', name: 'one' };
    const created = await api.create<ConfigMap>(CONFIG_MAPS, map('one', { a: '1' }));
    expect(await api.get(CONFIG_MAPS, ref)).toEqual(created);
    const replaced = await api.replace<ConfigMap>(CONFIG_MAPS, { ...created, data: { a: '2' } });
    await expect(api.replace<ConfigMap>(CONFIG_MAPS, { ...created, data: { a: '3' } })).rejects.toMatchObject({
      status: 409,
      reason: 'Conflict',
    });
    expect(replaced.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion);
    const merged = await api.patch<ConfigMap>(CONFIG_MAPS, ref, { data: { b: '1' } }, { type: 'merge' });
    expect(merged.data).toEqual({ a: '2', b: '1' });
    const json = [{ op: 'remove', path: '/data/a' }];
    expect((await api.patch<ConfigMap>(CONFIG_MAPS, ref, json, { type: 'json' })).data).toEqual({ b: '1' });
    const applied = await api.patch<ConfigMap>(
      CONFIG_MAPS,
      ref,
      { apiVersion: 'v1', kind: 'ConfigMap', data: { c: '1' } },
      { type: 'apply', fieldManager: 'sluice-test', force: true },
    );
    expect(applied.data).toEqual({ b: '1', c: '1' });
    await api.delete(CONFIG_MAPS, ref);
    await expect(api.get(CONFIG_MAPS, ref)).rejects.toMatchObject({ name: 'ApiError', status: 404, reason: 'NotFound' });
  });

  it('says what went wrong in the words of the server', async () => {
    await api.create(CONFIG_MAPS, map('two'));
    await expect(api.create(CONFIG_MAPS, map('two'))).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists' });
    await expect(api.create(CONFIG_MAPS, map('Not_A_Name'))).rejects.toMatchObject({ status: 422, reason: 'Invalid' });
    const nobody = createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfigFor(kube.nobodyToken) }) });
    await expect(nobody.list(CONFIG_MAPS)).rejects.toMatchObject({ status: 403, reason: 'Forbidden' });
    const wrong = createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfigFor('wrong-token') }) });
    await expect(wrong.list(CONFIG_MAPS)).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' });
    await Promise.all([nobody.close(), wrong.close()]);
  });

  it('lists page by page, as a watch would give them', async () => {
    for (let each = 0; each < 5; each += 1)
      await api.create(CONFIG_MAPS, { ...map(`page-${each}`), ...labelled(`page-${each}`) });
    const names: string[] = [];
    let next: string | undefined;
    do {
      const page = await api.list<ConfigMap>(CONFIG_MAPS, {
        namespace: 'default',
        labelSelector: 'of=pages',
        limit: 2,
        ...(next === undefined ? {} : { continue: next }),
      });
      for (const each of page.items) {
        expect(each).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
        names.push(each.metadata.name);
      }
      next = page.continue;
    } while (next !== undefined);
    expect(names).toEqual(['page-0', 'page-1', 'page-2', 'page-3', 'page-4']);
  });

  function labelled(name: string): ConfigMap {
    return { metadata: { namespace: 'default', name, labels: { of: 'pages' } } };
  }

  it('watches from a resourceVersion on, big objects included, until the time is up', async () => {
    const { resourceVersion } = await api.list(CONFIG_MAPS, { namespace: 'default', limit: 1 });
    const watched: string[] = [];
    const watching = (async () => {
      const signal = new AbortController().signal;
      const options = { namespace: 'default', fieldSelector: 'metadata.name=big', resourceVersion, timeoutSeconds: 3, signal };
      for await (const event of api.watch<ConfigMap>(CONFIG_MAPS, options)) {
        watched.push(event.type === 'ADDED' ? `ADDED ${event.object.data?.['a']?.length}` : event.type);
      }
    })();
    await api.create(CONFIG_MAPS, map('big', { a: 'ä'.repeat(400_000) }));
    await api.delete(CONFIG_MAPS, { namespace: 'default', name: 'big' });
    await watching;
    // A bookmark comes shortly before the end.
    expect(watched.filter((type) => type !== 'BOOKMARK')).toEqual(['ADDED 400000', 'DELETED']);
  });

  it('a watch from a version that is yet to come is silent, so only a list can tell that etcd was set back', async () => {
    const next = async (resourceVersion: string): Promise<unknown> => {
      const options = { resourceVersion, timeoutSeconds: 1, signal: new AbortController().signal };
      for await (const event of api.watch(CONFIG_MAPS, options)) return event;
      return undefined;
    };
    const future = next('99999999');
    await api.create(CONFIG_MAPS, map('meanwhile'));
    expect(await future).toBeUndefined();
    await expect(next('garbage')).rejects.toMatchObject({ name: 'ApiError' });
  });

  it('other paths and other groups', async () => {
    expect(await api.request<{ issuer: string }>('GET', '/.well-known/openid-configuration')).toMatchObject({
      issuer: 'https://kubernetes.default.svc.cluster.local',
    });
    await api.create(NAMESPACES, { metadata: { name: 'agents' } });
    await api.create(SERVICE_ACCOUNTS, { metadata: { namespace: 'agents', name: 'bot' } });
    const path = '/api/v1/namespaces/agents/serviceaccounts/bot/token';
    const answer = await api.request<{ status: { token: string } }>('POST', path, { spec: { audiences: ['sluice.dev'] } });
    expect(answer.status.token.split('.')).toHaveLength(3);
    expect((await api.list(CUSTOM_RESOURCE_DEFINITIONS)).items).toEqual([]);
  });

  it('is there again after the API server was', async () => {
    await kube.stopApiServer();
    await expect(api.list(CONFIG_MAPS)).rejects.toMatchObject({ name: 'ApiUnreachableError', kind: 'refused' });
    await kube.startApiServer();
    expect((await api.list(CONFIG_MAPS)).items.length).toBeGreaterThan(0);
  });
});
