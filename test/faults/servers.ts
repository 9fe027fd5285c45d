/** Servers that are killed, restarted, silent or slow, while sessions are in every state. */
import type { RunOptions } from '../scoreboard/suite.ts';
import * as f from '../support/frontend.ts';
import { must, rows } from '../support/shop.ts';
import { WireClient } from '../support/wire-client.ts';
import type { Board } from './board.ts';
import type { Behaviour, Direction } from './chaos-relay.ts';
import { trial, withLanes } from './cuts.ts';
import type { Evidence } from './judge.ts';
import { type Laboratory, type Lane, startLane, verifyAudit } from './laboratory.ts';

/** A session in some state, and what it must not have done when the server goes. */
interface State {
  readonly name: string;
  readonly enter: (client: WireClient, mark: string) => Promise<void>;
}

const STATES: readonly State[] = [
  { name: 'idle', enter: async (client) => void (await client.query('SELECT 1')) },
  {
    name: 'in a transaction',
    enter: async (client, mark) => void (await client.query(`BEGIN; INSERT INTO marks VALUES ('server', '${mark}')`)),
  },
  {
    name: 'running',
    enter: async (client, mark) => client.send(f.query(`INSERT INTO marks SELECT 'server', '${mark}' FROM pg_sleep(100)`)),
  },
  {
    name: 'copying in',
    enter: async (client, mark) => {
      client.send(f.query('COPY marks FROM STDIN'));
      while ((await client.next())?.type !== 'G');
      client.send(f.copyData(Buffer.from(`server\t${mark}\n`)));
    },
  },
  {
    name: 'copying out',
    enter: async (client) => {
      client.send(f.query("COPY (SELECT repeat('x', 9000), pg_sleep(0.02) FROM generate_series(1, 1000)) TO STDOUT"));
      await client.next();
    },
  },
  {
    name: 'between Parse and Sync',
    enter: async (client, mark) => {
      client.send(f.parse('', `INSERT INTO marks VALUES ('server', '${mark}')`), f.bind(), f.execute(), f.flush);
      while (!['C', null].includes((await client.next())?.type ?? null));
    },
  },
];

const ours = "application_name LIKE 'sluice/%'";
const EVENTS: readonly (readonly [name: string, strike: (laboratory: Laboratory, lane: Lane) => Promise<void>])[] = [
  ['pg_terminate_backend', ({ admin }) => must(admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ours}`)],
  ['SIGTERM to the backends', ({ admin }) => signal(admin, 'SIGTERM')],
  ['a reset of every line', async (_, lane) => lane.back.strike('reset')],
  ['a close of every line', async (_, lane) => lane.back.strike('close')],
  ['SIGKILL of a backend', ({ admin }) => signal(admin, 'SIGKILL', 1)],
  ['a fast restart', ({ server }) => server.restart('SIGINT')],
  ['an immediate restart', ({ server }) => server.restart('SIGQUIT')],
  ['SIGKILL of the postmaster', ({ server }) => server.restart('SIGKILL')],
];

async function signal(admin: WireClient, name: NodeJS.Signals, count = Number.POSITIVE_INFINITY): Promise<void> {
  const pids = await rows(admin, `SELECT pid FROM pg_stat_activity WHERE ${ours} ORDER BY backend_start DESC`);
  for (const [pid] of pids.slice(0, count)) process.kill(Number(pid), name);
}

export async function killedServers(laboratory: Laboratory, board: Board): Promise<void> {
  const lane = await startLane(laboratory);
  try {
    for (const [event, strike] of EVENTS) {
      const sessions = await Promise.all(
        STATES.map(async (state, index) => {
          const client = await connect(lane);
          const mark = `${event} ${index}`.replaceAll(/\W/g, '_');
          await state.enter(client, mark);
          return { state, client, mark };
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      await strike(laboratory, lane).catch(() => undefined);
      const witness = await reconnect(() => laboratory.connect());
      for (const { state, client, mark } of sessions) {
        await board.case(`${event}, ${state.name}`, async () => {
          const complaints = await ending(client);
          const [[count] = []] = await rows(witness, `SELECT count(*) FROM marks WHERE step = '${mark}'`);
          return [...complaints, ...(count === '0' ? [] : [`${count} marks of what was not committed`])];
        });
      }
      await board.case(`${event}, and then`, async () => {
        const next = await reconnect(() => connect(lane));
        const works = (await next.query('SELECT id FROM people WHERE id = 2')).results[0]?.rows.length === 1;
        await next.close();
        return works && lane.alive() ? [] : ['the next session does not work'];
      });
      await witness.close();
    }
    await board.case('journal of the killed', () => verifyAudit(lane.sluice.auditFile));
    if (!lane.alive()) board.deaths += 1;
  } finally {
    await lane.stop();
  }
}

/** At most one FATAL, then the end. */
async function ending(client: WireClient): Promise<readonly string[]> {
  const fatal: string[] = [];
  try {
    for (let next = await client.next(); next !== null; next = await client.next()) {
      if (fatal.length > 0) return [`message ${next.type} after the end was announced`];
      if (next.type === 'E' && next.body.includes('FATAL')) fatal.push('FATAL');
      if (next.type === 'C') return ['a success'];
    }
    return [];
  } catch (error) {
    return [`the client is left hanging: ${(error as Error).message}`];
  } finally {
    client.destroy();
  }
}

const connect = (lane: Lane): Promise<WireClient> =>
  WireClient.connect({ port: lane.sluice.port, user: 'agent', database: 'shop', timeout: 15_000 });

async function reconnect(dial: () => Promise<WireClient>): Promise<WireClient> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await dial();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const SHAPES: readonly (readonly [name: string, behaviour: Behaviour])[] = [
  ['latency', { latency: 5 }],
  ['segments of one byte', { segment: 1 }],
  ['segments of seven bytes', { segment: 7 }],
  ['little bandwidth', { bytesPerSecond: 40_000 }],
  ['a stall to the server', { fault: { kind: 'stall', direction: 'toServer', after: 900, milliseconds: 300 } }],
  ['a stall to the client', { fault: { kind: 'stall', direction: 'toClient', after: 700, milliseconds: 300 } }],
];

/** Lines that are bad but whole: nothing may be different. */
export async function badLines(laboratory: Laboratory, board: Board): Promise<void> {
  await withLanes(laboratory, board, 1, async (lane, kept) => {
    for (const [name, behaviour] of SHAPES)
      for (const leg of ['front', 'back'] as const)
        await board.case(`${name}, ${leg}`, () => trial(lane, { [leg]: behaviour, unbroken: true }, kept));
  });
}

/** Silence: during the login for ten seconds at most, later for the statements' limit and the grace. Many at once, for it takes long. */
export async function silence(laboratory: Laboratory, board: Board, options: RunOptions): Promise<void> {
  const offsets = (count: number, from: number, step: number): number[] =>
    Array.from({ length: count }, (_, n) => from + n * step);
  const cuts: { direction: Direction; after: number }[] = options.bounded
    ? [
        { direction: 'toServer', after: 0 },
        { direction: 'toServer', after: 40 },
        { direction: 'toClient', after: 3 },
        { direction: 'toClient', after: 100 },
      ]
    : [
        ...offsets(20, 0, 400).map((after) => ({ direction: 'toServer' as const, after })),
        ...offsets(20, 0, 95).map((after) => ({ direction: 'toClient' as const, after })),
      ];
  const lanes = await Promise.all(cuts.slice(0, 4).map(() => startLane(laboratory)));
  try {
    const kept: Evidence[] = [];
    await Promise.all(
      lanes.map(async (lane, index) => {
        for (const { direction, after } of cuts.filter((_, place) => place % lanes.length === index)) {
          await board.case(`silence ${direction} ${after}`, async () => {
            const complaints = await trial(
              lane,
              { back: { fault: { kind: 'blackhole', direction, after } }, patience: 40_000, abandoned: true },
              kept,
            );
            const { played } = kept.at(-1)!;
            return [...complaints, ...(played.milliseconds > 45_000 ? [`told after ${Math.round(played.milliseconds)} ms`] : [])];
          });
          lane.back.strike('reset');
        }
        if (!lane.alive()) board.deaths += 1;
      }),
    );
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
}
