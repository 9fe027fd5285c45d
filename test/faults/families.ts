import type { RunOptions, Scoreboard } from '../scoreboard/suite.ts';
import { Board } from './board.ts';
import { cutEverywhere } from './cuts.ts';
import { startLaboratory } from './laboratory.ts';

export interface Family {
  readonly name: string;
  run(options: RunOptions): Promise<Scoreboard>;
}

export const FAMILIES: readonly Family[] = [
  {
    name: 'cuts',
    async run(options) {
      const board = new Board('cuts', `the recorded session broken at every byte, PostgreSQL ${options.major}`, options);
      const laboratory = await startLaboratory(options.major);
      try {
        await cutEverywhere(laboratory, board, options);
      } finally {
        await laboratory.stop();
      }
      return board.row();
    },
  },
];
