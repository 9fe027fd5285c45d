/** A file's lines as bytes, in constant memory; what follows the last newline is reported apart. */
import { createReadStream } from 'node:fs';
import { isRecord } from '../../core/json/read.ts';
import { CliError } from '../errors.ts';

const NEWLINE = 0x0a;
/** Longer than any record: something else than an audit file. */
const MAX_LINE = 4 * 1024 * 1024;

/** Calls `line` for each whole line (without its newline); resolves to the bytes after the last newline. */
export async function eachLine(file: string, line: (bytes: Buffer) => void): Promise<Buffer> {
  const stream = file === '-' ? process.stdin : createReadStream(file);
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE)) {
        line(bytes.subarray(0, end));
        bytes = bytes.subarray(end + 1);
      }
      if (bytes.length > MAX_LINE) throw new CliError(`${file} has a line of more than ${MAX_LINE} bytes: not an audit file`);
      rest = bytes;
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a directory' : (error as Error).message;
    throw new CliError(`cannot read ${file}: ${why}`);
  }
  return rest;
}

/** Undefined: it is no JSON object. */
export function parsedLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
