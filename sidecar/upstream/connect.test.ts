/** Against real servers, 15 and 18, with and without TLS. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../../test/support/postgres.ts';
import { type ConnectOptions, connectUpstream, sendCancel, type UpstreamConnection } from './connect.ts';
import { query } from '../../core/wire/request.ts';
import { upstreamSettings } from './startup-settings.ts';
import { UpstreamError } from './upstream-error.ts';
import type { TlsMode } from './target.ts';
import { MAJORS } from '../../test/support/majors.ts';

const open: UpstreamConnection[] = [];
const settings = upstreamSettings('sluice/test', []);

async function connect(options: ConnectOptions): Promise<UpstreamConnection> {
  const connection = await connectUpstream(options);
  open.push(connection);
  return connection;
}

/** Runs a simple query and returns all bytes up to ReadyForQuery as latin1. */
async function ask(connection: UpstreamConnection, sql: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = '';
    connection.socket.on('error', reject);
    connection.socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (/Z\0\0\0\x05[ITE]$/.test(text)) resolve(text);
    });
    connection.socket.resume();
    connection.socket.write(query(sql));
  });
}

async function failure(promise: Promise<unknown>): Promise<UpstreamError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UpstreamError);
  return error as UpstreamError;
}

afterEach(() => {
  for (const { socket } of open.splice(0)) {
    socket.on('error', () => {});
    socket.destroy();
  }
});

interface Certificates {
  readonly ca: string;
  readonly otherCa: string;
  readonly certificate: string;
  readonly key: string;
}

/** A CA, another CA of the same name, and a leaf for `localhost` only. */
async function makeCertificates(): Promise<Certificates> {
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = async (): Promise<webcrypto.CryptoKeyPair> =>
    await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const caKeys = await keys();
  const leafKeys = await keys();
  const authority = async (pair: webcrypto.CryptoKeyPair): Promise<string> =>
    (
      await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: '01',
        name: 'CN=Test CA',
        ...validity,
        keys: pair as never,
        signingAlgorithm: algorithm,
        extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
      })
    ).toString('pem');
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=localhost',
    issuer: 'CN=Test CA',
    ...validity,
    publicKey: leafKeys.publicKey as never,
    signingKey: caKeys.privateKey as never,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey)).toString('base64');
  return {
    ca: await authority(caKeys),
    otherCa: await authority(await keys()),
    certificate: leaf.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

let certificates: Certificates;
let certificateDirectory: string;
beforeAll(async () => {
  certificates = await makeCertificates();
  certificateDirectory = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
  // The server insists that it owns its key: find out as whom servers run here.
  const probe = await startLocalPostgres();
  const owner = await stat(probe.dataDirectory);
  await probe.kill();
  for (const [name, content] of [
    ['server.crt', certificates.certificate],
    ['server.key', certificates.key],
  ] as const) {
    await writeFile(join(certificateDirectory, name), content, { mode: 0o600 });
    await chown(join(certificateDirectory, name), owner.uid, owner.gid);
  }
  await chown(certificateDirectory, owner.uid, owner.gid);
}, 60_000);
afterAll(() => rm(certificateDirectory, { recursive: true, force: true }));

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startLocalPostgres({
      major,
      settings: {
        ssl: 'on',
        ssl_cert_file: join(certificateDirectory, 'server.crt'),
        ssl_key_file: join(certificateDirectory, 'server.key'),
      },
      hba: [
        'host trusting all 127.0.0.1/32 trust',
        'host all md5er 127.0.0.1/32 md5',
        'host all clear 127.0.0.1/32 password',
        'host all nobody 127.0.0.1/32 reject',
      ],
    });
    const admin = await connect(options());
    await ask(
      admin,
      "SET password_encryption = 'md5'; CREATE ROLE md5er LOGIN PASSWORD 'x'; RESET password_encryption; CREATE ROLE clear LOGIN PASSWORD 'x';",
    );
    await ask(admin, 'CREATE DATABASE trusting');
    await ask(admin, "CREATE ROLE unicode LOGIN PASSWORD U&'p\\00AD\\2168\\00A0\\00FC'");
  }, 60_000);
  afterAll(() => server?.stop());

  const options = (
    more: Partial<ConnectOptions> = {},
    mode: TlsMode = 'Disable',
    ca?: string,
    host = '127.0.0.1',
  ): ConnectOptions => ({
    target: { host, port: server.port, addresses: ['127.0.0.1'], tls: { mode, ...(ca === undefined ? {} : { ca }) } },
    user: 'postgres',
    password: server.password,
    database: 'postgres',
    settings,
    ...more,
  });

  it('logs in with SCRAM and hands over a quiet socket', async () => {
    const connection = await connect(options());
    expect(connection.serverMajor).toBe(major);
    expect(connection.parameters.get('client_encoding')).toBe('UTF8');
    expect(connection.parameters.get('application_name')).toBe('sluice/test');
    expect(connection.key?.secret.length).toBe(4);
    expect(connection.socket.isPaused()).toBe(true);
    for (const event of ['data', 'error', 'end'])
      expect(connection.socket.listenerCount(event), event).toBe(event === 'end' ? 1 : 0);
    expect(await ask(connection, 'SELECT 6*7')).toContain('42');
  });

  it('logs in with SCRAM-SHA-256-PLUS over a verified connection', async () => {
    const connection = await connect(options({ requireChannelBinding: true }, 'VerifyFull', certificates.ca, 'localhost'));
    expect(await ask(connection, 'SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toContain('TLSv1.3');
    await connect(options({ requireChannelBinding: true }, 'VerifyCA', certificates.ca));
    await connect(options({ requireChannelBinding: true }, 'Require'));
  });

  it('refuses a certificate of another CA, and one of another name with VerifyFull only', async () => {
    expect(await failure(connect(options({}, 'VerifyFull', certificates.otherCa, 'localhost')))).toMatchObject({
      code: 'SLUICE-805',
    });
    expect(await failure(connect(options({}, 'VerifyCA', certificates.otherCa)))).toMatchObject({ code: 'SLUICE-805' });
    expect(await failure(connect(options({}, 'VerifyFull', undefined, 'localhost')))).toMatchObject({ code: 'SLUICE-805' });
    const byAddress = await failure(connect(options({}, 'VerifyFull', certificates.ca)));
    const named = options({}, 'VerifyFull', certificates.ca);
    await connect({ ...named, target: { ...named.target, tls: { ...named.target.tls, serverName: 'localhost' } } });
    expect(byAddress.message).toBe('the certificate of the database server is not for "127.0.0.1"');
  });

  it('prepares a password as the server does', async () => {
    await connect(options({ user: 'unicode', password: 'p\u00ad\u2168\u00a0\u00fc' }));
    await connect(options({ user: 'unicode', password: 'pIX u\u0308' }));
  });

  it.each<[string, Partial<ConnectOptions>, string, RegExp]>([
    ['a wrong password', { password: 'wrong' }, 'SLUICE-804', /refused the login of "postgres": password authentication failed/],
    ['MD5', { user: 'md5er', password: 'x' }, 'SLUICE-804', /MD5 password, which is not sent/],
    ['a clear-text password', { user: 'clear', password: 'x' }, 'SLUICE-804', /clear-text password, which is not sent/],
    ['an unknown role', { user: 'ghost', password: 'x' }, 'SLUICE-804', /password authentication failed/],
    ['a rejecting pg_hba line', { user: 'nobody' }, 'SLUICE-804', /rejects connection/],
    ['an unknown database', { database: 'nowhere' }, 'SLUICE-801', /"nowhere" does not exist/],
    ['trust although a password is configured', { database: 'trusting' }, 'SLUICE-805', /without proving/],
    ['channel binding without TLS', { requireChannelBinding: true }, 'SLUICE-805', /channel binding is required/],
  ])('says what is wrong: %s', async (_name, more, code, text) => {
    const error = await failure(connect(options(more)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(JSON.stringify(error.denial)).not.toMatch(/postgres|ghost|nowhere|127\.0/);
  });

  it('takes no password where none is configured, and misses one where it is needed', async () => {
    const { password: _password, ...without } = options();
    expect(await failure(connect(without))).toMatchObject({
      code: 'SLUICE-804',
      message: 'the database server asks for a password and none is configured',
    });
    expect((await connect({ ...without, database: 'trusting' })).serverMajor).toBe(major);
  });

  it.each(['Disable', 'VerifyCA'] as const)('cancels a running statement (%s)', async (mode) => {
    const connection = await connect(options({}, mode, certificates.ca));
    const result = ask(connection, 'SELECT pg_sleep(30)');
    const watcher = await connect(options());
    for (;;)
      if ((await ask(watcher, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).includes('\x01' + '1C'))
        break;
    await sendCancel(options({}, mode, certificates.ca).target, connection.key!);
    expect(await result).toContain('57014');
  });

  it('reports a full server with its SQLSTATE and one that is gone as unreachable', async () => {
    const small = await startLocalPostgres({
      major,
      settings: {
        max_connections: '5',
        superuser_reserved_connections: '0',
        ...(major === 18 ? { reserved_connections: '0' } : {}),
      },
    });
    const target = options({
      password: small.password,
      target: { host: '127.0.0.1', port: small.port, tls: { mode: 'Disable' } },
    });
    try {
      const list = await Promise.allSettled(Array.from({ length: 7 }, () => connect(target)));
      const refused = list.flatMap((one) => (one.status === 'rejected' ? [one.reason as UpstreamError] : []));
      expect(refused.length).toBeGreaterThan(0);
      for (const error of refused) expect(error.denial).toMatchObject({ code: 'SLUICE-807', sqlstate: '53300' });
      expect(await failure(connect({ ...target, target: { ...target.target, tls: { mode: 'Require' } } }))).toMatchObject({
        code: 'SLUICE-805',
        message: expect.stringContaining('does not offer TLS') as string,
      });
    } finally {
      await small.stop();
    }
    expect(await failure(connect(target))).toMatchObject({
      code: 'SLUICE-802',
      message: `cannot reach the database server at 127.0.0.1:${small.port}: connection refused`,
    });
  });
});
