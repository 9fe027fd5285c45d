/** `sluice audit open`: the options. What happens is in open.ts. */
import { type Command, Option } from 'commander';
import { CliError } from '../errors.ts';

interface OpenCommandOptions {
  readonly identity: string;
  readonly all?: boolean;
  readonly store?: string;
  readonly output: 'table' | 'json';
}

/** As sidecars name executions. */
const STATEMENT = /^[0-9a-f]{16}\.\d+$/;

export function addOpenCommand(audit: Command): void {
  audit
    .command('open')
    .description('open sealed images of written rows with a recipient’s own key: the rows as they were, and as they became')
    .argument('[file|statement...]', 'audit files or directories of them, and the statements to open')
    .option('--store <url>', 'instead of files: postgres://… (a login that may read suffices), or sqlite:FILE')
    .requiredOption('--identity <file>', 'a file as age-keygen writes it, with AGE-SECRET-KEY-1…')
    .option('--all', 'every statement that has images')
    .addOption(
      new Option('-o, --output <format>', 'table, or json: one object a statement').choices(['table', 'json']).default('table'),
    )
    .addHelpText(
      'after',
      `
The files must hold the record of the key too, which stands before the statement in the same chain. Nothing leaves this machine.
Exit codes: 0 all opened, 3 something did not open, 2 usage, 1 failure.

Example:
  sluice audit open --identity auditor.txt audit.jsonl 4f1d2c3b4a596877.12`,
    )
    .action(async (given: readonly string[], options: OpenCommandOptions) => {
      const { open } = await import('./open.ts');
      const { openSource } = await import('./sources/open.ts');
      const statements = given.filter((each) => STATEMENT.test(each));
      const files = given.filter((each) => !STATEMENT.test(each));
      if (files.includes('-')) throw new CliError('records are read twice, which standard input cannot be: give a file', 2);
      if ((statements.length === 0) !== (options.all === true))
        throw new CliError('name the statements to open (sluice audit show -o json prints their names), or give --all', 2);
      const wanted = options.all === true ? {} : { statements };
      const source = await openSource(files, options, (sentence) => void process.stderr.write(`${sentence}\n`));
      try {
        const done = await open(source, { ...options, ...wanted }, process.stdout, process.stderr);
        if (!done) process.exitCode = 3;
      } finally {
        await source.close();
      }
    });
}
