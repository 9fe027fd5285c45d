/** The measure of the isolation tests shows a turn that is too long, and none where there is none. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const preload = fileURLToPath(new URL('turns.ts', import.meta.url));

/** Milliseconds of the longest turn of a program whose every turn burns so many. */
async function longest(burns: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-turns-'));
  const file = join(directory, 'longest');
  const program = `const burn = () => { const { user } = process.threadCpuUsage(); while (process.threadCpuUsage().user - user < ${burns * 1000}); };
    let turns = 0; const timer = setInterval(() => { burn(); if (++turns === 12) clearInterval(timer); }, 30); setTimeout(() => {}, ${600 + 12 * burns});`;
  try {
    await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', preload, '-e', program], {
      env: { ...process.env, SLUICE_TURNS_FILE: file },
    });
    return Number(await readFile(file, 'utf8'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

it('sees eighty milliseconds in one turn, and no more than there are', async () => {
  const long = await longest(80);
  expect(long).toBeGreaterThan(60);
  expect(long).toBeGreaterThan((await longest(1)) + 20);
});
