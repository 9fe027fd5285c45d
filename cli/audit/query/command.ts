/** `audit query QUESTION`: the same questions with the same options of files, stores, and the replicas of a cluster. */
import { Command, Option } from 'commander';
import type { DatabaseAccessPolicy } from '../../../crds/database-access-policy.ts';
import { CliError } from '../../errors.ts';
import type { AuditSource, Warn } from '../sources/source.ts';
import { FORMATS, type Format } from './formats.ts';
import { optionalTime } from './period.ts';
import { type NamedQuestion, type QuestionOptions, QUESTIONS } from './questions.ts';
import { type Digest, digestKey } from './row-digests.ts';
import { periodOptions, type SelectionOptions, selectionOf, subjectOptions, tableOptions } from './selection-options.ts';

/** Where records, policies and digests come from; differs between `sluice` and `kubectl sluice`. */
export interface Origin<O> {
  /** As it is called in examples, `sluice audit query` say. */
  readonly called: string;
  /** What follows a question in examples. */
  readonly argument: string;
  /** Adds the options and arguments that say where. */
  options(command: Command, question: { readonly needsPolicies?: true | 'optional' }): Command;
  use<T>(paths: readonly string[], options: O, use: (opened: Opened) => Promise<T>, warn: Warn): Promise<T>;
}

export interface Opened {
  readonly source: AuditSource;
  policies(): Promise<readonly DatabaseAccessPolicy[]>;
  /** Absent: nobody but --digest-key computes digests here. */
  readonly digest?: Digest;
}

interface Given extends SelectionOptions {
  readonly output: Format;
  readonly limit?: number;
  readonly by?: 'rows' | 'bytes' | 'statements';
  readonly observed?: boolean;
  readonly since?: string;
  readonly all?: boolean;
}

export function queryCommand<O>(origin: Origin<O>): Command {
  const query = new Command('query').description('ask the audit trail: who touched what, what was denied, what left in clear');
  for (const question of QUESTIONS) query.addCommand(questionCommand(question, origin));
  return query.addHelpText(
    'after',
    `
Examples:
${QUESTIONS.map(({ examples: [example] }) => `  ${origin.called} ${example}${origin.argument}`).join('\n')}

Rows are what records say. Whether these are whole and genuine says audit verify.
Exit codes: 0 done, whatever was found, 2 usage, 1 failure.`,
  );
}

function questionCommand<O>(question: NamedQuestion, origin: Origin<O>): Command {
  const command = periodOptions(new Command(question.name).description(question.description));
  if (question.about !== 'period') subjectOptions(command);
  if (question.about === 'statements') statementOptions(tableOptions(command));
  ownOptions(command, question);
  command
    .option('--limit <n>', 'rows at most', wholeNumber)
    .addOption(
      new Option('-o, --output <format>', 'table, wide (all columns, nothing cut off), json: one object a line, or csv')
        .choices(FORMATS)
        .default('table'),
    )
    .addHelpText('after', examplesOf(question, origin));
  return origin.options(command, question).action(async () => {
    const options = command.opts<Given & O>();
    const streams = { out: process.stdout, error: process.stderr };
    const warn: Warn = (sentence) => void process.stderr.write(`sluice: ${sentence}\n`);
    await origin.use(
      command.args,
      options,
      async (opened) => {
        const { ask } = await import('./ask.ts');
        const digest = options.digestKey === undefined ? (opened.digest ?? noDigest) : digestKey(options.digestKey);
        const selection = await selectionOf(options, digest, Date.now());
        const policies = question.needsPolicies === true ? await opened.policies() : [];
        await ask(
          opened.source,
          question.ask(selection, ownOf(options), policies),
          { format: options.output, ...(options.limit === undefined ? {} : { limit: options.limit }) },
          streams,
        );
      },
      warn,
    );
  });
}

function statementOptions(command: Command): Command {
  return command
    .option('--row <column=value,…>', 'of --table, by its primary key: id=42')
    .option('--digest-key <file>', "with --row: the Database's key for digests")
    .option('--trace <id>', 'trace id or traceparent, of a sqlcommenter comment')
    .option('--fingerprint <hex>', 'statements that differ in literals and layout only')
    .option('--session <id>', 'of this session; a prefix is enough');
}

function ownOptions(command: Command, { name }: NamedQuestion): void {
  if (name === 'statements' || name === 'who') command.option('--denied', 'only what was denied');
  if (name === 'denied') command.option('--observed', 'also what Observe let through and Enforce would deny');
  if (name === 'readers')
    command.addOption(
      new Option('--by <measure>', 'rows, bytes or statements').choices(['rows', 'bytes', 'statements']).default('rows'),
    );
  if (name === 'first')
    command.option('--since <time>', 'how far back is looked for earlier accesses; default: as far as there are records');
  if (name === 'unused') command.option('--all', 'list grants that are used in full, too');
}

function ownOf({ by, observed, since, all }: Given): QuestionOptions {
  const back = optionalTime(since, '--since');
  return {
    ...(by === undefined ? {} : { by }),
    ...(observed === undefined ? {} : { observed }),
    ...(back === undefined ? {} : { since: back }),
    ...(all === undefined ? {} : { all }),
  };
}

function examplesOf<O>({ examples }: NamedQuestion, { called, argument }: Origin<O>): string {
  const lines = examples.map((example) => `  ${called} ${example}${argument}`);
  return `\nExamples:\n${lines.join('\n')}\n\nExit codes: 0 done, whatever was found, 2 usage, 1 failure.`;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new CliError(`--limit wants a whole number above 0, not "${text}"`, 2);
  return value;
}

const noDigest: Digest = () =>
  Promise.reject(new CliError("rows are recorded as keyed digests: give the Database's key with --digest-key", 2));
