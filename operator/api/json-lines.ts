/**
 * Newline-delimited JSON out of chunks that end anywhere. Lines are cut in bytes: 0x0A is never part of another UTF-8 character, and JSON
 * writes a newline within a string as \n.
 */
import { ApiUnreachableError } from './kube-api.ts';

const NEWLINE = 0x0a;

/** Rejects when a line is longer than `longest` bytes, is not JSON, or when the stream ends within one. */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<unknown, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      length += end - start;
      start = end + 1;
      const line = length > longest ? undefined : Buffer.concat(parts, length);
      parts = [];
      length = 0;
      if (line === undefined) throw tooLong(longest);
      if (line.length > 0) yield parse(line);
    }
    if (start < chunk.length) {
      length += chunk.length - start;
      if (length > longest) throw tooLong(longest);
      parts.push(chunk.subarray(start));
    }
  }
  if (length > 0) throw new ApiUnreachableError('the stream of the API server ended in the middle of a line', { kind: 'reset' });
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    // Without a cause: a SyntaxError quotes what it could not read.
    throw new ApiUnreachableError('the API server sent a line that is not JSON', { kind: 'malformed' });
  }
}

function tooLong(longest: number): ApiUnreachableError {
  return new ApiUnreachableError(`the API server sent a line of more than ${longest} bytes`, { kind: 'malformed' });
}
