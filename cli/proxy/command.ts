/** `sluice proxy`: the options. What happens is in run.ts. */
import { Command, Option } from 'commander';
import { parseDatabaseName, parseIdentity, parseListen } from '../arguments.ts';

export function proxyCommand(): Command {
  return new Command('proxy')
    .description('serve PostgreSQL clients on localhost under the policies of one identity')
    .requiredOption('--policy <file|dir...>', 'YAML as kubectl applies it: Database, DatabaseAccessPolicy, Secret')
    .requiredOption('--as <namespace/serviceaccount>', 'the identity to act as', parseIdentity)
    .requiredOption('--database <[namespace/]name>', 'the Database object to serve', parseDatabaseName)
    .addOption(
      new Option('--listen <host:port>', 'where clients connect; port 0 picks a free one')
        .argParser((text) => parseListen(text, '--listen'))
        .default(parseListen('127.0.0.1:5432', '--listen'), '127.0.0.1:5432'),
    )
    .option(
      '--upstream <url>',
      'postgres://user:password@host:port/database instead of endpoint, TLS and credentials of the Database',
    )
    .option('--audit <file|->', 'audit records: a file, or - for standard output', '-')
    .addOption(
      new Option('--durability <what>', 'when an audit record counts as kept; default: as the Database says').choices([
        'Local',
        'Synced',
      ]),
    )
    .option(
      '--audit-key <file>',
      'key of the digests of values and rows: 32 bytes, hexadecimal or base64; made if it is not there. Default: one of this process',
    )
    .option('--findings <file>', 'keep what detection finds there, so that a restart knows it; default: only in memory')
    .option('--tls <off|self-signed|cert.pem,key.pem>', 'TLS for clients that insist on it', 'off')
    .option('--tls-ca <file>', 'with --tls self-signed: write the authority there, for sslrootcert')
    .option('--metrics <host:port>', 'serve /metrics and /healthz there', (text) => parseListen(text, '--metrics'))
    .addOption(
      new Option('--log-level <level>', 'logs go to standard error')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .addHelpText(
      'after',
      `
When it listens it prints one line of JSON on standard output: {"msg":"ready","listen":"127.0.0.1:5432", …}
Sensitive columns are found by name, type, comment and sampled values and are masked unless a policy reveals them
(sensitivity.detection: "Off" in the Database ends that). Until values have been sampled, in the first moments, unknown text is masked too.
A changed policy file takes effect at once; a broken one is reported and the last good one stays in force.
SIGTERM and SIGINT finish open transactions and exit 0; a second one ends at once. Exit codes: 1 failure, 2 usage.

Example:
  sluice proxy --policy policies/ --as ai-agents/support-agent --database data-platform/orders \\
               --upstream postgres://orders_login:secret@127.0.0.1:5433/orders --audit audit.jsonl`,
    )
    .action(async (options) => {
      const { runProxy } = await import('./run.ts');
      await runProxy(options);
    });
}
