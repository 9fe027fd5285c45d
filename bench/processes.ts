/** Child processes that are measured: started, read from, weighed and ended by their pid. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const STOP_PATIENCE = 5000;

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a process and waits for a line on standard output (or standard error) that `ready` recognises; resolves with what it
 * made of it. Rejects with what was printed when the process ends first or `patience` ms pass.
 */
export async function start<T>(
  command: string,
  args: readonly string[],
  ready: (line: string) => T | undefined,
  options: SpawnOptions & { readonly patience?: number } = {},
): Promise<Running & { readonly value: T }> {
  const { patience = 20_000, ...spawnOptions } = options;
  const child = spawn(command, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let waiting = true;
  const value = await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => fail(`was not ready after ${patience} ms`), patience);
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${command} ${why}${printed === '' ? '' : `: ${printed.trim().slice(-800)}`}`));
    };
    const listen = (stream: NodeJS.ReadableStream | null): void => {
      let line = '';
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        // Once it is ready the output is only drained.
        if (!waiting) return;
        printed = (printed + text).slice(-4000);
        const lines = (line + text).split('\n');
        line = lines.pop() ?? '';
        for (const one of lines) {
          const found = ready(one);
          if (found === undefined) continue;
          waiting = false;
          clearTimeout(timer);
          resolve(found);
        }
      });
    };
    listen(child.stdout);
    listen(child.stderr);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
  });
  const pid = child.pid!;
  return { child, pid, value, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE);
  await gone;
  clearTimeout(timer);
}

/** Runs a command to its end and returns its standard output; rejects with its standard error after a non-zero exit. */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly patience?: number } = {},
): Promise<string> {
  const { patience = 120_000, ...spawnOptions } = options;
  const child = spawn(command, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 1));
  });
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors.trim().slice(-800)}`);
  return output;
}

/** Resident set in bytes; undefined where the system does not tell. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/**
 * Processor time a process has used so far, in seconds, user and system; undefined where the system does not tell. Unlike
 * latency it hardly depends on what else the machine is doing. Linux counts it in ticks of 10 ms.
 */
export async function processorSeconds(pid: number): Promise<number | undefined> {
  try {
    // The command's name (in brackets) may contain spaces; utime and stime are fields 14 and 15, 12 and 13 behind it.
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

/** The largest resident set seen (every 25 ms) while `work` runs. */
export async function peakResident<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly peak: number | undefined }> {
  let peak = await residentBytes(pid);
  const timer = setInterval(async () => {
    const now = await residentBytes(pid);
    if (now !== undefined && (peak === undefined || now > peak)) peak = now;
  }, 25);
  try {
    return { result: await work(), peak };
  } finally {
    clearInterval(timer);
  }
}
