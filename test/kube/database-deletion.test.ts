/** Deleting a Database that pods are bound to needs an annotation (charts/sluice/templates/database-deletion.yaml). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { needsKubernetes } from './binaries.ts';
import { applyCrds, renderChart } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { putDatabase } from './databases.ts';
import { eventually } from '../support/until.ts';

const { skip, title } = needsKubernetes('deleting Databases');
const PATH = '/apis/sluice.dev/v1alpha1/namespaces/data-platform/databases';
const MERGE = { contentType: 'application/merge-patch+json' };
const SPEC = { endpoint: { host: 'db', database: 'orders' } };

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;

  beforeAll(async () => {
    kube = await startControlPlane();
    applyCrds(kube);
    await kube.request('POST', '/api/v1/namespaces', { metadata: { name: 'data-platform' } });
    const items = parseAllDocuments(renderChart(kube))
      .map((each) => each.toJS() as { kind?: string; metadata: { name: string } } | null)
      .filter((each) => each?.metadata.name.startsWith('database-deletion.'));
    expect(items).toHaveLength(2);
    kube.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    // It takes effect a moment later.
    let count = 0;
    await eventually(async () => {
      count += 1;
      await bound(`probe-${count}`, 1);
      expect((await remove(`probe-${count}`)).status).toBe(403);
    });
  });
  afterAll(() => kube?.stop());

  const bound = async (name: string, boundPods: number | undefined): Promise<void> => {
    await putDatabase(kube, name, SPEC);
    if (boundPods === undefined) return;
    const answer = await kube.request('PATCH', `${PATH}/${name}/status`, { status: { boundPods } }, MERGE);
    expect(answer.status).toBe(200);
  };
  const remove = (name: string) => kube.request<{ message?: string }>('DELETE', `${PATH}/${name}`);

  it('is refused while pods are bound, with the command that allows it', async () => {
    await bound('orders', 3);
    const refused = await remove('orders');
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain('has 3 pods bound to it');
    const command = /kubectl (annotate .*=true)/.exec(refused.body.message ?? '')?.[1] ?? '';
    kube.kubectl(command.split(' '));
    expect((await remove('orders')).status).toBe(200);
  });

  it.each([
    ['without a status', undefined],
    ['without pods', 0],
  ])('goes through %s', async (_what, count) => {
    await bound('free', count);
    expect((await remove('free')).status).toBe(200);
  });

  it('a whole collection stops at the one that is in use', async () => {
    await bound('used', 1);
    expect((await kube.request('DELETE', PATH)).status).toBe(403);
    expect((await kube.request('GET', `${PATH}/used`)).status).toBe(200);
  });

  it('does not hold up a namespace that is being deleted', async () => {
    await bound('used', 1);
    await kube.request('DELETE', '/api/v1/namespaces/data-platform');
    await eventually(
      async () => expect((await kube.request('GET', '/api/v1/namespaces/data-platform')).status).toBe(404),
      40_000,
    );
  });
});
