/** `sluice audit query`: files and stores as whoever asks can reach them, policies from files. */
import type { Command } from 'commander';
import { CliError } from '../../errors.ts';
import type { SourceOptions } from '../sources/open.ts';
import type { Origin } from './command.ts';

export interface LocalOptions extends SourceOptions {
  readonly policy?: readonly string[];
}

export const localOrigin: Origin<LocalOptions> = {
  called: 'sluice audit query',
  argument: ' audit.jsonl',
  options: (command, { needsPolicies }) => {
    sourceOptions(command);
    if (needsPolicies !== undefined) policyOption(command);
    if (needsPolicies === true) command.hook('preAction', requirePolicy);
    return command;
  },
  use: async (paths, options, use, warn) => {
    const { openSource } = await import('../sources/open.ts');
    return await use({
      source: await openSource(paths, options, warn),
      policies: async () => {
        const { policiesOf } = await import('./policies.ts');
        return await policiesOf(options.policy ?? []);
      },
    });
  },
};

export function sourceOptions(command: Command): Command {
  return command
    .argument('[paths...]', 'audit files, directories of them, or - for standard input')
    .option('--store <url>', 'instead of files: postgres://… (a login that may read suffices), or sqlite:FILE');
}

export function policyOption(command: Command): Command {
  return command.option('--policy <file>', 'YAML of policies, or a directory of it; may be given more than once', collect, []);
}

function requirePolicy(command: Command): void {
  if (command.opts<LocalOptions>().policy?.length === 0)
    throw new CliError('--policy is missing: of which grants should it be?', 2);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
