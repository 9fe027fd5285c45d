/** What a cluster counts, limits and scales by: the sidecar has requests of its own, and whoever accounts for pods accounts for it, too. */
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { containerStatus } from './node.ts';
import { podTemplate } from './objects.ts';
import { rolledOut } from './operators.ts';
import { begun, STEADY } from './steady.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const AGENT = 'worker';
const grants = [{ tables: ['public.customers'], actions: ['Select'] }];
const metrics = (await world.kubectl(['get', 'apiservice', 'v1beta1.metrics.k8s.io'], { mayFail: true })).code === 0;
const IDLE = ['sleep', 'infinity'];

describe('a ResourceQuota', () => {
  let namespace: string;
  beforeAll(async () => {
    namespace = await world.namespace('quota');
    await world.agent({ namespace, serviceAccount: AGENT, grants });
    const hard = { 'requests.cpu': '100m', 'requests.memory': '200Mi' };
    await world.apply(namespace, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small' }, spec: { hard } });
  });

  test('counts the requests of the sidecar, and says so to the pod that does not fit any more', async () => {
    const container = { resources: { requests: { cpu: '50m', memory: '64Mi' } } };
    await world.pod({ namespace, name: 'first', serviceAccount: AGENT, command: IDLE, container });
    await eventually(async () => {
      const { status } = await world.get<{ readonly status?: { readonly used?: object } }>(namespace, 'resourcequota', 'small');
      expect(status?.used).toEqual({ 'requests.cpu': '70m', 'requests.memory': '160Mi' });
    });
    const second = world.pod({ namespace, name: 'second', serviceAccount: AGENT, command: IDLE, container });
    await expect(second).rejects.toThrow(/exceeded quota: small, requested: requests.cpu=70m,requests.memory=160Mi/);
    await world.ready(namespace, 'first');
  });

  test('that demands CPU limits is met by an annotation', async () => {
    const hard = { 'limits.cpu': '1' };
    await world.apply(namespace, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'limits' }, spec: { hard } });
    const container = { resources: { requests: { cpu: '5m', memory: '16Mi' }, limits: { cpu: '100m' } } };
    const options = { namespace, name: 'limited', serviceAccount: AGENT, command: IDLE, container };
    await world.kubectl(['delete', 'pod', 'first', '-n', namespace]);
    await eventually(async () => {
      const refused = world.pod(options);
      await expect(refused).rejects.toThrow('failed quota: limits: must specify limits.cpu for: sluice');
    });
    await world.pod({ ...options, annotations: { 'sluice.dev/cpu-limit': '200m' } });
    await world.ready(namespace, 'limited');
  });
});

test('defaults of a LimitRange do not break the seal', async () => {
  const namespace = await world.namespace('limitrange');
  await world.agent({ namespace, serviceAccount: AGENT, grants });
  const limits = [
    { type: 'Container', default: { cpu: '500m', memory: '300Mi' }, defaultRequest: { cpu: '30m', memory: '50Mi' } },
  ];
  await world.apply(namespace, { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'defaults' }, spec: { limits } });
  await world.pod({ namespace, name: 'defaulted', serviceAccount: AGENT, command: STEADY });
  await begun(world, namespace, 'defaulted');
  // What the LimitRange gave it beside its own: the seal leaves resources to the cluster.
  const sidecar = await world.get<SidecarFirst>(namespace, 'pod', 'defaulted');
  expect(sidecar.spec.initContainers[0]?.resources).toEqual({
    requests: { cpu: '20m', memory: '96Mi' },
    limits: { cpu: '500m', memory: '256Mi' },
  });
});

interface SidecarFirst {
  readonly spec: { readonly initContainers: readonly { readonly resources: object }[] };
}

test('a Guaranteed pod stays Guaranteed', async () => {
  const namespace = await world.namespace('guaranteed');
  await world.agent({ namespace, serviceAccount: AGENT, grants });
  const same = { cpu: '50m', memory: '64Mi' };
  const annotations = { 'sluice.dev/cpu-limit': '200m' };
  const container = { resources: { requests: same, limits: same } };
  await world.pod({ namespace, name: 'guaranteed', serviceAccount: AGENT, command: STEADY, container, annotations });
  await begun(world, namespace, 'guaranteed');
  const { status } = await world.get<{ readonly status?: { readonly qosClass?: string } }>(namespace, 'pod', 'guaranteed');
  expect(status?.qosClass).toBe('Guaranteed');
  expect(await containerStatus(world, namespace, 'guaranteed', 'sluice')).toMatchObject({ ready: true, restartCount: 0 });
});

const without = metrics ? '' : ' (skipped: this cluster has no metrics API)';
test.skipIf(!metrics)(`a HorizontalPodAutoscaler on CPU utilisation has a value for governed pods${without}`, async () => {
  const namespace = await world.namespace('hpa');
  await world.agent({ namespace, serviceAccount: AGENT, grants });
  const container = { resources: { requests: { cpu: '50m', memory: '32Mi' } } };
  const options = { namespace, name: 'scaled', serviceAccount: AGENT, command: STEADY, container };
  await world.apply(
    namespace,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'scaled' },
      spec: { selector: { matchLabels: { app: 'scaled' } }, template: podTemplate(options, world.images.agents) },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'scaled' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scaled' },
        minReplicas: 1,
        maxReplicas: 1,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
      },
    },
  );
  await rolledOut(world, 'deployment/scaled', namespace);
  await eventually(async () => {
    const { status } = await world.get<Scaled>(namespace, 'horizontalpodautoscaler', 'scaled');
    // Of the requests of all containers, the sidecar's included: one without would leave it without a value.
    expect(status?.currentMetrics?.[0]?.resource?.current.averageUtilization).toBeGreaterThan(0);
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'ScalingActive', status: 'True' }));
  }, 150_000);
});

interface Scaled {
  readonly status?: {
    readonly conditions?: readonly object[];
    readonly currentMetrics?: readonly { readonly resource?: { readonly current: { readonly averageUtilization?: number } } }[];
  };
}
