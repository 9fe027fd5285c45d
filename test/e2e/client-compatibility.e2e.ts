/**
 * Drivers against the sidecar's listener, in a real pod with what the injection gives it: which TLS settings work, and what each driver says of those
 * that do not. The table of docs/reference/client-compatibility.md is what was seen here; where they differ, this fails, and
 * SLUICE_UPDATE_CLIENT_TABLE=1 writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { JDBC_VERSION, PSYCOPG_VERSION } from '../conformance/drivers/sources.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs/reference/client-compatibility.md');
const CA = '/var/run/sluice/ca/ca.crt';
const HOST_NAME = 'shop-db.data-platform.svc';

/** One way to connect; a client that has no such setting has a dash. */
interface Way {
  readonly title: string;
  readonly host?: string;
  readonly sslmode?: string;
  /** Named in the connection string, beside what the environment says. */
  readonly ca?: true;
  readonly more?: Partial<Record<ClientName, string>>;
  /** Where `more` has nothing for a client, it has no such setting. */
  readonly special?: true;
}

const WAYS: readonly Way[] = [
  { title: 'nothing but the `PG*` of the injection' },
  { title: 'host `localhost`', host: 'localhost' },
  { title: 'host `::1`', host: '::1' },
  { title: 'the host name of the database', host: HOST_NAME },
  { title: '`sslmode=disable`', sslmode: 'disable' },
  { title: '`sslmode=prefer`', sslmode: 'prefer' },
  { title: '`sslmode=require`', sslmode: 'require' },
  { title: '`sslmode=verify-ca`', sslmode: 'verify-ca' },
  { title: '`sslmode=verify-full`', sslmode: 'verify-full' },
  { title: '`verify-full`, `sslrootcert`', sslmode: 'verify-full', ca: true },
  { title: '`verify-full`, `sslrootcert`, `localhost`', host: 'localhost', sslmode: 'verify-full', ca: true },
  { title: '`verify-full`, `sslrootcert`, `::1`', host: '::1', sslmode: 'verify-full', ca: true },
  { title: '`verify-full`, `sslrootcert`, the host name', host: HOST_NAME, sslmode: 'verify-full', ca: true },
  {
    title: '`channel_binding=prefer`',
    sslmode: 'require',
    ca: true,
    special: true,
    more: {
      psql: 'channel_binding=prefer',
      psycopg: 'channel_binding=prefer',
      pgx: 'channel_binding=prefer',
      pgJDBC: 'channelBinding=prefer',
      pg: '"enableChannelBinding":true',
    },
  },
  {
    title: '`channel_binding=require`',
    sslmode: 'require',
    ca: true,
    special: true,
    more: {
      psql: 'channel_binding=require',
      psycopg: 'channel_binding=require',
      pgx: 'channel_binding=require',
      pgJDBC: 'channelBinding=require',
    },
  },
  {
    title: '`require_auth=scram-sha-256`',
    special: true,
    more: { psycopg: 'require_auth=scram-sha-256', pgx: 'require_auth=scram-sha-256', pgJDBC: 'requireAuth=scram-sha-256' },
  },
  {
    title: '`sslnegotiation=direct`',
    sslmode: 'require',
    ca: true,
    special: true,
    more: { psycopg: 'sslnegotiation=direct', pgx: 'sslnegotiation=direct', pgJDBC: 'sslNegotiation=direct' },
  },
];

const CLIENTS = ['psql', 'psycopg', 'pgx', 'pgJDBC', 'pg'] as const;
type ClientName = (typeof CLIENTS)[number];

/** psql says by \conninfo whether its connection is encrypted. */
const PSQL = `while IFS= read -r settings; do
  if answer=$(psql -X -w -A -t -c 'SELECT 1' -c '\\conninfo' "$settings" 2>&1); then
    case $answer in *SSL*) echo '{"tls":true}' ;; *) echo '{"tls":false}' ;; esac
  else
    printf '{"error":"%s"}\\n' "$(printf %s "$answer" | tr '\\n' ' ' | sed 's/["\\\\]/\\\\&/g')"
  fi
done`;

const COMMANDS: Readonly<Record<ClientName, readonly string[]>> = {
  psql: ['sh', '-c', PSQL],
  psycopg: ['python3', '/agents/python/connect.py'],
  pgx: ['/agents/go/connect'],
  pgJDBC: ['java', 'Connect'],
  pg: ['node', '--no-warnings', '/agents/node/connect.mjs'],
};

function spelled(client: ClientName, { host, sslmode, ca, more = {} }: Way): string {
  const extra = more[client];
  if (client === 'pg') {
    const query = [...(sslmode === undefined ? [] : [`sslmode=${sslmode}`]), ...(ca ? [`sslrootcert=${CA}`] : [])].join('&');
    const connection =
      query === ''
        ? host === undefined
          ? []
          : [`"host":"${host}"`]
        : [`"connectionString":"postgres://agent@${bracketed(host ?? '127.0.0.1')}/shop?${query}"`];
    return `{${[...connection, ...(extra === undefined ? [] : [extra])].join(',')}}`;
  }
  if (client === 'pgJDBC') {
    const query = [
      'user=agent',
      ...(sslmode === undefined ? [] : [`sslmode=${sslmode}`]),
      ...(ca ? [`sslrootcert=${CA}`] : []),
      ...(extra === undefined ? [] : [extra]),
    ];
    return `jdbc:postgresql://${bracketed(host ?? '127.0.0.1')}/shop?${query.join('&')}`;
  }
  return [
    ...(host === undefined ? [] : [`host=${host}`]),
    ...(sslmode === undefined ? [] : [`sslmode=${sslmode}`]),
    ...(ca ? [`sslrootcert=${CA}`] : []),
    ...(extra === undefined ? [] : [extra]),
  ].join(' ');
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

type Seen = { readonly tls: boolean } | { readonly error: string };

let namespace: string;
const seen = new Map<ClientName, readonly Seen[]>();

async function tried(
  client: ClientName,
  lines: readonly string[],
  environment: readonly string[] = [],
): Promise<readonly Seen[]> {
  const command = [...(environment.length > 0 ? ['env', ...environment] : []), ...COMMANDS[client]];
  const { stdout } = await world.exec(namespace, 'clients', 'app', command, { input: `${lines.join('\n')}\n` });
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Seen);
  expect(answers).toHaveLength(lines.length);
  return answers;
}

const waysOf = (client: ClientName): readonly Way[] =>
  WAYS.filter(({ special, more }) => special !== true || more?.[client] !== undefined);
const result = (client: ClientName, title: string): Seen | undefined =>
  seen.get(client)![waysOf(client).findIndex((way) => way.title === title)];

beforeAll(async () => {
  namespace = await world.namespace('clients');
  await world.agent({ namespace, serviceAccount: 'agent' });
  await world.pod({ namespace, name: 'clients', serviceAccount: 'agent', command: ['sleep', 'infinity'] });
  await world.ready(namespace, 'clients');
  for (const client of CLIENTS)
    seen.set(
      client,
      await tried(
        client,
        waysOf(client).map((way) => spelled(client, way)),
      ),
    );
});

describe('every driver', () => {
  it.each(CLIENTS)('%s connects with nothing but what the injection has set, by every name, with TLS and without', (client) => {
    for (const { title } of WAYS.slice(0, 4)) expect(result(client, title), title).not.toHaveProperty('error');
    expect(result(client, '`sslmode=disable`')).toEqual({ tls: false });
  });
  it.each(CLIENTS)('%s verifies the sidecar in full', (client) => {
    expect(result(client, '`verify-full`, `sslrootcert`')).toEqual({ tls: true });
    expect(result(client, '`verify-full`, `sslrootcert`, the host name')).toEqual({ tls: true });
  });
});

it('pg verifies with an authority from its environment', async () => {
  const lines = WAYS.filter(({ sslmode, special }) => sslmode === 'verify-full' && !special).map((way) => spelled('pg', way));
  expect(new Set((await tried('pg', lines, [`NODE_EXTRA_CA_CERTS=${CA}`])).map((each) => JSON.stringify(each)))).toEqual(
    new Set(['{"tls":true}']),
  );
});

it('a server that is not governed is verified against its own authority only when told so', async () => {
  const service = await world.get<{ spec: { clusterIP: string } }>('data-platform', 'service', 'shop-db');
  const other = `host=${service.spec.clusterIP} sslmode=require password=x`;
  for (const client of ['psql', 'psycopg', 'pgx'] as const) {
    const [bare, told] = await tried(client, [other, `${other} sslrootcert=''`]);
    expect(bare).toEqual({ error: expect.stringMatching(/certificate verify failed|certificate signed by unknown authority/) });
    expect(told).toEqual({ error: expect.stringMatching(/password authentication failed|28P01/) });
  }
});

it('the page says what was seen', () => {
  const notes: string[] = [];
  const cell = (client: ClientName, way: Way): string => {
    const said = result(client, way.title);
    if (said === undefined) return '–';
    if ('tls' in said) return said.tls ? 'TLS' : 'plain';
    const note = `${client}: \`${said.error.trim().replaceAll('`', "'")}\``;
    if (!notes.includes(note)) notes.push(note);
    return `no [${notes.indexOf(note) + 1}]`;
  };
  const rows = WAYS.map((way) => `| ${way.title} | ${CLIENTS.map((client) => cell(client, way)).join(' | ')} |`);
  const table = [
    `| | ${CLIENTS.map((client) => `${client} ${versions()[client]}`).join(' | ')} |`,
    `|---|${'---|'.repeat(CLIENTS.length)}`,
    ...rows,
    '',
    ...notes.map((note, index) => `${index + 1}. ${note}`),
  ].join('\n');
  const [begin, end] = ['<!-- seen by test/e2e/client-compatibility.e2e.ts -->', '<!-- end -->'];
  const page = readFileSync(PAGE, 'utf8');
  const [before, , after] = [page.split(begin)[0]!, '', page.split(end)[1]!];
  const written = `${before}${begin}\n${table}\n${end}${after}`;
  if (process.env['SLUICE_UPDATE_CLIENT_TABLE'] === '1') writeFileSync(PAGE, written);
  else expect(page).toBe(written);
});

function versions(): Readonly<Record<ClientName, string>> {
  const pgx = /pgx\/v5 v(\S+)/.exec(readFileSync(join(import.meta.dirname, 'agents/go/go.mod'), 'utf8'))![1]!;
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/pg/package.json'), 'utf8')) as { version: string };
  return { psql: '15', psycopg: PSYCOPG_VERSION, pgx, pgJDBC: JDBC_VERSION, pg: version };
}
