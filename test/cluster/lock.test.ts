import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withLock } from './lock.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

it('lets one in at a time', async () => {
  const file = join(directory, 'one');
  let within = 0;
  let most = 0;
  const visit = (): Promise<void> =>
    withLock(file, async () => {
      most = Math.max(most, ++within);
      await new Promise((resolve) => setTimeout(resolve, 5));
      within--;
    });
  await Promise.all(Array.from({ length: 8 }, visit));
  expect(most).toBe(1);
});

it('is free again after its holder failed', async () => {
  const file = join(directory, 'failed');
  await expect(withLock(file, () => Promise.reject(new Error('failed within')))).rejects.toThrow('failed within');
  expect(await withLock(file, async () => 'in')).toBe('in');
});

it('is free again after its holder was killed', async () => {
  const file = join(directory, 'killed');
  const holder = await anotherHolder(file);
  holder.kill('SIGKILL');
  expect(await withLock(file, async () => 'in')).toBe('in');
});

/** A process that has the lock and never lets go of it. */
async function anotherHolder(file: string): Promise<ChildProcess> {
  const lock = join(import.meta.dirname, 'lock.ts');
  const script = `import { withLock } from ${JSON.stringify(lock)};
    await withLock(${JSON.stringify(file)}, () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the other holder ended')));
  });
  return child;
}
