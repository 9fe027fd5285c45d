/** What `sluice audit verify` checks: files byte for byte, or whatever questions are asked of. */
import { createReadStream } from 'node:fs';
import { DESCRIBED_BY, describePart, type Trail, type TrailChain, type TrailPart } from '../../core/audit/trail.ts';
import { CliError } from '../errors.ts';
import { auditFilesOf } from './sources/files.ts';
import type { AuditSource } from './sources/source.ts';

const NEWLINE = 0x0a;
/** Longer than any record: something else than an audit file. */
const MAX_LINE = 4 * 1024 * 1024;
/** Lines of a store that are looked at together. */
const BATCH = 256;

/** `-` is standard input. Throws CliError when something cannot be read. */
export async function fileTrail(paths: readonly string[]): Promise<Trail> {
  if (paths.includes('-') && paths.length > 1) throw new CliError('- is standard input: give it alone', 2);
  const chains = new Map<string, { chain: string | undefined; parts: TrailPart[] }>();
  for (const path of paths.flatMap((each) => (each === '-' ? [each] : auditFilesOf(each)))) {
    const { part, chain } = await look(path);
    const key = chain ?? `\0${path}`;
    const group = chains.get(key) ?? { chain, parts: [] };
    chains.set(key, group);
    group.parts.push(part);
  }
  return { chains: [...chains.values()], complete: false };
}

/** `complete`: it is all that there is, so that a chain that was countersigned and is not there is missing. */
export async function sourceTrail(source: AuditSource, name: string, complete: boolean): Promise<Trail> {
  const chains: TrailChain[] = [];
  for await (const { chain, owner, removed = 0 } of source.chains()) {
    const lines = (): AsyncGenerator<readonly Buffer[], number> => inBatches(source, chain);
    chains.push({
      chain,
      owner,
      ...(complete ? { begins: removed } : {}),
      parts: [{ source: name, first: undefined, middle: true, lines }],
    });
  }
  return { chains, complete };
}

async function* inBatches(source: AuditSource, chain: string): AsyncGenerator<readonly Buffer[], number> {
  let batch: Buffer[] = [];
  for await (const { line } of source.lines(chain)) {
    batch.push(Buffer.from(line));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
  return 0;
}

/** Reads as far as is needed to know what it is. Standard input goes on from there, since it can be read once only. */
async function look(path: string): Promise<{ part: TrailPart; chain: string | undefined }> {
  const lines = linesOf(path);
  const head: (readonly Buffer[])[] = [];
  let end: number | undefined;
  while (end === undefined && head.flat().length < DESCRIBED_BY) {
    const { done, value } = await lines.next();
    if (done === true) end = value;
    else head.push(value);
  }
  const { chain, ...described } = describePart(head.flat());
  if (path !== '-') await lines.return(0);
  const piped = async function* (): AsyncGenerator<readonly Buffer[], number> {
    yield head.flat();
    return end ?? (yield* lines);
  };
  return { chain, part: { source: path, ...described, middle: false, lines: path === '-' ? piped : () => linesOf(path) } };
}

async function* linesOf(path: string): AsyncGenerator<readonly Buffer[], number> {
  let rest: Buffer[] = [];
  let length = 0;
  try {
    const stream = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const last = chunk.lastIndexOf(NEWLINE);
      if (last === -1) {
        rest.push(chunk);
        length += chunk.length;
        if (length > MAX_LINE) throw new CliError(`${path} has a line of more than ${MAX_LINE} bytes: not an audit file`);
        continue;
      }
      yield split(Buffer.concat([...rest, chunk.subarray(0, last)]));
      rest = [chunk.subarray(last + 1)];
      length = chunk.length - last - 1;
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a directory' : message;
    throw new CliError(`cannot read ${path}: ${why}`, 1, { cause: error });
  }
  return length;
}

function split(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  lines.push(bytes.subarray(from));
  return lines;
}
