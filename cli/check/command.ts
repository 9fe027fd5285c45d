/** `sluice check`: the options. What happens is in run.ts. */
import { Command, Option } from 'commander';
import { parseDatabaseName, parseIdentity } from '../arguments.ts';
import { CliError } from '../errors.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('say what would become of a statement under the policies, or why it would be refused')
    .argument('[sql]', 'the statement(s); - reads standard input; without it (and -f) only the policies are checked')
    .requiredOption('--policy <file|dir...>', 'YAML as kubectl applies it: Database, DatabaseAccessPolicy, Secret')
    .requiredOption('--as <namespace/serviceaccount>', 'the identity to act as', parseIdentity)
    .requiredOption('--database <[namespace/]name>', 'the Database object', parseDatabaseName)
    .option('--upstream <url>', 'read the schema from this server')
    .option('--schema <file.sql>', 'read the schema from a file (loaded into a throw-away PostgreSQL)')
    .option('-f, --file <file>', 'read the statement(s) from a file; - is standard input')
    .addOption(
      new Option('-o, --output <format>', 'text, or json: one object a statement').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExit codes: 0 all allowed, 3 any denied, 2 usage, 1 failure (a policy with mistakes is a failure).')
    .action(async (sql: string | undefined, options) => {
      if (sql !== undefined && options.file !== undefined) throw new CliError('give the statement or -f, not both', 2);
      if (options.upstream !== undefined && options.schema !== undefined)
        throw new CliError('give --upstream or --schema, not both', 2);
      const { runCheck } = await import('./run.ts');
      process.exitCode = await runCheck(sql, options, process.stdout);
    });
}
