/** A command of kubectl that goes on (`--watch`, `logs -f`) beside the test; what it has said can be read at any time. */
import { spawn } from 'node:child_process';
import type { KubernetesObject, World } from './world.ts';

export interface Following {
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

export function follow(world: World, args: readonly string[]): Following {
  const { program, args: whole, env } = world.cluster.command('kubectl', args);
  const child = spawn(program, [...whole], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      lines.push(...parts);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  return {
    lines,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

export interface Ending {
  readonly exitCode: number;
  readonly reason?: string;
  readonly finishedAt: string;
  /** What it left in /dev/termination-log. */
  readonly message?: string;
}

/** How the containers of pods end, by `pod/container`: also of pods whose object is gone a moment later. */
export function followEndings(world: World, namespace: string): Following & { endings(): ReadonlyMap<string, Ending> } {
  const following = follow(world, ['get', 'pods', '-n', namespace, '--watch', '-o', 'json']);
  return {
    ...following,
    endings() {
      const found = new Map<string, Ending>();
      for (const { metadata, status } of objects(following.lines))
        for (const { name, state } of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
          if (state.terminated !== undefined) found.set(`${metadata.name}/${name}`, state.terminated as Ending);
      return found;
    },
  };
}

/** kubectl writes them one below the other, indented. */
function* objects(lines: readonly string[]): Generator<KubernetesObject> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (line !== '}') continue;
    yield JSON.parse(text) as KubernetesObject;
    text = '';
  }
}
