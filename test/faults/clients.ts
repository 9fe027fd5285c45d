/** Clients that vanish, in every state and in every way: nothing of theirs stays behind on the server, and nobody else notices. */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import * as f from '../support/frontend.ts';
import { rows } from '../support/shop.ts';
import type { Board } from './board.ts';
import { type Laboratory, type Lane, settled, startLane, verifyAudit } from './laboratory.ts';

const LOGIN = f.startup([
  ['user', 'agent'],
  ['database', 'shop'],
]);
const READY = 'Z\0\0\0\x05';

interface Leaving {
  readonly name: string;
  readonly leave: (socket: Socket) => void;
}
const LEAVINGS: readonly Leaving[] = [
  { name: 'closes', leave: (socket) => void socket.destroy() },
  { name: 'ends its side', leave: (socket) => void socket.end() },
  { name: 'resets', leave: (socket) => void socket.resetAndDestroy() },
];

/** What it has sent, and how one sees that the server is where it should be. */
const STATES: readonly (readonly [name: string, bytes: Buffer, until: string])[] = [
  ['idle', f.query('SELECT 1'), `${READY}I`],
  [
    'in a transaction with locks',
    f.query("BEGIN; LOCK TABLE marks IN ROW EXCLUSIVE MODE; INSERT INTO marks VALUES ('c','c')"),
    `${READY}T`,
  ],
  ['in a failed transaction', f.query('BEGIN; SELECT 1/0'), `${READY}E`],
  ['running', f.query("INSERT INTO marks SELECT 'client', 'running' FROM pg_sleep(100)"), ''],
  [
    'in a batch without Sync',
    Buffer.concat([f.parse('', "INSERT INTO marks VALUES ('client','batch')"), f.bind(), f.execute()]),
    '',
  ],
  [
    'in a batch with Flush',
    Buffer.concat([f.parse('', "INSERT INTO marks VALUES ('client','flush')"), f.bind(), f.execute(), f.flush]),
    'INSERT',
  ],
  ['copying in', f.query('COPY marks FROM STDIN'), 'G'],
  ['copying out', f.query('COPY (SELECT generate_series(1, 100000000)) TO STDOUT'), 'd'],
  ['reading a large result', f.query('SELECT generate_series(1, 100000000)'), 'D'],
  ['waiting for a lock', f.query('SELECT pg_advisory_lock(7)'), ''],
  ['with a cursor', f.query('BEGIN; DECLARE c CURSOR FOR SELECT * FROM people; FETCH 1 FROM c'), 'FETCH 1'],
  ['in the middle of a message', f.query('SELECT 1 + 1').subarray(0, 9), ''],
  ['in the middle of a Bind', f.bind({ parameters: ['x'.repeat(50_000)] }).subarray(0, 20_000), ''],
];

export async function vanishing(laboratory: Laboratory, board: Board): Promise<void> {
  const lane = await startLane(laboratory, { extra: ['--tls', 'self-signed'] });
  try {
    await laboratory.admin.query('SELECT pg_advisory_lock(7)');
    for (const [state, bytes, until] of STATES) {
      for (const { name, leave } of LEAVINGS) {
        await board.case(`${state}, ${name}`, async () => {
          const socket = await loggedIn(lane);
          const seen = watch(socket);
          socket.write(bytes);
          await seen(until);
          leave(socket);
          return await nothingLeft(lane);
        });
      }
    }
    await laboratory.admin.query('SELECT pg_advisory_unlock_all()');
    await startups(lane, board);
    await encrypted(lane, board);
    await board.case('locks are free', async () => {
      const { error } = await laboratory.admin.query("SET lock_timeout = '5s'; LOCK TABLE marks; RESET lock_timeout");
      const [[count] = []] = await rows(laboratory.admin, "SELECT count(*) FROM marks WHERE run IN ('c', 'client')");
      return [...(error === null ? [] : [`${error['M']}`]), ...(count === '0' ? [] : [`${count} marks that nobody committed`])];
    });
    await board.case('journal of the vanished', async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return await verifyAudit(lane.sluice.auditFile);
    });
    if (!lane.alive()) board.deaths += 1;
  } finally {
    await lane.stop();
  }
}

/** The startup packet and the SSLRequest, cut at every byte. */
async function startups(lane: Lane, board: Board): Promise<void> {
  for (const [index, { name, leave }] of LEAVINGS.entries()) {
    await board.case(`in the startup packet, ${name}`, async () => {
      for (const packet of [LOGIN, f.sslRequest, f.gssEncRequest, f.cancelRequest(1, Buffer.alloc(4))]) {
        const cuts = Array.from({ length: packet.length }, (_, at) => at).filter((at) => at % LEAVINGS.length === index);
        await Promise.all(
          cuts.map(async (at) => {
            const socket = await dial(lane);
            if (at > 0) await new Promise<void>((resolve) => socket.write(packet.subarray(0, at), () => resolve()));
            leave(socket);
          }),
        );
      }
      return await nothingLeft(lane);
    });
  }
}

/** In the handshake, and in the middle of an encrypted record. */
async function encrypted(lane: Lane, board: Board): Promise<void> {
  const hello = await clientHello();
  for (const { name, leave } of LEAVINGS) {
    await board.case(`in a TLS handshake, ${name}`, async () => {
      for (let at = 0; at < hello.length; at += 23) {
        const socket = await dial(lane);
        socket.write(f.sslRequest);
        await new Promise<void>((resolve) => socket.once('data', () => resolve()));
        socket.write(hello.subarray(0, at));
        await new Promise((resolve) => setTimeout(resolve, 2));
        leave(socket);
      }
      return await nothingLeft(lane);
    });
    await board.case(`in a TLS record, ${name}`, async () => {
      for (const cut of [1, 5, 6, 20]) {
        const tcp = await dial(lane);
        tcp.write(f.sslRequest);
        await new Promise<void>((resolve) => tcp.once('data', () => resolve()));
        // Everything encrypted goes through a pipe of ours, whose last record is cut.
        let left = Number.POSITIVE_INFINITY;
        const pipe = new Duplex({
          read: () => undefined,
          write: (chunk: Buffer, _encoding, done) => {
            const part = chunk.subarray(0, Math.max(0, left));
            left -= part.length;
            tcp.write(part);
            done();
          },
        });
        tcp.on('data', (chunk: Buffer) => pipe.push(chunk));
        const secure = connectTls({ socket: pipe, rejectUnauthorized: false });
        secure.on('error', () => undefined);
        await new Promise<void>((resolve) => secure.once('secureConnect', resolve));
        const seen = watch(secure);
        secure.write(LOGIN);
        await seen(`${READY}I`);
        left = cut;
        secure.write(f.query("INSERT INTO marks VALUES ('client', 'record')"));
        await new Promise((resolve) => setTimeout(resolve, 5));
        leave(tcp);
      }
      return await nothingLeft(lane);
    });
  }
}

async function nothingLeft(lane: Lane): Promise<readonly string[]> {
  const left = await settled(lane.admin, 1, 8_000);
  const socket = await loggedIn(lane);
  const seen = watch(socket);
  socket.write(f.query('SELECT id FROM people WHERE id = 2'));
  const works = await seen('SELECT 1').then(
    () => true,
    () => false,
  );
  socket.end(f.terminate);
  await settled(lane.admin, 1, 8_000);
  return [...left.map((backend) => `left behind: ${backend}`), ...(works ? [] : ['the next session does not work'])];
}

async function dial(lane: Lane): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: lane.sluice.port, noDelay: true });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

async function loggedIn(lane: Lane): Promise<Socket> {
  const socket = await dial(lane);
  const seen = watch(socket);
  socket.write(LOGIN);
  await seen(`${READY}I`);
  return socket;
}

/** Waits until what the server sent from now on contains the text; '': until it had time to begin. */
function watch(socket: Socket): (text: string) => Promise<void> {
  let received = '';
  let wake: () => void = () => undefined;
  socket.on('data', (chunk: Buffer) => {
    if (received.length < 100_000) received += chunk.toString('latin1');
    wake();
  });
  return (text) =>
    new Promise((resolve, reject) => {
      if (text === '') {
        setTimeout(resolve, 40);
        return;
      }
      const timer = setTimeout(() => reject(new Error(`no ${JSON.stringify(text)} within 10 s`)), 10_000);
      wake = () => {
        if (!received.includes(text)) return;
        clearTimeout(timer);
        resolve();
      };
      wake();
    });
}

/** The first flight of a TLS client. */
async function clientHello(): Promise<Buffer> {
  return await new Promise((resolve) => {
    const pipe = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        done();
        resolve(chunk);
      },
    });
    connectTls({ socket: pipe, rejectUnauthorized: false }).on('error', () => undefined);
  });
}
