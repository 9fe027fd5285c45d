/**
 * A thread of the embedded store: SQLite's calls wait for the disk, and the operator must not. The writer takes whatever has arrived while it was
 * waiting as one transaction, so that a hundred sidecars cost as many writes to the disk as one.
 */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Answers, Failure, FromThread, Request, ThreadData } from './embedded-messages.ts';
import { EmbeddedReader } from './embedded-reader.ts';
import { EmbeddedVersionError, prepareSchema } from './embedded-schema.ts';
import { EmbeddedWriter } from './embedded-writer.ts';

const { file, role, size, whenFull } = workerData as ThreadData;
/** Characters of lines in one transaction: what waits behind it waits for no more than that. */
const GROUP = 8 * 1024 * 1024;
/** Records that are removed in one transaction to make room. */
const REMOVED_AT_ONCE = 500;
/** Of the budget: removing begins above the first and ends below the second. */
const HIGH = 0.98;
const LOW = 0.95;

type Append = Extract<Request, { call: 'append' }>;

function open(): DatabaseSync | undefined {
  try {
    const opened = new DatabaseSync(file, { readOnly: role === 'reader', timeout: 5_000 });
    // Durable when committed: WAL alone is only with FULL. What is deleted is overwritten.
    if (role === 'writer') {
      opened.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST; PRAGMA cache_size = -16000',
      );
      prepareSchema(opened);
      check(opened);
    } else opened.exec('PRAGMA cache_size = -8000; PRAGMA query_only = ON');
    return opened;
  } catch (error) {
    tell({ kind: 'unopened', failure: failureOf(error) });
    return undefined;
  }
}

/** Larger files are not read as a whole at each start; damage is then found when it is met. */
const CHECKED = 512 * 1024 * 1024;

function check(opened: DatabaseSync): void {
  if (new EmbeddedWriter(opened).used() > CHECKED) return;
  const [first] = Object.values(opened.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (first !== 'ok') throw new DamagedError(String(first).split('\n').at(-1) ?? 'quick_check failed');
}

function serve(opened: DatabaseSync): void {
  const writer = new EmbeddedWriter(opened);
  const reader = new EmbeddedReader(opened);
  const waiting: Append[] = [];
  let scheduled = false;

  parentPort?.on('message', (request: Request) => {
    if (request.call !== 'append') {
      answer(request, () => other(request));
      return;
    }
    waiting.push(request);
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  });
  tell({ kind: 'ready' });

  function flush(): void {
    let characters = 0;
    const count = waiting.findIndex(({ batch }) => (characters += length(batch.batch.lines)) > GROUP);
    const group = waiting.splice(0, count === -1 ? waiting.length : Math.max(1, count));
    appendAll(group);
    scheduled = waiting.length > 0;
    if (scheduled) setImmediate(flush);
  }

  function appendAll(group: readonly Append[]): void {
    try {
      makeRoom();
      const refusals = writer.append(group.map(({ batch }) => batch));
      group.forEach(({ id }, index) => {
        const refusal = refusals[index];
        if (refusal === undefined) tell({ kind: 'answer', id, value: undefined });
        else tell({ kind: 'failure', id, failure: { kind: 'conflict', chain: refusal.chain, seq: refusal.seq } });
      });
    } catch (error) {
      const failure = failureOf(error);
      for (const { id } of group) tell({ kind: 'failure', id, failure });
    }
  }

  /** @throws FullError */
  function makeRoom(): void {
    if (writer.used() <= size * HIGH) return;
    if (whenFull === 'Refuse') throw new FullError(`the embedded audit store is full: it may have ${size} bytes`);
    let records = 0;
    // One step an append at least; the writes that wait do not wait for all of it.
    for (let step = 0; step < 8 && writer.used() > size * LOW; step += 1) {
      const removed = writer.pruneOldest(REMOVED_AT_ONCE);
      records += removed;
      if (removed === 0) break;
    }
    if (records > 0) tell({ kind: 'removed', records });
    if (writer.used() > size)
      throw new FullError(`the embedded audit store may have ${size} bytes, and the last records of all chains have more`);
  }

  function other(request: Exclude<Request, Append>): Answers[keyof Answers] {
    switch (request.call) {
      case 'prune':
        return writer.prune(request.before, request.most);
      case 'used':
        return writer.used();
      case 'set-exported':
        writer.setExported(request.consumer, request.marks);
        return undefined;
      case 'exported':
        return reader.exported(request.consumer);
      case 'ending':
        return reader.ending(request.chain);
      case 'standing':
        return reader.standing(request.chain, request.from);
      case 'chains':
        return reader.chains(request.filter, request.after);
      case 'lines':
        return reader.lines(request.chain, request.from);
      case 'records':
        return reader.records(request.filter, request.after);
      case 'close':
        while (waiting.length > 0) flush();
        opened.close();
        return undefined;
    }
  }
}

function answer(request: Request, work: () => unknown): void {
  try {
    tell({ kind: 'answer', id: request.id, value: work() });
  } catch (error) {
    tell({ kind: 'failure', id: request.id, failure: failureOf(error) });
  }
}

class FullError extends Error {}
class DamagedError extends Error {}

/** https://www.sqlite.org/rescode.html: the lower byte is the primary code. */
const CORRUPT: ReadonlySet<number> = new Set([11, 26]);

function failureOf(error: unknown): Failure {
  const { message, errcode } = error as { readonly message: string; readonly errcode?: unknown };
  const damaged = error instanceof DamagedError || (typeof errcode === 'number' && CORRUPT.has(errcode & 0xff));
  if (damaged) return { kind: 'damaged', reason: message };
  if (error instanceof FullError || error instanceof EmbeddedVersionError) return { kind: 'unavailable', reason: message };
  return { kind: 'unavailable', reason: `the embedded audit store cannot be used: ${message}` };
}

function length(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length, 0);
}

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}

const database = open();
if (database !== undefined) serve(database);
