/** `kubectl sluice audit`: the questions of `sluice audit`, asked of the operator. */
import { Command } from 'commander';
import { type Origin, queryCommand } from '../../audit/query/command.ts';
import { reportCommand } from '../../audit/report/command.ts';
import type { ClusterAuditOptions } from './cluster-audit.ts';

/** `inCluster` adds the options that say which cluster. */
export function auditVerb(inCluster: (command: Command) => Command): Command {
  const origin: Origin<ClusterAuditOptions> = {
    called: 'kubectl sluice audit query',
    argument: '',
    options: (command) => inCluster(command),
    use: async (_paths, options, use, warn) => {
      const { withClusterAudit } = await import('./cluster-audit.ts');
      return await withClusterAudit(options, use, warn);
    },
  };
  return new Command('audit')
    .description('ask what the operator has collected: who touched what, what was denied, what left in clear')
    .addCommand(queryCommand(origin))
    .addCommand(reportCommand(origin, () => true, clusterName))
    .addHelpText(
      'after',
      `
Every replica of the operator is reached by kubectl port-forward, and asked for what it holds; what several hold comes once.
The right to port-forward to the operator's pods is all that reading needs: docs/reference/kubectl-sluice.md`,
    );
}

function clusterName(_paths: readonly string[], { context }: ClusterAuditOptions): readonly string[] {
  return [context === undefined ? 'the operator' : `the operator of ${context}`];
}
