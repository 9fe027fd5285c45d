/** What changes in the cluster, as the pod's clients see it. */
import { describe, expect, it } from 'vitest';
import { policyYaml } from '../stream/documents.ts';
import { WireClient } from '../support/wire-client.ts';
import { ask, GRANTS, laboratory, ready, refusal, SCHEMA } from './laboratory.ts';
import { type RunningSidecar, served } from './sidecar.ts';
import { until } from '../support/until.ts';

const lab = laboratory();

async function start(options: Parameters<typeof lab.startSidecar>[0] = {}): Promise<RunningSidecar> {
  const sidecar = await lab.startSidecar(options);
  await ready(sidecar);
  return sidecar;
}

describe('a policy', () => {
  it('that changes is in force for the next statement of a session that is open', async () => {
    const client = await (await start()).connect();
    expect(await ask(client, 'SELECT id FROM tickets')).toEqual(['1']);
    lab.cluster.view.apply(policyYaml('shop-read', 'shop', { grants: '[{tables: [public.customers], actions: [Select]}]' }));
    await until(() =>
      lab.operator.acknowledgements
        .of('data/shop')
        .policies.some(({ generation, programmed }) => generation === 2 && programmed === 1),
    );
    expect(await ask(client, 'SELECT id FROM tickets')).toMatch(/^42501 SLUICE-201/);
    lab.cluster.view.apply(policyYaml('shop-read', 'shop', { grants: GRANTS }));
    await until(async () => typeof (await ask(client, 'SELECT id FROM tickets')) !== 'string');
  });

  it('that is withdrawn ends the sessions, says why to newcomers, and lets them in again when it is back', async () => {
    const sidecar = await start();
    const client = await sidecar.connect();
    lab.cluster.view.removePolicy('data/shop-read');
    await until(() => client.ended);
    const messages = await client.pending();
    expect(messages.map(({ body }) => body.toString('utf8')).join('')).toContain('No policy has agents/bot as a subject');
    expect(await refusal(sidecar)).toMatchObject({
      C: '57P03',
      D: expect.stringMatching(/^SLUICE-703.*No policy has agents\/bot/s),
    });
    lab.cluster.view.apply(policyYaml('shop-read', 'shop', { grants: GRANTS }));
    await until(async () => (await refusal(sidecar)) === undefined);
  });

  it('that ends by itself ends the sessions, too', async () => {
    const sidecar = await start();
    const client = await sidecar.connect();
    const validUntil = new Date(Date.now() + 1_500).toISOString();
    lab.cluster.view.apply(policyYaml('shop-read', 'shop', { grants: GRANTS, extra: `  validUntil: "${validUntil}"` }));
    await until(() => client.ended);
    await until(async () => /has ended/.test((await refusal(sidecar))?.['D'] ?? ''));
  });
});

describe('what runs', () => {
  it('under a policy that is withdrawn is stopped on the server, too', async () => {
    const sidecar = await start();
    const client = await sidecar.connect();
    const running = client.query('SELECT count(*) FROM tickets a, generate_series(1, 1000000) b, generate_series(1, 1000000) c');
    const active = `SELECT count(*)::text FROM pg_stat_activity WHERE application_name LIKE 'sluice/%' AND state = 'active'`;
    const admin = await WireClient.connect({
      port: lab.server.port,
      user: 'postgres',
      password: lab.server.password,
      database: 'shop',
    });
    await until(async () => (await ask(admin, active))[0] === '1');
    lab.cluster.view.removePolicy('data/shop-read');
    const { error } = await running;
    expect(error).toMatchObject({ D: expect.stringMatching(/^SLUICE-703/) });
    await until(async () => (await ask(admin, active))[0] === '0');
    await admin.close();
  });

  it('goes on while one replica of the operator takes the place of another', async () => {
    const { port } = lab.operator;
    const sidecar = await start();
    const client = await sidecar.connect();
    await client.query('BEGIN');
    await lab.operator.drain(0, 5_000);
    const next = await lab.startOperator({ port, replica: 'operator-2' });
    await until(() => next.acknowledgements.of('data/shop').policies[0]?.programmed === 1);
    expect(await ask(client, 'SELECT id FROM tickets')).toEqual(['1']);
    expect((await client.query('COMMIT')).status).toBe('I');
    expect(sidecar.logs().map(({ msg }) => msg)).toContain('operator-goodbye');
    expect(await refusal(sidecar)).toBeUndefined();
  });
});

describe('a Database', () => {
  it('that is removed ends the sessions; added back it is served again', async () => {
    const sidecar = await start();
    const client = await sidecar.connect();
    lab.cluster.view.removeDatabase('data/shop');
    await until(() => client.ended);
    expect((await refusal(sidecar))?.['D']).toMatch(/no Database data\/shop/);
    lab.govern('shop');
    await until(async () => (await refusal(sidecar)) === undefined);
  });

  it('that moves to another database ends every session, whatever it is in the middle of, before its schema counts', async () => {
    await lab.sql('CREATE DATABASE elsewhere', 'postgres');
    // The same names, another order of columns: attnums of the one are wrong in the other.
    await lab.sql(
      "CREATE TABLE customers (note text, email text, name text, id int); INSERT INTO customers VALUES ('n', 'e@example.org', 'Eve', 1)",
      'elsewhere',
    );
    const sidecar = await start();
    const client = await sidecar.connect();
    await client.query('BEGIN; SELECT id FROM tickets');
    lab.govern('shop', { database: 'elsewhere' });
    await until(() => client.ended);
    await until(async () => {
      // Clients go on calling it what the pod's settings call it.
      const next = await sidecar.connect('shop').catch(() => undefined);
      const row = next === undefined ? '' : await ask(next, 'SELECT name FROM customers WHERE id = 1');
      await next?.close();
      return row[0] === 'Eve';
    });
  });

  it('whose login is rotated uses the new one for the next connection, and keeps those it has', async () => {
    const sidecar = await start();
    const before = await sidecar.connect();
    await lab.sql("CREATE ROLE rotated SUPERUSER LOGIN PASSWORD 'second'", 'postgres');
    lab.cluster.materials.set('data/shop', {
      logins: { '': { username: 'rotated', password: 'second' } },
      addresses: ['127.0.0.1'],
    });
    await until(async () => {
      const client = await sidecar.connect();
      const [user] = await ask(client, 'SELECT current_user');
      await client.close();
      return user === 'rotated';
    });
    expect(await ask(before, 'SELECT id FROM tickets')).toEqual(['1']);
  });

  it('whose findings come later masks by them', async () => {
    const sidecar = await start();
    const client = await sidecar.connect();
    expect(await ask(client, 'SELECT title FROM tickets')).toEqual(['[redacted]']);
    const columns = ['["public","tickets","title",{"class":"secret","confidence":1,"evidence":[{"rule":"values.secret"}]}]'];
    lab.cluster.materials.set('data/shop', {
      logins: { '': { username: 'postgres', password: lab.server.password } },
      addresses: ['127.0.0.1'],
      findings: `{"formatVersion":1,"columns":[${columns.join(',')}]}`,
    });
    await until(async () => JSON.stringify(await ask(client, 'SELECT title FROM tickets')) === '[null]');
  });
});

describe('two Databases', () => {
  it('on one listener are told apart by name; another name is told which there are; each has its own policy and audit', async () => {
    await lab.sql('CREATE DATABASE billing', 'postgres');
    await lab.sql(SCHEMA, 'billing');
    lab.cluster.identity.admit('token-1', { databases: ['data/shop', 'data/billing'] });
    lab.govern('billing', { grants: '[{tables: [public.tickets], actions: [Select]}]' });
    const sidecar = await start({ databases: [served('shop'), served('billing')] });
    expect(sidecar.ports).toHaveLength(1);
    const [shop, billing] = [await sidecar.connect('shop'), await sidecar.connect('billing')];
    expect(await ask(shop, 'SELECT name FROM customers WHERE id = 1')).toEqual(['Ada Lovelace']);
    expect(await ask(billing, 'SELECT name FROM customers WHERE id = 1')).toMatch(/^42501 SLUICE-201/);
    expect(await refusal(sidecar, 'payroll')).toMatchObject({ C: '3D000', H: 'Databases: shop, billing.' });
    lab.cluster.view.removePolicy('data/shop-read');
    await until(() => shop.ended);
    expect(await ask(billing, 'SELECT id FROM tickets')).toEqual(['1']);
    expect(await sidecar.health('/readyz')).toMatchObject({ status: 503, text: 'data/shop: SLUICE-703\n' });
  });

  it('that wait long for a statement can be cancelled on their listener', async () => {
    const sidecar = await start();
    const client = await sidecar.connect();
    const { connect } = await import('node:net');
    const running = client.query('SELECT count(*) FROM tickets a, generate_series(1, 100000) b, generate_series(1, 100000) c');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const packet = Buffer.alloc(16);
    packet.writeInt32BE(16, 0);
    packet.writeInt32BE(80877102, 4);
    packet.writeInt32BE(client.processId, 8);
    client.secret.copy(packet, 12);
    connect(sidecar.ports[0]!, '127.0.0.1').end(packet);
    expect((await running).error).toMatchObject({ C: '57014' });
  });
});
