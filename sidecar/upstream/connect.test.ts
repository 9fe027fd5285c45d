/** Against real servers, 15 and 18, with and without TLS; and against servers that lie. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../../test/support/postgres.ts';
import { type ConnectOptions, connectUpstream, sendCancel, type UpstreamConnection } from './connect.ts';
import { query } from '../../core/wire/request.ts';
import { int32, message } from '../../core/wire/write.ts';
import { upstreamSettings } from './startup-settings.ts';
import { UpstreamError } from './upstream-error.ts';
import type { TlsMode } from './target.ts';

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

describe.each([15, 18] as const)('PostgreSQL %i', (major) => {
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

describe('a client that gives up', () => {
  it.each(['before', 'while dialling', 'while waiting for an answer'])('%s leaves no connection behind', async (when) => {
    const server = createServer((socket) => {
      socket.resume();
      if (when === 'while waiting for an answer') socket.on('data', () => controller.abort(new Error('left')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const controller = new AbortController();
    if (when === 'before') controller.abort(new Error('left'));
    const target = { host: '127.0.0.1', port, tls: { mode: 'Disable' as const } };
    const pending = connect({ target, user: 'u', database: 'd', settings, signal: controller.signal });
    if (when === 'while dialling') controller.abort(new Error('left'));
    await expect(pending).rejects.toThrow('left');
    // close() calls back only when every connection has ended: a leak fails here by the test's timeout.
    expect(await new Promise((resolve) => server.close(resolve))).toBeUndefined();
  });
});

describe('a lying server', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** `script` gets each connection once the client has sent something. */
  async function lie(
    script: (socket: Socket, first: Buffer) => void,
    more: Partial<ConnectOptions> = {},
    mode: TlsMode = 'Disable',
  ): Promise<UpstreamError> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('data', (first) => script(socket, first));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no address');
    const target = { host: '127.0.0.1', port: address.port, tls: { mode } };
    try {
      return await failure(connect({ target, user: 'u', password: 'p', database: 'd', settings, timeout: 400, ...more }));
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }
  const auth = (code: number, body: string | Buffer = ''): Buffer =>
    message('R', int32(code), Buffer.from(body as string, 'latin1'));
  const offer = auth(10, 'SCRAM-SHA-256\0\0');
  /** Plays SASL up to the challenge that `challenge` makes of the client's nonce, then sends `after`. */
  const scram =
    (challenge: (nonce: string) => string, after: Buffer = Buffer.alloc(0)) =>
    (socket: Socket) => {
      socket.write(offer);
      socket.once('data', (initial) => {
        const nonce = /r=(.*)$/.exec(initial.toString('latin1'))![1]!;
        socket.write(auth(11, challenge(nonce)));
        socket.once('data', () => socket.write(after));
      });
    };
  const good = (nonce: string): string => `r=${nonce}xyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
  const ready = message('Z', Buffer.from('I'));

  it.each<[string, string, RegExp, (socket: Socket) => void]>([
    ['garbage', 'SLUICE-706', /does not speak/, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['silence', 'SLUICE-802', /did not answer within 400 ms/, () => {}],
    ['one byte of a header and silence', 'SLUICE-802', /did not answer/, (socket) => socket.write('R')],
    ['an end of the connection', 'SLUICE-803', /closed the connection/, (socket) => socket.end()],
    ['a reset', 'SLUICE-803', /broke|closed/, (socket) => socket.resetAndDestroy()],
    [
      'endless notices',
      'SLUICE-706',
      /endlessly/,
      (socket) => {
        const notice = message('N', Buffer.alloc(30_000, 'x'));
        for (let i = 0; i < 20; i++) socket.write(notice);
      },
    ],
    [
      'many small notices',
      'SLUICE-706',
      /endlessly/,
      (socket) => socket.write(Buffer.concat(Array.from({ length: 600 }, () => message('N', Buffer.from('\0'))))),
    ],
    [
      'a length of two gigabytes',
      'SLUICE-706',
      /does not speak/,
      (socket) => socket.write(Buffer.from('R\x7f\xff\xff\xff', 'latin1')),
    ],
    ['a length of 3', 'SLUICE-706', /does not speak/, (socket) => socket.write(Buffer.from('R\0\0\0\x03', 'latin1'))],
    ['AuthenticationOk at once', 'SLUICE-805', /without proving/, (socket) => socket.write(Buffer.concat([auth(0), ready]))],
    ['ReadyForQuery at once', 'SLUICE-706', /skipped the authentication/, (socket) => socket.write(ready)],
    ['clear text', 'SLUICE-804', /clear-text/, (socket) => socket.write(auth(3))],
    ['MD5', 'SLUICE-804', /MD5/, (socket) => socket.write(auth(5, 'salt'))],
    ['GSS', 'SLUICE-804', /GSSAPI/, (socket) => socket.write(auth(7))],
    ['an unknown request', 'SLUICE-706', /out of order/, (socket) => socket.write(auth(99))],
    ['a challenge without a beginning', 'SLUICE-706', /out of order/, (socket) => socket.write(auth(11, 'x'))],
    ['unknown mechanisms', 'SLUICE-804', /no login method/, (socket) => socket.write(auth(10, 'OAUTHBEARER\0\0'))],
    ['a mechanism list without end', 'SLUICE-706', /malformed/, (socket) => socket.write(auth(10, 'SCRAM-SHA-256'))],
    [
      'a huge iteration count',
      'SLUICE-805',
      /iterations/,
      scram((nonce) => `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000`),
    ],
    ['one iteration', 'SLUICE-805', /iterations/, scram((nonce) => `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1`)],
    ['a foreign nonce', 'SLUICE-805', /nonce/, scram(() => 'r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096')],
    ['a wrong signature', 'SLUICE-805', /does not know the password/, scram(good, auth(12, `v=${'A'.repeat(43)}=`))],
    ['Ok instead of a signature', 'SLUICE-805', /without proving/, scram(good, Buffer.concat([auth(0), ready]))],
    ['a second SASL round', 'SLUICE-706', /out of order/, scram(good, offer)],
    ['an error without SQLSTATE', 'SLUICE-807', /no/, (socket) => socket.write(message('E', Buffer.from('Mno\0\0')))],
    ['a malformed error', 'SLUICE-706', /malformed/, (socket) => socket.write(message('E', Buffer.from('Mno')))],
    [
      'an error with control characters',
      'SLUICE-807',
      /a b c$/,
      (socket) => socket.write(message('E', Buffer.from('C08000\0Ma\nb\x1bc\0\0'))),
    ],
    ['another protocol version', 'SLUICE-706', /protocol 3.0/, (socket) => socket.write(message('v', int32(0), int32(0)))],
  ])('that answers with %s is refused', async (_name, code, text, script) => {
    const error = await lie(script);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
  });

  it.each<[string, string, RegExp, string]>([
    ['bytes behind the S', 'SLUICE-805', /unencrypted data/, 'SR'],
    ['an error message', 'SLUICE-805', /neither yes nor no/, 'E'],
    ['no', 'SLUICE-805', /does not offer TLS/, 'N'],
    ['yes and no TLS', 'SLUICE-802', /did not answer/, 'S'],
  ])('that answers the TLS request with %s is refused', async (_name, code, text, answer) => {
    const error = await lie((socket) => socket.write(answer), {}, 'Require');
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
  });

  it('without a password: a session that starts in a transaction or with another encoding is refused', async () => {
    const { password: _password, ...options } = { password: undefined };
    const start = (parameters: Record<string, string>, status: string) => (socket: Socket) =>
      socket.write(
        Buffer.concat([
          auth(0),
          ...Object.entries(parameters).map(([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
          message('Z', Buffer.from(status)),
        ]),
      );
    const fine = { client_encoding: 'UTF8', standard_conforming_strings: 'on', server_version: '18.1' };
    const lieWithout = (script: (socket: Socket) => void) =>
      lie(script, { ...options, password: undefined } as unknown as Partial<ConnectOptions>);
    expect(await lieWithout(start(fine, 'T'))).toMatchObject({ code: 'SLUICE-706' });
    expect(await lieWithout(start({ ...fine, client_encoding: 'SJIS' }, 'I'))).toMatchObject({ code: 'SLUICE-807' });
    expect(await lieWithout(start({ ...fine, server_version: 'none' }, 'I'))).toMatchObject({ code: 'SLUICE-706' });
  });
});
