/** Runs the real command and waits for its end. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const sluice = fileURLToPath(new URL('../../bin/sluice', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Asynchronous, so that servers in this process can answer. `input` goes to standard input. */
export function runSluice(args: readonly string[], input?: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(sluice, [...args], { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(input ?? '');
  });
}
