/** A Deployment is rolled out anew under load: clients of its Service see no failed query. */
import { expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { podTemplate } from './objects.ts';
import { expectGoverned } from './operators-view.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const namespace = await world.namespace('rollout');

/** Four at a time, each request on a connection of its own: through the Service every time. */
const CLIENT = `
const { request } = require('node:http');
let [done, failed] = [0, []];
const ask = () => new Promise((resolve) => {
  const outgoing = request('http://service:8080/customers?id=6', { agent: false, timeout: 20000 }, (response) => {
    let body = '';
    response.on('data', (text) => (body += text)).on('end', () => resolve({ status: response.statusCode, body }));
    response.on('error', (error) => resolve({ error: error.message }));
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error('timeout'))).on('error', (error) => resolve({ error: error.message })).end();
});
const loop = async () => {
  for (;;) {
    const answer = await ask();
    done += 1;
    if (answer.status !== 200 || !answer.body.includes('"ssn":"[redacted]"')) failed.push(answer);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
for (let n = 0; n < 4; n += 1) loop();
setInterval(() => console.log(JSON.stringify({ done, failed: failed.slice(0, 20) })), 500);
`;

interface Tally {
  readonly done: number;
  readonly failed: readonly object[];
}

async function tally(): Promise<Tally> {
  const { stdout } = await world.kubectl(['logs', 'client', '-n', namespace, '--tail=1']);
  return JSON.parse(stdout || '{"done":0,"failed":[]}') as Tally;
}

async function pods(): Promise<readonly string[]> {
  const { stdout } = await world.kubectl(['get', 'pods', '-n', namespace, '-l', 'app=service', '-o', 'name']);
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.replace('pod/', '')]));
}

async function rolledOut(): Promise<void> {
  await world.kubectl(['rollout', 'status', 'deployment/service', '-n', namespace, '--timeout=170s'], { timeout: 180 });
}

test('no query fails while every pod is replaced, twice', { timeout: 480_000 }, async () => {
  await world.agent({ namespace, serviceAccount: 'service' });
  const { metadata, spec } = podTemplate(
    {
      namespace,
      name: 'service',
      serviceAccount: 'service',
      command: ['node', '/agents/node/service.mjs', 'hard-coded'],
      container: {
        ports: [{ containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 },
        // Until every node has heard that this one leaves.
        lifecycle: { preStop: { sleep: { seconds: 5 } } },
      },
      spec: { terminationGracePeriodSeconds: 30 },
    },
    world.images.agents,
  );
  await world.apply(
    namespace,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'service' },
      spec: {
        replicas: 2,
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: { app: 'service' } },
        template: { metadata, spec },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'service' },
      spec: { selector: { app: 'service' }, ports: [{ port: 8080 }] },
    },
  );
  await rolledOut();
  const first = await pods();
  await expectGoverned(world, namespace, 'service', first);

  await world.pod({ namespace, name: 'client', serviceAccount: 'service', inject: null, command: ['node', '-e', CLIENT] });
  await world.ready(namespace, 'client');
  await eventually(async () => expect((await tally()).done).toBeGreaterThan(50), 30_000);
  // kube-proxy may have learnt of the Service a moment after the Deployment was ready: what failed before is not what is asked about here.
  const before = await tally();

  for (let round = 0; round < 2; round += 1) {
    await world.kubectl(['rollout', 'restart', 'deployment/service', '-n', namespace]);
    await rolledOut();
  }
  await eventually(async () => expect(await pods()).toHaveLength(2), 60_000);
  const after = await tally();
  expect(after.failed).toEqual(before.failed);
  expect(after.done).toBeGreaterThan(before.done + 100);
  const last = await pods();
  expect(last.filter((pod) => first.includes(pod))).toEqual([]);
  await expectGoverned(world, namespace, 'service', last);
});
