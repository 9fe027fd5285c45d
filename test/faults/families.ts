/** The parts of the suite, in the order they are run. */
import type { RunOptions, Scoreboard } from '../scoreboard/suite.ts';
import { Board } from './board.ts';
import { vanishing } from './clients.ts';
import { jumpingClocks } from './clocks.ts';
import { cutEverywhere } from './cuts.ts';
import { isolation } from './isolation.ts';
import { troubledJournals } from './journals.ts';
import { type Laboratory, startLaboratory } from './laboratory.ts';
import { boundedMemory } from './memory.ts';
import { changingPolicies } from './policies.ts';
import { badLines, killedServers, silence } from './servers.ts';

export interface Family {
  readonly name: string;
  /** More than it works. */
  readonly waits: boolean;
  run(options: RunOptions): Promise<Scoreboard>;
}

const WAITING: ReadonlySet<string> = new Set(['server', 'journal', 'clock', 'policy']);

function family(
  name: string,
  what: string,
  work: (laboratory: Laboratory, board: Board, options: RunOptions) => Promise<void>,
  settings: Readonly<Record<string, string>> = {},
): Family {
  return {
    name,
    waits: WAITING.has(name),
    async run(options) {
      const board = new Board(name, `${what}, PostgreSQL ${options.major}`, options);
      const laboratory = await startLaboratory(options.major, settings);
      try {
        await work(laboratory, board, options);
      } finally {
        await laboratory.stop();
      }
      return board.row();
    },
  };
}

export const FAMILIES: readonly Family[] = [
  family('cuts', 'a recorded session broken at every byte, on both lines, in both directions', cutEverywhere),
  family('server', 'servers killed, restarted, silent, slow, in every state of a session', async (laboratory, board, options) => {
    await badLines(laboratory, board);
    await killedServers(laboratory, board);
    await silence(laboratory, board, options);
  }),
  family('client', 'clients that vanish in every state and way', vanishing),
  family('journal', 'full disks, files that are moved and removed', troubledJournals),
  family('clock', 'a clock that is set forward and back', jumpingClocks),
  family('policy', 'policies that change in the middle of everything', changingPolicies),
  family('memory', 'results, values and connections in bulk, read or not', boundedMemory, { max_connections: '600' }),
  {
    name: 'isolation',
    waits: false,
    async run(options) {
      const board = new Board(
        'isolation',
        `one client at its worst, and what its neighbours notice, PostgreSQL ${options.major}`,
        options,
      );
      await isolation(board, options);
      return board.row();
    },
  },
];
