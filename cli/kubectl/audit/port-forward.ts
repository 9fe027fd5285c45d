/**
 * Ways to ports of pods, by `kubectl port-forward`: it knows every way of logging in that the kubeconfig may name, speaks whatever the API server
 * does, and holds a fast pod back when its reader is slow. (The port forwarding of @kubernetes/client-node does not: what it
 * receives it keeps, and a scan of a large store would be held in memory.) The port it opens here is on the loopback, and free to every user
 * of this machine as long as the command runs.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { CliError } from '../../errors.ts';

export interface ForwardOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly kubeconfig?: string;
  readonly context?: string;
}

export interface Forward {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Ends the child, and resolves when it has ended. */
  close(): Promise<void>;
}

/** How long it may take until the way is there, in milliseconds. */
const PATIENCE = 30_000;
const READY = /^Forwarding from 127\.0\.0\.1:(\d{1,5}) -> /m;
/** Of what the child says, for a message. */
const TAIL = 2_000;

/** Throws CliError with what kubectl said. */
export async function forwardPort(options: ForwardOptions, program = 'kubectl'): Promise<Forward> {
  const { namespace, pod, port, kubeconfig, context } = options;
  const given = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
    `--namespace=${namespace}`,
  ];
  const child = spawn(program, ['port-forward', ...given, '--address=127.0.0.1', `pod/${pod}`, `:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endWithUs = (): void => void child.kill('SIGTERM');
  process.once('exit', endWithUs);
  child.once('close', () => process.removeListener('exit', endWithUs));
  try {
    return { port: await readiness(child, pod), close: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function readiness(child: Child, pod: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    let failed = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new CliError(`cannot reach ${pod}: ${why}`));
    };
    const timer = setTimeout(() => fail(`kubectl port-forward was not ready in ${PATIENCE / 1_000} s`), PATIENCE);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-TAIL);
      const port = READY.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      failed = `${failed}${text}`.slice(-TAIL);
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ENOENT' ? 'there is no kubectl on the PATH' : error.message),
    );
    child.once('close', () => fail(failed.trim().split('\n').at(-1) || 'kubectl port-forward ended'));
  });
}

async function end(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(late);
}
