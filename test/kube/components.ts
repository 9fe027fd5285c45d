import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARIES } from './binaries.ts';

/** Processes by name; each logs to a file of its own. */
export class Components {
  readonly #directory: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #killAll = (): void => {
    for (const child of this.#running.values()) child.kill('SIGKILL');
  };

  constructor(directory: string) {
    this.#directory = directory;
    process.on('exit', this.#killAll);
  }

  start(name: string, args: readonly string[]): void {
    const log = openSync(join(this.#directory, `${name}.log`), 'a');
    this.#running.set(name, spawn(join(BINARIES, name), args, { stdio: ['ignore', log, log] }));
    closeSync(log);
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#running.get(name)?.kill(signal);
  }

  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined) return;
    this.#running.delete(name);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    child.kill('SIGCONT');
    await Promise.race([exited, sleep(5_000, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await exited;
  }

  async stopAll(): Promise<void> {
    for (const name of ['kube-controller-manager', 'kube-apiserver', 'etcd']) await this.stop(name, 'SIGKILL');
    process.off('exit', this.#killAll);
  }

  dead(): string | undefined {
    for (const [name, child] of this.#running) if (child.exitCode !== null || child.signalCode !== null) return name;
    return undefined;
  }

  tail(name: string): string {
    return readFileSync(join(this.#directory, `${name}.log`), 'utf8')
      .split('\n')
      .filter((line) => line.length > 0)
      .slice(-6)
      .join('\n');
  }
}
