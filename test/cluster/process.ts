/** Programs of others, run to their end; what they say is kept for the case that they fail. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface RunOptions {
  /** Default: this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Each line of output, as it comes. */
  readonly say?: (line: string) => void;
}

/** Standard output. Rejects with the command and the last lines of what it said. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, options);
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-12).join('\n');
  throw new Error(`${[program, ...args].join(' ').slice(0, 200)}: exit ${code}\n${said}`);
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As `run`, for commands that may fail. Rejects when the program cannot be started. */
export async function attempt(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(options.env ? { env: { ...options.env } } : {}) });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
      if (options.say) for (const line of text.split('\n')) if (line.trim() !== '') options.say(line.trimEnd());
    });
  }
  child.stdin.on('error', () => undefined); // a program that does not read its input
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  return { code, ...said };
}

/** Where a program is on a PATH. */
export function onPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** This process's environment, with some variables set. */
export function environment(set: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(own), ...set };
}
