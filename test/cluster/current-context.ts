/** The cluster that kubectl talks to now. It is somebody's: it must be asked for, and is neither made nor taken away here. */
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { BINARIES } from '../kube/binaries.ts';
import type { Cluster, ClusterCommand, Provider } from './cluster.ts';
import { loadImages } from './images.ts';
import { collectObjects } from './logs.ts';
import { attempt, environment, onPath, run } from './process.ts';
import { TOOLS } from './tools.ts';

/** After those of the PATH: somebody's cluster may need somebody's kubectl (plugins that log in). */
const env = environment({ PATH: [process.env['PATH'] ?? '', BINARIES, TOOLS].join(delimiter) });

export const currentContextProvider: Provider = {
  name: 'current-context',

  async missing() {
    if (!onPath('kubectl', env['PATH']!)) return 'no kubectl: install it, or let npm run kubernetes build it';
    const { code, stderr } = await attempt('kubectl', ['get', '--raw', '/readyz'], { env });
    return code === 0 ? undefined : `the current context of kubectl does not answer: ${stderr.trim().split('\n').at(-1) ?? ''}`;
  },

  async up(name) {
    return new CurrentContext(name);
  },

  async find(name) {
    return (await currentContextProvider.missing()) === undefined ? new CurrentContext(name) : undefined;
  },

  async down() {},
};

class CurrentContext implements Cluster {
  readonly provider = 'current-context';
  readonly kubeconfig = process.env['KUBECONFIG'] ?? join(homedir(), '.kube', 'config');
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  command(program: string, args: readonly string[]): ClusterCommand {
    return { program, args, env: { ...env, KUBECONFIG: this.kubeconfig } };
  }

  async load(images: readonly string[]): Promise<void> {
    const context = (await run('kubectl', ['config', 'current-context'], { env })).trim();
    const kindName = /^kind-(.+)$/.exec(context)?.[1];
    if (kindName === undefined)
      throw new Error(`${context} takes its images from a registry: push ${images.join(', ')} there, and name them to the chart`);
    const nodes = (await run('kind', ['get', 'nodes', '--name', kindName], { env })).split('\n').filter(Boolean);
    await loadImages({ kindName, env, nodes }, images);
  }

  async collectLogs(directory: string): Promise<void> {
    await collectObjects(this, directory);
  }
}
