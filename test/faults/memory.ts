/** What clients can make the process hold: nothing that grows with what they send, ask for, or do not read. */
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { RunOptions } from '../scoreboard/suite.ts';
import * as f from '../support/frontend.ts';
import { rows } from '../support/shop.ts';
import { WireClient } from '../support/wire-client.ts';
import type { Board } from './board.ts';
import { type Laboratory, type Lane, patientPolicy, settled, startLane, verifyAudit } from './laboratory.ts';

const MB = 1_000_000;
/** Of one stream, beside what the process has anyway; V8 takes its time to give back what it no longer needs. */
const STREAM_GROWTH = 96 * MB;

export async function boundedMemory(laboratory: Laboratory, board: Board, options: RunOptions): Promise<void> {
  const lane = await startLane(laboratory, { policy: patientPolicy });
  const full = !options.bounded;
  /** Runs it and complains when the process grew by more than `limit` bytes meanwhile. */
  const bounded = (name: string, limit: number, work: () => Promise<readonly string[]>): Promise<void> =>
    board.case(name, async () => {
      const before = await resident(lane);
      let peak = before;
      const timer = setInterval(() => void resident(lane).then((now) => (peak = Math.max(peak, now))), 25);
      const complaints = await work().finally(() => clearInterval(timer));
      const grown = Math.round((peak - before) / MB);
      board.figures[`MB grown: ${name}`] = grown;
      if (!lane.alive()) board.deaths += 1;
      return [...complaints, ...(peak - before > limit ? [`grew by ${grown} MB`] : []), ...(await works(lane))];
    });
  try {
    const size = full ? 1_000 : 200;
    const wide = f.query(`SELECT repeat('x', 1000) FROM generate_series(1, ${size * 1_000})`);
    await bounded(`a result of ${size} MB that nobody reads`, STREAM_GROWTH, async () => {
      const socket = await loggedIn(lane);
      socket.pause();
      socket.write(wide);
      await pause(full ? 5_000 : 1_500);
      socket.destroy();
      return (await settled(lane.admin, 1)).map((left) => `left behind: ${left}`);
    });
    await bounded(`a result of ${size} MB that is read`, STREAM_GROWTH, async () => {
      const bytes = await readAll(lane, wide);
      return bytes > size * MB ? [] : [`${bytes} bytes`];
    });
    const cell = 70_000_000;
    await bounded('a cell of 70 MB, text', STREAM_GROWTH, async () => {
      const bytes = await readAll(lane, f.query(`SELECT repeat('x', ${cell})`));
      return bytes > cell ? [] : [`${bytes} bytes`];
    });
    await bounded('a cell of 70 MB, bytea', STREAM_GROWTH, async () => {
      const bytes = await readAll(lane, f.query(`SELECT decode(repeat('ab', ${cell / 2}), 'hex')`));
      return bytes > cell ? [] : [`${bytes} bytes`];
    });
    const written = async (id: string): Promise<readonly string[]> => {
      const [[length] = []] = await rows(laboratory.admin, `SELECT length(body) FROM blobs WHERE id = '${id}'`);
      return length === String(cell) ? [] : [`${length ?? 'no'} characters were stored`];
    };
    const big = Buffer.alloc(cell, 'y');
    await bounded('a parameter of 70 MB', STREAM_GROWTH, async () => {
      const client = await session(lane);
      await client.extended('INSERT INTO blobs (id, body) VALUES ($1, $2)', { parameters: ['bind', big.toString('latin1')] });
      client.destroy();
      return written('bind');
    });
    await bounded('a COPY line of 70 MB', STREAM_GROWTH, async () => {
      const client = await session(lane);
      await client.copyIn('COPY blobs (id, body) FROM STDIN', [Buffer.from('copy\t'), big, Buffer.from('\n')]);
      client.destroy();
      return written('copy');
    });
    await bounded('a literal of 70 MB is refused', STREAM_GROWTH, async () => {
      const client = await session(lane);
      const { error } = await client.query(`INSERT INTO blobs (id, body) VALUES ('literal', '${big.toString('latin1')}')`);
      const next = await client.query('SELECT 1');
      client.destroy();
      return error?.['C'] === '54001' && next.error === null ? [] : [`${error?.['C']}, then ${next.error?.['C']}`];
    });
    if (full) {
      await bounded('a parameter of 900 MB', STREAM_GROWTH, async () => {
        const client = await session(lane, 120_000);
        const head = f.bind({ parameters: [] }).subarray(5, 7);
        const length = 900 * MB;
        const body = Buffer.concat([head, int16(1), int16(1), int16(1), int32(length)]);
        const tail = Buffer.concat([int16(1), int16(0)]);
        const header = Buffer.concat([Buffer.from('B'), int32(4 + body.length + length + tail.length), body]);
        client.send(f.parse('', 'SELECT octet_length($1::bytea)'), header);
        const chunk = Buffer.alloc(10 * MB, 'z');
        for (let sent = 0; sent < length; sent += chunk.length) {
          client.send(chunk);
          await pause(20);
        }
        const answer = await client.exchange([tail, f.execute(), f.sync]);
        client.destroy();
        const value = answer.results[0]?.rows[0]?.[0]?.toString();
        return value === String(length) ? [] : [`${value ?? answer.error?.['M']}`];
      });
    }
    await bounded('errors that nobody reads', STREAM_GROWTH, async () => {
      const socket = await loggedIn(lane);
      socket.pause();
      const storm = Buffer.concat(Array.from({ length: 2_000 }, () => f.query('SELECT 1/0')));
      for (let round = 0; round < 20; round += 1) if (!socket.write(storm)) await Promise.race([drained(socket), pause(500)]);
      socket.destroy();
      return (await settled(lane.admin, 1)).map((left) => `left behind: ${left}`);
    });
    await bounded('notices that nobody reads', STREAM_GROWTH, async () => {
      const socket = await loggedIn(lane);
      socket.pause();
      socket.write(f.query('SELECT noisy(200000)'));
      await pause(1_500);
      socket.destroy();
      return (await settled(lane.admin, 1)).map((left) => `left behind: ${left}`);
    });
    await bounded('five thousand prepared statements', 128 * MB, async () => {
      const client = await session(lane);
      let prepared = 0;
      for (let part = 0; part < 5; part += 1) {
        const batch = Array.from({ length: 1_000 }, (_, n) =>
          f.parse(`s${part}_${n}`, `SELECT id, name FROM people WHERE id = ${n}`),
        );
        const answer = await client.exchange([...batch, f.sync]);
        prepared += answer.messages.filter(({ type }) => type === '1').length;
      }
      client.destroy();
      return prepared === 5_000 ? [] : [`${prepared} were prepared`];
    });
    await bounded('five hundred connections', 200 * MB, async () => {
      const clients: WireClient[] = [];
      for (let part = 0; part < 25; part += 1)
        clients.push(...(await Promise.all(Array.from({ length: 20 }, () => session(lane, 60_000)))));
      const answers = await Promise.all(clients.map((client) => client.extended('SELECT id FROM people WHERE id = 2')));
      const served = answers.filter(({ results }) => results[0]?.rows.length === 1).length;
      for (const client of clients) client.destroy();
      const left = await settled(lane.admin, 1, 30_000);
      return [...(served === 500 ? [] : [`${served} of 500 were served`]), ...left.map((backend) => `left behind: ${backend}`)];
    });
    await bounded('three hundred clients that never finish their startup packet', 64 * MB, async () => {
      const packet = f.startup([
        ['user', 'agent'],
        ['database', 'shop'],
      ]);
      const slow = Array.from({ length: 300 }, () => {
        const socket = connect({ host: '127.0.0.1', port: lane.sluice.port });
        socket.on('error', () => undefined);
        return socket;
      });
      for (let at = 0; at < 8; at += 1) {
        for (const socket of slow) if (socket.writable) socket.write(packet.subarray(at, at + 1));
        await pause(100);
      }
      const complaints = await works(lane);
      for (const socket of slow) socket.destroy();
      return complaints;
    });
    await board.case('journal under load', () => pause(200).then(() => verifyAudit(lane.sluice.auditFile)));
  } finally {
    await lane.stop();
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const drained = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('drain', resolve));

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes. */
async function resident(lane: Lane): Promise<number> {
  const status = await readFile(`/proc/${lane.sluice.pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

const session = (lane: Lane, timeout = 30_000): Promise<WireClient> =>
  WireClient.connect({ port: lane.sluice.port, user: 'agent', database: 'shop', timeout });

/** Another session does as if nothing happened. */
async function works(lane: Lane): Promise<readonly string[]> {
  const client = await session(lane);
  const { results } = await client.query('SELECT id FROM people WHERE id = 2');
  await client.close();
  return results[0]?.rows.length === 1 ? [] : ['the next session does not work'];
}

async function loggedIn(lane: Lane): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: lane.sluice.port });
  socket.on('error', () => undefined);
  socket.write(
    f.startup([
      ['user', 'agent'],
      ['database', 'shop'],
    ]),
  );
  await new Promise<void>((resolve) => {
    const look = (chunk: Buffer): void => {
      if (!chunk.includes('Z\0\0\0\x05I')) return;
      socket.off('data', look);
      resolve();
    };
    socket.on('data', look);
  });
  return socket;
}

/** Bytes of the whole answer, none of them kept. */
async function readAll(lane: Lane, query: Buffer): Promise<number> {
  const socket = await loggedIn(lane);
  let bytes = 0;
  let last = Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      last = Buffer.concat([last, chunk]).subarray(-6);
      if (last.equals(Buffer.from('Z\0\0\0\x05I'))) resolve();
    });
    socket.on('close', () => reject(new Error(`the connection ended after ${bytes} bytes`)));
    socket.write(query);
  });
  socket.destroy();
  return bytes;
}
