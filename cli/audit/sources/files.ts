/**
 * Files and directories of segments as a source. A file is one stretch of a chain; files of one chain follow each other by what their first
 * records say. Of whom a chain is, is what its first record says: nobody has verified it (`sluice audit verify` does).
 */
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { kindOfChain } from '../../../core/audit/chain-names.ts';
import { hashLine } from '../../../core/audit/chain.ts';
import { readRecord, timeOfLine } from '../../../core/audit/questions/reading.ts';
import type { ChainOwner, RecordFilter, StoredChain, StoredLine } from '../../../core/audit/store.ts';
import { CliError } from '../../errors.ts';
import { Demultiplexer } from './demultiplex.ts';
import { readLines } from './line-reader.ts';
import { merge } from './merge.ts';
import type { AuditSource, TimedLine, Warn } from './source.ts';

interface File {
  readonly path: string;
  readonly chain: string;
  readonly owner: ChainOwner;
  /** Of its first record. */
  readonly seq: number;
  readonly time: string;
}

/** Directories within directories: of more than this it is not a collection of audit files. */
const DEPTH = 6;
/** Without its chain-start: of the file, so that its statements pair. */
const NO_OWNER: ChainOwner = { identity: { namespace: '', serviceAccount: '' }, kind: 'sidecar' };

/** `-` is standard input, once and alone. Throws CliError when something cannot be read or holds nothing. */
export async function openFiles(paths: readonly string[], warn: Warn): Promise<AuditSource> {
  if (paths.includes('-')) {
    if (paths.length > 1) throw new CliError('- is standard input: give it alone', 2);
    return new StandardInput(warn);
  }
  const files: File[] = [];
  for (const path of paths.flatMap((each) => auditFilesOf(each))) files.push(await look(path));
  return new FileSource(files.toSorted(order), warn);
}

/** A directory stands for its files, and theirs; another path for itself. Throws CliError when there are none. */
export function auditFilesOf(path: string, depth = 0): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const found = readdirSync(path, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return depth < DEPTH ? auditFilesOf(join(path, entry.name), depth + 1) : [];
      return entry.isFile() && entry.name.endsWith('.jsonl') ? [join(path, entry.name)] : [];
    });
  if (found.length === 0 && depth === 0) throw new CliError(`there are no audit files (*.jsonl) in ${path}`);
  return found;
}

async function look(path: string): Promise<File> {
  const first = await firstLine(path);
  const record = readRecord(first);
  if (record === undefined) return { path, chain: path, owner: NO_OWNER, seq: 0, time: '' };
  const { seq, time } = record;
  if (record.type !== 'chain-start') return { path, chain: path, owner: NO_OWNER, seq, time };
  const { chain, identity, database } = record;
  const kind = kindOfChain(chain);
  const owner: ChainOwner = {
    identity,
    kind,
    ...(database === undefined ? {} : { database: `${database.namespace}/${database.name}` }),
  };
  return { path, chain, owner, seq, time };
}

async function firstLine(path: string): Promise<string> {
  const stream = createReadStream(path, { end: 4 * 1024 * 1024 });
  const lines = createInterface({ input: stream });
  try {
    for await (const line of lines) return line;
    return '';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(`cannot read ${path}: ${code === 'ENOENT' ? 'it does not exist' : message}`, 1, { cause: error });
  } finally {
    lines.close();
    stream.destroy();
  }
}

/** Files of releases before 0.2.0 each begin at seq 0: there the time says which is first. */
function order(a: File, b: File): number {
  if (a.chain !== b.chain) return a.chain < b.chain ? -1 : 1;
  if (a.seq !== b.seq) return a.seq - b.seq;
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Of a directory of segments: one chain. Another file may be the log of a container, in which several are mixed. */
function isSegment({ path }: File): boolean {
  return /(?:^|[/\\])\d{8}\.jsonl$/.test(path);
}

class FileSource implements AuditSource {
  readonly #chains: ReadonlyMap<string, readonly File[]>;
  readonly #warn: Warn;
  readonly #warned = new Set<string>();

  constructor(files: readonly File[], warn: Warn) {
    this.#chains = Map.groupBy(files, ({ chain }) => chain);
    this.#warn = warn;
  }

  async *chains(filter: RecordFilter = {}): AsyncGenerator<StoredChain> {
    for (const [chain, files] of this.#chains) {
      const { owner } = files[0]!;
      if (!isOwner(filter, chain, owner)) continue;
      yield await this.#describe(chain, owner, files);
    }
  }

  async *lines(chain: string, from = 0): AsyncGenerator<StoredLine> {
    for (const file of this.#chains.get(chain) ?? [])
      for await (const line of this.#linesOf(file)) if (line.seq >= from) yield line;
  }

  /** More than asked for: whole chains, without what lies before and after the period. */
  async *records(filter: RecordFilter): AsyncGenerator<StoredLine> {
    const streams = [...this.#chains]
      .filter(([chain, files]) => !files.every(isSegment) || isOwner(filter, chain, files[0]!.owner))
      .map(([, files]) => ({ begins: files[0]!.time, lines: () => this.#chain(files) }));
    for await (const line of merge(streams, 0)) if (isInPeriod(filter, line)) yield line;
  }

  async owners(): Promise<ReadonlyMap<string, ChainOwner>> {
    const owned = [...this.#chains].filter(([, [first]]) => first!.owner !== NO_OWNER);
    return new Map(owned.map(([chain, [first]]) => [chain, first!.owner]));
  }

  async close(): Promise<void> {}

  async *#chain(files: readonly File[]): AsyncGenerator<TimedLine> {
    for (const file of files) yield* this.#linesOf(file);
  }

  async *#linesOf(file: File): AsyncGenerator<TimedLine> {
    let strange = 0;
    const demultiplexer = isSegment(file) ? undefined : new Demultiplexer(file.chain);
    for await (const { lines, torn } of readLines(file.path)) {
      for (const line of lines) {
        const timed = timedLine(file.chain, line);
        if (timed === undefined) strange += 1;
        else yield demultiplexer === undefined ? timed : { ...timed, chain: demultiplexer.chainOf(line) };
      }
      if (torn > 0) this.#say(`${file.path} ends with ${torn} bytes of a record that was not written whole`);
    }
    if (strange > 0)
      this.#say(`${file.path}: ${strange} lines are no audit records and were left out (sluice audit verify says more)`);
  }

  #say(sentence: string): void {
    if (this.#warned.has(sentence)) return;
    this.#warned.add(sentence);
    this.#warn(sentence);
  }

  async #describe(chain: string, owner: ChainOwner, files: readonly File[]): Promise<StoredChain> {
    const stretches: [number, number][] = [];
    let from = '';
    let to = '';
    let hash = '';
    for (const file of files)
      for await (const { seq, line, time } of this.#linesOf(file)) {
        const last = stretches.at(-1);
        if (last?.[1] === seq) last[1] = seq + 1;
        else stretches.push([seq, seq + 1]);
        from ||= time;
        to = time;
        hash = hashLine(line);
      }
    return { chain, owner, stretches, from, to, next: stretches.at(-1)?.[1] ?? 0, hash };
  }
}

/** Lines of a pipe can be had once, in the order in which they come. */
class StandardInput implements AuditSource {
  readonly #warn: Warn;

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  /** Nothing is known before it is read. */
  async *chains(): AsyncGenerator<StoredChain> {}

  async *lines(chain: string, from = 0): AsyncGenerator<StoredLine> {
    for await (const line of this.records({})) if (line.chain === chain && line.seq >= from) yield line;
  }

  async *records(filter: RecordFilter): AsyncGenerator<StoredLine> {
    const demultiplexer = new Demultiplexer('-');
    let strange = 0;
    for await (const { lines, torn } of readLines('-')) {
      for (const line of lines) {
        const timed = timedLine('-', line);
        if (timed === undefined) {
          strange += 1;
          continue;
        }
        const chain = demultiplexer.chainOf(line);
        if (isInPeriod(filter, timed)) yield { ...timed, chain };
      }
      if (torn > 0) this.#warn(`standard input ends with ${torn} bytes of a record that was not written whole`);
    }
    if (strange > 0) this.#warn(`${strange} lines of standard input are no audit records and were left out`);
  }

  async owners(): Promise<ReadonlyMap<string, ChainOwner>> {
    return new Map();
  }

  async close(): Promise<void> {}
}

const CHAIN_START = '"type":"chain-start"';
const HEAD = /^\{"v":1,"seq":(\d{1,15}),/;

/** Quotes within values are escaped, so that no value looks like a type. More than needed may come, never less. */
function isInPeriod({ from, to }: RecordFilter, { time, line }: TimedLine): boolean {
  if (from !== undefined && time < from) return line.includes(CHAIN_START);
  return to === undefined || time < to;
}

function timedLine(chain: string, line: string): TimedLine | undefined {
  const time = timeOfLine(line);
  const seq = HEAD.exec(line)?.[1];
  if (time !== undefined && seq !== undefined) return { chain, seq: Number(seq), line, time };
  const record = readRecord(line);
  return record === undefined ? undefined : { chain, seq: record.seq, line, time: record.time };
}

function isOwner(filter: RecordFilter, chain: string, { identity, database }: ChainOwner): boolean {
  return (
    (filter.chains === undefined || filter.chains.includes(chain)) &&
    (filter.namespace === undefined || identity.namespace === filter.namespace) &&
    (filter.serviceAccount === undefined || identity.serviceAccount === filter.serviceAccount) &&
    (filter.podUid === undefined || identity.podUid === filter.podUid) &&
    (filter.database === undefined || database === filter.database)
  );
}
