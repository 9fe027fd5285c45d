/** A file's lines in constant memory, as many at once as a chunk has. */
import { createReadStream } from 'node:fs';
import { CliError } from '../../errors.ts';

const NEWLINE = 0x0a;
/** Longer than any record: something else than an audit file. */
const MAX_LINE = 4 * 1024 * 1024;

export interface LineBatch {
  readonly lines: readonly string[];
  /** What follows the last newline, in the last batch. */
  readonly torn: number;
}

/** `-` is standard input. Throws CliError. */
export async function* readLines(file: string): AsyncGenerator<LineBatch> {
  let rest: Buffer[] = [];
  let restLength = 0;
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const last = chunk.lastIndexOf(NEWLINE);
      if (last === -1) {
        rest.push(chunk);
        restLength += chunk.length;
        if (restLength > MAX_LINE) throw tooLong(file);
        continue;
      }
      const lines = Buffer.concat([...rest, chunk.subarray(0, last)])
        .toString('utf8')
        .split('\n');
      rest = last + 1 < chunk.length ? [chunk.subarray(last + 1)] : [];
      restLength = chunk.length - last - 1;
      yield { lines, torn: 0 };
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot read ${file}: ${why(error as NodeJS.ErrnoException)}`, 1, { cause: error });
  }
  yield { lines: [], torn: restLength };
}

function tooLong(file: string): CliError {
  return new CliError(`${file} has a line of more than ${MAX_LINE} bytes: not an audit file`);
}

function why(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'it does not exist';
  return error.code === 'EISDIR' ? 'it is a directory' : error.message;
}
