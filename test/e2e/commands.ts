/** Programs in the cluster's network: kubectl, helm, shells. */
import { spawn } from 'node:child_process';
import type { Cluster } from '../cluster/cluster.ts';

export interface CommandOptions {
  readonly input?: string;
  readonly mayFail?: boolean;
  /** Seconds; default 120. */
  readonly timeout?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(
  cluster: Cluster,
  name: string,
  parameters: readonly string[],
  { input = '', mayFail = false, timeout = 120 }: CommandOptions = {},
): Promise<CommandResult> {
  const { program, args, env } = cluster.command(name, parameters);
  const child = spawn(program, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // One that ends without reading what it is given is judged by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeout * 1000);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  }).finally(() => clearTimeout(limit));
  if (code !== 0 && !mayFail) {
    const what = `${name} ${parameters.join(' ')}`.slice(0, 300);
    throw new Error(`${what}: ${late ? `not done after ${timeout} s` : `exit code ${code}`}\n${stderr}${stdout.slice(-4000)}`);
  }
  return { code, stdout, stderr };
}
