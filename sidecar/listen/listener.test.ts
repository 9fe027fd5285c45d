/** Real sockets on loopback; behind the listener is a stand-in that answers like a server that has just logged the client in. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cancelRequest, sslRequest, startupMessage } from '../../core/wire/request.ts';
import type { CancelRequest } from '../../core/wire/startup.ts';
import { authenticationOk, backendKeyData, int32, readyForQuery } from '../../core/wire/write.ts';
import { type AcceptedClient, listen, type Listener, type ListenerOptions, ListenError } from './listener.ts';

interface Stage {
  readonly listener: Listener;
  readonly port: number;
  readonly clients: AcceptedClient[];
  readonly events: string[];
  readonly cancels: CancelRequest[];
  readonly faults: unknown[];
}
const open: Listener[] = [];
const sockets: Socket[] = [];
let secureContext: SecureContext;
let certificate: string;

beforeAll(async () => {
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const self = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=localhost',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    keys: keys as never,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  });
  certificate = self.toString('pem');
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  secureContext = createSecureContext({
    cert: certificate,
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
  });
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of open.splice(0)) listener.close();
});

async function stage(more: Partial<ListenerOptions> = {}): Promise<Stage> {
  const clients: AcceptedClient[] = [];
  const events: string[] = [];
  const cancels: CancelRequest[] = [];
  const faults: unknown[] = [];
  const listener = await listen({
    addresses: [{ host: '127.0.0.1', port: 0 }],
    onClient(client) {
      clients.push(client);
      const { socket } = client;
      sockets.push(socket);
      socket.write(Buffer.concat([authenticationOk(), backendKeyData(7, Buffer.from('key!')), readyForQuery('I')]));
      socket.on('data', (chunk) => events.push(`data ${chunk.toString('latin1')}`));
      socket.resume();
    },
    onCancel: (request) => void cancels.push(request),
    onFault: (error) => void faults.push(error),
    ...more,
  });
  open.push(listener);
  return { listener, port: listener.addresses[0]!.port, clients, events, cancels, faults };
}

/**
 * Sends `bytes` in pieces (a number waits until so many bytes have come back) and returns everything that came back until
 * the server closed, or the first `enough` bytes.
 */
async function talk(
  port: number,
  bytes: readonly (Buffer | string | number)[],
  enough = Number.POSITIVE_INFINITY,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.setNoDelay(true);
  return await new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.length >= enough) resolve(text);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.on('connect', async () => {
      for (const piece of bytes) {
        if (typeof piece === 'number') await eventually(() => text.length >= piece || socket.destroyed);
        else socket.write(piece);
        await new Promise((next) => setImmediate(next));
      }
    });
  });
}

const hello = (): Buffer =>
  startupMessage([
    ['user', 'agent'],
    ['database', 'orders'],
  ]);
const GSSENC = Buffer.concat([int32(8), int32(80877104)]);
const GREETING = 9 + 13 + 6;
const eventually = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('startup', () => {
  it('hands over socket, startup packet and what was pipelined behind it', async () => {
    const { port, clients, events } = await stage();
    const answer = await talk(port, [Buffer.concat([hello(), Buffer.from('Q pipelined')])], GREETING);
    expect(answer.startsWith('R\0\0\0\x08\0\0\0\0K')).toBe(true);
    expect(clients[0]?.startup).toMatchObject({ user: 'agent', database: 'orders' });
    expect(clients[0]?.socket).not.toBeInstanceOf(TLSSocket);
    await eventually(() => events.length > 0);
    expect(events).toEqual(['data Q pipelined']);
  });

  it('takes a startup packet in single bytes', async () => {
    const { port, clients } = await stage();
    await talk(
      port,
      [...hello()].map((byte) => Buffer.from([byte])),
      GREETING,
    );
    expect(clients).toHaveLength(1);
  });

  it('declines encryption it does not have, each kind once', async () => {
    const { port, clients } = await stage();
    expect((await talk(port, [GSSENC, 1, sslRequest(), 2, hello()], GREETING + 2)).startsWith('NNR')).toBe(true);
    expect(clients).toHaveLength(1);
    for (const twice of [GSSENC, sslRequest()])
      expect(await talk(port, [twice, 1, twice])).toMatch(/^N.*a second request for encryption/s);
  });

  it('serves TLS where it has a certificate', async () => {
    const { port, clients } = await stage({ secureContext: () => secureContext });
    const plain = connect(port, '127.0.0.1');
    sockets.push(plain);
    plain.write(sslRequest());
    const answer = await new Promise<Buffer>((resolve) => plain.once('data', resolve));
    expect(answer.toString()).toBe('S');
    const secure = connectTls({ socket: plain, ca: certificate, servername: 'localhost', ALPNProtocols: ['postgresql'] });
    sockets.push(secure);
    await new Promise<void>((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
    secure.write(hello());
    const greeting = await new Promise<Buffer>((resolve) => secure.once('data', resolve));
    expect(greeting[0]).toBe(0x52);
    expect(clients[0]?.socket).toBeInstanceOf(TLSSocket);
    expect(clients[0]?.socket.remoteAddress).toBe('127.0.0.1');
  });

  it('serves a real driver with and without TLS', async () => {
    const { port, clients } = await stage({ secureContext: () => secureContext });
    for (const ssl of [false, { ca: certificate, servername: 'localhost' }]) {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'agent', database: 'orders', ssl });
      client.on('error', () => {});
      await client.connect();
      await client.end();
    }
    expect(clients.map(({ socket }) => socket instanceof TLSSocket)).toEqual([false, true]);
  });

  it.each<[string, readonly (Buffer | string)[], RegExp, boolean]>([
    ['plaintext behind SSLRequest', [Buffer.concat([sslRequest(), hello()])], /unencrypted data/, true],
    ['plaintext behind a declined SSLRequest', [Buffer.concat([sslRequest(), hello()])], /unencrypted data/, false],
    ['plaintext behind GSSENCRequest', [Buffer.concat([GSSENC, Buffer.from('x')])], /unencrypted data/, false],
    ['HTTP', ['GET / HTTP/1.1\r\n\r\n'], /invalid length of startup packet/, false],
    ['a startup packet above 10,000 bytes', [Buffer.concat([int32(10_001), Buffer.alloc(9_997)])], /invalid length/, false],
    [
      'replication',
      [
        startupMessage([
          ['user', 'u'],
          ['replication', 'database'],
        ]),
      ],
      /replication/,
      false,
    ],
    ['silence', [''], /no startup packet in time/, false],
    ['half a packet', [hello().subarray(0, 11)], /no startup packet in time/, false],
  ])('answers %s with one FATAL and closes', async (_name, bytes, expected, tls) => {
    const refused: string[] = [];
    const { port, clients } = await stage({
      startupTimeout: 300,
      onRefused: ({ code }) => void refused.push(code),
      ...(tls ? { secureContext: () => secureContext } : {}),
    });
    const answer = await talk(port, bytes);
    expect(answer).toMatch(/^E.*SFATAL\0VFATAL\0C/s);
    expect(answer).toMatch(expected);
    expect(answer.split('SFATAL')).toHaveLength(2);
    expect(clients).toHaveLength(0);
    expect(refused).toEqual([expect.stringMatching(/^SLUICE-50[1-3]$/)]);
  });

  it('closes on direct TLS without a word, as the server does', async () => {
    const refused: string[] = [];
    const { port, clients } = await stage({
      onRefused: ({ code }) => void refused.push(code),
      secureContext: () => secureContext,
    });
    expect(await talk(port, [Buffer.from([0x16, 3, 1, 2, 0, 1])])).toBe('');
    expect(clients).toHaveLength(0);
    expect(refused).toEqual(['SLUICE-503']);
  });

  it('negotiates protocol 3.2 down', async () => {
    const { port } = await stage();
    const newer = Buffer.from(hello());
    newer.writeUInt16BE(2, 6);
    expect((await talk(port, [newer], GREETING + 13)).startsWith('v\0\0\0\x0c\0\0\0\0\0\0\0\0R')).toBe(true);
  });

  it('does not wait for ever for a TLS handshake, and survives one that fails', async () => {
    const { port } = await stage({ startupTimeout: 200, secureContext: () => secureContext });
    expect(await talk(port, [sslRequest()])).toBe('S');
    expect((await talk(port, [sslRequest(), 1, 'this is no TLS at all, whatever it may be'])).startsWith('S')).toBe(true);
    expect((await talk(port, [hello()], GREETING))[0]).toBe('R');
  });
});

describe('limits', () => {
  it('refuses connections that only wait, above their cap', async () => {
    const { port } = await stage({ maxPending: 3 });
    const waiting = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
    sockets.push(...waiting);
    await Promise.all(waiting.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect(await talk(port, [])).toMatch(/C53300\0/);
    for (const socket of waiting) socket.destroy();
    let answer = '';
    while (!answer.startsWith('R')) answer = await talk(port, [hello()], GREETING);
  });

  it.each([
    [
      'thrown',
      () => {
        throw new Error('bug');
      },
    ],
    ['in a promise', () => Promise.reject(new Error('bug'))],
  ])('keeps a fault in one connection from the others: %s', async (_name, fault: () => Promise<void>) => {
    let calls = 0;
    const { port, faults } = await stage({
      onClient({ socket }) {
        return calls++ === 0 ? fault() : void socket.write('R');
      },
    });
    expect(await talk(port, [hello()])).toBe('');
    expect(faults).toEqual([new Error('bug')]);
    expect(await talk(port, [hello()], 1)).toBe('R');
  });
});

describe('cancel requests', () => {
  it('are handed on as they are and never answered, not even when that fails', async () => {
    const { port, clients, cancels } = await stage();
    const secret = Buffer.from([1, 2, 3, 255]);
    expect(await talk(port, [cancelRequest(-5, secret)])).toBe('');
    expect(cancels).toEqual([{ kind: 'cancel', pid: -5, secret }]);
    expect(clients).toHaveLength(0);
    const failing = await stage({
      onCancel() {
        throw new Error('bug');
      },
    });
    expect(await talk(failing.port, [cancelRequest(-5, secret)])).toBe('');
    expect(failing.faults).toHaveLength(1);
  });

  it('stay open until the server has taken them: what the client sends after the close must not be hit', async () => {
    let taken = (): void => {};
    const { port } = await stage({ onCancel: () => new Promise<void>((resolve) => (taken = resolve)) });
    let closed = false;
    const answer = talk(port, [cancelRequest(-5, Buffer.from([1, 2, 3, 4]))]).finally(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(closed).toBe(false);
    taken();
    expect(await answer).toBe('');
  });
});

describe('the end', () => {
  it('takes no new clients, ends those that only wait, and leaves those that were handed on alone', async () => {
    const { port, clients, listener } = await stage();
    await talk(port, [hello()], GREETING);
    const declined = connect(port, '127.0.0.1');
    sockets.push(declined);
    declined.write(sslRequest());
    await new Promise((resolve) => declined.once('data', resolve));
    const dropped = new Promise((resolve) => declined.once('close', resolve));
    declined.resume();
    listener.close();
    await dropped;
    await expect(talk(port, [hello()])).rejects.toThrow('ECONNREFUSED');
    expect(clients).toHaveLength(1);
    expect(clients[0]!.socket.destroyed).toBe(false);
  });

  it('says in one sentence that a port is taken, and leaves no other address open', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const other = (free.address() as AddressInfo).port;
    await new Promise((resolve) => free.close(resolve));
    const attempt = stage({
      addresses: [
        { host: '127.0.0.1', port: other },
        { host: '127.0.0.1', port },
      ],
    });
    await expect(attempt).rejects.toThrow(ListenError);
    await expect(attempt).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the port is in use by another process`);
    await expect(talk(other, [])).rejects.toThrow('ECONNREFUSED');
    taken.close();
  });
});
