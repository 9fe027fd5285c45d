/** The least that reading a schema needs: simple queries over a connection of our own, one at a time, everything as text. */
import { frameTable } from '../../core/wire/frame-table.ts';
import { DROP, type Disposition, FrameWalker } from '../../core/wire/frame-walker.ts';
import { lostSync } from '../../core/wire/protocol-error.ts';
import { BodyReader } from '../../core/wire/reader.ts';
import * as request from '../../core/wire/request.ts';
import { SERVER, decodeReport } from '../../core/wire/server-messages.ts';
import type { UpstreamConnection } from '../upstream/connect.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { QueryError, type ResultRows, type SimpleQueryConnection } from './reader.ts';

const MIB = 1024 * 1024;
/** The schema of ten thousand tables is some 30 MiB; beyond this, all rows together, something else is answering. */
const MAX_ANSWER = 64 * MIB;
const ROW_OVERHEAD = 64;
/** More than any query here has statements. */
const MOST_RESULTS = 100;

/** [type, bytes allowed, bytes delivered]: rows are held whole, COPY and extended-query answers do not exist here. */
const FRAMES = frameTable('server', 'SLUICE-706', 'SLUICE-706', [
  ['T', MIB, 0],
  ['D', MAX_ANSWER, MAX_ANSWER],
  ['C', 1024, 1024],
  ['E', MIB, 64 * 1024],
  ['N', MIB, 0],
  ['Z', 1, 1],
  ['S', MIB, 0],
  ['A', MIB, 0],
  ['I', 0, 0],
]);

export interface QueryClient extends SimpleQueryConnection {
  /** Ends the connection. */
  close(): void;
}

interface Pending {
  readonly results: (readonly (string | null)[])[][];
  rows: (readonly (string | null)[])[];
  /** Of all rows. */
  bytes: number;
  failure: Error | undefined;
  readonly onRow: ((row: readonly (string | null)[]) => void) | undefined;
  readonly resolve: (results: readonly ResultRows[]) => void;
  readonly reject: (error: Error) => void;
}

/** `timeout`: milliseconds a query may take. */
export function openQueryClient(connection: UpstreamConnection, timeout = 30_000): QueryClient {
  const { socket } = connection;
  let pending: Pending | undefined;
  let timer: NodeJS.Timeout | undefined;
  const fail = (error: Error): void => {
    clearTimeout(timer);
    const waiting = pending;
    pending = undefined;
    socket.destroy();
    waiting?.reject(error);
  };
  const walker = new FrameWalker(FRAMES, { message: (type, body) => receive(type, body), forward: () => {} });
  const receive = (type: number, body: Buffer): Disposition => {
    if (type === SERVER.noticeResponse || type === SERVER.parameterStatus || type === SERVER.notification) return DROP;
    if (pending === undefined) throw lostSync('the server sent an answer to nothing', 'SLUICE-706');
    if (type === SERVER.dataRow) {
      count(pending, body.length);
      const row = decodeRow(body);
      if (pending.onRow === undefined) pending.rows.push(row);
      else pending.onRow(row);
    } else if (type === SERVER.commandComplete) {
      if (pending.results.length === MOST_RESULTS) throw lostSync('the answer is larger than any schema', 'SLUICE-706');
      pending.results.push(pending.rows);
      pending.rows = [];
    } else if (type === SERVER.errorResponse) {
      const fields = decodeReport(body);
      const said = (field: string, otherwise: string): string => fields.get(field)?.toString('utf8') ?? otherwise;
      pending.failure = new QueryError(said('C', 'XX000'), said('M', 'unknown error'));
    } else if (type === SERVER.readyForQuery) {
      clearTimeout(timer);
      const { failure, results, resolve, reject } = pending;
      pending = undefined;
      if (failure === undefined) resolve(results);
      else reject(failure);
    }
    return DROP;
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      walker.push(chunk);
    } catch (error) {
      fail(new UpstreamError('SLUICE-706', `the server violated the protocol: ${(error as Error).message}`, { cause: error }));
    }
  });
  socket.on('error', (error) =>
    fail(new UpstreamError('SLUICE-803', 'the connection was lost while the schema was read', { cause: error })),
  );
  socket.on('close', () => fail(new UpstreamError('SLUICE-803', 'the connection was lost while the schema was read')));
  socket.resume();
  return {
    simpleQuery(sql, onRow) {
      if (pending !== undefined) return Promise.reject(new Error('one query at a time'));
      // Its 'close' has been and will not come again.
      if (socket.destroyed)
        return Promise.reject(new UpstreamError('SLUICE-803', 'the connection was lost while the schema was read'));
      return new Promise((resolve, reject) => {
        pending = { results: [], rows: [], bytes: 0, failure: undefined, onRow, resolve, reject };
        timer = setTimeout(
          () => fail(new UpstreamError('SLUICE-802', `the schema could not be read within ${timeout} ms`)),
          timeout,
        );
        socket.write(request.query(sql));
      });
    },
    close: () => {
      socket.removeAllListeners('close');
      socket.end(request.TERMINATE);
    },
  };
}

/** An empty row takes memory, too. */
function count(pending: Pending, bytes: number): void {
  pending.bytes += bytes + ROW_OVERHEAD;
  if (pending.bytes > MAX_ANSWER) throw lostSync('the answer is larger than any schema', 'SLUICE-706');
}

function decodeRow(body: Buffer): readonly (string | null)[] {
  const reader = new BodyReader(body, 'DataRow', 'SLUICE-706');
  const count = reader.uint16();
  const row: (string | null)[] = [];
  for (let index = 0; index < count; index += 1) {
    const length = reader.int32();
    if (length < 0) row.push(null);
    else {
      const start = reader.at;
      reader.skip(length);
      row.push(body.toString('utf8', start, start + length));
    }
  }
  reader.finish();
  return row;
}
