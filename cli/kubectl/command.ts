/** `kubectl sluice`: the options of its verbs. Each verb's code is loaded when it runs. */
import { Command, Option } from 'commander';
import { parseDatabaseName, parseIdentity } from '../arguments.ts';
import { CliError } from '../errors.ts';
import { auditVerb } from './audit/command.ts';
import { VERSION } from '../../core/version.ts';

const DOCUMENTATION = 'Rights that each verb needs: docs/reference/kubectl-sluice.md';

export function kubectlProgram(): Command {
  const program = new Command('kubectl sluice')
    .description('What Sluice does in this cluster: is it well, who is governed by what, what would become of a statement.')
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText(
      'after',
      `\nExit codes: 0 done, 3 a negative answer (broken, denied, refused), 2 usage, 1 failure.\n${DOCUMENTATION}`,
    );
  for (const verb of [checkVerb(), statusVerb(), explainVerb(), classifyVerb(), injectVerb(), auditVerb(inCluster)])
    program.addCommand(verb);
  return program;
}

function checkVerb(): Command {
  return inCluster(new Command('check'))
    .description('look at the installation, the objects and the governed pods, with a hint for whatever is not as it should be')
    .option('-n, --namespace <namespace>', 'pods of this namespace only; default: all')
    .addOption(format('text', 'json'))
    .addHelpText('after', '\nExit codes: 0 nothing is broken (there may be warnings), 3 something is, 2 usage, 1 failure.')
    .action(async (options) => {
      const { runCheck } = await import('./check/run.ts');
      process.exitCode = await runCheck(options, process.stdout, Date.now);
    });
}

function statusVerb(): Command {
  return inCluster(new Command('status'))
    .description('list the pods that ask for a Database: by which policies they are governed, and which are not')
    .option('-n, --namespace <namespace>', 'of this namespace; default: that of the context')
    .option('-A, --all-namespaces', 'of all namespaces')
    .addOption(format('text', 'json'))
    .addHelpText(
      'after',
      `
States:
  Governed     the sidecar runs, and some policy binds the service account
  Outdated     the same, with a sidecar of another release
  NotReady     the sidecar starts, or has failed
  NoPolicy     no policy binds the service account any more: every statement is refused
  NotInjected  the annotation is there, the sidecar is not: the pod has no database

Exit codes: 0 done, 2 usage, 1 failure.`,
    )
    .action(async (options) => {
      if (options.allNamespaces === true && options.namespace !== undefined) throw new CliError('give -n or -A, not both', 2);
      const { runStatus } = await import('./status.ts');
      await runStatus(options, process.stdout, Date.now);
    });
}

function explainVerb(): Command {
  return inCluster(new Command('explain'))
    .description('say what would become of a statement under the policies of the cluster, or why it would be refused')
    .argument('[sql]', 'the statement(s); - reads standard input; without it (and -f) only the policies are checked')
    .requiredOption('--as <namespace/serviceaccount>', 'the identity to act as', parseIdentity)
    .requiredOption('--database <[namespace/]name>', 'the Database object', parseDatabaseName)
    .option('-f, --file <file>', 'read the statement(s) from a file; - is standard input')
    .option('-n, --namespace <namespace>', 'where a Database without namespace is; default: wherever policies are honoured')
    .addOption(format('text', 'json'))
    .addHelpText(
      'after',
      `
The schema is the one that the operator has read last; nothing is asked of the database, and no Secret is read.

Exit codes: 0 all allowed, 3 any denied, 2 usage, 1 failure (a policy with mistakes is a failure).

Example:
  kubectl sluice explain --as ai-agents/support-agent --database data-platform/orders "SELECT email FROM customers"`,
    )
    .action(async (sql: string | undefined, options) => {
      if (sql !== undefined && options.file !== undefined) throw new CliError('give the statement or -f, not both', 2);
      const { runExplain } = await import('./explain.ts');
      process.exitCode = await runExplain(sql, options, process.stdout, process.stderr);
    });
}

function classifyVerb(): Command {
  return inCluster(new Command('classify'))
    .description('say which columns of a Database are sensitive, how sure that is, why, and how they are masked')
    .requiredOption('--database <[namespace/]name>', 'the Database object', parseDatabaseName)
    .option('-n, --namespace <namespace>', 'where a Database without namespace is; default: wherever policies are honoured')
    .option('--upstream <url>', 'look now, at this server; default: what the operator has found')
    .option('--no-values', 'with --upstream: do not look at values')
    .option('--all', 'list columns that are not sensitive, too')
    .addOption(format('text', 'json', 'yaml'))
    .addHelpText(
      'after',
      `
A class you do not agree with is corrected in the Database, under sensitivity.columns; class none means not sensitive.

Exit codes: 0 done, 2 usage, 1 failure.`,
    )
    .action(async (options) => {
      const { runClassify } = await import('./classify.ts');
      await runClassify(options, process.stdout, process.stderr);
    });
}

function injectVerb(): Command {
  return inCluster(new Command('inject'))
    .description('show what the webhook of this cluster would make of a pod, or why it would refuse it')
    .requiredOption('-f, --file <file>', 'YAML or JSON of pods and workloads, several documents allowed; - is standard input')
    .option('-n, --namespace <namespace>', 'of objects that name none; default: that of the context')
    .addHelpText(
      'after',
      `
It is a preview: the cluster injects pods when they are created, and only the operator can seal a sidecar. Applied as printed, pods are
refused; apply your own files.

Exit codes: 0 done, 3 a pod is refused (all reasons on standard error, nothing printed), 2 usage, 1 failure.`,
    )
    .action(async (options) => {
      const { runInject } = await import('./inject.ts');
      process.exitCode = await runInject(options, process.stdout, process.stderr);
    });
}

/** As kubectl names them. */
function inCluster(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'default: $KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'of the kubeconfig')
    .option('--operator-namespace <namespace>', 'where the operator is; default: found by its webhook')
    .option('--release <name>', 'full name of the release; default: found by its webhook');
}

function format(...choices: readonly [string, ...string[]]): Option {
  return new Option('-o, --output <format>', 'of what is printed').choices(choices).default(choices[0]);
}
