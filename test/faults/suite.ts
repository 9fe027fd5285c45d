/** Faults and isolation: what breaks on the way, and what one client can do to another. Everything against the real command and server. */
import type { RunOptions, Scoreboard, Suite } from '../scoreboard/suite.ts';
import { FAMILIES, type Family } from './families.ts';

export const suite: Suite = {
  name: 'faults',
  about: 'lines that break at every byte, killed servers, full disks, clock jumps, policy changes, memory, noisy neighbours',
  run,
};

async function run(options: RunOptions): Promise<readonly Scoreboard[]> {
  const named = options.only.filter((name) => FAMILIES.some((family) => family.name === name));
  const wanted = FAMILIES.filter(({ name }) => named.length === 0 || named.includes(name));
  // Half of them spend their time waiting: the other half works meanwhile.
  const boards = await Promise.all(
    [false, true].map((waits) =>
      inOrder(
        wanted.filter((family) => family.waits === waits),
        options,
      ),
    ),
  );
  return boards.flat();
}

async function inOrder(families: readonly Family[], options: RunOptions): Promise<readonly Scoreboard[]> {
  const boards: Scoreboard[] = [];
  for (const family of families) {
    const began = performance.now();
    const board = await family.run(options);
    const seconds = Math.round((performance.now() - began) / 1000);
    options.say(`  ${family.name}: ${board.cases} cases, ${board.differences.length} different, ${seconds} s`);
    if (board.cases > 0) boards.push(board);
  }
  return boards;
}
