/** The connection that reads the schema, against servers that answer something else. */
import { type AddressInfo, createServer, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { message } from '../../core/wire/write.ts';
import { openQueryClient } from './query-client.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** What comes of a query that is answered by `script`. */
async function asked(script: (socket: Socket) => void): Promise<unknown> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => script(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  await new Promise((resolve) => socket.once('connect', resolve));
  const client = openQueryClient({ socket, parameters: new Map(), serverVersion: '18', serverMajor: 18 }, 20_000);
  return await client
    .simpleQuery('SELECT 1')
    .catch((error: unknown) => error)
    .finally(() => server.close());
}

/** Sends it again and again until nobody listens. */
function endlessly(bytes: Buffer): (socket: Socket) => void {
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(bytes));
      socket.once('drain', more);
    };
    more();
  };
}

const row = message('D', Buffer.from([0, 1, 0, 0, 0, 1]), Buffer.from('x'));

describe('an answer', () => {
  it('is rows, a list for each statement', async () => {
    const done = Buffer.concat([row, message('C', Buffer.from('SELECT 1\0')), message('Z', Buffer.from('I'))]);
    expect(await asked((socket) => socket.write(done))).toEqual([[['x']]]);
  });

  it.each([
    ['rows', Buffer.concat(Array.from({ length: 1000 }, () => row))],
    ['large rows', message('D', Buffer.from([0, 1, 0, 15, 0x42, 0x40]), Buffer.alloc(1_000_000, 'x'))],
    ['results', Buffer.concat(Array.from({ length: 1000 }, () => message('C', Buffer.from('SELECT 0\0'))))],
  ])('of endless %s is cut off before it takes all memory', async (_name, bytes) => {
    const before = process.memoryUsage().rss;
    expect(await asked(endlessly(bytes))).toMatchObject({
      code: 'SLUICE-706',
      message: expect.stringMatching(/larger than any/),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * 1024 * 1024);
  });
});

describe('a connection that is gone', () => {
  it('says so at once to whoever asks next', async () => {
    const server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const client = openQueryClient({ socket, parameters: new Map(), serverVersion: '18', serverMajor: 18 }, 3_600_000);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    await expect(client.simpleQuery('SELECT 1')).rejects.toMatchObject({ code: 'SLUICE-803' });
    server.close();
  });
});
