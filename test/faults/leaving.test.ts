/** How clients leave: what they said goodbye to is still done, what nobody waits for is cancelled on the server. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as f from '../support/frontend.ts';
import { allowAllIdentity, allowAllPolicy, rows } from '../support/shop.ts';
import { type Laboratory, type Lane, settled, startLaboratory, startLane } from './laboratory.ts';

describe('a client that leaves', () => {
  let laboratory: Laboratory;
  let lane: Lane;
  beforeAll(async () => {
    laboratory = await startLaboratory(18);
    lane = await startLane(laboratory, { policy: allowAllPolicy, as: allowAllIdentity });
  });
  afterAll(async () => {
    await lane?.stop();
    await laboratory?.stop();
  });

  const login = f.startup([
    ['user', 'agent'],
    ['database', 'shop'],
  ]);
  async function loggedIn(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: lane.sluice.port, noDelay: true });
    socket.on('error', () => undefined);
    socket.write(login);
    await new Promise<void>((resolve) => {
      let seen = '';
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString('latin1');
        if (seen.includes('Z\0\0\0\x05I')) resolve();
      });
    });
    return socket;
  }
  const running = async (text: string): Promise<void> => {
    await expect
      .poll(() =>
        rows(laboratory.admin, `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '${text}%'`),
      )
      .toEqual([['1']]);
  };
  const slowInsert = (mark: string): Buffer => f.query(`INSERT INTO marks SELECT 'leaving', '${mark}' FROM pg_sleep(0.4)`);
  const marked = (mark: string) => rows(laboratory.admin, `SELECT count(*) FROM marks WHERE step = '${mark}'`);

  it('with Terminate right behind its statement has it done, as without Sluice', async () => {
    const socket = await loggedIn();
    socket.end(Buffer.concat([slowInsert('goodbye'), f.terminate]));
    await expect.poll(() => marked('goodbye'), { timeout: 10_000 }).toEqual([['1']]);
    expect(await settled(lane.admin, 1)).toEqual([]);
  });

  it('with Terminate behind a message that still waits, too', async () => {
    const socket = await loggedIn();
    socket.end(
      Buffer.concat([f.query('CREATE TEMP TABLE wait AS SELECT 1 AS n FROM pg_sleep(0.4)'), slowInsert('queued'), f.terminate]),
    );
    await expect.poll(() => marked('queued'), { timeout: 10_000 }).toEqual([['1']]);
    expect(await settled(lane.admin, 1)).toEqual([]);
  });

  it.each([
    ['ends its side', (socket: Socket) => void socket.end()],
    ['closes', (socket: Socket) => void socket.destroy()],
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ])('and %s without a word has its statement cancelled', async (_, leave) => {
    const socket = await loggedIn();
    socket.write(f.query('SELECT pg_sleep(100)'));
    await running('SELECT pg_sleep(100)');
    leave(socket);
    expect(await settled(lane.admin, 1)).toEqual([]);
  });

  it('while a message of its waits for the one before has both cancelled', async () => {
    const socket = await loggedIn();
    socket.write(f.query('CREATE TEMP TABLE long AS SELECT 1 AS n FROM pg_sleep(100)'));
    await running('CREATE TEMP TABLE long');
    socket.write(f.query('SELECT * FROM long'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect(await settled(lane.admin, 1)).toEqual([]);
  });

  it('in the very moment it sends a statement leaves nothing running', async () => {
    for (let round = 0; round < 30; round += 1) {
      const socket = await loggedIn();
      socket.write(f.query('SELECT pg_sleep(100)'), () => void socket.resetAndDestroy());
    }
    expect(await settled(lane.admin, 1)).toEqual([]);
  });
});
