/** One shell in the cluster's network, as a person has one open while following a guide: variables and directories stay from command to command. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';

export interface Answer {
  readonly code: number;
  /** Of both streams, as a terminal has it. */
  readonly output: string;
}

const MARK = '@@done';

export class Shell {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #directory = mkdtempSync(join(tmpdir(), 'sluice-guide-'));
  #output = '';
  #heard: () => void = () => {};

  constructor(cluster: Cluster, directory: string) {
    const { program, args, env } = cluster.command('bash', ['--noprofile', '--norc']);
    this.#child = spawn(program, [...args], { cwd: directory, env, stdio: 'pipe' });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#heard();
    });
    this.#child.once('close', () => this.#heard());
    this.#child.stdin.write('exec 2>&1\n');
  }

  /** Rejects when there is no answer in time, or the shell has ended. */
  async run(command: string, seconds: number): Promise<Answer> {
    const file = join(this.#directory, 'command');
    writeFileSync(file, `${command}\n`);
    this.#output = '';
    // From a file: what the command reads from its standard input is not our next command.
    this.#child.stdin.write(`. ${file} </dev/null; printf '\\n${MARK} %d\\n' $?\n`);
    const limit = AbortSignal.timeout(seconds * 1000);
    limit.addEventListener('abort', () => this.#heard());
    for (;;) {
      const end = new RegExp(`\\n${MARK} (\\d+)\\n$`).exec(this.#output);
      if (end !== null) return { code: Number(end[1]), output: this.#output.slice(0, end.index) };
      if (limit.aborted || this.#child.exitCode !== null)
        throw new Error(`${limit.aborted ? `no end after ${seconds} s` : 'the shell has ended'}: ${command}\n${this.#output}`);
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  close(): void {
    this.#child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
