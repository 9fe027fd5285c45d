/** The operator's side of the stream, spoken to by hand. */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectByHand, type StreamClient } from './client.ts';
import type { TestMaterials } from './cluster.ts';
import { databaseYaml, policyYaml } from './documents.ts';
import { memoryCluster, startOperator, type TestCluster, type TestOperator, type TestOperatorOptions } from './operator.ts';
import { until } from '../support/until.ts';

const MATERIALS: TestMaterials = {
  logins: { '': { username: 'app', password: 'hush' } },
  addresses: ['127.0.0.1'],
  findings: '{"formatVersion":1,"columns":[]}',
};
let cluster: TestCluster;
let operator: TestOperator;
const clients: StreamClient[] = [];

async function start(options: TestOperatorOptions = {}): Promise<void> {
  operator = await startOperator(cluster, options);
}

function connect(token: string | undefined, options: Parameters<typeof connectByHand>[3] = {}): StreamClient {
  const client = connectByHand(cluster, operator.port, token, options);
  clients.push(client);
  return client;
}

beforeEach(async () => {
  cluster = await memoryCluster();
  cluster.identity.admit('token-1');
  cluster.view.apply(databaseYaml('shop') + policyYaml('read', 'shop'));
  cluster.materials.set('data/shop', MATERIALS);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await operator.close();
});

describe('who is let in', () => {
  it('nobody without a token that holds: 401 for the token, 403 for the pod, with the reason', async () => {
    await start();
    cluster.identity.refusals.set('replaced', { ok: false, code: 'PodReplaced', reason: 'another pod' });
    cluster.identity.refusals.set('keys', { ok: false, code: 'KeysUnavailable', reason: 'no keys yet' });
    const cases: [string | undefined, number, string][] = [
      [undefined, 401, 'TokenMissing'],
      ['never heard of', 401, 'TokenMissing'],
      ['unknown', 401, 'TokenRejected'],
      ['replaced', 403, 'PodReplaced'],
      ['keys', 503, 'KeysUnavailable'],
    ];
    for (const [token, status, code] of cases) {
      const client = connect(token);
      await until(() => client.ended);
      expect([client.status, JSON.parse(client.body)]).toEqual([status, { code, reason: expect.any(String) }]);
      expect(client.headers['retry-after'] === undefined).toBe(status !== 503);
    }
    expect(operator.connected).toBe(0);
    expect(await operator.registry.getSingleMetricAsString('sluice_operator_stream_refusals_total')).toContain(
      '{code="PodReplaced"} 1',
    );
  });

  it('nothing but the stream is there', async () => {
    await start();
    const other = connect('token-1', { path: '/metrics' });
    const get = connect('token-1', { method: 'GET' });
    await until(() => other.ended && get.ended);
    expect([other.status, get.status]).toEqual([404, 405]);
    expect(cluster.identity.seen).toEqual([]);
  });

  it('nobody before the cluster has been read', async () => {
    cluster.view.hasSynced = false;
    await start();
    const client = connect('token-1');
    await until(() => client.ended);
    expect([client.status, JSON.parse(client.body).code]).toEqual([503, 'NotReady']);
    expect(Number(client.headers['retry-after'])).toBeGreaterThan(0);
    expect(cluster.identity.seen).toEqual([]);
  });

  it('a pod that goes while its token is looked at is not let in', async () => {
    await start();
    const verify = cluster.identity.verify.bind(cluster.identity);
    let passed: () => void = () => {};
    cluster.identity.verify = async (token) => {
      const verification = await verify(token);
      await new Promise<void>((resolve) => (passed = resolve));
      return verification;
    };
    const client = connect('token-1');
    await until(() => cluster.identity.seen.length === 1);
    cluster.identity.gone('00000000-0000-0000-0000-000000000001');
    passed();
    await until(() => client.ended);
    expect([client.status, JSON.parse(client.body).code]).toEqual([403, 'PodGone']);
  });

  it('those who connect and say nothing are few, not for long, and keep no sidecar out', async () => {
    await start({ limits: { pending: 3, setup: 4_000 } });
    const { connect: connectTls } = await import('node:tls');
    const { connect: connectTcp } = await import('node:net');
    const knock = (index: number): Socket => {
      const options = { port: operator.port, host: '127.0.0.1' };
      const socket =
        index % 2 === 0 ? connectTcp(options) : connectTls({ ...options, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      socket.on('error', () => {});
      return socket.resume();
    };
    const sockets = Array.from({ length: 8 }, (_, index) => knock(index));
    await until(() => sockets.filter((socket) => socket.destroyed || socket.closed).length >= 5);
    // All places are taken again and again; a sidecar takes the place of whoever has had a moment already.
    const timer = setInterval(() => void sockets.push(knock(1)), 40);
    let client = connect('token-1');
    await until(() => {
      if (client.session.destroyed || client.ended) client = connect('token-1');
      return client.of('state').length === 1;
    });
    clearInterval(timer);
    await until(() => sockets.every((socket) => socket.destroyed || socket.closed));
    expect(client.ended).toBe(false);
    expect(await operator.registry.getSingleMetricAsString('sluice_operator_stream_connections_dropped_total')).toMatch(
      /total [1-9]/,
    );
  });
});

describe('what a sidecar is told', () => {
  it('who it is, then the authorities, then all that holds: credential and findings before the state', async () => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    expect(client.frames.map(({ type }) => type)).toEqual(['welcome', 'authorities', 'credential', 'findings', 'state']);
    const [welcome, authorities, credential, , state] = client.frames;
    expect(welcome).toMatchObject({
      replica: 'operator-1',
      identity: { namespace: 'agents', serviceAccount: 'bot', pod: 'bot-1', node: 'node-a' },
    });
    expect(authorities).toMatchObject({ certificates: [cluster.authority.certificate] });
    expect(credential).toMatchObject({ database: 'data/shop', username: 'app', password: 'hush' });
    expect(state).toMatchObject({
      addresses: ['127.0.0.1'],
      object: { kind: 'Database' },
      policies: [{ metadata: { name: 'read', generation: 1 } }],
    });
  });

  it('nothing before it has said what it speaks; then the newest protocol that both do', async () => {
    await start();
    const cases: readonly [hello: Record<string, unknown>, protocol: number | undefined][] = [
      // Release 0.1.0.
      [{ protocol: 1 }, 1],
      [{ protocol: 2, oldest: 1 }, 2],
      [{ protocol: 3, oldest: 1 }, 3],
      // Of the future: one that still speaks ours, and one that does not.
      [{ protocol: 9, oldest: 3 }, 3],
      [{ protocol: 9, oldest: 4 }, undefined],
      [{ protocol: 9 }, undefined],
      [{ protocol: 0 }, undefined],
      [{ protocol: '3' }, undefined],
    ];
    for (const [hello, protocol] of cases) {
      const client = connect('token-1', { hello: false });
      await until(() => client.status === 200);
      expect(client.frames).toEqual([]);
      client.send({ type: 'hello', version: '0.0.0-hand', databases: [], ...hello });
      await until(() => client.ended || client.of('state').length === 1);
      expect(client.of('welcome')[0]?.['protocol']).toBe(protocol);
      expect(client.ended).toBe(protocol === undefined);
      client.close();
    }
    const reasons = operator.logs.filter(({ event }) => event === 'stream-protocol-error').map(({ detail }) => detail['reason']);
    expect(reasons).toContain(
      'sidecar 0.0.0-hand speaks protocol 4 to 9, operator 0.0.0-test speaks 1 to 3: restart its workload',
    );
  });

  it('not the findings that it holds already, as far as the protocol has words for it', async () => {
    await start();
    const before = connect('token-1');
    await until(() => before.of('state').length === 1);
    const text = String(before.of('findings')[0]?.['text']);
    const digest = createHash('sha256').update(text).digest('hex');
    const told = async (hello: Record<string, unknown>) => {
      const client = connect('token-1', { hello: false });
      await until(() => client.status === 200);
      client.send({ type: 'hello', version: '0.0.0-hand', databases: [], ...hello });
      await until(() => client.of('state').length === 1);
      return client;
    };
    expect((await told({ protocol: 1, findings: { 'data/shop': digest } })).of('findings')).toHaveLength(1);
    expect((await told({ protocol: 2, findings: { 'data/shop': 'another' } })).of('findings')).toHaveLength(1);
    expect((await told({ protocol: 2, findings: { 'data/other': digest } })).of('findings')).toHaveLength(1);
    const holds = await told({ protocol: 2, findings: { 'data/shop': digest } });
    expect(holds.of('findings')).toHaveLength(0);
    // What changes later is sent, and what was before, too.
    cluster.materials.set('data/shop', { ...MATERIALS, findings: '{"formatVersion":1,"columns":[ ]}' });
    await until(() => holds.of('findings').length === 1);
    cluster.materials.set('data/shop', MATERIALS);
    await until(() => holds.of('findings').length === 2);
    expect(holds.of('findings')[1]?.['text']).toBe(text);
  });

  it('the same documents give the same revision, a new status none, a new policy another', async () => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    cluster.view.changed('data/shop');
    cluster.view.apply(policyYaml('more', 'shop'));
    await until(() => client.of('state').length === 2);
    expect(client.of('credential')).toHaveLength(1);
    expect(client.of('findings')).toHaveLength(1);
    const [first, second] = client.of('state');
    expect(first?.['revision']).not.toBe(second?.['revision']);
    expect(second?.['policies']).toHaveLength(2);
    cluster.view.removePolicy('data/more');
    await until(() => client.of('state').length === 3);
    expect(client.of('state')[2]?.['revision']).toBe(first?.['revision']);
  });

  it('whom else a policy binds stays with the operator', async () => {
    await start();
    cluster.view.apply(`apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: wide, namespace: data}
spec:
  databaseRef: {name: shop}
  subjects:
    - {serviceAccount: {namespace: agents, name: bot}}
    - {serviceAccount: {namespace: hidden-team, name: secret-agent}}
  grants: []
`);
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    expect(JSON.stringify(client.frames)).not.toContain('hidden-team');
  });

  it('a rotated credential, alone', async () => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    cluster.materials.set('data/shop', {
      logins: { '': { username: 'app', password: 'new' } },
      addresses: ['127.0.0.1'],
      findings: '{"formatVersion":1,"columns":[]}',
    });
    await until(() => client.of('credential').length === 2);
    expect(client.of('credential')[1]).toMatchObject({ password: 'new' });
    expect(client.of('findings')).toHaveLength(1);
  });

  it('changes of one turn come as one', async () => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    for (let index = 0; index < 50; index += 1) cluster.view.apply(policyYaml(`p${index}`, 'shop'));
    await until(() => client.of('state').length === 2);
    expect(client.of('state')[1]?.['policies']).toHaveLength(51);
  });

  const reasons: [string, () => void, RegExp][] = [
    ['there is no such Database', () => cluster.view.removeDatabase('data/shop'), /no Database data\/shop/],
    ['no policy binds it', () => cluster.view.removePolicy('data/read'), /No policy has agents\/bot as a subject/],
    ['the namespace is not trusted', () => cluster.view.namespaces.delete('data'), /not among the policy namespaces/],
    [
      'all policies have ended',
      () => cluster.view.apply(policyYaml('read', 'shop', { extra: '  validUntil: "2020-01-01T00:00:00Z"' })),
      /has ended; the last, data\/read, at 2020-01-01/,
    ],
    [
      'its Secret is missing',
      () =>
        cluster.materials.set('data/shop', {
          logins: {},
          addresses: [],
          problems: [{ reason: 'SecretMissing', message: 'There is no Secret data/shop-login.' }],
        }),
      /There is no Secret data\/shop-login/,
    ],
    [
      'two policies name different logins',
      () =>
        cluster.view.apply(
          policyYaml('a', 'shop', { extra: '  credentialsSecretRef: {name: one}' }) +
            policyYaml('b', 'shop', { extra: '  credentialsSecretRef: {name: two}' }),
        ),
      /data\/a and data\/b name different credentials \(one, two\)/,
    ],
  ];
  it.each(reasons)('withdrawn, and why: %s', async (_what, change, reason) => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    change();
    cluster.view.changed('data/shop');
    await until(() => client.of('withdrawn').length === 1);
    expect(client.of('withdrawn')[0]?.['reason']).toMatch(reason);
  });

  it('a policy that ends by itself is withdrawn when it does, without anybody changing anything', async () => {
    await start();
    cluster.view.apply(policyYaml('read', 'shop', { extra: `  validUntil: "${new Date(Date.now() + 1500).toISOString()}"` }));
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    await until(() => client.of('withdrawn').length === 1);
  });

  it("a policy's own login is used in place of the Database's", async () => {
    await start();
    cluster.view.apply(policyYaml('read', 'shop', { extra: '  credentialsSecretRef: {name: read-only}' }));
    cluster.materials.set('data/shop', {
      logins: { '': { username: 'app', password: 'hush' }, 'read-only': { username: 'reader', password: 'shh' } },
      addresses: [],
    });
    const client = connect('token-1');
    await until(() => client.of('credential').length === 1);
    expect(client.of('credential')[0]).toMatchObject({ username: 'reader' });
  });

  it('nothing about a Database whose Secrets nobody has looked at yet', async () => {
    await start();
    cluster.identity.admit('token-1', { databases: ['data/new', 'data/shop'] });
    cluster.view.apply(databaseYaml('new') + policyYaml('n', 'new'));
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    expect(client.of('state')[0]?.['database']).toBe('data/shop');
    cluster.materials.set('data/new', { logins: { '': { username: 'x', password: 'y' } }, addresses: [] });
    await until(() => client.of('state').length === 2);
    expect(client.of('withdrawn')).toEqual([]);
  });
});

describe('while it is connected', () => {
  it('acknowledgements count per policy and generation, for connected pods only', async () => {
    await start();
    cluster.identity.admit('token-2', { podUid: 'u2', pod: 'bot-2' });
    const [one, two] = [connect('token-1'), connect('token-2')];
    await until(() => one.of('state').length === 1 && two.of('state').length === 1);
    const revision = one.of('state')[0]?.['revision'];
    one.send({ type: 'acknowledged', database: 'data/shop', revision, state: 'programmed' });
    two.send({ type: 'acknowledged', database: 'data/shop', revision, state: 'rejected', reason: 'too new' });
    two.send({ type: 'acknowledged', database: 'data/other', revision: 'made up', state: 'programmed' });
    await until(() => operator.acknowledgements.of('data/shop').policies[0]?.programmed === 1);
    await until(() => operator.acknowledgements.of('data/shop').rejections.length === 1);
    expect(operator.acknowledgements.of('data/shop')).toEqual({
      connected: 2,
      policies: [{ namespace: 'data', name: 'read', generation: 1, bound: 2, programmed: 1 }],
      rejections: ['too new'],
    });
    expect([...operator.acknowledgements.versions()]).toEqual([['0.0.0-hand', 2]]);
    one.close();
    await until(() => operator.acknowledgements.of('data/shop').connected === 1);
    expect(operator.acknowledgements.of('data/shop').policies[0]?.programmed).toBe(0);
  });

  it('a pod that is gone is told so, and out', async () => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    cluster.identity.gone('00000000-0000-0000-0000-000000000001');
    await until(() => client.ended);
    expect(client.frames.at(-1)).toMatchObject({ type: 'revoked', code: 'PodGone' });
    expect(operator.connected).toBe(0);
  });

  it('a renewed token is verified again; the stream ends when the last good one has run out', async () => {
    await start();
    const soon = Math.ceil(Date.now() / 1000) + 2;
    cluster.identity.admit('token-1', { expiresAt: soon });
    cluster.identity.admit('token-1b', { expiresAt: soon + 600 });
    cluster.identity.admit('token-2', { expiresAt: soon, pod: 'bot-2', podUid: 'u2' });
    const [renewed, late] = [connect('token-1'), connect('token-2')];
    await until(() => renewed.of('state').length === 1 && late.of('state').length === 1);
    renewed.send({ type: 'token', token: 'token-1b' });
    await until(() => late.ended);
    expect(late.of('revoked')).toEqual([]);
    expect(cluster.identity.seen).toContain('token-1b');
    expect(renewed.ended).toBe(false);
  });

  it('a token that does not hold revokes, and one of another pod ends the stream', async () => {
    await start();
    cluster.identity.admit('token-2', { podUid: 'u2', pod: 'bot-2' });
    const [bad, foreign] = [connect('token-1'), connect('token-2')];
    await until(() => bad.of('state').length === 1 && foreign.of('state').length === 1);
    bad.send({ type: 'token', token: 'forged' });
    foreign.send({ type: 'token', token: 'token-1' });
    await until(() => bad.ended && foreign.ended);
    expect(bad.frames.at(-1)).toMatchObject({ type: 'revoked', code: 'TokenRejected' });
    expect(foreign.of('revoked')).toEqual([]);
  });

  it('the same pod again takes the place of its old connection', async () => {
    await start();
    const before = connect('token-1');
    await until(() => before.of('state').length === 1);
    const after = connect('token-1');
    await until(() => before.ended && after.of('state').length === 1);
    expect(operator.connected).toBe(1);
  });

  it('garbage, frames that are too long, a second hello or none end the stream; unknown types do not', async () => {
    await start({ times: { hello: 300 } });
    const lines: [string, boolean][] = [
      ['not json\n', true],
      [`{"type":"x","y":"${'z'.repeat(70_000)}"}\n`, true],
      ['z'.repeat(70_000), true],
      ['{"type":"hello","protocol":1,"version":"x","databases":[]}\n', true],
      [`{"type":"deep","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}\n`, false],
      ['{"type":"from-the-future","x":[1,2]}\n{"type":"acknowledged"}\n{"type":"token"}\n', false],
    ];
    for (const [line, ends] of lines) {
      const client = connect('token-1');
      await until(() => client.of('state').length === 1);
      client.stream.write(line);
      if (ends) await until(() => client.ended);
      else {
        cluster.view.apply(policyYaml('more', 'shop'));
        await until(() => client.of('state').length === 2);
      }
    }
    const silent = connect('token-1', { hello: false });
    await until(() => silent.ended);
  });

  it.each([
    ['small frames', '{"type":"heartbeat"}\n'.repeat(500)],
    ['large ones', `${`{"type":"x","y":"${'z'.repeat(60_000)}"}\n`.repeat(5)}`],
    ['tokens', `{"type":"token","token":"token-1"}\n`.repeat(500)],
  ])('one that says too much in %s ends, before it has all been heard', async (_, lines) => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    for (let turn = 0; turn < 100 && !client.ended; turn += 1) {
      client.stream.write(lines);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => client.ended);
    expect(await operator.registry.getSingleMetricAsString('sluice_operator_streams_ended_total')).toContain(
      '{how="protocol"} 1',
    );
  });

  it('one that has fallen silent is dropped, one that beats is not', async () => {
    await start({ times: { heartbeat: 100 } });
    cluster.identity.admit('token-2', { podUid: 'u2', pod: 'bot-2' });
    const [silent, beating] = [connect('token-1'), connect('token-2')];
    const timer = setInterval(() => beating.send({ type: 'heartbeat' }), 50);
    await until(() => silent.ended);
    clearInterval(timer);
    expect(beating.ended).toBe(false);
    expect(beating.of('heartbeat').length).toBeGreaterThan(0);
  });

  /** Some 200 kB. */
  const large = (index: number): string => {
    const columns = Array.from({ length: 40 }, (_, column) => `column_${column}_of_${index}`).join(', ');
    const grants = Array.from(
      { length: 60 },
      (_, table) => `{tables: ["public.t_${index}_${table}"], actions: [Select], columns: [${columns}]}`,
    );
    return policyYaml('read', 'shop', { grants: `[${grants.join(', ')}]` });
  };

  it('one that does not read holds nothing up, and is sent what holds when it reads again', async () => {
    await start();
    cluster.identity.admit('token-2', { podUid: 'u2', pod: 'bot-2' });
    const [slow, quick] = [connect('token-1', { reads: false }), connect('token-2')];
    await until(() => quick.of('state').length === 1 && slow.status === 200);
    for (let index = 0; index < 20; index += 1) {
      cluster.view.apply(large(index));
      await until(() => quick.of('state').length === index + 2);
    }
    slow.read();
    await until(() => JSON.stringify(slow.of('state').at(-1)).includes('public.t_19_0'));
    expect(slow.of('state').length).toBeLessThan(10);
  });

  it('one that takes nothing at all for a while is dropped', async () => {
    await start({ times: { stall: 300 } });
    const slow = connect('token-1', { reads: false });
    await until(() => slow.status === 200);
    for (let index = 0; index < 5; index += 1) {
      cluster.view.apply(large(index));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => operator.connected === 0);
    expect(await operator.registry.getSingleMetricAsString('sluice_operator_streams_ended_total')).toContain('{how="stalled"} 1');
  });

  it('a replica that stops says goodbye to everybody and lets nobody in', async () => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    await operator.drain(0, 5_000);
    await until(() => client.ended);
    expect(client.frames.at(-1)).toMatchObject({ type: 'goodbye' });
  });

  it('a successor of the authority is announced, and a renewed certificate shown to the next connection', async () => {
    await start();
    const client = connect('token-1');
    await until(() => client.of('state').length === 1);
    const { makeAuthority } = await import('./certificates.ts');
    const { SERVER_NAME } = await import('./operator.ts');
    const successor = await makeAuthority('successor');
    operator.renew(await successor.issue(SERVER_NAME), [cluster.authority.certificate, successor.certificate]);
    await until(() => client.of('authorities').length === 2);
    expect(client.of('authorities')[1]?.['certificates']).toEqual([cluster.authority.certificate, successor.certificate]);
    const late = connect('token-1');
    await until(() => late.ended || late.session.destroyed);
    expect(late.status).toBeUndefined();
    expect(client.ended).toBe(false);
  });
});
