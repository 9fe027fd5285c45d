import { expect, test } from 'vitest';
import { oldLogins } from './old-logins.ts';

const pod = (container: object, volumes: readonly object[] = []) => ({
  spec: {
    containers: [{ name: 'app', ...container }],
    initContainers: [{ name: 'sluice', env: [{ name: 'PGPASSWORD', value: 'x' }] }],
    volumes,
  },
});
const variable = (value: string, name = 'DATABASE_URL') => pod({ env: [{ name, value }] });

test.each([
  'postgres://app:hunter2@orders-db/orders',
  'postgresql://app:hunter2@[::1]:5432/orders?sslmode=require',
  'postgresql+asyncpg://app:hunter2@orders-db/orders',
  'postgres://app:$(DB_PASSWORD)@orders-db/orders',
  'postgres://app@orders-db/orders?password=hunter2',
  'jdbc:postgresql://orders-db/orders?user=app&password=hunter2',
  "host=orders-db dbname=orders user=app password='hunter2'",
])('%s holds a login', (value) => {
  expect(oldLogins(variable(value))).toEqual([
    { kind: 'literal', container: 'app', place: 'DATABASE_URL', what: 'a connection string with a password' },
  ]);
});

test.each([
  'postgres://orders-db/orders',
  'postgres://app@orders-db/orders',
  'postgres://127.0.0.1:5432/orders?sslmode=require',
  'host=orders-db dbname=orders user=app',
  'redis://:hunter2@cache/0',
  'https://user:word@example.com/postgres://',
  'postgres',
  '',
])('%s holds none', (value) => {
  expect(oldLogins(variable(value))).toEqual([]);
});

test('a password of its own, unless it is the one the injector puts there', () => {
  expect(oldLogins(variable('hunter2', 'PGPASSWORD'))).toMatchObject([{ kind: 'literal', place: 'PGPASSWORD' }]);
  expect(oldLogins(variable('not-needed', 'PGPASSWORD'))).toEqual([]);
});

test('Secrets, however they are given; never what is in them', () => {
  const container = {
    env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'api', key: 'token' } } }],
    envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'settings' } }],
    volumeMounts: [{ name: 'direct' }, { name: 'projected' }, { name: 'scratch' }],
  };
  const volumes = [
    { name: 'direct', secret: { secretName: 'files' } },
    { name: 'projected', projected: { sources: [{ configMap: { name: 'x' } }, { secret: { name: 'more' } }] } },
    { name: 'scratch', emptyDir: {} },
    { name: 'unused', secret: { secretName: 'unused' } },
  ];
  expect(oldLogins(pod(container, volumes)).map(({ place, what }) => `${place}: ${what}`)).toEqual([
    'TOKEN: the value comes from Secret api',
    'envFrom: all keys of Secret all are variables',
    'direct: Secret files is mounted',
    'projected: Secret more is mounted',
  ]);
});

test('a pod that is anything else has none', () => {
  for (const odd of [{}, { spec: null }, { spec: { containers: 'x' } }, { spec: { containers: [null, { env: {} }] } }])
    expect(oldLogins(odd)).toEqual([]);
});
