/** Agents that know nothing of Sluice, in three languages, each with three ways to its database. All hold the login that was taken away from them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { expectGoverned } from './operators-view.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const WAYS = ['hard-coded', 'environment', 'url'] as const;
/** As the guide's policy has it; `ssn` is a char(11). */
const MASKED = { id: 6, name: 'Y****', email: 'y***@masked.invalid', ssn: '[redacted] ' };
const CREDIT_REFUSED = { question: 'credit', error: '42501', message: 'column "credit" does not exist or is not granted' };

let namespace: string;

beforeAll(async () => {
  namespace = await world.namespace('agents');
  await world.agent({ namespace, serviceAccount: 'agent' });
  await world.apply(namespace, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'database' },
    stringData: { url: 'postgres://shop_app:shop-2024@shop-db.data-platform.svc:5432/shop' },
  });
});

async function start(name: string, command: readonly string[]): Promise<void> {
  await world.pod({
    namespace,
    name,
    serviceAccount: 'agent',
    command,
    env: [{ name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } }],
  });
}

async function said(pod: string): Promise<readonly object[]> {
  const text = await world.logs(namespace, pod, 'app');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);
}

describe.each(WAYS)('with its database by %s', (way) => {
  test.concurrent('a Python agent (psycopg) is shown masked rows', async () => {
    const pod = `python-${way}`;
    await start(pod, ['python3', '/agents/python/support.py', way, '--once']);
    expect(await world.ended(namespace, pod)).toBe(0);
    const lines = await said(pod);
    expect(lines).toContainEqual({ question: 'customer', rows: [MASKED] });
    expect(lines).toContainEqual(expect.objectContaining(CREDIT_REFUSED));
    expect(lines).toContainEqual({
      question: 'waiting',
      rows: expect.arrayContaining([expect.objectContaining({ email: expect.stringContaining('@masked.invalid') })]),
    });
  });

  test.concurrent('a Go job (pgx) does its work and ends', async () => {
    const pod = `go-${way}`;
    await start(pod, ['/agents/go/agent', way]);
    expect(await world.ended(namespace, pod)).toBe(0);
    const lines = await said(pod);
    expect(lines).toContainEqual({ question: 'tickets', touched: 8 });
    expect(lines).toContainEqual({ question: 'customer', rows: [MASKED] });
    expect(lines).toContainEqual(CREDIT_REFUSED);
  });

  test.concurrent('a Node service (pg) answers with masked rows', async () => {
    const pod = `node-${way}`;
    await start(pod, ['node', '/agents/node/service.mjs', way]);
    await world.ready(namespace, pod);
    const path = (route: string): string => `/api/v1/namespaces/${namespace}/pods/${pod}:8080/proxy${route}`;
    await eventually(async () => {
      const { stdout } = await world.kubectl(['get', '--raw', path('/customers?id=6')]);
      expect(JSON.parse(stdout)).toEqual([{ ...MASKED, phone: expect.stringMatching(/^\*{4}\d{4}$/), region: 'eu' }]);
    });
    const refused = await world.exec(namespace, pod, 'app', [
      'node',
      '--eval',
      'fetch("http://127.0.0.1:8080/credit?id=6").then(async (r) => console.log(r.status, await r.text()))',
    ]);
    expect(refused.stdout).toMatch(/^500 .*"code":"42501".*credit.* does not exist or is not granted/);
  });
});

test('the login they hold opens nothing any more', async () => {
  const { spec } = await world.get('data-platform', 'service', 'shop-db');
  const direct = `postgres://shop_app:shop-2024@${String(spec?.['clusterIP'])}/shop?sslmode=disable`;
  const refused = await world.exec(namespace, 'node-url', 'app', ['psql', direct, '-c', 'SELECT ssn FROM customers'], {
    mayFail: true,
  });
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('role "shop_app" is not permitted to log in');
  expect(refused.stdout).toBe('');
});

test('and the operator knows of those that run', async () => {
  await expectGoverned(
    world,
    namespace,
    'agent',
    WAYS.map((way) => `node-${way}`),
  );
});
