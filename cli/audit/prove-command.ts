/** `sluice audit prove`: the options. What happens is in prove.ts. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { CliError } from '../errors.ts';

interface ProveCommandOptions {
  readonly row?: string;
  readonly rowFile?: string;
  readonly digestKey?: string;
  readonly resultKey?: string;
  readonly statement?: readonly string[];
  readonly store?: string;
  readonly output: 'table' | 'json';
}

export function addProveCommand(audit: Command): void {
  audit
    .command('prove')
    .description('which statements returned a row that you hold, where audit.rows is Proof')
    .argument('[file...]', 'audit files, or directories of them')
    .option('--store <url>', 'instead of files: postgres://… (a login that may read suffices), or sqlite:FILE')
    .option('--row <json>', 'the row: its values in order, as PostgreSQL prints them: \'["1","Ada",null]\'')
    .option(
      '--row-file <file>',
      'rows, a JSON array a line; CSV if it ends in .csv. All rows of a result in their order prove the whole of it',
    )
    .option('--digest-key <file>', 'the key of the Database’s digests')
    .option('--result-key <key>', 'instead: the key of one result, as somebody who has that key was told it here')
    .option('--statement <id...>', 'only these')
    .addOption(
      new Option('-o, --output <format>', 'table, or json: one object a statement').choices(['table', 'json']).default('table'),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 some statement returned it, 3 none did as far as is known, 2 usage, 1 failure.

Example:
  sluice audit prove --digest-key key --row '["17","Ada Lovelace","ada@example.org"]' audit.jsonl`,
    )
    .action(async (files: readonly string[], options: ProveCommandOptions) => {
      const { parseRows } = await import('./proven-row.ts');
      const { prove } = await import('./prove.ts');
      const { openSource } = await import('./sources/open.ts');
      if ((options.row === undefined) === (options.rowFile === undefined)) throw new CliError('give --row or --row-file', 2);
      const text = options.row ?? read(options.rowFile!);
      const rows = parseRows(text, options.rowFile?.endsWith('.csv') === true);
      const key = await keyOf(options);
      const source = await openSource(files, options, (sentence) => void process.stderr.write(`${sentence}\n`));
      try {
        const { output, statement } = options;
        const wanted = { key, rows, output, ...(statement === undefined ? {} : { statements: statement }) };
        if (!(await prove(source, wanted, process.stdout, process.stderr))) process.exitCode = 3;
      } finally {
        await source.close();
      }
    });
}

async function keyOf({ digestKey, resultKey }: ProveCommandOptions) {
  if ((digestKey === undefined) === (resultKey === undefined)) throw new CliError('give --digest-key or --result-key', 2);
  if (digestKey !== undefined) {
    const { DigestKeyError, readDigestKey } = await import('../../sidecar/evidence/digest-key-file.ts');
    try {
      return { digest: readDigestKey(digestKey) };
    } catch (error) {
      if (error instanceof DigestKeyError) throw new CliError(error.message, 1, { cause: error });
      throw error;
    }
  }
  const result = Buffer.from(resultKey!, 'base64url');
  if (result.length !== 32) throw new CliError('--result-key wants 43 characters as sluice audit prove prints them', 2);
  return { result };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`);
  }
}
