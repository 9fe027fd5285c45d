/** One at a time, over all processes of this machine. The kernel lets go of the lock when its holder dies, however it dies. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasProgram } from '../support/majors.ts';

export async function withLock<T>(file: string, action: () => Promise<T>): Promise<T> {
  if (!hasProgram('flock')) return action(); // no Linux: there is only kind on somebody's Docker, which is made by hand
  mkdirSync(dirname(file), { recursive: true });
  // Its standard input ends with us, and then so does `cat`, and with it the lock.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', () => reject(new Error(`no lock on ${file}`)));
    holder.stdout.once('data', () => resolve());
  });
  try {
    return await action();
  } finally {
    holder.stdin.end();
    await new Promise<void>((resolve) => holder.once('close', () => resolve()));
  }
}
