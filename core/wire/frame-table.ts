/**
 * Which message types exist in each direction, how long each may be, and how much of each body is looked at. A type that
 * is not in a table does not exist: it ends the session (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 *
 * `hold` is the number of body bytes handed to the handler. A body that is not longer is delivered whole; of a longer one
 * the first `hold` bytes are delivered and the rest streams past (or is dropped) without ever being held.
 */
import type { Code } from '../errors/codes.ts';

/** The body streams through unseen. */
export const STREAM = -1;

export interface FrameTable {
  /** Who sends these, for messages. */
  readonly sender: 'client' | 'server';
  /** Body bytes allowed by type; -1: the type is refused. */
  readonly maxBody: Int32Array;
  /** Body bytes delivered by type; STREAM: none and no call at all. */
  readonly hold: Int32Array;
  /** 1 where a streamed frame counts as one row. */
  readonly counted: Uint8Array;
  /** Code for a length that cannot be. */
  readonly malformed: Code;
  /** Code for a type that is not in the table. */
  readonly refused: Code;
}

/** [type, body bytes allowed, body bytes delivered, counted as a row]. */
export type FrameRow = readonly [type: string, maxBody: number, hold: number, counted?: 1];

/** The server's own limits: PQ_SMALL_MESSAGE_LIMIT and PQ_LARGE_MESSAGE_LIMIT of libpq.h, less the length word. */
export const SMALL = 10_000 - 4;
export const LARGE = 0x3fffffff - 4;
const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Statements longer than this are not held, hence not understood, hence denied (SLUICE-104). The analysis takes texts of up to
 * 1 MiB (HARD_BOUNDS in sql/parse/prescan.ts); beside the text a Parse has a name and up to 65,535 types of four bytes.
 */
export const DEFAULT_STATEMENT_BYTES = MIB + 320 * KIB;
/** Enough for two names of any sensible length, the format codes and most parameter sets. */
const BIND_HEAD = 16 * KIB;
/** Longer errors and notices are cut: what they quote is a value, and scrubbing works on the fields before it. */
const REPORT_HEAD = 64 * KIB;

export function frameTable(sender: 'client' | 'server', malformed: Code, refused: Code, rows: readonly FrameRow[]): FrameTable {
  const maxBody = new Int32Array(256).fill(-1);
  const hold = new Int32Array(256).fill(STREAM);
  const counted = new Uint8Array(256);
  for (const [type, max, held, counts] of rows) {
    const code = type.charCodeAt(0);
    maxBody[code] = max;
    hold[code] = held;
    counted[code] = counts ?? 0;
  }
  return { sender, maxBody, hold, counted, malformed, refused };
}

/** Everything a client may send once the session is up. `statementBytes` bounds what is held of Query and Parse. */
export function clientFrames(statementBytes: number = DEFAULT_STATEMENT_BYTES): FrameTable {
  return frameTable('client', 'SLUICE-501', 'SLUICE-503', [
    ['Q', LARGE, statementBytes], // Query
    ['P', LARGE, statementBytes], // Parse
    ['B', LARGE, BIND_HEAD], //      Bind
    ['D', SMALL, SMALL], //          Describe
    ['E', SMALL, SMALL], //          Execute
    ['C', SMALL, SMALL], //          Close
    ['H', SMALL, SMALL], //          Flush
    ['S', SMALL, SMALL], //          Sync
    ['X', SMALL, SMALL], //          Terminate
    ['F', LARGE, 0], //              FunctionCall: delivered without its body, to be refused
    ['p', SMALL, SMALL], //          password and SASL messages: delivered to be refused outside a login
    ['d', LARGE, STREAM, 1], //      CopyData
    ['c', SMALL, SMALL], //          CopyDone
    ['f', SMALL, SMALL], //          CopyFail
  ]);
}

/** Everything a server may send between two ReadyForQuery. Login messages (R, K, v), W and V cannot occur any more. */
export const SERVER_FRAMES: FrameTable = frameTable('server', 'SLUICE-706', 'SLUICE-706', [
  ['T', MIB, MIB], //              RowDescription: 1,664 columns of 63-byte names fit seven times
  ['D', LARGE, STREAM, 1], //      DataRow
  ['C', KIB, KIB], //              CommandComplete
  ['E', LARGE, REPORT_HEAD], //    ErrorResponse
  ['N', LARGE, REPORT_HEAD], //    NoticeResponse
  ['Z', 1, 1], //                  ReadyForQuery
  ['S', MIB, MIB], //              ParameterStatus: search_path is reported since 18
  ['A', 32 * KIB, 32 * KIB], //    NotificationResponse: payloads are under 8,000 bytes
  ['1', 0, 0], //                  ParseComplete
  ['2', 0, 0], //                  BindComplete
  ['3', 0, 0], //                  CloseComplete
  ['I', 0, 0], //                  EmptyQueryResponse
  ['n', 0, 0], //                  NoData
  ['s', 0, 0], //                  PortalSuspended
  ['t', MIB, MIB], //              ParameterDescription: up to 65,535 parameters
  ['G', MIB, MIB], //              CopyInResponse
  ['H', MIB, MIB], //              CopyOutResponse
  ['d', LARGE, STREAM, 1], //      CopyData
  ['c', 0, 0], //                  CopyDone
]);

/** What a server may send from the StartupMessage to the first ReadyForQuery. */
export const LOGIN_FRAMES: FrameTable = frameTable('server', 'SLUICE-706', 'SLUICE-706', [
  ['R', 8 * KIB, 8 * KIB], //      Authentication*: SASL messages are a few hundred bytes
  ['E', 32 * KIB, 32 * KIB], //    ErrorResponse
  ['N', 32 * KIB, 32 * KIB], //    NoticeResponse
  ['S', 64 * KIB, 64 * KIB], //    ParameterStatus
  ['K', 260, 260], //              BackendKeyData: secrets have up to 256 bytes in protocol 3.2
  ['v', 4 * KIB, 4 * KIB], //      NegotiateProtocolVersion
  ['Z', 1, 1], //                  ReadyForQuery
]);
