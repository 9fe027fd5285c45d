/** The login and the pg_hba.conf of docs/guides/security.md, as they stand there, on a server of this file's own: who gets in, and who does not. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';
import { openWorld } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: raw objects
type Json = Record<string, any>;

const world = await openWorld();
const ROOT = join(import.meta.dirname, '..', '..');
const GUIDE = readFileSync(join(ROOT, 'docs/guides/security.md'), 'utf8');
const PLATFORM = 'data-platform';
const NAME = `login-${randomBytes(2).toString('hex')}`;
const HOST = `${NAME}.${PLATFORM}.svc`;
const [ADMIN, PASSWORD] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];

let namespace: string;

/** The first block of that language under a heading. */
function block(heading: string, language: string): string {
  const section = GUIDE.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const found = section.split(`\`\`\`${language}\n`)[1]?.split('```')[0];
  if (found === undefined) throw new Error(`the guide has no block ${language} under ${heading}`);
  return found;
}

const sql = (text: string): Promise<string> =>
  world
    .kubectl(
      [
        'exec',
        '-i',
        `deployment/${NAME}`,
        '-n',
        PLATFORM,
        '--',
        'psql',
        '-X',
        '-q',
        '-A',
        '-t',
        '-v',
        'ON_ERROR_STOP=1',
        '-U',
        'postgres',
        '-d',
        'shop',
      ],
      { input: text },
    )
    .then(({ stdout }) => stdout.trim());

beforeAll(async () => {
  namespace = await world.namespace('login');
  await world.pod({ namespace, name: 'plain', serviceAccount: 'default', command: ['sleep', 'infinity'], inject: null });
  await world.ready(namespace, 'plain');
  const address = (await world.get(namespace, 'pod', 'plain')).status!.podIP!;
  const pods = `${address.split('.').slice(0, 2).join('.')}.0.0/16`;
  const certificate = await makeLocalCertificate([HOST], Date.now());
  const secret = (name: string, stringData: object): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${NAME}-${name}` },
    stringData,
  });
  const manifests = readFileSync(join(ROOT, 'examples/getting-started/shop-db.yaml'), 'utf8').replaceAll('shop-db', NAME);
  // An octal mode is one in YAML 1.1 only, which is what kubectl reads.
  const objects = parseAllDocuments(manifests, { version: '1.1' }).map((each) => each.toJS() as Json);
  const pod = objects.find(({ kind }) => kind === 'Deployment')!['spec'].template.spec as Json;
  const [server] = pod['containers'] as Json[];
  server!['image'] = world.images.postgres;
  server!['args'].push('-c', 'hba_file=/hba/pg_hba.conf');
  server!['volumeMounts'].push({ name: 'hba', mountPath: '/hba' });
  pod['volumes'].push({ name: 'hba', configMap: { name: `${NAME}-hba` } });
  await world.apply(
    PLATFORM,
    secret('tls', { 'tls.crt': certificate.certificate, 'tls.key': certificate.key }),
    secret('admin', { password: ADMIN }),
    secret('login', { username: 'sluice', password: PASSWORD }),
    secret('ca', { 'ca.crt': certificate.authority }),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${NAME}-hba` },
      data: { 'pg_hba.conf': block('pg_hba.conf', '').replace('10.244.0.0/16', pods) },
    },
    ...objects,
  );
  await world.kubectl(['rollout', 'status', `deployment/${NAME}`, '-n', PLATFORM, '--timeout=120s'], { timeout: 150 });
  await sql(readFileSync(join(ROOT, 'examples/getting-started/shop.sql'), 'utf8'));
  await sql(block('The login', 'sql').replace('…', PASSWORD));
  const [database] = parseAllDocuments(readFileSync(join(ROOT, 'examples/getting-started/policy.yaml'), 'utf8')).map(
    (each) => each.toJS() as Json,
  );
  await world.apply(PLATFORM, {
    ...database,
    metadata: { name: NAME },
    spec: {
      ...database!['spec'],
      endpoint: { host: HOST, port: 5432, database: 'shop' },
      tls: { mode: 'VerifyFull', caSecretRef: { name: `${NAME}-ca`, key: 'ca.crt' } },
      credentialsSecretRef: { name: `${NAME}-login` },
    },
  });
  await world.agent({ namespace, serviceAccount: 'agent', database: NAME });
  await world.pod({ namespace, name: 'app', serviceAccount: 'agent', command: ['sleep', 'infinity'], inject: NAME });
  await world.ready(namespace, 'app');
});

afterAll(async () => {
  const gone = ['-n', PLATFORM, '--ignore-not-found', '--wait=false'];
  await world.kubectl(['annotate', 'database.sluice.dev', NAME, '-n', PLATFORM, 'sluice.dev/allow-deletion=true'], {
    mayFail: true,
  });
  await world.kubectl([
    'delete',
    `database.sluice.dev/${NAME}`,
    `deployment/${NAME}`,
    `service/${NAME}`,
    `configmap/${NAME}-hba`,
    ...gone,
  ]);
  await world.kubectl(['delete', 'secret', ...['tls', 'admin', 'login', 'ca'].map((each) => `${NAME}-${each}`), ...gone]);
});

const psql = async (pod: string, settings: string, password: string): Promise<string> => {
  const { stdout, stderr } = await world.exec(
    namespace,
    pod,
    'app',
    [
      'env',
      `PGPASSWORD=${password}`,
      'PGSSLROOTCERT=',
      'psql',
      '-X',
      '-A',
      '-t',
      '-c',
      'SELECT ssn FROM customers WHERE id = 6',
      settings,
    ],
    { mayFail: true },
  );
  return (stdout + stderr).trim();
};

it('the login has what Sluice needs, and nothing that it warns of', async () => {
  await world.kubectl(['wait', `database.sluice.dev/${NAME}`, '-n', PLATFORM, '--for=condition=Ready', '--timeout=60s']);
  const { status } = await world.get(PLATFORM, 'database.sluice.dev', NAME);
  expect(status?.conditions?.find(({ type }) => type === 'LeastPrivilege')).toMatchObject({ status: 'True' });
  expect(await psql('app', 'host=127.0.0.1 dbname=shop user=agent', '')).toBe('[redacted]');
});

it('everybody else is rejected by the server, from a governed pod and from another', async () => {
  // Had it still its rights: it is not them that keep it out.
  await sql('ALTER ROLE shop_app LOGIN; GRANT CONNECT ON DATABASE shop TO shop_app');
  const service = await world.get<{ spec: { clusterIP: string } }>(PLATFORM, 'service', NAME);
  const direct = `host=${service.spec.clusterIP} connect_timeout=5`;
  for (const pod of ['app', 'plain']) {
    const rejected = (user: string, database: string) =>
      new RegExp(`pg_hba\\.conf rejects connection for host "[^"]+", user "${user}", database "${database}"`);
    expect(await psql(pod, `${direct} dbname=shop user=shop_app sslmode=require`, 'shop-2024')).toMatch(
      rejected('shop_app', 'shop'),
    );
    expect(await psql(pod, `${direct} dbname=shop user=postgres sslmode=require`, ADMIN)).toMatch(rejected('postgres', 'shop'));
    expect(await psql(pod, `${direct} dbname=shop user=sluice sslmode=disable`, PASSWORD)).toMatch(rejected('sluice', 'shop'));
    expect(await psql(pod, `${direct} dbname=postgres user=sluice sslmode=require`, PASSWORD)).toMatch(
      rejected('sluice', 'postgres'),
    );
    expect(await psql(pod, `${direct} dbname=shop user=sluice sslmode=require`, 'guessed')).toContain(
      'password authentication failed for user "sluice"',
    );
  }
  // With the login itself it would be open: custody of that is the boundary.
  expect(await psql('plain', `${direct} dbname=shop user=sluice sslmode=require`, PASSWORD)).toMatch(/^\d{3}-\d{2}-\d{4}$/);
  const { stdout } = await world.kubectl(['logs', `deployment/${NAME}`, '-n', PLATFORM]);
  expect(stdout).toMatch(/FATAL: {2}pg_hba\.conf rejects connection for host "[^"]+", user "shop_app"/);
  expect(stdout).toMatch(/FATAL: {2}password authentication failed for user "sluice"/);
});
