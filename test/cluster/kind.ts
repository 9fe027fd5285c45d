/** A cluster made by kind, whichever Docker engine it runs on and however that is reached. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { delimiter, join } from 'node:path';
import { BINARIES } from '../kube/binaries.ts';
import { type Cluster, type ClusterCommand, DEFAULT_NAME, type ProviderName, type Say } from './cluster.ts';
import { NODE_IMAGE } from './node-image.ts';
import { loadImages } from './images.ts';
import { collectNodes, collectObjects } from './logs.ts';
import { connectPods } from './pod-network.ts';
import { attempt, environment, run } from './process.ts';
import { TOOLS } from './tools.ts';

export interface KindOptions {
  readonly name: string;
  readonly provider: ProviderName;
  /** Where the kubeconfig is, and the mark of a cluster that was made to the end. */
  readonly directory: string;
  readonly dockerHost?: string;
  /** The network namespace of the engine, where that is not ours. */
  readonly netns?: string;
}

export interface CreateOptions {
  readonly workers: number;
  /** Default: the official one of this kind. */
  readonly image?: string;
}

export class KindCluster implements Cluster {
  readonly name: string;
  readonly provider: ProviderName;
  readonly kubeconfig: string;
  /** Not the plain name: on somebody's own Docker there may be a cluster of that name already. */
  readonly kindName: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #ready: string;
  readonly #kindLog: string;
  readonly #netns: string | undefined;

  constructor({ name, provider, directory, dockerHost, netns }: KindOptions) {
    this.name = name;
    this.provider = provider;
    this.kindName = kindName(name);
    this.kubeconfig = join(directory, 'kubeconfig');
    this.#ready = join(directory, 'ready');
    this.#kindLog = join(directory, 'kind.log');
    this.#netns = netns;
    this.env = environment({
      PATH: [TOOLS, BINARIES, process.env['PATH'] ?? ''].join(delimiter),
      KUBECONFIG: this.kubeconfig,
      ...(dockerHost ? { DOCKER_HOST: dockerHost } : {}),
    });
  }

  command(program: string, args: readonly string[]): ClusterCommand {
    if (this.#netns === undefined) return { program, args, env: this.env };
    return { program: 'nsenter', args: [`--net=${this.#netns}`, program, ...args], env: this.env };
  }

  async load(images: readonly string[]): Promise<void> {
    await loadImages({ kindName: this.kindName, env: this.env, nodes: await this.nodes() }, images);
  }

  async collectLogs(directory: string): Promise<void> {
    await collectObjects(this, directory);
    await collectNodes(await this.nodes(), this.env, directory);
    if (existsSync(this.#kindLog)) copyFileSync(this.#kindLog, join(directory, 'kind.log'));
  }

  async nodes(): Promise<readonly string[]> {
    return (await run('kind', ['get', 'nodes', '--name', this.kindName], { env: this.env })).split('\n').filter(Boolean).sort();
  }

  /** Made to the end, and its API server answers. */
  async isUp(): Promise<boolean> {
    if (!existsSync(this.#ready)) return false;
    const { program, args, env } = this.command('kubectl', ['get', '--raw', '/readyz']);
    return (await attempt(program, args, { env })).code === 0;
  }

  async create({ workers, image }: CreateOptions, say: Say): Promise<void> {
    const connect = image === NODE_IMAGE; // which has no CNI plugin that connects nodes
    const config = {
      kind: 'Cluster',
      apiVersion: 'kind.x-k8s.io/v1alpha4',
      networking: { ipFamily: 'ipv4', kubeProxyMode: 'nftables', disableDefaultCNI: connect },
      nodes: [{ role: 'control-plane' }, ...Array.from({ length: workers }, () => ({ role: 'worker' }))],
    };
    say(`creating ${workers + 1} node${workers === 0 ? '' : 's'}`);
    const which = image ? ['--image', image] : [];
    // --retain: a failed one is taken away by us, after its logs have been read.
    await this.#kind(
      ['create', 'cluster', '--name', this.kindName, '--config', '-', '--retain', ...which],
      JSON.stringify(config),
    );
    // With a worker beside it the control plane takes no pods, unless told; then there would be no place for those of a drained worker.
    const role = 'node-role.kubernetes.io/control-plane';
    if (workers > 0) await this.#kubectl('taint', 'nodes', '--selector', role, `${role}:NoSchedule-`);
    if (connect) await connectPods(this, this.#netns !== undefined);
    say('waiting for nodes and DNS');
    await this.#kubectl('wait', 'node', '--all', '--for', 'condition=Ready', '--timeout', '180s');
    await this.#kubectl('--namespace', 'kube-system', 'rollout', 'status', 'daemonset/kube-proxy', '--timeout', '120s');
    await this.#kubectl('--namespace', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout', '180s');
    await this.#defaultServiceAccount();
    writeFileSync(this.#ready, '');
  }

  /** The last thing that must be there before a pod can be created in `default`. */
  async #defaultServiceAccount(): Promise<void> {
    const { program, args, env } = this.command('kubectl', ['get', 'serviceaccount', 'default']);
    for (let tries = 0; tries < 100; tries++) {
      if ((await attempt(program, args, { env })).code === 0) return;
      await sleep(200);
    }
    throw new Error('the service account default does not appear');
  }

  #kubectl(...args: readonly string[]): Promise<string> {
    const { program, args: all, env } = this.command('kubectl', args);
    return run(program, all, { env });
  }

  /** What went wrong it says first, followed by all that kubeadm said and a stack. */
  async #kind(args: readonly string[], input: string): Promise<void> {
    const command = this.command('kind', args);
    const { code, stdout, stderr } = await attempt(command.program, command.args, { env: command.env, input });
    writeFileSync(this.#kindLog, stdout + stderr);
    if (code === 0) return;
    const problem = stderr.split('\n').find((line) => line.startsWith('ERROR')) ?? stderr.trim().split('\n').at(-1) ?? '';
    throw new Error(`kind ${args.join(' ')}: ${problem}`);
  }
}

export function kindName(name: string): string {
  return name === DEFAULT_NAME ? name : `${DEFAULT_NAME}-${name}`;
}
