/** `sluice audit`: reading the trail as a person, asking it, checking it as a stranger. */
import { Command, Option } from 'commander';
import { CliError } from '../errors.ts';
import { queryCommand } from './query/command.ts';
import { addOpenCommand } from './open-command.ts';
import { addProveCommand } from './prove-command.ts';
import { localOrigin } from './query/local.ts';
import { localReport } from './report/local.ts';
import type { VerifyOptions } from './verify.ts';

interface ShowOptions {
  readonly output: 'table' | 'json';
  readonly session?: string;
  readonly denied?: boolean;
  readonly last?: number;
}

export function auditCommand(): Command {
  const audit = new Command('audit').description('read, ask and verify the audit trail');
  audit
    .command('show')
    .description('one line a statement: when, what was decided, what it touched, how it ended')
    .argument('<file>', 'an audit file, or - for standard input')
    .option('--session <id>', 'only this session (a prefix is enough)')
    .option('--denied', 'only what was denied')
    .option('--last <n>', 'only the last n statements', count)
    .addOption(
      new Option('-o, --output <format>', 'table, or json: one object a statement').choices(['table', 'json']).default('table'),
    )
    .addHelpText('after', '\nExit codes: 0 done, 2 usage, 1 failure.')
    .action(async (file: string, options: ShowOptions) => {
      const { show } = await import('./show.ts');
      await show(file, options, process.stdout);
    });
  audit
    .command('verify')
    .description('check chains, signatures and the log of the cluster, offline')
    .argument('[path...]', 'audit files, directories of them, or - for standard input')
    .option('--store <url>', 'a store in place of files')
    .option('--trust <file>', 'trust anchors (or the ConfigMap that publishes them): says what of it is proven')
    .option('--head <sha256>', 'the last hash as you noted it elsewhere: shows a cut-off tail')
    .option('--whole', 'nothing has been removed on purpose: a chain that does not begin with its first record is broken')
    .option('--progress', 'on standard error also where that is no terminal')
    .addOption(new Option('-o, --output <format>', 'of what is printed').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit codes: 0 it holds, 3 it does not (the first record that does not fit is named), 4 with --trust: it holds, and of a chain nothing is signed by whom you trust, 2 usage, 1 failure.',
    )
    .action(async (paths: readonly string[], options: VerifyOptions) => {
      if ((paths.length === 0) === (options.store === undefined))
        throw new CliError('say where the records are: files, directories, - or --store URL', 2);
      const { verify } = await import('./verify.ts');
      process.exitCode = await verify(paths, options, process.stdout);
    });
  audit.addCommand(queryCommand(localOrigin));
  addOpenCommand(audit);
  addProveCommand(audit);
  audit.addCommand(localReport());
  return audit;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new CliError(`--last wants a whole number above 0, not "${text}"`, 2);
  return value;
}
