/**
 * The recorded session, broken at every byte: in both directions, on the line to the client and on the line to the server, by a
 * reset, a close, a half-close, and by silence. One case at a time in each lane; several lanes at once.
 */
import type { RunOptions } from '../scoreboard/suite.ts';
import type { Board } from './board.ts';
import type { Behaviour, ConnectionSeen, Direction, Fault } from './chaos-relay.ts';
import { type Evidence, judge, judgeTrail } from './judge.ts';
import { type Laboratory, type Lane, marksOf, readAudit, settled, startLane, trailsByRun, verifyAudit } from './laboratory.ts';
import { play } from './player.ts';
import { draw } from './random.ts';
import { recordedSession, runName } from './recording.ts';

export type Leg = 'client' | 'server';

interface Cut {
  readonly leg: Leg;
  readonly direction: Direction;
  readonly kind: Fault['kind'];
  readonly after: number;
  readonly blast: boolean;
}

/** How many bytes a session has in each direction of each leg when nothing breaks. */
export type Lengths = Readonly<Record<Leg, Readonly<Record<Direction, number>>>>;

let runs = 0;

/** Plays one session through `lane`, and says what is wrong with it. `evidence` is kept for the journal's check. */
export async function trial(
  lane: Lane,
  options: {
    readonly front?: Behaviour;
    readonly back?: Behaviour;
    readonly blast?: boolean;
    readonly unbroken?: boolean;
    readonly patience?: number;
    /** The server cannot know yet that it is over. */
    readonly abandoned?: boolean;
  },
  kept: Evidence[],
): Promise<readonly string[]> {
  const run = runName(++runs);
  const steps = recordedSession(run);
  const unlessCancel = (behaviour: Behaviour | undefined) => (seen: ConnectionSeen) =>
    seen.opening === 'cancel' ? undefined : behaviour;
  lane.front.behave = unlessCancel(options.front);
  lane.back.behave = unlessCancel(options.back);
  const played = await play({
    port: lane.front.port,
    steps,
    blast: options.blast === true,
    ...(options.patience === undefined ? {} : { patience: options.patience }),
  });
  lane.back.behave = () => undefined;
  const left = options.abandoned === true ? [] : await settled(lane.admin, lane.peers);
  const marks = await marksOf(lane.admin, run);
  const evidence = { steps, played, marks, ...(options.unbroken === undefined ? {} : { unbroken: options.unbroken }) };
  kept.push(evidence);
  return [...judge(evidence), ...left.map((backend) => `left behind on the server: ${backend}`)];
}

export async function withLanes(
  laboratory: Laboratory,
  board: Board,
  count: number,
  work: (lane: Lane, kept: Evidence[], index: number) => Promise<void>,
): Promise<void> {
  const lanes = await Promise.all(Array.from({ length: count }, () => startLane(laboratory)));
  for (const lane of lanes) lane.peers = count;
  const kept = lanes.map((): Evidence[] => []);
  try {
    await Promise.all(lanes.map((lane, index) => work(lane, kept[index]!, index)));
    for (const [index, lane] of lanes.entries()) {
      if (!lane.alive()) board.deaths += 1;
      const open = /^sluice_sessions (\d+)$/m.exec(await lane.metrics())?.[1];
      await board.case(`journal of lane ${index + 1}`, async () => {
        // Outcomes are written some milliseconds later.
        await new Promise((resolve) => setTimeout(resolve, 100));
        const trails = trailsByRun(await readAudit(lane.sluice.auditFile));
        const complaints: string[] = [];
        for (const evidence of kept[index]!) {
          const run = evidence.steps[0]!.traces[0]!.slice(0, 6);
          const trail = trails.get(run) ?? new Map();
          if (judgeTrail(evidence, trail).length === 0) continue;
          // A statement may have reached the server and been done after the line was cut and the marks were counted: what counts is the end.
          complaints.push(...judgeTrail({ ...evidence, marks: await marksOf(lane.admin, run) }, trail));
        }
        return [
          ...(await verifyAudit(lane.sluice.auditFile)),
          ...complaints,
          ...(open === '0' ? [] : [`${open} sessions are still counted`]),
        ];
      });
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
}

export async function cutEverywhere(laboratory: Laboratory, board: Board, options: RunOptions): Promise<void> {
  const lengths = await measure(laboratory, board);
  const cuts = chooseCuts(lengths, options);
  board.figures['bytes of the recorded session'] = Object.values(lengths)
    .flatMap((leg) => Object.values(leg))
    .join(' + ');
  board.figures['cuts'] = cuts.length;
  const began = performance.now();
  await withLanes(laboratory, board, 3, async (lane, kept) => {
    for (let cut = cuts.pop(); cut !== undefined; cut = cuts.pop()) {
      const { leg, direction, kind, after, blast } = cut;
      const behaviour = { fault: { direction, after, kind } };
      await board.case(`${kind} ${leg} ${direction} ${after}${blast ? ' blast' : ''}`, () =>
        trial(lane, { [leg === 'client' ? 'front' : 'back']: behaviour, blast }, kept),
      );
      if (!lane.alive()) break;
    }
  });
  board.figures['cuts per second'] = Math.round((1000 * Number(board.figures['cuts'])) / (performance.now() - began));
}

async function measure(laboratory: Laboratory, board: Board): Promise<Lengths> {
  const lengths = { client: { toServer: 0, toClient: 0 }, server: { toServer: 0, toClient: 0 } };
  await withLanes(laboratory, board, 1, async (lane, kept) => {
    for (const blast of [false, true]) {
      await board.case(`unbroken${blast ? ' blast' : ''}`, () => trial(lane, { unbroken: true, blast }, kept));
      const front = lane.front.connections.at(-1)!;
      const back = lane.back.connections.findLast(({ opening }) => opening === 'startup')!;
      lengths.client = { toServer: front.toServer, toClient: front.toClient };
      lengths.server = { toServer: back.toServer, toClient: back.toClient };
    }
  });
  return lengths;
}

/** Everything, or a drawn portion of it: offsets near the ends of messages matter no more than any other, so all are alike. */
function chooseCuts(lengths: Lengths, options: RunOptions): Cut[] {
  const cuts: Cut[] = [];
  const kinds = ['reset', 'close', 'half-close'] as const;
  for (const leg of ['client', 'server'] as const)
    for (const direction of ['toServer', 'toClient'] as const)
      for (const kind of kinds)
        for (let after = 0; after <= lengths[leg][direction]; after += 1) {
          const blast = leg === 'client' && direction === 'toServer' && after % 2 === 1;
          cuts.push({ leg, direction, kind, after, blast });
        }
  return draw(cuts, options.bounded ? 700 : cuts.length, options.seed);
}
