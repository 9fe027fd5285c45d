/** `sluice audit`: reading the trail as a person, asking it, checking it as a stranger. */
import { Command, Option } from 'commander';
import { CliError } from '../errors.ts';
import { queryCommand } from './query/command.ts';
import { addOpenCommand } from './open-command.ts';
import { addProveCommand } from './prove-command.ts';
import { localOrigin } from './query/local.ts';
import { localReport } from './report/local.ts';

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
    .description('check the hash chain, offline')
    .argument('<file...>', 'audit files in their order, a directory of segments, or - for standard input')
    .option('--head <sha256>', 'the last hash as you noted it elsewhere: shows a cut-off tail')
    .addOption(new Option('-o, --output <format>', 'of what is printed').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit codes: 0 it holds, 3 it does not (the first record that does not fit is named), 2 usage, 1 failure.',
    )
    .action(async (files: readonly string[], options: { output: 'text' | 'json'; head?: string }) => {
      const { verify } = await import('./verify.ts');
      const valid = await verify(files, options, process.stdout);
      if (!valid) process.exitCode = 3;
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
