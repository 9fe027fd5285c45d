/** What ends: a Job and a CronJob's Job complete although there is a sidecar in them; init containers find their database before the app does. */
import { expect, test } from 'vitest';
import { containerObject, podTemplate } from './objects.ts';
import { eventually } from '../support/until.ts';
import { expectPolicy, statusOf } from './operators-view.ts';
import { type ContainerStatus, type KubernetesObject, openWorld } from './world.ts';

const world = await openWorld();
const namespace = await world.namespace('jobs');
await world.agent({ namespace, serviceAccount: 'worker' });

const work = { namespace, name: 'work', serviceAccount: 'worker', command: ['/agents/go/agent', 'environment'] };

function job(): object {
  const { metadata, spec } = podTemplate(work, world.images.agents);
  return { backoffLimit: 0, template: { metadata, spec: { restartPolicy: 'Never', ...spec } } };
}

async function podOf(label: string): Promise<KubernetesObject> {
  const { stdout } = await world.kubectl(['get', 'pods', '-n', namespace, '-l', label, '-o', 'json']);
  const { items } = JSON.parse(stdout) as { readonly items: readonly KubernetesObject[] };
  expect(items).toHaveLength(1);
  return items[0]!;
}

/** The app first, then the sidecar, both by themselves and with nothing to complain of. */
async function expectCompleted(pod: KubernetesObject): Promise<void> {
  expect(pod.status?.phase).toBe('Succeeded');
  const statuses: readonly ContainerStatus[] = [...pod.status!.containerStatuses!, ...pod.status!.initContainerStatuses!];
  const ends = statuses.map(({ name, restartCount, state }) => ({ name, restartCount, ...state.terminated }));
  expect(ends).toEqual([
    expect.objectContaining({ name: 'app', restartCount: 0, exitCode: 0, reason: 'Completed' }),
    expect.objectContaining({ name: 'sluice', restartCount: 0, exitCode: 0, reason: 'Completed' }),
  ]);
  expect(await world.logs(namespace, pod.metadata.name, 'app')).toContain('"touched":8');
  const events = (await world.sidecarLog(namespace, pod.metadata.name)).map((line) => line['msg']);
  expect(events).toEqual(expect.arrayContaining(['draining', 'stopped']));
}

test('a Job completes', async () => {
  await world.apply(namespace, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work' }, spec: job() });
  await world.kubectl(['wait', 'job/work', '-n', namespace, '--for=condition=Complete', '--timeout=120s']);
  await expectCompleted(await podOf('batch.kubernetes.io/job-name=work'));
  // A pod that has ended is nobody's access any more.
  expect(await statusOf(world, namespace)).toEqual([]);
  await expectPolicy(world, `${namespace}-worker`, { boundPods: 0 }, { Programmed: 'NoPods', Ready: 'True' });
});

test('so does the Job of a CronJob', async () => {
  const spec = { schedule: '0 3 * * *', suspend: true, jobTemplate: { spec: job() } };
  await world.apply(namespace, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly' }, spec });
  await world.kubectl(['create', 'job', 'tonight', '--from=cronjob/nightly', '-n', namespace]);
  await world.kubectl(['wait', 'job/tonight', '-n', namespace, '--for=condition=Complete', '--timeout=120s']);
  await expectCompleted(await podOf('batch.kubernetes.io/job-name=tonight'));
});

test('a Job whose agent is refused fails with what it was told, and ends', async () => {
  const command = ['psql', '-v', 'ON_ERROR_STOP=1', '-c', 'SELECT salary FROM payroll'];
  await world.pod({ namespace, name: 'curious', serviceAccount: 'worker', command });
  expect(await world.ended(namespace, 'curious')).not.toBe(0);
  expect(await world.logs(namespace, 'curious', 'app')).toContain('Relation payroll does not exist or is not granted');
  await eventually(async () => expect((await world.get(namespace, 'pod', 'curious')).status?.phase).toBe('Failed'), 60_000);
});

test('an init container migrates with the grants of its policy, and the app finds what it has made', async () => {
  const schema = `billing_${namespace.slice(-4)}`;
  await world.sql(`CREATE SCHEMA ${schema} AUTHORIZATION sluice`);
  try {
    await world.agent({ namespace, serviceAccount: 'billing', grants: [{ tables: [`${schema}.*`], actions: ['*'] }] });
    const psql = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'];
    // A message each: what a statement names must be there when its message is read.
    const migration = [
      `CREATE TABLE IF NOT EXISTS ${schema}.invoices (id int PRIMARY KEY, total numeric NOT NULL)`,
      `ALTER TABLE ${schema}.invoices ADD COLUMN IF NOT EXISTS paid boolean NOT NULL DEFAULT false`,
      `INSERT INTO ${schema}.invoices VALUES (1, 12.50), (2, 7) ON CONFLICT DO NOTHING`,
    ].flatMap((statement) => ['-c', statement]);
    await world.pod({
      namespace,
      name: 'billing',
      serviceAccount: 'billing',
      command: [...psql, '-c', `SELECT count(*), sum(total) FROM ${schema}.invoices WHERE NOT paid`],
      spec: { initContainers: [containerObject('migrate', world.images.agents, [...psql, ...migration])] },
    });
    expect(await world.ended(namespace, 'billing')).toBe(0);
    expect(await world.logs(namespace, 'billing', 'app')).toBe('2|19.50\n');
    const { status, spec } = await world.get(namespace, 'pod', 'billing');
    const { initContainers } = spec as { readonly initContainers: readonly { readonly name: string }[] };
    expect(initContainers.map(({ name }) => name)).toEqual(['sluice', 'migrate']);
    expect(status?.initContainerStatuses?.find(({ name }) => name === 'migrate')?.state.terminated?.exitCode).toBe(0);
    expect(await world.sql(`SELECT count(*) FROM ${schema}.invoices`)).toBe('2');
  } finally {
    await world.sql(`DROP SCHEMA ${schema} CASCADE`);
  }
});
