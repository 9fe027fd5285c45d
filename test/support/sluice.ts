/** Sluice as a user starts it: the real command line in its own process, on a port of its own choosing. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WireClient } from './wire-client.ts';

const command = fileURLToPath(new URL('../../bin/sluice', import.meta.url));

export interface SluiceOptions {
  readonly policy: readonly string[];
  /** NAMESPACE/SERVICEACCOUNT */
  readonly as: string;
  /** [NAMESPACE/]NAME of the Database object; `shop` by default. */
  readonly database?: string;
  /** Overrides endpoint and credentials of the Database. */
  readonly upstream: string;
  /** A file that goes with the process by default. */
  readonly audit?: string;
  readonly extra?: readonly string[];
  /** Beside what this process has. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningSluice {
  readonly port: number;
  readonly pid: number;
  /** Where its audit records go. */
  readonly auditFile: string;
  /** Logs in through it, as any local client does: without a password. */
  connect(database: string): Promise<WireClient>;
  /** What it wrote to stderr and stdout so far. */
  output(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export async function startSluice(options: SluiceOptions): Promise<RunningSluice> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const auditFile = options.audit ?? join(directory, 'audit.jsonl');
  const process_ = spawn(
    command,
    [
      'proxy',
      ...options.policy.flatMap((file) => ['--policy', file]),
      '--as',
      options.as,
      '--database',
      options.database ?? 'shop',
      '--listen',
      '127.0.0.1:0',
      '--upstream',
      options.upstream,
      '--audit',
      auditFile,
      ...(options.extra ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.environment } },
  );
  let output = '';
  const endWithUs = (): void => void process_.kill('SIGKILL');
  process.once('exit', endWithUs);
  process_.once('close', () => process.removeListener('exit', endWithUs));
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => fail('not ready within 30 s'), 30_000);
    const fail = (reason: string): void => {
      clearTimeout(timer);
      process_.kill('SIGKILL');
      reject(new Error(`sluice proxy: ${reason}\n${output.slice(-4_000)}`));
    };
    process_.once('error', (error) => fail(error.message));
    process_.once('exit', (code) => fail(`ended with ${code}`));
    process_.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    process_.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const listen = readyAddress(output);
      if (listen === null) return;
      clearTimeout(timer);
      resolve(listen);
    });
  });
  return {
    port,
    pid: process_.pid ?? 0,
    auditFile,
    connect: (database) => WireClient.connect({ port, user: 'agent', database }),
    output: () => output,
    stop: async () => {
      if (process_.exitCode === null && process_.signalCode === null) process_.kill('SIGTERM');
      const late = setTimeout(() => process_.kill('SIGKILL'), 10_000);
      await new Promise<void>((resolve) =>
        process_.exitCode !== null || process_.signalCode !== null ? resolve() : process_.once('exit', () => resolve()),
      );
      clearTimeout(late);
      await rm(directory, { recursive: true, force: true });
      return process_.exitCode;
    },
  };
}

/** The port in the ready line, or null while there is none. */
function readyAddress(output: string): number | null {
  for (const line of output.split('\n')) {
    if (!line.includes('"ready"')) continue;
    try {
      const record = JSON.parse(line) as { readonly msg?: unknown; readonly listen?: unknown };
      if (record.msg === 'ready' && typeof record.listen === 'string')
        return Number(record.listen.slice(record.listen.lastIndexOf(':') + 1));
    } catch {
      // Half a line so far.
    }
  }
  return null;
}
