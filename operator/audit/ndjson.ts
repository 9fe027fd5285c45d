/** Answers of NDJSON (ReadItem of core/audit/reading.ts): written as fast as they are read, and with an end that says that it is one. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadItem } from '../../core/audit/reading.ts';
import { type StoredChain, type StoredLine, StoreUnavailableError } from '../../core/audit/store.ts';

/** The first item is waited for before anything is said: rejects where the store is away, and where the reader has gone. */
export async function streamItems(response: ServerResponse, items: AsyncIterable<StoredChain | StoredLine>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  await pipeline(Readable.from(textOf(first, iterator), { objectMode: false, highWaterMark: 64 * 1024 }), response);
}

async function* textOf<T extends StoredChain | StoredLine>(
  first: IteratorResult<T>,
  iterator: AsyncIterator<T>,
): AsyncGenerator<string, undefined> {
  let count = 0;
  try {
    for (let next = first; next.done !== true; next = await iterator.next()) {
      count += 1;
      yield line({ item: next.value });
    }
    yield line({ end: count });
  } catch (error) {
    yield line({ error: sentence(error) });
  } finally {
    await iterator.return?.();
  }
}

function line(item: ReadItem<StoredChain | StoredLine>): string {
  return `${JSON.stringify(item)}\n`;
}

export function sentence(error: unknown): string {
  return error instanceof StoreUnavailableError ? error.message : 'the store could not be read';
}
