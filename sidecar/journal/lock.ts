/** Two writers would break one chain: a lock file names the process that writes, and a dead process's lock is taken over. */
import type * as nodeFs from 'node:fs';
import { JournalError } from './journal.ts';

export interface FileLock {
  release(): void;
}

/** Throws JournalError when another living process holds the lock. */
export function lockFile(path: string, fs: typeof nodeFs): FileLock {
  for (let attempt = 0; ; attempt += 1) {
    try {
      fs.writeFileSync(path, `${process.pid} ${Math.round(performance.timeOrigin)}\n`, { flag: 'wx', mode: 0o600 });
      return { release: () => fs.rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error;
      const [holder = 0, started = 0] = fs.readFileSync(path, 'utf8').split(' ').map(Number);
      // A restarted container is process 1 again: the same number is ours only with the same start.
      const predecessor = holder === process.pid && started !== Math.round(performance.timeOrigin);
      if (!predecessor && alive(holder)) throw new JournalError(`the audit file is in use by process ${holder} (${path})`);
      fs.rmSync(path, { force: true });
    }
  }
}

function alive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
