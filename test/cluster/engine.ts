/**
 * A Docker engine of our own in a network namespace of its own, which has loopback and nothing else: no packet of a cluster can leave the
 * machine, not even one to a ClusterIP that kube-proxy does not know yet. All its processes are in that namespace or below one cgroup, and
 * so are found and ended whatever became of who started them.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, environment, run } from './process.ts';

const CGROUPS = '/sys/fs/cgroup';

export class Engine {
  readonly name: string;
  /** What lives as long as it runs: socket, log, kubeconfig. Short, for the sake of socket paths. */
  readonly directory: string;
  readonly data: string;
  readonly netns: string;

  constructor(name: string, data: string) {
    this.name = name;
    this.directory = join('/run', this.name);
    this.netns = join('/run/netns', this.name);
    this.data = data;
  }

  get env(): Readonly<Record<string, string>> {
    return environment({ DOCKER_HOST: `unix://${join(this.directory, 'docker.sock')}`, DOCKER_BUILDKIT: '0' });
  }

  /** Not `ip netns exec`, which mounts another /sys and so hides the cgroups. */
  inside(program: string, args: readonly string[]): readonly [string, readonly string[]] {
    return ['nsenter', [`--net=${this.netns}`, program, ...args]];
  }

  async runs(): Promise<boolean> {
    if (!existsSync(this.netns)) return false;
    return (await attempt('docker', ['version'], { env: this.env })).code === 0;
  }

  async start(): Promise<void> {
    if (!existsSync(this.netns)) await run('ip', ['netns', 'add', this.name]);
    await run(...this.inside('ip', ['link', 'set', 'lo', 'up']));
    mkdirSync(this.directory, { recursive: true });
    mkdirSync(this.data, { recursive: true });
    const log = openSync(join(this.directory, 'dockerd.log'), 'a');
    const runtime = join(import.meta.dirname, 'runc-wrap');
    const child = spawn(
      ...mutable(
        this.inside('dockerd', [
          ...['--data-root', this.data, '--exec-root', join(this.directory, 'exec')],
          ...['--pidfile', join(this.directory, 'dockerd.pid'), '--host', this.env['DOCKER_HOST']!],
          ...['--storage-driver', 'overlay2', '--cgroup-parent', `/${this.name}`],
          // See runc-wrap.
          ...['--oom-score-adjust', '0', '--add-runtime', `wrap=${runtime}`, '--default-runtime', 'wrap'],
        ]),
      ),
      { detached: true, stdio: ['ignore', log, log] },
    );
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    const ended = new Promise<never>((_, reject) => child.once('exit', () => reject(this.#problem('ended'))));
    closeSync(log);
    await Promise.race([failed, ended, this.#answers()]);
    child.removeAllListeners();
    child.unref();
  }

  async #answers(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (await this.runs()) return;
      await sleep(200);
    }
    throw this.#problem('does not answer');
  }

  #problem(what: string): Error {
    const log = readFileSync(join(this.directory, 'dockerd.log'), 'utf8').trim().split('\n').slice(-5).join('\n');
    return new Error(`the Docker engine ${this.name} ${what}:\n${log}`);
  }

  /** Everything: containers, engine, what was started beside it in its namespace, mounts, cgroups, the namespace. */
  async stop(): Promise<void> {
    if (await this.runs()) {
      const ids = (await attempt('docker', ['ps', '--all', '--quiet'], { env: this.env })).stdout.split('\n').filter(Boolean);
      if (ids.length > 0) await attempt('docker', ['rm', '--force', '--volumes', ...ids], { env: this.env });
      const pid = Number(await readFile(join(this.directory, 'dockerd.pid'), 'utf8').catch(() => ''));
      if ((await this.#pids()).includes(pid)) await this.#end([pid], 'SIGTERM', 100);
    }
    for (let tries = 0; tries < 5; tries++) {
      const pids = await this.#pids();
      if (pids.length === 0) break;
      await this.#end(pids, 'SIGKILL', 20);
    }
    const left = await this.#pids();
    if (left.length > 0) throw new Error(`${this.name}: processes ${left.join(', ')} do not end`);
    await this.#unmount();
    if (existsSync(this.netns)) await run('ip', ['netns', 'del', this.name]);
    for (const directory of this.#cgroups()) removeCgroup(directory);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Of its network namespace (the engine, its shims, what was run inside), and of its cgroup (the containers, and theirs). */
  async #pids(): Promise<readonly number[]> {
    const inNamespace = existsSync(this.netns) ? (await attempt('ip', ['netns', 'pids', this.name])).stdout : '';
    const inCgroup = this.#cgroups().flatMap(processesBelow);
    const pids = [...inNamespace.split('\n').filter(Boolean), ...inCgroup].map(Number);
    return [...new Set(pids)].filter((pid) => pid > 1 && pid !== process.pid && isAlive(pid));
  }

  async #end(pids: readonly number[], signal: NodeJS.Signals, tenths: number): Promise<void> {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // gone already
      }
    }
    for (let tries = 0; tries < tenths && pids.some(isAlive); tries++) await sleep(100);
  }

  /** Of each cgroup v1 hierarchy, or of the one of v2. */
  #cgroups(): readonly string[] {
    if (!existsSync(CGROUPS)) return [];
    const hierarchies = readdirSync(CGROUPS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [CGROUPS, ...hierarchies.map((entry) => join(CGROUPS, entry.name))]
      .map((hierarchy) => join(hierarchy, this.name))
      .filter((directory) => existsSync(directory));
  }

  async #unmount(): Promise<void> {
    const ours = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(`${this.directory}/`) || path.startsWith(`${this.data}/`))
      .sort()
      .reverse();
    for (const path of ours) await attempt('umount', ['--lazy', path]);
  }
}

function processesBelow(cgroup: string): readonly string[] {
  const own = readIfThere(join(cgroup, 'cgroup.procs')).split('\n').filter(Boolean);
  return [...own, ...childrenOf(cgroup).flatMap(processesBelow)];
}

function removeCgroup(directory: string): void {
  for (const child of childrenOf(directory)) removeCgroup(child);
  try {
    rmdirSync(directory);
  } catch {
    // one that something has just taken away, or a process that is not reaped yet: the next `down` sees it
  }
}

function childrenOf(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
  } catch {
    return [];
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A zombie is not: here PID 1 may reap late. */
function isAlive(pid: number): boolean {
  const status = readIfThere(`/proc/${pid}/status`);
  return status !== '' && !/^State:\s+[ZX]/m.test(status);
}

function mutable([program, args]: readonly [string, readonly string[]]): [string, string[]] {
  return [program, [...args]];
}
