/** The sidecar's side of the stream against the operator's, and against those who pretend to be it. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createTcp, connect as connectTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { OperatorLink, type OperatorLinkOptions } from '../../sidecar/bundle/operator-link.ts';
import { manualClock } from '../support/manual-clock.ts';
import { makeAuthority } from './certificates.ts';
import { databaseYaml, policyYaml } from './documents.ts';
import { memoryCluster, SERVER_NAME, startOperator, type TestCluster, type TestOperator } from './operator.ts';
import { until } from '../support/until.ts';

let cluster: TestCluster;
let operator: TestOperator;
let directory: string;
let token: string;
const logs: { readonly event: string; readonly detail: unknown }[] = [];
const cleanup: (() => unknown)[] = [];

function startLink(port: number, options: Partial<OperatorLinkOptions> = {}): OperatorLink {
  const link = new OperatorLink({
    address: `127.0.0.1:${port}`,
    serverName: SERVER_NAME,
    ca: cluster.authority.certificate,
    databases: ['data/shop'],
    version: '0.0.0-link',
    readToken: async () => token,
    directory,
    uptime: () => performance.now() / 1000,
    clock: systemClock,
    random: () => 0.1,
    log: (_level, event, detail) => void logs.push({ event, detail }),
    standing: () => ({ state: 'programmed' }),
    onIdentity: () => {},
    ...options,
  });
  cleanup.push(() => link.close());
  link.start();
  return link;
}

const shop = (link: OperatorLink) => link.databases.get('data/shop')!;
const password = (link: OperatorLink) => shop(link).connection?.credential.password;

/** Something in front of the operator that can be cut or made to swallow everything. */
async function relay(port: () => number): Promise<{ readonly port: number; swallow(): void; cut(): void }> {
  const pairs = new Set<[Socket, Socket]>();
  const server = createTcp((client) => {
    const upstream = connectTcp(port(), '127.0.0.1');
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    for (const socket of pair) socket.on('error', () => {});
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await listening(server);
  const end = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  cleanup.push(() => {
    end();
    server.close();
  });
  return {
    port: portOf(server),
    cut: end,
    swallow: () => {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        client.removeAllListeners('close');
        upstream.removeAllListeners('close');
        client.resume();
        upstream.destroy();
      }
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

beforeEach(async () => {
  cluster = await memoryCluster();
  operator = await startOperator(cluster);
  directory = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  token = 'token-1';
  logs.length = 0;
  cluster.identity.admit('token-1');
  cluster.view.apply(databaseYaml('shop') + policyYaml('read', 'shop'));
  cluster.materials.set('data/shop', { logins: { '': { username: 'app', password: 'hush' } }, addresses: ['127.0.0.1'] });
});

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) step();
  await operator.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the link', () => {
  it('brings what holds, acknowledges it, and follows changes', async () => {
    const link = startLink(operator.port);
    expect(shop(link).current).toMatchObject({ code: 'SLUICE-708' });
    await until(() => shop(link).current.database !== undefined);
    expect(link.identity).toMatchObject({ namespace: 'agents', serviceAccount: 'bot', pod: 'bot-1' });
    expect(password(link)).toBe('hush');
    await until(() => operator.acknowledgements.of('data/shop').policies[0]?.programmed === 1);
    cluster.view.apply(policyYaml('more', 'shop'));
    await until(() => shop(link).current.policies.length === 2);
    await until(() => operator.acknowledgements.of('data/shop').policies.every(({ programmed }) => programmed === 1));
    expect(await operator.registry.getSingleMetricAsString('sluice_operator_propagation_seconds')).toMatch(/_count 1/);
    cluster.view.removeDatabase('data/shop');
    await until(() => shop(link).current.database === undefined);
    expect(shop(link).current).toMatchObject({ code: 'SLUICE-703', reason: expect.stringContaining('no Database data/shop') });
    expect(shop(link).connection).toBeUndefined();
    cluster.view.apply(databaseYaml('shop'));
    await until(() => shop(link).current.database !== undefined);
  });

  it('sends a token that the kubelet has renewed', async () => {
    startLink(operator.port, { times: { heartbeat: 30 } });
    await until(() => operator.connected === 1);
    cluster.identity.admit('token-1b');
    token = 'token-1b\n';
    await until(() => cluster.identity.seen.includes('token-1b'));
    expect(operator.connected).toBe(1);
  });

  it('what it cannot understand puts nothing in force, and the operator hears why', async () => {
    const link = startLink(operator.port);
    await until(() => shop(link).current.database !== undefined);
    const database = cluster.view.database('data', 'shop')!;
    const newer = { ...database, spec: { ...database.spec, quantumMasking: 'always' } } as typeof database;
    cluster.view.database = () => newer;
    cluster.view.changed('data/shop');
    await until(() => shop(link).current.database === undefined);
    expect(shop(link).current.reason).toMatch(/does not understand.*quantumMasking/);
    await until(() => operator.acknowledgements.of('data/shop').rejections.length === 1);
    expect(operator.acknowledgements.of('data/shop').policies[0]?.programmed).toBe(0);
    expect(password(link)).toBeUndefined();
    cluster.view.database = () => database;
    cluster.view.changed('data/shop');
    await until(() => password(link) === 'hush');
  });

  it('a pod that is revoked has nothing any more, not even after a restart, and may be let in again', async () => {
    const link = startLink(operator.port);
    await until(() => shop(link).current.database !== undefined);
    cluster.identity.gone('00000000-0000-0000-0000-000000000001');
    await until(() => shop(link).current.database === undefined);
    expect(shop(link).current.reason).toMatch(/does not accept this pod/);
    link.close();
    const after = startLink(1);
    expect(shop(after).current.database).toBeUndefined();
    after.close();
    cluster.identity.admit('token-1');
    const again = startLink(operator.port);
    await until(() => shop(again).current.database !== undefined);
  });

  it('a replica that says goodbye is left for another, and nothing changes meanwhile', async () => {
    const other = await startOperator(cluster, { replica: 'operator-2' });
    cleanup.push(() => other.close());
    let port = operator.port;
    const service = await relay(() => port);
    const link = startLink(service.port);
    const changes: unknown[] = [];
    await until(() => shop(link).current.database !== undefined);
    shop(link).onChange((snapshot) => void changes.push(snapshot));
    port = other.port;
    await operator.drain(0, 5_000);
    await until(() => other.connected === 1);
    await until(() => other.acknowledgements.of('data/shop').policies[0]?.programmed === 1);
    expect(changes).toEqual([]);
    expect(logs.map(({ event }) => event)).toContain('operator-goodbye');
  });

  it('comes back after a cut, and after a line that has gone dead without a word', async () => {
    const service = await relay(() => operator.port);
    const link = startLink(service.port, { times: { heartbeat: 50 } });
    await until(() => link.connected);
    service.cut();
    await until(() => !link.connected);
    await until(() => link.connected);
    service.swallow();
    await until(() => !link.connected);
    await until(() => link.connected);
    expect(shop(link).current.database).toBeDefined();
    expect(JSON.stringify(logs)).toContain('fallen silent');
  });

  it('waits as long as it is asked to, and no attempt says the same twice in the log', async () => {
    cluster.view.hasSynced = false;
    const link = startLink(operator.port);
    await until(() => logs.some(({ event }) => event === 'operator-lost'));
    cluster.view.hasSynced = true;
    await until(() => link.connected);
    expect(shop(link).current).toBeDefined();
  });
});

describe('who is not the operator', () => {
  /** Takes whatever TLS gives it, and remembers every byte. */
  async function pretender(certificate: {
    readonly cert: string;
    readonly key: string;
  }): Promise<{ port: number; heard: () => string; connections: () => number }> {
    let heard = '';
    let connections = 0;
    const server = createTls({ ...certificate, ALPNProtocols: ['h2'] }, (socket) => {
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
      });
      socket.on('error', () => {});
    });
    server.on('connection', () => {
      connections += 1;
    });
    server.on('tlsClientError', () => {});
    await listening(server);
    cleanup.push(() => server.close());
    return { port: portOf(server), heard: () => heard, connections: () => connections };
  }

  it('never sees the token: not with another authority, not with the right one and a wrong name', async () => {
    let read = 0;
    const readToken = async (): Promise<string> => {
      read += 1;
      return token;
    };
    const other = await makeAuthority();
    for (const certificate of [await other.issue(SERVER_NAME), await cluster.authority.issue('webhook.sluice-system.svc')]) {
      const { port, heard, connections } = await pretender(certificate);
      const link = startLink(port, { readToken, times: { backoff: [10, 20] } });
      await until(() => connections() >= 3);
      link.close();
      expect(heard()).toBe('');
      expect(read).toBe(0);
    }
    // The benign twin: the same pretender with the right certificate is sent it.
    const { port, heard } = await pretender(await cluster.authority.issue(SERVER_NAME));
    startLink(port, { readToken });
    await until(() => heard().length > 0 && read > 0);
  });

  it('cannot be believed by what the environment says of TLS', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    cleanup.push(() => {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    });
    const { port, heard, connections } = await pretender(await (await makeAuthority()).issue(SERVER_NAME));
    startLink(port, { times: { backoff: [10, 20] } });
    await until(() => connections() >= 2);
    expect(heard()).toBe('');
  });

  it('an announced successor of the authority is believed, and after a restart, too', async () => {
    const successor = await makeAuthority('successor');
    const link = startLink(operator.port);
    await until(() => link.connected && shop(link).current.database !== undefined);
    operator.renew(await successor.issue(SERVER_NAME), [
      cluster.authority.certificate,
      successor.certificate,
      'not a certificate',
    ]);
    await until(() =>
      readFileSync(join(directory, 'operator.json'), 'utf8').includes(JSON.stringify(successor.certificate).slice(1, -1)),
    );
    link.close();
    await until(() => operator.connected === 0);
    const after = startLink(operator.port);
    await until(() => after.connected);
    after.close();
    rmSync(join(directory, 'operator.json'));
    startLink(operator.port, { times: { backoff: [10, 20] } });
    await until(() => logs.filter(({ event }) => event === 'operator-lost').length > 0);
    expect(operator.connected).toBe(0);
  });
});

describe('what is kept', () => {
  it('is for its owner alone, and enough to go on without the operator', async () => {
    const link = startLink(operator.port);
    await until(() => shop(link).current.database !== undefined && link.connected);
    await until(() => statSync(join(directory, 'operator.json'), { throwIfNoEntry: false }) !== undefined);
    link.close();
    for (const file of ['operator.json', 'contact.json']) expect(statSync(join(directory, file)).mode & 0o777, file).toBe(0o600);
    const after = startLink(1);
    expect(shop(after).current.policies).toHaveLength(1);
    expect(password(after)).toBe('hush');
    expect(after.identity).toMatchObject({ pod: 'bot-1' });
  });

  it('is ignored where it is damaged or of another format, with a line in the log that quotes nothing of it', async () => {
    for (const text of [
      '',
      '{"formatVersion":1',
      '[]',
      '{"formatVersion":2}',
      '{"formatVersion":1,"identity":{},"authorities":[],"databases":{}}',
      '{"password":"hush" oops',
    ]) {
      logs.length = 0;
      writeFileSync(join(directory, 'operator.json'), text);
      const link = startLink(1);
      expect(shop(link).current, text).toMatchObject({ code: 'SLUICE-708' });
      expect(
        logs.filter(({ event }) => event === 'operator-memory-ignored'),
        text,
      ).toHaveLength(1);
      expect(JSON.stringify(logs)).not.toContain('hush');
      link.close();
    }
  });
});

describe('staleness', () => {
  /** Time that a test moves, while real bytes take their own. */
  async function connected(clock: Clock, uptime: () => number): Promise<OperatorLink> {
    cluster.view.apply(databaseYaml('shop', { extra: '  maxStaleness: 60s' }));
    const link = startLink(operator.port, { clock, uptime });
    await until(() => shop(link).current.database !== undefined);
    return link;
  }

  it('without a word for maxStaleness nothing is in force; it comes back when the operator has spoken about this Database', async () => {
    const clock = manualClock();
    const link = await connected(clock, () => clock.monotonic() / 1000);
    await operator.close();
    await until(() => !link.connected);
    clock.jump(24 * 3_600_000);
    await clock.advance(59_000);
    expect(shop(link).current.database).toBeDefined();
    await clock.advance(2_000);
    expect(shop(link).current).toMatchObject({ code: 'SLUICE-709', reason: expect.stringContaining('60s') });
    expect(shop(link).connection).toBeUndefined();
    const { port } = operator;
    // A replica that has not looked at its Secrets yet says nothing about it: that is no word.
    const materials = cluster.materials.of.bind(cluster.materials);
    cluster.materials.of = () => undefined;
    operator = await startOperator(cluster, { port });
    while (!link.connected) await clock.advance(500);
    expect(shop(link).current).toMatchObject({ code: 'SLUICE-709' });
    cluster.materials.of = materials;
    cluster.view.changed('data/shop');
    await until(() => shop(link).current.database !== undefined);
  });

  it('a clock that is set back does not extend it, neither while it runs nor over a restart', async () => {
    const clock = manualClock();
    let uptime = 1000;
    const running = await connected(clock, () => uptime);
    running.close();
    await operator.close();
    const restarted = (): OperatorLink => startLink(1, { clock, uptime: () => uptime });
    const at = (wall: number, up: number): boolean => {
      clock.jump(wall);
      uptime += up;
      const link = restarted();
      const served = shop(link).current.database !== undefined;
      link.close();
      clock.jump(-wall);
      uptime -= up;
      return served;
    };
    expect(at(30_000, 30)).toBe(true);
    expect(at(59_000, 59)).toBe(true);
    expect(at(61_000, 61)).toBe(false);
    // The wall clock was set back by a minute meanwhile; the machine knows better.
    expect(at(1_000, 61)).toBe(false);
    // It was set back beyond the moment itself.
    expect(at(-1_000, 30)).toBe(false);
    // Another boot of the machine: nobody knows.
    expect(at(30_000, -900)).toBe(false);
    // Set while running: it counts on from there, and no later.
    const link = restarted();
    clock.jump(-3_600_000);
    await clock.advance(61_000);
    expect(shop(link).current).toMatchObject({ code: 'SLUICE-709' });
  });
});

describe('an operator that says something else', () => {
  /** Lets in, and then sends these bytes. */
  async function strange(...lines: readonly string[]): Promise<number> {
    const { createSecureServer } = await import('node:http2');
    const server = createSecureServer(await cluster.authority.issue(SERVER_NAME));
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200 });
      for (const line of lines) stream.write(line);
    });
    server.on('session', (session) => {
      session.on('error', () => {});
      cleanup.push(() => session.destroy());
    });
    await listening(server);
    cleanup.push(() => server.close());
    return portOf(server);
  }

  const welcome = `${JSON.stringify({ type: 'welcome', protocol: 1, operator: 'x', replica: 'y', identity: { namespace: 'agents', serviceAccount: 'bot' } })}\n`;
  const state = (): string =>
    `${JSON.stringify({ type: 'state', database: 'data/shop', revision: 'r', object: cluster.view.database('data', 'shop'), policies: [], addresses: [] })}\n`;

  it('of types that nobody knows, or about Databases that are not ours, is passed over', async () => {
    const link = startLink(
      await strange(
        welcome,
        '{"type":"from-the-future"}\n',
        '{"type":"withdrawn","database":"data/other","reason":"x"}\n',
        '{"type":"state","database":7}\n',
        state(),
      ),
    );
    await until(() => shop(link).current.database !== undefined);
    expect(link.connected).toBe(true);
  });

  it('that is no frame, or one beyond the limit, ends the connection, and what held still holds', async () => {
    const cases = ['not json\n', '[]\n', 'x'.repeat(17 * 1024 * 1024)];
    for (const bytes of cases) {
      logs.length = 0;
      const link = startLink(await strange(welcome, state(), bytes));
      await until(() => logs.some(({ event }) => event === 'operator-lost'));
      expect(shop(link).current.database).toBeDefined();
      link.close();
      rmSync(join(directory, 'operator.json'), { force: true });
    }
  });

  it('of a protocol that we do not speak is not listened to, of one that both speak it is', async () => {
    for (const [protocol, understood] of [
      [1, true],
      [2, true],
      [3, true],
      [0, false],
      [4, false],
      ['3', false],
      [undefined, false],
    ]) {
      logs.length = 0;
      const link = startLink(await strange(JSON.stringify({ ...JSON.parse(welcome), protocol }).concat('\n'), state()));
      await until(() => link.connected || logs.some(({ event }) => event === 'operator-not-understood'));
      if (understood === true) await until(() => shop(link).current.database !== undefined);
      expect(shop(link).current.database !== undefined).toBe(understood);
      link.close();
      rmSync(join(directory, 'operator.json'), { force: true });
    }
  });

  it('before it has said who we are is not listened to', async () => {
    const link = startLink(await strange(state(), welcome));
    await until(() => logs.some(({ event }) => event === 'operator-lost'));
    expect(shop(link).current.database).toBeUndefined();
  });

  it('about another Database under the name of ours puts nothing in force', async () => {
    const object = { ...cluster.view.database('data', 'shop')!, metadata: { namespace: 'data', name: 'other' } };
    const link = startLink(
      await strange(
        welcome,
        `${JSON.stringify({ type: 'state', database: 'data/shop', revision: 'r', object, policies: [], addresses: [] })}\n`,
      ),
    );
    await until(() => shop(link).rejected !== undefined);
    expect(shop(link).current).toMatchObject({ reason: expect.stringContaining('is about data/other') });
  });
});
