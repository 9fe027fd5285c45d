/** The relay does to a connection what it says, at the byte it says. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChaosRelay, startChaosRelay } from './chaos-relay.ts';

const STARTUP = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0]);
const CANCEL = Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2]);

let server: Server;
/** What the server received, and how its connections ended. */
let received = '';
let endings: string[] = [];
let relay: ChaosRelay;

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      socket.write(chunk);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => void endings.push(error.code ?? 'error'));
    socket.on('end', () => void endings.push('FIN'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());
beforeEach(async () => {
  received = '';
  endings = [];
  relay = await startChaosRelay({ port: (server.address() as AddressInfo).port });
});
afterEach(() => relay.stop());

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
function dial(): { socket: Socket; text: () => string; ending: () => string } {
  const socket = connect({ host: '127.0.0.1', port: relay.port });
  let text = '';
  let ending = 'open';
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString('latin1')));
  socket.on('end', () => void (ending = 'FIN'));
  socket.on('error', (error: NodeJS.ErrnoException) => void (ending = error.code ?? 'error'));
  return { socket, text: () => text, ending: () => ending };
}

describe('the chaos relay', () => {
  it('passes everything on when nothing is asked of it, in segments of one byte too', async () => {
    for (const segment of [undefined, 1, 3]) {
      relay.behave = () => (segment === undefined ? undefined : { segment });
      const client = dial();
      client.socket.write('hello over there');
      await expect.poll(client.text).toBe('hello over there');
      client.socket.end();
    }
    expect(relay.connections.map(({ toServer, toClient }) => [toServer, toClient])).toEqual([
      [16, 16],
      [16, 16],
      [16, 16],
    ]);
    await expect.poll(() => endings).toEqual(['FIN', 'FIN', 'FIN']);
  });

  it.each(['toServer', 'toClient'] as const)('resets after so many bytes %s', async (direction) => {
    relay.behave = () => ({ fault: { kind: 'reset', direction, after: 5 } });
    const client = dial();
    client.socket.write('0123456789');
    await expect.poll(client.ending).toBe('ECONNRESET');
    await expect.poll(() => endings).toEqual(['ECONNRESET']);
    expect(direction === 'toServer' ? received : client.text().slice(0, 5)).toBe(
      direction === 'toServer' ? '01234' : client.text(),
    );
    expect(client.text().length).toBeLessThanOrEqual(5);
  });

  it('closes both ways, or only the way on', async () => {
    relay.behave = () => ({ fault: { kind: 'close', direction: 'toServer', after: 3 } });
    const both = dial();
    both.socket.write('012345');
    await expect.poll(both.ending).toBe('FIN');
    await expect.poll(() => endings).toEqual(['FIN']);
    expect(received).toBe('012');
    relay.behave = () => ({ fault: { kind: 'half-close', direction: 'toClient', after: 3 } });
    const half = dial();
    half.socket.write('abcdef');
    await expect.poll(half.ending).toBe('FIN');
    expect(half.text()).toBe('abc');
  });

  it('swallows what comes in a black hole, and keeps the sockets', async () => {
    relay.behave = () => ({ fault: { kind: 'blackhole', direction: 'toServer', after: 3 } });
    const client = dial();
    client.socket.write('012345');
    await pause(50);
    client.socket.write('678');
    await pause(50);
    expect([received, client.ending(), relay.connections[0]?.toServer, relay.connections[0]?.struck]).toEqual([
      '012',
      'open',
      9,
      true,
    ]);
    client.socket.destroy();
    await pause(50);
    expect(endings).toEqual([]);
  });

  it('stalls for a while, then loses nothing', async () => {
    relay.behave = () => ({ fault: { kind: 'stall', direction: 'toServer', after: 3, milliseconds: 150 } });
    const client = dial();
    client.socket.write('012345');
    await pause(60);
    client.socket.write('678');
    expect(received).toBe('012');
    await expect.poll(client.text).toBe('012345678');
  });

  it('freezes on demand and thaws', async () => {
    const client = dial();
    client.socket.write('0');
    await expect.poll(client.text).toBe('0');
    relay.strike('freeze');
    client.socket.write('1');
    await pause(60);
    expect(received).toBe('0');
    relay.thaw();
    await expect.poll(client.text).toBe('01');
  });

  it('is slow when asked', async () => {
    relay.behave = () => ({ latency: 80 });
    const client = dial();
    const began = performance.now();
    client.socket.write('0');
    client.socket.write('1');
    await expect.poll(client.text).toBe('01');
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  it('tells logins and cancel requests apart', async () => {
    relay.behave = ({ opening }) =>
      opening === 'cancel' ? undefined : { fault: { kind: 'reset', direction: 'toServer', after: 0 } };
    const login = dial();
    login.socket.write(STARTUP);
    await expect.poll(login.ending).toBe('ECONNRESET');
    const cancel = dial();
    cancel.socket.write(CANCEL);
    await expect.poll(() => received.length).toBe(CANCEL.length);
    expect(relay.connections.map(({ opening }) => opening)).toEqual(['startup', 'cancel']);
  });
});
