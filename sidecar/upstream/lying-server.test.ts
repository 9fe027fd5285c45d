/** Against servers that lie, stall or leave: whatever they do, the attempt ends with one clear sentence and no open socket. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { int32, message } from '../../core/wire/write.ts';
import { type ConnectOptions, connectUpstream } from './connect.ts';
import { upstreamSettings } from './startup-settings.ts';
import type { TlsMode } from './target.ts';
import { UpstreamError } from './upstream-error.ts';

const settings = upstreamSettings('sluice/test', []);

async function failure(promise: Promise<unknown>): Promise<UpstreamError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UpstreamError);
  return error as UpstreamError;
}

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
    const pending = connectUpstream({ target, user: 'u', database: 'd', settings, signal: controller.signal });
    if (when === 'while dialling') controller.abort(new Error('left'));
    await expect(pending).rejects.toThrow('left');
    // close() calls back only when every connection has ended: a leak fails here by the test's timeout.
    expect(await new Promise((resolve) => server.close(resolve))).toBeUndefined();
  });
});

/** Milliseconds for the whole login: enough for an honest exchange on a busy machine. */
const patience = 2_000;

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
      return await failure(
        connectUpstream({ target, user: 'u', password: 'p', database: 'd', settings, timeout: patience, ...more }),
      );
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
    ['silence', 'SLUICE-802', /did not answer within 2000 ms/, () => {}],
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
