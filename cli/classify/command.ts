/** `sluice classify`: the options. What happens is in run.ts. */
import { Command, Option } from 'commander';
import { parseDatabaseName } from '../arguments.ts';
import { CliError } from '../errors.ts';

export function classifyCommand(): Command {
  return new Command('classify')
    .description('say which columns of a database are sensitive, how sure that is, why, and how they are masked')
    .requiredOption('--policy <file|dir...>', 'YAML as kubectl applies it: at least the Database')
    .requiredOption('--database <[namespace/]name>', 'the Database object', parseDatabaseName)
    .option('--upstream <url>', 'ask this server instead of the one the Database names')
    .option('--schema <file.sql>', 'names and types alone, from a file (loaded into a throw-away PostgreSQL)')
    .option('--no-values', 'do not look at values')
    .option('--findings <file>', 'what earlier runs found: compared with, and written anew')
    .option('--all', 'list columns that are not sensitive, too')
    .addOption(
      new Option('-o, --output <format>', 'text, json (one object a column), or yaml (what fixes all verdicts for good)')
        .choices(['text', 'json', 'yaml'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Looks at no more than 1,000 rows and 2 s of each table, in read-only transactions, and keeps counts, never values.
Verdicts marked * rest on names and types alone, because there were no values to look at.
A class you do not agree with is corrected in the Database, under sensitivity.columns; class none means not sensitive.

Exit codes: 0 done, 2 usage, 1 failure.

Example:
  sluice classify --policy policies/ --database data-platform/orders --upstream postgres://login:secret@127.0.0.1:5433/orders`,
    )
    .action(async (options) => {
      if (options.upstream !== undefined && options.schema !== undefined)
        throw new CliError('give --upstream or --schema, not both', 2);
      const { runClassify } = await import('./run.ts');
      await runClassify(options, process.stdout, process.stderr);
    });
}
