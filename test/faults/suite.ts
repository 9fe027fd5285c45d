/** Faults and isolation: what breaks on the way, and what one client can do to another. Everything against the real command and server. */
import type { RunOptions, Scoreboard, Suite } from '../scoreboard/suite.ts';
import { FAMILIES } from './families.ts';

export const suite: Suite = {
  name: 'faults',
  about: 'lines that break at every byte, killed servers, full disks, clock jumps, policy changes, memory, noisy neighbours',
  run,
};

async function run(options: RunOptions): Promise<readonly Scoreboard[]> {
  const boards: Scoreboard[] = [];
  const named = options.only.filter((name) => FAMILIES.some((family) => family.name === name));
  for (const family of FAMILIES) {
    if (named.length > 0 && !named.includes(family.name)) continue;
    const began = performance.now();
    const board = await family.run(options);
    options.say(
      `  ${family.name}: ${board.cases} cases, ${board.differences.length} different, ${Math.round((performance.now() - began) / 1000)} s`,
    );
    if (board.cases > 0) boards.push(board);
  }
  return boards;
}
