/** Status and Events, on a real API server with real databases. What a kubelet would do (pods that run) the test does. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../crds/meta.ts';
import type { KubeApi, KubeObject } from '../../operator/api/kube-api.ts';
import { SETTINGS_VARIABLE } from '../../core/injection/sidecar-settings.ts';
import { needsKubernetes } from './binaries.ts';
import { SYSTEM, applyCrds } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { SCHEMA, type TestDatabase, putDatabase, putPolicy, putSecret, startDatabase } from './databases.ts';
import { type Holder, startHolder } from './holder.ts';
import { eventually } from '../support/until.ts';

const { skip, title } = needsKubernetes('status of Databases and policies');
const NAMESPACE = 'data-platform';
const API = '/apis/sluice.dev/v1alpha1/namespaces';

interface StatusObject extends KubeObject {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly [count: string]: unknown;
  };
}

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let database: TestDatabase;
  let holder: Holder | undefined;

  beforeAll(async () => {
    [kube, database] = await Promise.all([startControlPlane({ controllerManager: false }), startDatabase()]);
    applyCrds(kube);
    for (const name of [SYSTEM, NAMESPACE, 'elsewhere', 'ai-agents'])
      await kube.request('POST', '/api/v1/namespaces', { metadata: { name } });
    for (const name of ['support-agent', 'other-agent'])
      await kube.request('POST', '/api/v1/namespaces/ai-agents/serviceaccounts', { metadata: { name } });
    await database.run(SCHEMA);
    await putSecret(kube, NAMESPACE, 'ca', { 'ca.crt': database.ca });
    await putSecret(kube, NAMESPACE, 'orders-login', { username: 'app', password: 'app-password' });
  });
  afterEach(async () => {
    await holder?.stop();
    holder = undefined;
    for (const namespace of [NAMESPACE, 'elsewhere'])
      for (const plural of ['databases', 'databaseaccesspolicies']) await kube.request('DELETE', `${API}/${namespace}/${plural}`);
    await kube.request('DELETE', '/api/v1/namespaces/ai-agents/pods?gracePeriodSeconds=0');
    for (const namespace of [NAMESPACE, 'elsewhere'])
      await kube.request('DELETE', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  });
  afterAll(async () => {
    await kube?.stop();
    await database?.stop();
  });

  const spec = (more: Record<string, unknown> = {}) => ({
    endpoint: { host: 'localhost', port: database.port, database: 'orders' },
    tls: { mode: 'VerifyFull', caSecretRef: { name: 'ca' } },
    credentialsSecretRef: { name: 'orders-login' },
    ...more,
  });
  const grant = (tables: readonly string[], more: Record<string, unknown> = {}) => ({
    databaseRef: { name: 'orders' },
    subjects: [{ serviceAccount: { namespace: 'ai-agents', name: 'support-agent' } }],
    grants: [{ tables, actions: ['Select'] }],
    ...more,
  });
  const read = async (plural: string, name: string, namespace = NAMESPACE): Promise<StatusObject> =>
    (await kube.request<StatusObject>('GET', `${API}/${namespace}/${plural}/${name}`)).body;
  /** `Ready=False/SecretMissing` and so on. */
  const conditions = async (plural: string, name: string, namespace = NAMESPACE): Promise<Record<string, string>> => {
    const { status } = await read(plural, name, namespace);
    return Object.fromEntries((status?.conditions ?? []).map(({ type, status: value, reason }) => [type, `${value}/${reason}`]));
  };
  const condition = async (plural: string, name: string, type: string): Promise<Condition | undefined> =>
    (await read(plural, name)).status?.conditions?.find((each) => each.type === type);
  const expectConditions = (plural: string, name: string, expected: Record<string, string>, namespace = NAMESPACE) =>
    eventually(async () => expect(await conditions(plural, name, namespace)).toMatchObject(expected), 45_000);
  const events = async (namespace = NAMESPACE): Promise<readonly string[]> => {
    interface EventObject {
      readonly reason: string;
      readonly type: string;
      readonly regarding: { readonly kind: string; readonly name: string };
    }
    const { body } = await kube.request<{ items: readonly EventObject[] }>(
      'GET',
      `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
    );
    return body.items.map(({ reason, type, regarding }) => `${type} ${reason} ${regarding.kind}/${regarding.name}`).sort();
  };
  const pod = async (name: string, serviceAccount: string, databases: readonly string[]): Promise<void> => {
    const settings = {
      formatVersion: 1,
      operator: { address: 'x:1', serverName: 'x', ca: '' },
      databases: databases.map((each) => ({ namespace: NAMESPACE, name: each, database: each, listen: [], names: [] })),
    };
    const created = await kube.request<{ message?: string }>('POST', '/api/v1/namespaces/ai-agents/pods', {
      metadata: { name, labels: { 'sluice.dev/injected': 'true' } },
      spec: {
        serviceAccountName: serviceAccount,
        initContainers: [
          {
            name: 'sluice',
            image: 'x',
            restartPolicy: 'Always',
            env: [{ name: SETTINGS_VARIABLE, value: JSON.stringify(settings) }],
          },
        ],
        containers: [{ name: 'app', image: 'x' }],
      },
    });
    if (created.status !== 201) throw new Error(created.body.message);
    await kube.request(
      'PATCH',
      `/api/v1/namespaces/ai-agents/pods/${name}/status`,
      { status: { phase: 'Running' } },
      {
        contentType: 'application/merge-patch+json',
      },
    );
  };

  it('a Database becomes ready when its Secret is there, and says what is in it', async () => {
    await putDatabase(kube, 'orders', spec({ credentialsSecretRef: { name: 'later-login' } }));
    holder = await startHolder(kube, [NAMESPACE]);
    await expectConditions('databases', 'orders', {
      Ready: 'False/SecretMissing',
      Accepted: 'True/Accepted',
      CredentialsAvailable: 'False/SecretMissing',
      Reachable: 'Unknown/NotTried',
    });
    expect((await condition('databases', 'orders', 'Ready'))?.message).toBe(
      'Secret data-platform/later-login does not exist; create it with the keys username and password',
    );
    await putSecret(kube, NAMESPACE, 'later-login', { username: 'app', password: 'app-password' });
    await expectConditions('databases', 'orders', {
      Ready: 'True/Ready',
      CredentialsAvailable: 'True/Available',
      Reachable: 'True/Connected',
      UpstreamVerified: 'True/Verified',
      LeastPrivilege: 'True/LeastPrivilege',
    });
    await eventually(async () => {
      const { status } = await read('databases', 'orders');
      expect(status).toMatchObject({ tables: 2, policies: 0, boundPods: 0, serverVersion: expect.stringMatching(/^18/) });
      expect(status?.['classes']).toContainEqual({ class: 'pii.email', columns: 1 });
    });
    await eventually(async () =>
      expect(await events()).toEqual(['Normal Ready Database/orders', 'Warning SecretMissing Database/orders']),
    );
    await putSecret(kube, NAMESPACE, 'later-login', { username: 'app', password: 'wrong' });
    await expectConditions('databases', 'orders', { Ready: 'False/LoginRefused', Reachable: 'False/LoginRefused' });
    expect(JSON.stringify(await read('databases', 'orders'))).not.toMatch(/app-password|"wrong/);
  });

  it('a weak TLS mode and a powerful login are served, with a warning', async () => {
    await database.run("CREATE ROLE boss LOGIN SUPERUSER PASSWORD 'boss-password'");
    await putSecret(kube, NAMESPACE, 'boss-login', { username: 'boss', password: 'boss-password' });
    await putDatabase(kube, 'orders', spec({ credentialsSecretRef: { name: 'boss-login' }, tls: { mode: 'Require' } }));
    holder = await startHolder(kube, [NAMESPACE]);
    await expectConditions('databases', 'orders', {
      Ready: 'True/Ready',
      UpstreamVerified: 'False/NotVerified',
      LeastPrivilege: 'False/PowerfulLogin',
    });
    expect((await condition('databases', 'orders', 'LeastPrivilege'))?.message).toContain('policies can grant: superuser;');
    await eventually(async () =>
      expect(await events()).toEqual([
        'Normal Ready Database/orders',
        'Warning NotVerified Database/orders',
        'Warning PowerfulLogin Database/orders',
      ]),
    );
  });

  it.each([['UnknownColumn', { sensitivity: { columns: [{ table: 'public.customers', column: 'snn', class: 'secret' }] } }]])(
    'Accepted=False: %s',
    async (reason, more) => {
      await putDatabase(kube, 'orders', spec(more));
      holder = await startHolder(kube, [NAMESPACE]);
      await expectConditions('databases', 'orders', { Accepted: `False/${reason}`, Ready: `False/${reason}` });
    },
  );

  it('a policy on a table that is not there is accepted when the table appears', async () => {
    await putDatabase(kube, 'orders', spec());
    await putPolicy(kube, 'refunds', grant(['public.refunds', 'public.tickets']));
    holder = await startHolder(kube, [NAMESPACE]);
    await expectConditions('databaseaccesspolicies', 'refunds', { Accepted: 'False/UnknownTable', Ready: 'False/UnknownTable' });
    const message = (await condition('databaseaccesspolicies', 'refunds', 'Accepted'))?.message;
    expect(message).toContain('spec.grants[0].tables[0]: table public.refunds does not exist');
    expect(message).toContain('everything else is in force');
    await database.run('CREATE TABLE refunds (id int); GRANT SELECT ON refunds TO app');
    await expectConditions('databaseaccesspolicies', 'refunds', {
      Accepted: 'True/Accepted',
      Programmed: 'True/NoPods',
      Ready: 'True/Ready',
    });
    await database.run('DROP TABLE refunds');
    await expectConditions('databaseaccesspolicies', 'refunds', { Accepted: 'False/UnknownTable' });
  });

  it('a conflict names both policies, and goes with either', async () => {
    await putDatabase(kube, 'orders', spec());
    const filtered = (rowFilter: string, columns: readonly string[]) =>
      grant([], { grants: [{ tables: ['public.customers'], actions: ['Select'], rowFilter, columns }] });
    await putPolicy(kube, 'older', filtered("region = 'eu'", ['id', 'name']));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await putPolicy(kube, 'newer', filtered("region = 'us'", ['id']));
    holder = await startHolder(kube, [NAMESPACE]);
    await expectConditions('databaseaccesspolicies', 'newer', { Accepted: 'False/Conflict', Programmed: 'False/NotInForce' });
    await expectConditions('databaseaccesspolicies', 'older', { Ready: 'True/Ready' });
    const message = (await condition('databaseaccesspolicies', 'newer', 'Accepted'))?.message ?? '';
    expect(message).toContain('data-platform/older');
    expect(message).toContain('data-platform/newer');
    await eventually(async () => expect((await read('databases', 'orders')).status?.['policies']).toBe(1));
    await kube.request('DELETE', `${API}/${NAMESPACE}/databaseaccesspolicies/older`);
    await expectConditions('databaseaccesspolicies', 'newer', { Ready: 'True/Ready' });
  });

  it('a policy without its Database, and with it', async () => {
    await putPolicy(kube, 'support', grant(['public.tickets']));
    holder = await startHolder(kube, [NAMESPACE]);
    await expectConditions('databaseaccesspolicies', 'support', { Accepted: 'False/DatabaseNotFound' });
    await putDatabase(kube, 'orders', spec());
    await expectConditions('databaseaccesspolicies', 'support', { Ready: 'True/Ready' });
    await kube.request('DELETE', `${API}/${NAMESPACE}/databases/orders`);
    await expectConditions('databaseaccesspolicies', 'support', { Accepted: 'False/DatabaseNotFound' });
  });

  it('validUntil passes by itself', async () => {
    await putDatabase(kube, 'orders', spec());
    holder = await startHolder(kube, [NAMESPACE]);
    await expectConditions('databases', 'orders', { Ready: 'True/Ready' });
    const validUntil = new Date(Date.now() + 2_500).toISOString().replace(/\.\d+Z$/, 'Z');
    await putPolicy(kube, 'brief', grant(['public.tickets'], { validUntil }));
    await expectConditions('databaseaccesspolicies', 'brief', { Ready: 'True/Ready' });
    await expectConditions('databaseaccesspolicies', 'brief', { Ready: 'False/Expired', Programmed: 'False/NotInForce' });
    await eventually(async () => expect((await read('databases', 'orders')).status?.['policies']).toBe(0));
  });

  it('Programmed follows what the pods acknowledged, over all replicas', async () => {
    await putDatabase(kube, 'orders', spec());
    await putPolicy(kube, 'support', grant(['public.tickets']));
    await pod('one', 'support-agent', ['orders']);
    await pod('two', 'support-agent', ['orders']);
    await pod('unrelated', 'other-agent', ['orders']);
    await pod('elsewhere', 'support-agent', ['invoices']);
    holder = await startHolder(kube, [NAMESPACE]);
    const second = await startHolder(kube, [NAMESPACE], { leads: false, replica: 'operator-1' });
    try {
      await expectConditions('databaseaccesspolicies', 'support', { Programmed: 'False/Pending', Ready: 'False/Pending' });
      const { generation = 0 } = (await read('databaseaccesspolicies', 'support')).metadata;
      const said = (programmed: number, of = generation) => ({
        connected: 1,
        policies: [{ namespace: NAMESPACE, name: 'support', generation: of, bound: 1, programmed }],
        rejections: [],
      });
      holder.acknowledgements.say('data-platform/orders', said(1));
      await eventually(async () => expect((await read('databaseaccesspolicies', 'support')).status?.['programmedPods']).toBe(1));
      second.acknowledgements.say('data-platform/orders', said(1));
      await expectConditions('databaseaccesspolicies', 'support', { Programmed: 'True/Programmed', Ready: 'True/Ready' });
      expect((await read('databaseaccesspolicies', 'support')).status).toMatchObject({
        boundPods: 2,
        programmedPods: 2,
        boundServiceAccounts: 1,
      });
      await eventually(async () => expect((await read('databases', 'orders')).status?.['boundPods']).toBe(2));
      // A change of the policy is another generation, which nobody has yet.
      await putPolicy(kube, 'support', grant(['public.tickets', 'public.customers']));
      await expectConditions('databaseaccesspolicies', 'support', { Programmed: 'False/Pending' });
      second.acknowledgements.say('data-platform/orders', { ...said(0), rejections: ['the schema cannot be read'] });
      await expectConditions('databaseaccesspolicies', 'support', { Programmed: 'False/Rejected' });
      for (const each of [holder, second]) each.acknowledgements.say('data-platform/orders', said(1, generation + 1));
      await expectConditions('databaseaccesspolicies', 'support', { Ready: 'True/Ready' });
    } finally {
      await second.stop();
    }
    const { body } = await kube.request<{ items: readonly KubeObject[] }>(
      'GET',
      `/api/v1/namespaces/${SYSTEM}/configmaps?labelSelector=sluice.dev/content%3Dreplica`,
    );
    expect(body.items.map(({ metadata }) => metadata.name)).toEqual(['sluice-replica-operator-0']);
  });

  it('objects of other namespaces are told so, never dialled, never read', async () => {
    let connections = 0;
    const trap = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const { port } = trap.address() as { port: number };
    await putSecret(kube, 'elsewhere', 'login', { username: 'a', password: 'b' });
    const endpoint = { host: '127.0.0.1', port, database: 'orders' };
    await putDatabase(
      kube,
      'orders',
      { endpoint, credentialsSecretRef: { name: 'login' }, tls: { mode: 'Disable' } },
      'elsewhere',
    );
    await putPolicy(kube, 'support', grant(['public.tickets']), 'elsewhere');
    const asked: string[] = [];
    holder = await startHolder(kube, [NAMESPACE], { counted: (api) => recorded(api, asked) });
    for (const [plural, name] of [
      ['databases', 'orders'],
      ['databaseaccesspolicies', 'support'],
    ] as const)
      await expectConditions(
        plural,
        name,
        { Ready: 'False/NamespaceNotTrusted', Accepted: 'False/NamespaceNotTrusted' },
        'elsewhere',
      );
    await new Promise((resolve) => setTimeout(resolve, 800));
    trap.close();
    expect(connections).toBe(0);
    expect(asked.filter((each) => each.includes('secrets'))).toEqual([]);
    expect(asked.filter((each) => /^patch d/.test(each)).length).toBe(2);
  });

  it('an object that this release does not know is not served, and says why', async () => {
    await putDatabase(kube, 'orders', spec());
    holder = await startHolder(kube, [NAMESPACE]);
    const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databaseaccesspolicies.sluice.dev';
    const loosen = (value: boolean) =>
      kube.request(
        'PATCH',
        crd,
        [
          {
            op: value ? 'add' : 'remove',
            path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/rowLimit',
            ...(value ? { value: { type: 'integer' } } : {}),
          },
        ],
        { contentType: 'application/json-patch+json' },
      );
    expect((await loosen(true)).status).toBe(200);
    await eventually(async () => {
      await putPolicy(kube, 'newer', { ...grant(['public.tickets']), rowLimit: 5 });
      expect(((await read('databaseaccesspolicies', 'newer')) as unknown as { spec: { rowLimit?: number } }).spec.rowLimit).toBe(
        5,
      );
    });
    await expectConditions('databaseaccesspolicies', 'newer', { Ready: 'False/Invalid', Accepted: 'False/Invalid' });
    await loosen(false);
  });

  it('writes once, dates a transition once, and says nothing new to a new holder', async () => {
    await putDatabase(kube, 'orders', spec());
    await putPolicy(kube, 'support', grant(['public.tickets']));
    const asked: string[] = [];
    holder = await startHolder(kube, [NAMESPACE], { counted: (api) => recorded(api, asked) });
    await expectConditions('databaseaccesspolicies', 'support', { Ready: 'True/Ready' });
    await eventually(async () => expect((await read('databases', 'orders')).status?.['sensitiveColumns']).toBeGreaterThan(2));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const settled = asked.filter((each) => each.startsWith('patch') && !each.includes('configmaps')).length;
    const before = [await read('databases', 'orders'), await read('databaseaccesspolicies', 'support')];
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(asked.filter((each) => each.startsWith('patch') && !each.includes('configmaps')).length).toBe(settled);
    await holder.stop();
    holder = await startHolder(kube, [NAMESPACE], { counted: (api) => recorded(api, asked), replica: 'operator-1' });
    await eventually(() => expect(holder?.rooms.catalogs.of('data-platform/orders')?.contact).toEqual({ ok: true }));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect([await read('databases', 'orders'), await read('databaseaccesspolicies', 'support')]).toEqual(before);
    // The message changes, the status does not: so neither does its date.
    const dated = before[0]?.status?.conditions?.find(({ type }) => type === 'Ready');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await putPolicy(kube, 'second', grant(['public.tickets']));
    await eventually(async () => {
      const now = await condition('databases', 'orders', 'Ready');
      expect(now?.message).toContain('2 policies in force');
      expect(now?.lastTransitionTime).toBe(dated?.lastTransitionTime);
    });
  });

  it('writes nothing while it does not lead', async () => {
    await putDatabase(kube, 'orders', spec());
    holder = await startHolder(kube, [NAMESPACE], { leads: false });
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect((await read('databases', 'orders')).status).toBeUndefined();
    holder.leader.set(true);
    await expectConditions('databases', 'orders', { Ready: 'True/Ready' });
    holder.leader.set(false);
    await putPolicy(kube, 'support', grant(['public.tickets']));
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect((await read('databaseaccesspolicies', 'support')).status).toBeUndefined();
  });

  it('200 policies: two writes each at most, and none when they are looked at again', async () => {
    await putDatabase(kube, 'orders', spec());
    for (let index = 0; index < 200; index += 1)
      await putPolicy(kube, `policy-${index}`, {
        ...grant(['public.tickets']),
        subjects: [{ serviceAccount: { namespace: 'ai-agents', name: `agent-${index}` } }],
      });
    const asked: string[] = [];
    holder = await startHolder(kube, [NAMESPACE], { counted: (api) => recorded(api, asked) });
    await eventually(async () => {
      const { body } = await kube.request<{ items: readonly StatusObject[] }>(
        'GET',
        `${API}/${NAMESPACE}/databaseaccesspolicies`,
      );
      const ready = body.items.filter(({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      );
      expect(ready.length).toBe(200);
    }, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const patches = asked.filter((each) => each.startsWith('patch databaseaccesspolicies'));
    // Unknown while the schema is read, then what it is.
    expect(patches.length).toBeLessThanOrEqual(400);
    const lists = asked.filter((each) => each.startsWith('list') || each.startsWith('get'));
    // Some for each second of a loaded machine; none for each policy.
    expect(lists.length).toBeLessThan(100);
    await database.run('COMMENT ON TABLE tickets IS $$nothing that policies are about$$; CREATE TABLE unrelated (id int)');
    await eventually(async () => expect((await read('databases', 'orders')).status?.['tables']).toBe(3));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(asked.filter((each) => each.startsWith('patch databaseaccesspolicies')).length).toBe(patches.length);
    await database.run('DROP TABLE unrelated');
  });
});

/** Notes `verb plural`. */
function recorded(api: KubeApi, asked: string[]): KubeApi {
  return new Proxy(api, {
    get(target, property: keyof KubeApi) {
      const value = target[property];
      if (typeof value !== 'function') return value;
      return (resource: { plural?: string }, ...rest: unknown[]) => {
        asked.push(`${property} ${resource.plural ?? ''}`);
        return (value as (...all: unknown[]) => unknown).call(target, resource, ...rest);
      };
    },
  });
}
