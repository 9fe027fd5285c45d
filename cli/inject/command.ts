/** `sluice inject`: the options. What happens is in run.ts. */
import { Command } from 'commander';
import { CliError } from '../errors.ts';
import { VERSION } from '../../core/version.ts';

export interface InjectOptions {
  readonly file: string;
  readonly policy: readonly string[];
  readonly namespace: string;
  readonly image: string;
  readonly clusterDomain: string;
}

export function injectCommand(): Command {
  return new Command('inject')
    .description('show what the webhook makes of a pod, or why it refuses it, without a cluster')
    .requiredOption('-f, --file <file>', 'YAML or JSON of pods and workloads, several documents allowed; - is standard input')
    .requiredOption(
      '--policy <file|dir...>',
      'YAML as kubectl applies it: Database, DatabaseAccessPolicy; all namespaces in it count as trusted',
    )
    .option('-n, --namespace <namespace>', 'of objects that name none', namespace, 'default')
    .option('--image <reference>', 'of the sidecar', `sluice-sidecar:${VERSION}`)
    .option('--cluster-domain <domain>', 'domain of the cluster’s Services', 'cluster.local')
    .addHelpText(
      'after',
      `
Prints Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController, Job, CronJob and PodTemplate with the pod as it
would start; other objects, and pods without the annotation sluice.dev/inject, as they are. Warnings go to standard error.

It is a preview: the cluster injects pods when they are created, and only the operator can seal a sidecar. Applied as printed, pods are
refused; apply your own files.

Exit codes: 0 done, 3 a pod is refused (all reasons on standard error, nothing printed), 2 usage, 1 failure.`,
    )
    .action(async (options: InjectOptions) => {
      const { runInject } = await import('./run.ts');
      process.exitCode = await runInject(options, process.stdout, process.stderr);
    });
}

function namespace(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new CliError(`--namespace wants the name of a namespace, not "${text}"`, 2);
}
