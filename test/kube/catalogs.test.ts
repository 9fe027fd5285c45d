/** The leader's look at databases: a real API server for what is published, a real PostgreSQL server for what is read. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseFindings, printFindings } from '../../core/sensitivity/findings.ts';
import { type ConfigMap, publishedConfigMap, publishedName, publishedText } from '../../operator/materials/published.ts';
import { SYSTEM, applyCrds } from './chart.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { SCHEMA, type TestDatabase, putDatabase, putSecret, startDatabase } from './databases.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { type Rooms, startRooms } from './rooms.ts';
import { hasProgram } from '../support/majors.ts';
import { eventually } from '../support/until.ts';

const { skip, title } = needsKubernetes('schemas and findings of Databases');
const KEY = 'data-platform/orders';

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let database: TestDatabase;
  let rooms: Rooms | undefined;
  const listeners: Server[] = [];

  beforeAll(async () => {
    [kube, database] = await Promise.all([startControlPlane({ controllerManager: false }), startDatabase()]);
    applyCrds(kube);
    for (const name of [SYSTEM, 'data-platform', 'elsewhere'])
      await kube.request('POST', '/api/v1/namespaces', { metadata: { name } });
    await database.run(SCHEMA);
    await putSecret(kube, 'data-platform', 'ca', { 'ca.crt': database.ca });
    await putSecret(kube, 'data-platform', 'orders-login', { username: 'app', password: 'app-password' });
  });
  afterEach(async () => {
    await rooms?.stop();
    rooms = undefined;
    for (const listener of listeners.splice(0)) listener.close();
    for (const namespace of ['data-platform', 'elsewhere'])
      await kube.request('DELETE', `/apis/sluice.dev/v1alpha1/namespaces/${namespace}/databases`);
  });
  afterAll(async () => {
    await kube?.stop();
    await database?.stop();
  });

  const spec = (more: Record<string, unknown> = {}, host = 'localhost', port = database.port) => ({
    endpoint: { host, port, database: 'orders' },
    tls: { mode: 'VerifyFull', caSecretRef: { name: 'ca' } },
    credentialsSecretRef: { name: 'orders-login' },
    ...more,
  });
  const published = async (content: 'findings' | 'catalog'): Promise<ConfigMap | undefined> => {
    const name = publishedName(content, KEY);
    const answer = await kube.request<ConfigMap>('GET', `/api/v1/namespaces/${SYSTEM}/configmaps/${name}`);
    return answer.status === 200 ? answer.body : undefined;
  };
  /** Takes connections and does as it is told with them. */
  const listener = async (onConnection: (socket: Socket) => void): Promise<number> => {
    const server = createServer(onConnection);
    listeners.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  };
  const contact = (key = KEY) => rooms?.catalogs.of(key)?.contact;

  it('reads the schema, looks for what is sensitive, publishes both once', async () => {
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toEqual({ ok: true }));
    const knowledge = rooms.catalogs.of(KEY)!;
    expect(knowledge.serverVersion).toMatch(/^18/);
    const customers = knowledge.catalog?.relationNamed('public', 'customers');
    await eventually(() => {
      const classes = rooms?.catalogs.of(KEY)?.detected.get(customers!.oid);
      const name = (column: string) => classes?.get(customers!.columns.find((each) => each.name === column)!.attnum);
      expect([name('email'), name('phone'), name('id')]).toEqual(['pii.email', 'pii.phone', undefined]);
    });
    await eventually(async () => {
      const findings = parseFindings(publishedText('findings', (await published('findings'))!)!.text);
      expect(findings.get('["public","customers","email"]')?.sampled).toBeDefined();
    });
    await eventually(() => expect(rooms?.materials.of(KEY)?.findings).toContain('pii.email'));
    const versions = async () => [
      (await published('findings'))?.metadata.resourceVersion,
      (await published('catalog'))?.metadata.resourceVersion,
    ];
    const before = await versions();
    // Several looks later.
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    expect(await versions()).toEqual(before);
    expect(knowledge.problems).toEqual([]);
    expect(rooms.log.join('\n')).not.toMatch(/app-password|example\.org/);
  });

  it('sees DDL, and a new column before anybody looked into it', async () => {
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toEqual({ ok: true }));
    const revision = rooms.catalogs.of(KEY)!.revision;
    await database.run('CREATE TABLE invoices (id int PRIMARY KEY, iban text); GRANT SELECT ON invoices TO app');
    await eventually(() => {
      const knowledge = rooms!.catalogs.of(KEY)!;
      const invoices = knowledge.catalog?.relationNamed('public', 'invoices');
      expect(invoices).toBeDefined();
      expect(knowledge.detected.get(invoices!.oid)?.get(2)).toBe('financial.iban');
    });
    expect(rooms.catalogs.of(KEY)!.revision).toBeGreaterThan(revision);
    await database.run('DROP TABLE invoices');
  });

  it('a new leader knows at once what the last one published, and findings only grow', async () => {
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(rooms?.materials.of(KEY)?.findings).toContain('pii.phone'));
    await eventually(async () => expect(await published('catalog')).toBeDefined());
    await rooms.stop();
    await database.run("UPDATE customers SET phone = 'none'; ALTER TABLE customers ALTER COLUMN phone TYPE varchar(40)");
    // Unreachable now: what is known is what was published.
    await database.run('ALTER ROLE app NOLOGIN');
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toMatchObject({ ok: false, reason: 'LoginRefused' }));
    expect(rooms.catalogs.of(KEY)?.catalog?.relationNamed('public', 'customers')).toBeDefined();
    await database.run('ALTER ROLE app LOGIN');
    await eventually(() => expect(contact()).toEqual({ ok: true }));
    await eventually(() => expect(rooms?.log.join('\n')).toContain('values-sampled'));
    expect(rooms.materials.of(KEY)?.findings).toContain('"phone",{"sampled"');
    expect(rooms.materials.of(KEY)?.findings).toMatch(/"phone",\{[^}]*"class":"pii\.phone"/);
  });

  it('findings that cannot be read are left alone, and that is said', async () => {
    const before = (await published('findings'))!;
    const path = `/api/v1/namespaces/${SYSTEM}/configmaps/${before.metadata.name}`;
    await kube.request('PUT', path, { ...before, binaryData: { 'findings.json.gz': 'AAAA' } });
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toEqual({ ok: true }));
    expect(rooms.catalogs.of(KEY)?.problems).toEqual([
      { reason: 'FindingsUnpublished', message: expect.stringContaining('delete it to begin anew') },
    ]);
    expect((await published('findings'))?.binaryData).toEqual({ 'findings.json.gz': 'AAAA' });
    await kube.request('DELETE', path);
  });

  it('publishes again what somebody has deleted', async () => {
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(rooms?.materials.of(KEY)?.findings).toBeDefined());
    await kube.request('DELETE', `/api/v1/namespaces/${SYSTEM}/configmaps/${publishedName('findings', KEY)}`);
    await eventually(async () => expect(await published('findings')).toBeDefined());
  });

  it('loses nothing that another leader has published meanwhile', async () => {
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(async () => expect(await published('findings')).toBeDefined());
    await eventually(() => expect(contact()).toEqual({ ok: true }));
    const theirs = parseFindings(publishedText('findings', (await published('findings'))!)!.text);
    const more = new Map(theirs).set('["public","ghosts","name"]', { class: 'pii.name', confidence: 1, evidence: [] });
    const map = await publishedConfigMap('findings', KEY, SYSTEM, printFindings(more));
    const { resourceVersion: _, ...metadata } = map.metadata;
    await kube.request('PUT', `/api/v1/namespaces/${SYSTEM}/configmaps/${map.metadata.name}`, { ...map, metadata });
    await database.run(
      'CREATE TABLE shops (id int, city text); GRANT SELECT ON shops TO app; INSERT INTO shops SELECT i, i FROM generate_series(1, 60) i',
    );
    await eventually(() => expect(rooms?.materials.of(KEY)?.findings).toContain('"shops","city"'));
    expect(rooms.materials.of(KEY)?.findings).toContain('["public","ghosts","name",{"class":"pii.name"');
    await database.run('DROP TABLE shops');
  });

  it('keeps what it published for a while after the Database is gone', async () => {
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(async () => expect(await published('findings')).toBeDefined());
    await kube.request('DELETE', '/apis/sluice.dev/v1alpha1/namespaces/data-platform/databases/orders');
    await eventually(() => expect(rooms?.catalogs.of(KEY)).toBeUndefined());
    expect(await published('findings')).toBeDefined();
    await eventually(async () =>
      expect([await published('findings'), await published('catalog')]).toEqual([undefined, undefined]),
    );
  });

  it('looks into nothing where detection is off, and does when it is switched on', async () => {
    await putDatabase(kube, 'orders', spec({ sensitivity: { detection: 'Off' } }));
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(async () => expect(await published('catalog')).toBeDefined());
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(rooms.catalogs.of(KEY)?.detected.size).toBe(0);
    expect(await published('findings')).toBeUndefined();
    expect(rooms.log.join()).not.toContain('values-sampled');
    await putDatabase(kube, 'orders', spec({ sensitivity: { detection: 'Automatic' } }));
    await eventually(() => expect(rooms?.catalogs.of(KEY)?.detected.size).toBeGreaterThan(0));
    await eventually(async () => expect(await published('findings')).toBeDefined());
  });

  it('has one connection at a time, sampling included', async () => {
    await database.run('SELECT pg_stat_reset()');
    const { connect } = await import('node:net');
    let open = 0;
    let most = 0;
    let all = 0;
    const port = await listener((socket) => {
      all += 1;
      open += 1;
      most = Math.max(most, open);
      const upstream = connect(database.port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const each of [socket, upstream]) each.on('error', () => {});
      socket.on('close', () => {
        open -= 1;
        upstream.destroy();
      });
    });
    await putDatabase(kube, 'orders', spec({ tls: { mode: 'Disable' } }, '127.0.0.1', port));
    rooms = await startRooms(kube, ['data-platform'], { period: 20 });
    await eventually(() => expect(all).toBeGreaterThan(20));
    await eventually(() => expect(rooms?.log.join()).toContain('values-sampled'));
    expect(most).toBe(1);
  });

  it.each([
    ['a wrong password', { credentialsSecretRef: { name: 'wrong-login' } }, 'LoginRefused', 'Secret data-platform/wrong-login'],
    [
      'a database that is not there',
      { endpoint: { host: 'localhost', database: 'nothing' } },
      'DatabaseMissing',
      'spec.endpoint.database',
    ],
    [
      'a CA of somebody else',
      { tls: { mode: 'VerifyFull', caSecretRef: { name: 'other-ca' } } },
      'IdentityUnverified',
      'Check the CA',
    ],
    ['nobody there', { endpoint: { host: 'localhost', port: 1, database: 'orders' } }, 'Unreachable', 'connection refused'],
  ])('says what is wrong: %s', async (_what, more, reason, message) => {
    await putSecret(kube, 'data-platform', 'wrong-login', { username: 'app', password: 'guessed' });
    const { makeLocalCertificate } = await import('../../sidecar/listen/local-certificate.ts');
    await putSecret(kube, 'data-platform', 'other-ca', { 'ca.crt': (await makeLocalCertificate(['x'], Date.now())).authority });
    const base = spec(more as Record<string, unknown>);
    const port = (base.endpoint as { port?: number }).port ?? database.port;
    await putDatabase(kube, 'orders', { ...base, endpoint: { ...base.endpoint, port } });
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toEqual({ ok: false, reason, message: expect.stringContaining(message) }));
    expect(JSON.stringify(contact()) + rooms.log.join()).not.toMatch(/guessed|app-password|"app"/);
  });

  it('a Secret that changes is used at once', async () => {
    await putSecret(kube, 'data-platform', 'late-login', { username: 'app', password: 'old' });
    await putDatabase(kube, 'orders', spec({ credentialsSecretRef: { name: 'late-login' } }));
    rooms = await startRooms(kube, ['data-platform'], { pause: [600_000, 600_000], period: 600_000 });
    await eventually(() => expect(contact()).toMatchObject({ reason: 'LoginRefused' }));
    await putSecret(kube, 'data-platform', 'late-login', { username: 'app', password: 'app-password' });
    await eventually(() => expect(contact()).toEqual({ ok: true }));
  });

  it('dials nothing outside the trusted namespaces, and reads no Secret there', async () => {
    let connections = 0;
    const port = await listener((socket) => {
      connections += 1;
      socket.destroy();
    });
    const object = { credentialsSecretRef: { name: 'login' }, tls: { mode: 'Disable' } };
    await putSecret(kube, 'elsewhere', 'login', { username: 'a', password: 'b' });
    await putDatabase(kube, 'stranger', spec(object, '127.0.0.1', port), 'elsewhere');
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toEqual({ ok: true }));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(connections).toBe(0);
    expect(rooms.catalogs.of('elsewhere/stranger')).toBeUndefined();
    // The same Database where it is trusted is dialled: the listener does count.
    await putSecret(kube, 'data-platform', 'login', { username: 'a', password: 'b' });
    await putDatabase(kube, 'stranger', spec(object, '127.0.0.1', port));
    await eventually(() => expect(connections).toBeGreaterThan(0));
  });

  it('servers that hang or lie hold up nobody else', async () => {
    const silent = await listener((socket) => void socket.on('error', () => {}));
    const lying = await listener((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(100));
    });
    for (let index = 0; index < 20; index += 1)
      await putDatabase(kube, `bad-${index}`, spec({ tls: { mode: 'Disable' } }, '127.0.0.1', index % 2 === 0 ? silent : lying));
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact('data-platform/bad-1')).toMatchObject({ reason: 'ProtocolViolation' }));
    await putDatabase(kube, 'orders', spec());
    await eventually(() => expect(contact()).toEqual({ ok: true }), 9_000);
    expect(contact('data-platform/bad-0')).toBeUndefined();
  });

  it('refuses a pooler that loses settings', async () => {
    const { connect } = await import('node:net');
    // The startup packet without its last setting: what a pooler does that ignores what it does not know.
    const port = await listener((socket) => {
      const upstream = connect(database.port, '127.0.0.1');
      socket.once('data', (packet: Buffer) => {
        const text = packet.toString('latin1').replace(/sluice\.probe\0[^\0]*\0/, '');
        const cut = Buffer.from(text, 'latin1');
        cut.writeInt32BE(cut.length, 0);
        upstream.write(cut);
        socket.pipe(upstream).pipe(socket);
      });
      for (const each of [socket, upstream]) each.on('error', () => {});
    });
    await putDatabase(kube, 'orders', spec({ tls: { mode: 'Disable' } }, '127.0.0.1', port));
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toMatchObject({ ok: false, reason: 'Pooler' }));
  });

  it.skipIf(!hasProgram('pgbouncer')).each([
    ['as it is installed', ''],
    ['told to ignore what it does not know', 'ignore_startup_parameters = extra_float_digits,sluice.probe'],
  ])('refuses PgBouncer in transaction mode, %s', async (_what, line) => {
    const pooler = await startPgBouncer(database.port, line);
    try {
      await putDatabase(kube, 'orders', spec({ tls: { mode: 'Disable' } }, '127.0.0.1', pooler.port));
      rooms = await startRooms(kube, ['data-platform']);
      await eventually(() => expect(contact()).toMatchObject({ ok: false, reason: 'Pooler' }));
    } finally {
      await pooler.stop();
    }
  });

  it('stops writing and closes its connections when it leads no longer', async () => {
    await putDatabase(kube, 'orders', spec());
    rooms = await startRooms(kube, ['data-platform']);
    await eventually(() => expect(contact()).toEqual({ ok: true }));
    await rooms.catalogs.stop();
    expect(rooms.catalogs.of(KEY)).toBeUndefined();
    await kube.request('DELETE', `/api/v1/namespaces/${SYSTEM}/configmaps/${publishedName('catalog', KEY)}`);
    await database.run('CREATE TABLE after_the_end (id int)');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await published('catalog')).toBeUndefined();
    await database.run('DROP TABLE after_the_end');
    rooms.catalogs.start();
    await eventually(() => expect(contact()).toEqual({ ok: true }));
  });
});
