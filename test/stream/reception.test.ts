/** The operator's side of collection, spoken to by hand: by sidecars that are honest, and by those that are not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../core/audit/chain.ts';
import { MemoryAuditStore, linesOf } from '../support/memory-audit-store.ts';
import { until } from '../support/until.ts';
import { type AuditClient, collectByHand, HandChain, PUBLIC_KEY } from './audit-client.ts';
import { connectByHand, type StreamClient } from './client.ts';
import { databaseYaml, policyYaml } from './documents.ts';
import { memoryCluster, startOperator, type TestCluster, type TestOperator, type TestOperatorOptions } from './operator.ts';

let cluster: TestCluster;
let operator: TestOperator;
let store: MemoryAuditStore;
const clients: StreamClient[] = [];

async function start(options: TestOperatorOptions = {}): Promise<void> {
  operator = await startOperator(cluster, { audit: store, ...options });
}

async function welcomed(token = 'token-1', protocol = 3): Promise<StreamClient> {
  const client = connectByHand(cluster, operator.port, token, { hello: false });
  clients.push(client);
  await until(() => client.status === 200);
  client.send({ type: 'hello', protocol, oldest: 1, version: '0.0.0-hand', databases: [] });
  await until(() => client.of('welcome').length === 1);
  return client;
}

async function collecting(token = 'token-1'): Promise<AuditClient> {
  const audit = collectByHand(await welcomed(token));
  await until(() => audit.status === 200);
  return audit;
}

async function opened(audit: AuditClient, chain: HandChain, first = 0): Promise<Readonly<Record<string, unknown>>> {
  audit.send(chain.open(first));
  await until(() => audit.of('opened', chain.chain).length === 1);
  return audit.of('opened', chain.chain)[0]!;
}

async function refused(audit: AuditClient, chain: string): Promise<string> {
  await until(() => audit.of('refused', chain).length === 1);
  return operator.refusals.find((each) => each.chain === chain)!.code;
}

beforeEach(async () => {
  cluster = await memoryCluster();
  store = new MemoryAuditStore();
  cluster.identity.admit('token-1');
  cluster.identity.admit('token-2', { pod: 'bot-2', podUid: '00000000-0000-0000-0000-000000000002' });
  cluster.view.apply(databaseYaml('shop') + policyYaml('read', 'shop'));
  cluster.materials.set('data/shop', { logins: { '': { username: 'app', password: 'hush' } }, addresses: ['127.0.0.1'] });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await operator.close();
});

describe('the stream of records', () => {
  it('begins behind a welcome with protocol 3, once at a time; nobody else has one', async () => {
    await start();
    const nobody = connectByHand(cluster, operator.port, 'token-1', { path: '/sluice/v1/audit' });
    clients.push(nobody);
    await until(() => nobody.ended);
    expect([nobody.status, cluster.identity.seen]).toEqual([403, []]);
    const older = await welcomed('token-1', 2);
    const none = collectByHand(older);
    await until(() => none.ended);
    expect(none.status).toBe(403);
    const client = await welcomed('token-1');
    const first = collectByHand(client);
    await until(() => first.status === 200);
    const second = collectByHand(client);
    await until(() => second.ended);
    expect([second.status, first.ended, client.ended]).toEqual([409, false, false]);
    first.stream.close();
    await until(() => first.ended);
    const third = collectByHand(client);
    await until(() => third.status === 200);
  });

  it('is not there where nothing is collected; the connection stays', async () => {
    operator = await startOperator(cluster);
    const client = await welcomed();
    const audit = collectByHand(client);
    await until(() => audit.ended);
    expect([audit.status, client.ended]).toEqual([404, false]);
  });

  it('stores what comes, byte for byte, says so when it is durable, and knows where it stands', async () => {
    await start();
    const chain = new HandChain().grow(20);
    let durable: () => void = () => {};
    store.delay = () => new Promise<void>((resolve) => (durable = resolve));
    const audit = await collecting();
    expect(await opened(audit, chain)).toMatchObject({ next: 0, certificate: { chain: chain.chain, publicKey: PUBLIC_KEY } });
    audit.send(chain.records(0, 5));
    await until(() => store.appends === 1);
    audit.send(chain.records(5, 12));
    audit.send(chain.records(12));
    const bytes = chain.lines.reduce((sum, line) => sum + line.length, 0);
    await until(() => operator.reception!.held === bytes);
    expect(audit.of('stored')).toEqual([]);
    durable();
    await until(() => audit.of('stored').length === 1);
    await until(() => store.appends === 2);
    store.delay = async () => {};
    durable();
    await until(() => audit.of('stored').at(-1)?.['next'] === 21);
    expect(linesOf(store, chain.chain)).toEqual(chain.lines);
    expect([operator.reception!.held, store.appends]).toEqual([0, 2]);
    expect(store.kept.get(chain.chain)!.owner).toEqual({
      kind: 'sidecar',
      database: 'data/shop',
      identity: {
        namespace: 'agents',
        serviceAccount: 'bot',
        pod: 'bot-1',
        podUid: '00000000-0000-0000-0000-000000000001',
        node: 'node-a',
      },
    });
    const again = await collecting();
    expect(await opened(again, chain.grow(1), 3)).toMatchObject({ next: 21, hash: JSON.parse(chain.lines[21]!).prev });
    again.send(chain.records(21));
    await until(() => again.of('stored').length === 1);
    expect(linesOf(store, chain.chain)).toEqual(chain.lines);
  });

  it('tells a sidecar to come again when the store is away, keeps nothing meanwhile, and goes on from what is stored', async () => {
    await start();
    const chain = new HandChain().grow(9);
    const audit = await collecting();
    store.away = true;
    audit.send(chain.open());
    await until(() => audit.of('unavailable').length === 1);
    store.away = false;
    await opened(audit, chain);
    audit.send(chain.records(0, 4));
    await until(() => audit.of('stored').length === 1);
    store.away = true;
    audit.send(chain.records(4, 6));
    audit.send(chain.records(6));
    await until(() => audit.of('unavailable').length === 2);
    expect(audit.of('unavailable').at(-1)!['retryAfter']).toBeGreaterThan(0);
    audit.send(chain.grow(1).records(10));
    store.away = false;
    audit.send(chain.records(4));
    await until(() => audit.of('stored').at(-1)?.['next'] === 11);
    expect([operator.reception!.held, linesOf(store, chain.chain), operator.refusals]).toEqual([0, chain.lines, []]);
    expect(operator.logs.filter(({ event }) => event === 'audit-store-unavailable').length).toBe(1);
  });

  it('is not read while the store is slow: what waits is bounded, for one and for all', async () => {
    await start({ auditLimits: { stream: 256 * 1024, all: 300 * 1024 } });
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    store.delay = () => gate;
    const chains = [new HandChain(), new HandChain({ pod: 'bot-2', podUid: '00000000-0000-0000-0000-000000000002' })];
    const audits = [await collecting('token-1'), await collecting('token-2')];
    for (const [index, chain] of chains.entries()) {
      chain.grow(400, { fill: 'x'.repeat(10_000) });
      await opened(audits[index]!, chain);
      for (let at = 0; at < chain.lines.length; at += 10)
        audits[index]!.send(chain.records(at, Math.min(at + 10, chain.lines.length)));
    }
    await until(() => operator.reception!.isFull);
    const most = operator.reception!.held;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(operator.reception!.held).toBeLessThanOrEqual(Math.max(most, 900 * 1024));
    expect(audits.map(({ stream }) => stream.writableLength > 1024 * 1024)).toEqual([true, true]);
    release();
    for (const [index, audit] of audits.entries())
      await until(() => audit.of('stored').at(-1)?.['next'] === chains[index]!.lines.length);
    expect(chains.map(({ chain }) => linesOf(store, chain).length)).toEqual([401, 401]);
    expect(operator.reception!.held).toBe(0);
  });

  it('lets the tail of a pod in that is gone, and nothing else', async () => {
    await start();
    const chain = new HandChain().grow(5);
    const client = await welcomed();
    const audit = collectByHand(client);
    await until(() => audit.status === 200);
    await opened(audit, chain);
    cluster.identity.gone('00000000-0000-0000-0000-000000000001');
    await until(() => client.of('revoked').length === 1);
    audit.send(new HandChain().open());
    audit.send(chain.records());
    await until(() => audit.of('stored').length === 1);
    const another = collectByHand(client);
    await until(() => another.ended);
    expect([another.status, operator.connected]).toEqual([403, 0]);
    audit.send(chain.grow(2).records(6));
    audit.stream.end();
    await until(() => audit.of('stored').at(-1)?.['next'] === 8 && client.session.destroyed);
    expect([linesOf(store, chain.chain), store.kept.size]).toEqual([chain.lines, 1]);
  });

  it('of a pod that is gone ends after a while, whatever it still has to say', async () => {
    await start({ auditLimits: { tail: 50 }, times: { linger: 10 } });
    const client = await welcomed();
    const audit = collectByHand(client);
    await until(() => audit.status === 200);
    cluster.identity.gone('00000000-0000-0000-0000-000000000001');
    await until(() => audit.ended && client.session.destroyed);
  });
});

describe('a sidecar that lies', () => {
  it.each<[string, (line: string) => string | number, string]>([
    ['changes a record', (line) => line.replace('"number":3', '"number":4'), 'broken-link'],
    ['leaves one out', (line) => line.replace('"seq":3', '"seq":4'), 'broken-link'],
    ['links to another', (line) => line.replace(/"prev":"./, '"prev":"'), 'malformed'],
    ['sends another format', (line) => line.replace('"v":1', '"v":2'), 'malformed'],
    ['names a time that is none', (line) => line.replace(/"time":"[^"]*"/, '"time":"2026-99-99T99:99:99.000000Z"'), 'malformed'],
    ['sends no JSON', () => 'x', 'malformed'],
    ['sends what is no text', () => 7, 'malformed'],
    ['sends two lines as one', (line) => line.replace(',', ',\n'), 'malformed'],
    ['sends half a character', (line) => line.replace('"number":3', '"number":3,"x":"\ud800"'), 'malformed'],
    ['speaks as an operator', (line) => line.replace('"type":"event"', '"type":"admin"'), 'forbidden-type'],
    ['speaks as the cluster', (line) => line.replace('"type":"event"', '"type":"countersignature"'), 'forbidden-type'],
    ['sends a large one', (line) => line.replace('"number":3', `"number":3,"x":"${'x'.repeat(1024 * 1024)}"`), 'malformed'],
  ])('%s: what was sound is stored, the rest is refused and said', async (_what, change, code) => {
    await start();
    const chain = new HandChain().grow(5);
    const audit = await collecting();
    await opened(audit, chain);
    const lines: (string | number)[] = [...chain.lines];
    lines[3] = change(chain.lines[3]!);
    audit.send({ ...chain.records(), lines });
    // A changed record shows at the one after it.
    const sound = _what === 'changes a record' ? 4 : 3;
    expect(await refused(audit, chain.chain)).toBe(code);
    expect(linesOf(store, chain.chain)).toHaveLength(sound);
    audit.send(chain.records(sound));
    const other = new HandChain();
    await opened(audit, other);
    expect(linesOf(store, chain.chain)).toHaveLength(sound);
    expect(operator.logs).toContainEqual({
      event: 'audit-chain-refused',
      detail: expect.objectContaining({ pod: 'agents/bot-1', chain: chain.chain, code }),
    });
    expect(await operator.registry.getSingleMetricAsString('sluice_operator_audit_refusals_total')).toContain(
      `{code="${code}"} 1`,
    );
    expect(operator.reception!.held).toBe(0);
  });

  it.each<[string, Readonly<Record<string, string>>, { namespace: string; name: string }]>([
    ['another pod', { podUid: '00000000-0000-0000-0000-000000000009' }, { namespace: 'data', name: 'shop' }],
    ['another service account', { serviceAccount: 'admin' }, { namespace: 'data', name: 'shop' }],
    ['another Database', {}, { namespace: 'data', name: 'other' }],
  ])('says in its records that it is %s', async (_what, identity, database) => {
    await start();
    const audit = await collecting();
    const chain = new HandChain(identity, database);
    await opened(audit, chain);
    audit.send(chain.records());
    expect(await refused(audit, chain.chain)).toBe('other-identity');
    expect(store.kept.size).toBe(0);
  });

  it('begins where a chain does not begin', async () => {
    await start();
    const audit = await collecting();
    const chain = new HandChain();
    await opened(audit, chain);
    const line = new Chain().seal({ type: 'event', event: 'x', detail: {} }, new Date().toISOString()).slice(0, -1);
    audit.send({ type: 'records', chain: chain.chain, first: 0, lines: [line] });
    expect(await refused(audit, chain.chain)).toBe('broken-link');
  });

  it('writes to another pod’s chain, to a Database it has nothing on, or over what is stored', async () => {
    await start();
    const audit = await collecting();
    const chain = new HandChain().grow(3);
    await opened(audit, chain);
    audit.send(chain.records());
    await until(() => audit.of('stored').length === 1);
    const other = await collecting('token-2');
    other.send(chain.open());
    expect(await refused(other, chain.chain)).toBe('other-pod');
    const elsewhere = new HandChain();
    other.send({ ...elsewhere.open(), database: 'data/payroll' });
    expect(await refused(other, elsewhere.chain)).toBe('other-database');
    expect(store.kept.size).toBe(1);
    // Behind our back another replica has stored another end of it: a fork.
    const kept = store.kept.get(chain.chain)!;
    const mine = new HandChain();
    Object.assign(mine, { chain: chain.chain });
    const fork = chain.lines[3]!.replace('"number":3', '"number":33');
    chain.grow(1);
    kept.lines.set(4, fork);
    audit.send(chain.records(4));
    await until(() => audit.of('refused', chain.chain).length === 1);
    expect(operator.refusals.at(-1)).toMatchObject({ code: 'fork', seq: 4 });
    expect(kept.lines.get(4)).toBe(fork);
  });

  it('opens chains without end, or is refused again and again: its stream ends, its policies stay', async () => {
    await start({ auditLimits: { chains: 3 } });
    const client = await welcomed();
    const audit = collectByHand(client);
    await until(() => audit.status === 200);
    for (let index = 0; index < 60; index += 1) audit.send(new HandChain().open());
    await until(() => audit.ended);
    expect(operator.refusals.every(({ code }) => code === 'too-many-chains')).toBe(true);
    expect([operator.refusals.length, client.ended]).toEqual([17, false]);
  });

  it.each<[string, (audit: AuditClient) => void]>([
    ['a frame of a gigabyte', (audit) => void flood(audit, 'x'.repeat(1024 * 1024))],
    ['frames that are none', (audit) => audit.stream.write('nonsense\n')],
    ['records without a place', (audit) => audit.send({ type: 'records', chain: 7, first: -1.5, lines: 'x' })],
    ['a chain that is no name', (audit) => audit.send({ ...new HandChain().open(), chain: '../../etc' })],
    ['a key that is none', (audit) => audit.send({ ...new HandChain().open(), publicKey: 'x' })],
    ['positions that are none', (audit) => audit.send({ ...new HandChain().open(), first: 9, next: 1 })],
  ])('sends %s: its stream ends, its policies stay', async (_what, send) => {
    await start();
    const client = await welcomed();
    const audit = collectByHand(client);
    await until(() => audit.status === 200);
    send(audit);
    await until(() => audit.ended);
    expect([client.ended, operator.connected, operator.reception!.held]).toEqual([false, 1, 0]);
  });

  it('sends frames without end: it is read no faster than it may', async () => {
    await start({ auditLimits: { rate: [64 * 1024, 64 * 1024] } });
    const audit = await collecting();
    const before = process.memoryUsage().rss;
    let sent = 0;
    for (; sent < 32 * 1024 * 1024; sent += 32 * 1024) audit.send({ type: 'nothing', fill: 'x'.repeat(32 * 1024) });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(audit.stream.writableLength).toBeGreaterThan(24 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
    const other = await collecting('token-2');
    const chain = new HandChain({ pod: 'bot-2', podUid: '00000000-0000-0000-0000-000000000002' });
    await opened(other, chain);
  });
});

async function flood(audit: AuditClient, piece: string): Promise<void> {
  for (let sent = 0; sent < 1024 && !audit.ended && !audit.stream.destroyed; sent += 1) {
    if (!audit.stream.write(piece)) await new Promise<void>((resolve) => setTimeout(resolve, 1));
    if (audit.stream.writableLength > 8 * 1024 * 1024) return;
  }
}
