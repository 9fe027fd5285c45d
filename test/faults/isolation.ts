/**
 * What one client can do to the others: while it does its worst, a neighbour in a process of its own measures how long its statements
 * take, and the proxy how much processor time one turn of its event loop takes (turns.ts). The first are figures, for they say as much
 * about the machine; the second is what we answer for, and counts when it is beyond the budget every time.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import type { RunOptions } from '../scoreboard/suite.ts';
import * as f from '../support/frontend.ts';
import { restrictedIdentity, restrictivePolicy, startShop } from '../support/shop.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { startTap } from '../support/tap.ts';
import { WireClient } from '../support/wire-client.ts';
import type { Board } from './board.ts';
import { DEAR_STATEMENTS } from './dear-statements.ts';
import { isAlive } from './laboratory.ts';

/** DESIGN section 10: milliseconds that no session may be delayed by another. */
const BUDGET = 50;
const ROUNDS = 3;

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Processor time of the longest turn of the event loop. */
  readonly turn: number;
}

/** Goes on until told otherwise. */
type Attack = (sluice: RunningSluice, on: () => boolean) => Promise<void>;

const session = (sluice: RunningSluice): Promise<WireClient> =>
  WireClient.connect({ port: sluice.port, user: 'agent', database: 'shop', timeout: 60_000 });

/** Several sessions that do this over and over, each in one session of its own until that ends. */
const sessions =
  (count: number, act: (client: WireClient, turn: number) => Promise<unknown>): Attack =>
  async (sluice, on) => {
    await Promise.all(
      Array.from({ length: count }, async () => {
        for (let turn = 0; on(); ) {
          const client = await session(sluice).catch(() => null);
          while (on() && client !== null && !client.ended) await act(client, (turn += 1)).catch(() => undefined);
          client?.destroy();
        }
      }),
    );
  };

const dear = DEAR_STATEMENTS.map(({ at }) => at);
/** A number that was never there before, so that no answer is remembered. */
let fresh = 0;

const ATTACKS: readonly (readonly [name: string, attack: Attack])[] = [
  [
    'statements that are dear to read',
    sessions(2, (client, turn) => client.query(`${dear[turn % dear.length]!([12, 40, 90][turn % 3]!)} /* ${(fresh += 1)} */`)),
  ],
  ['large statements', sessions(2, (client) => client.query(`SELECT 1 WHERE ${(fresh += 1)} IN (${'1,'.repeat(40_000)}1)`))],
  [
    'bombs',
    sessions(2, (client, turn) =>
      client.query(
        [
          `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
          `SELECT 1 ${'/*'.repeat(20_000)}${'*/'.repeat(20_000)}`,
          `SELECT ${'+'.repeat(20_000)} 1`,
          `SELECT 1${'::int'.repeat(9_000)}`,
        ][turn % 4]!,
      ),
    ),
  ],
  [
    'a storm of new statements',
    sessions(2, (client) =>
      client.exchange(
        Array.from({ length: 1_000 }, () => f.query(`SELECT id, name AS n${(fresh += 1)} FROM customers WHERE id = 1`)),
        1_000,
      ),
    ),
  ],
  ['a huge result', sessions(1, (client) => drain(client, "SELECT repeat('x', 1000) FROM generate_series(1, 100000)"))],
  [
    'a slow reader',
    sessions(4, async (client) => {
      client.send(f.query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"));
      await new Promise((resolve) => setTimeout(resolve, 300));
      client.destroy();
    }),
  ],
  ['connections that come and go', sessions(12, (client) => client.close())],
];

async function drain(client: WireClient, sql: string): Promise<void> {
  client.send(f.query(sql));
  for (let next = await client.next(); next !== null && next.type !== 'Z'; next = await client.next());
}

export async function isolation(board: Board, options: RunOptions): Promise<void> {
  const duration = options.bounded ? 1_500 : 10_000;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-turns-'));
  const turns = join(directory, 'longest');
  const shop = await startShop(options.major, ['a'], { name: () => 'shop' });
  const preload = `--import ${fileURLToPath(new URL('turns.ts', import.meta.url))}`;
  const sluice = await startSluice({
    policy: [restrictivePolicy],
    as: restrictedIdentity,
    upstream: shop.url('shop'),
    extra: ['--log-level', 'error'],
    environment: { NODE_OPTIONS: preload, SLUICE_TURNS_FILE: turns },
  });
  const relay = await startTap({ port: shop.server.port });
  const sql = 'SELECT id, name FROM customers WHERE id = 2';
  const direct = await startNeighbour(relay.port, 'shop_app', 'app', sql);
  const neighbour = await startNeighbour(sluice.port, 'agent', '', sql);
  const measure = async (milliseconds: number): Promise<Measured> => {
    await rm(turns, { force: true });
    const measured = await neighbour.measure(milliseconds);
    return { ...measured, turn: Number(await readFile(turns, 'utf8').catch(() => '0')) };
  };
  try {
    report(board, 'bare relay, at rest', { ...(await direct.measure(duration)), turn: 0 });
    report(board, 'at rest', await measure(duration));
    for (const [name, attack] of ATTACKS) {
      await board.case(name, async () => {
        const seen: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          let on = true;
          const attacking = attack(sluice, () => on);
          const under = await measure(duration).finally(() => {
            on = false;
          });
          await attacking;
          if (!isAlive(sluice.pid)) {
            board.deaths += 1;
            return ['the process ended'];
          }
          if (round === 0) report(board, name, under);
          if (under.turn <= BUDGET) return [];
          seen.push(Math.round(under.turn));
        }
        return [`one turn of the event loop took ${seen.join(', ')} ms of processor time`];
      });
    }
  } finally {
    neighbour.stop();
    direct.stop();
    await relay.stop();
    await sluice.stop();
    await shop.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function report(board: Board, name: string, { p50, p99, max, turn }: Measured): void {
  const figure = (value: number): string => value.toFixed(1);
  board.figures[`ms ${name}`] = `p50 ${figure(p50)}, p99 ${figure(p99)}, max ${figure(max)}, longest turn ${figure(turn)}`;
}

interface Neighbour {
  measure(milliseconds: number): Promise<Omit<Measured, 'turn'>>;
  stop(): void;
}

async function startNeighbour(port: number, ...parameters: readonly string[]): Promise<Neighbour> {
  const file = fileURLToPath(new URL('neighbour.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, String(port), ...parameters], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the neighbour has ended');
    return value;
  };
  await next();
  return {
    measure: async (milliseconds) => {
      child.stdin.write(`${milliseconds}\n`);
      return JSON.parse(await next()) as Omit<Measured, 'turn'>;
    },
    stop: () => void child.kill(),
  };
}
