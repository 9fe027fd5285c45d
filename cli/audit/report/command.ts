/** `audit report`: an access review of a period, of files, stores, or the replicas of a cluster. */
import { Command } from 'commander';
import type { Trail } from '../../../core/audit/trail.ts';
import type { Origin } from '../query/command.ts';
import { optionalTime, period } from '../query/period.ts';
import type { AuditSource } from '../sources/source.ts';
import { periodOptions, type SelectionOptions, selectionOf, subjectOptions } from '../query/selection-options.ts';

interface Given extends SelectionOptions {
  readonly output: string;
  readonly since?: string;
  readonly verify: boolean;
  readonly trust?: string;
}

/** `withPolicies`: whether there are any; without them nothing is said about grants. */
export function reportCommand<O>(
  origin: Origin<O>,
  withPolicies: (options: O) => boolean,
  named: (paths: readonly string[], options: O) => readonly string[],
): Command {
  const command = subjectOptions(
    periodOptions(new Command('report').description('write an access review of a period, as Markdown, HTML and JSON')),
  )
    .option('--since <time>', 'list accesses that were not seen between this time and the period')
    .option('--no-verify', 'leave the chains unverified; large stores are read in half the time')
    .option('--trust <file>', 'trust anchors of the installation: whose keys may sign')
    .requiredOption('-o, --output <directory>', 'where access-review.md, .html and .json are written');
  return origin
    .options(command, { needsPolicies: 'optional' as const })
    .addHelpText(
      'after',
      `
Examples:
  ${origin.called.replace(/query$/, 'report')} --from 2026-11-01 --to 2026-12-01 -o november${origin.argument}

The same records give the same review.
Exit codes: 0 done, 3 done and a chain does not hold, 2 usage, 1 failure.`,
    )
    .action(async () => {
      const options = command.opts<Given & O>();
      const warn = (sentence: string): void => void process.stderr.write(`sluice: ${sentence}\n`);
      const now = Date.now();
      period(options, now);
      await origin.use(
        command.args,
        options,
        async ({ source, policies }) => {
          const { report } = await import('./run.ts');
          const { readTrusted } = await import('./trust.ts');
          const sources = named(command.args, options);
          const since = optionalTime(options.since, '--since');
          const holds = await report(
            source,
            {
              selection: await selectionOf(options, () => Promise.reject(new Error('rows are not asked for')), now),
              ...(withPolicies(options) ? { policies: await policies() } : {}),
              ...(since === undefined ? {} : { since }),
              ...(options.verify ? { trail: () => trailOf(command.args, source, sources) } : {}),
              ...(options.trust === undefined ? {} : { trusted: readTrusted(options.trust) }),
              sources,
              directory: options.output,
            },
            process.stdout,
            process.stderr,
          );
          if (!holds) process.exitCode = 3;
        },
        warn,
      );
    });
}

/** Files are verified byte for byte, each by its name. Of a store what is there is all there is; people may hold some files of many. */
async function trailOf(paths: readonly string[], source: AuditSource, [name = 'the store']: readonly string[]): Promise<Trail> {
  const { fileTrail, sourceTrail } = await import('../verify-sources.ts');
  return paths.length > 0 ? await fileTrail(paths) : await sourceTrail(source, name, true);
}
