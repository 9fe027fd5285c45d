/**
 * Bytes on the wire: the frame walker in both directions against a reference that sees everything at once, and each decoder on every body.
 *
 * An input is a stream behind four bytes that say how it is run: which table, what becomes of the frames, where the chunks are cut, how many
 * rows are allowed. Framing must not depend on the cuts.
 */
import * as client from '../../../core/wire/client-messages.ts';
import { clientFrames, type FrameTable, LOGIN_FRAMES, SERVER_FRAMES } from '../../../core/wire/frame-table.ts';
import { ProtocolError } from '../../../core/wire/protocol-error.ts';
import { type ScrubContext, scrubError, scrubNotice, STRICTEST } from '../../../core/wire/report-scrub.ts';
import { findProtectedColumn } from '../../../core/wire/second-line.ts';
import * as server from '../../../core/wire/server-messages.ts';
import { parseStartupPacket, startupPacketLength } from '../../../core/wire/startup.ts';
import { errorResponse } from '../../../core/wire/write.ts';
import { mutateBytes } from '../byte-mutator.ts';
import { messageEnds, referenceWalk, walkInPieces, type Walked } from './frames-reference.ts';
import { Random } from '../random.ts';
import { BYTES } from '../shrink.ts';
import type { Fuzzed, ThreadTarget } from '../target.ts';

const TABLES: readonly FrameTable[] = [clientFrames(64), SERVER_FRAMES, LOGIN_FRAMES, clientFrames()];
const HEAD = 4;
const LARGEST = 4_096;

export const target: ThreadTarget = {
  name: 'frames',
  extension: 'bin',
  pieces: BYTES,
  slowest: 500,
  prepare: async () => prepare(),
};

function prepare(): Fuzzed {
  const plain = 'QPBDECHSXFpdcfT1ZNAKRSGIntsv23'.split('').map((type) => {
    const frame = Buffer.from(`${type}\0\0\0\x08S\0\0\0`, 'latin1');
    return Buffer.concat([Buffer.from([0, 1, 2, 3]), frame, frame]);
  });
  let cuts = 0;
  return {
    seeds: plain,
    draw: (random, pick) => {
      const base = pick();
      const other = pick();
      if (random.once(4))
        return Buffer.concat([base.subarray(0, HEAD), spliceMessages(base, other, random)]).subarray(0, LARGEST);
      return mutateBytes(base, random, [other], LARGEST);
    },
    check: (input) => {
      if (input.length < HEAD) return undefined;
      const table = TABLES[input[0]! % TABLES.length]!;
      const run = { table, stream: input.subarray(HEAD), fates: input[1]!, rowLimit: input[3]! % 16 === 15 ? 2 : undefined };
      const whole = referenceWalk(run);
      const problem = compare(whole, walkInPieces({ ...run, cuts: new Random(input[2]!) }), 'random cuts');
      if (problem !== undefined) return problem;
      // Every place at which the stream can be cut in two; the longest streams at some places only.
      const step = run.stream.length <= 256 ? 1 : Math.ceil(run.stream.length / 64);
      for (let at = input[2]! % step; at <= run.stream.length; at += step) {
        cuts++;
        const difference = compare(whole, walkInPieces({ ...run, cutAt: at }), 'one cut');
        if (difference !== undefined) return difference;
      }
      for (const { type, body, length } of whole.delivered) decode(table, type, body, length);
      startup(run.stream);
      return undefined;
    },
    figures: () => ({ 'cuts tried': cuts }),
  };
}

/** Whole messages of two streams in a new order. */
function spliceMessages(base: Buffer, other: Buffer, random: Random): Buffer {
  const messages = [base.subarray(HEAD), other.subarray(HEAD)].flatMap((stream) => {
    const ends = messageEnds(stream);
    return ends.map((end, index) => stream.subarray(index === 0 ? 0 : ends[index - 1], end));
  });
  if (messages.length === 0) return base.subarray(HEAD);
  return Buffer.concat(Array.from({ length: random.between(1, 8) }, () => random.pick(messages)));
}

export function compare(whole: Walked, pieces: Walked, how: string): string | undefined {
  if (pieces.unexpected !== undefined) return `walker threw ${pieces.unexpected}`;
  if (pieces.error !== whole.error) return `${how}: error "${pieces.error}" instead of "${whole.error}"`;
  if (!pieces.forwarded.equals(whole.forwarded)) return `${how}: other bytes forwarded`;
  if (pieces.delivered.length !== whole.delivered.length) return `${how}: other messages delivered`;
  for (const [index, message] of whole.delivered.entries()) {
    const other = pieces.delivered[index]!;
    if (other.type !== message.type || other.length !== message.length || !other.body.equals(message.body))
      return `${how}: another message delivered`;
  }
  if (pieces.rows !== whole.rows || pieces.bytes !== whole.bytes) return `${how}: counted otherwise`;
  if (pieces.atBoundary !== whole.atBoundary) return `${how}: another end`;
  if (pieces.mostHeld > whole.mostAllowed) return `${how}: held more than allowed`;
  return undefined;
}

const context: ScrubContext = { ...STRICTEST, mapPosition: (position) => position };
const PROTECTED: ReadonlySet<number> = new Set([1, 16_384]);

const CLIENT_DECODERS: Readonly<Record<string, (body: Buffer, length: number) => unknown>> = {
  Q: client.decodeQuery,
  P: client.decodeParse,
  B: client.decodeBind,
  D: client.decodeDescribe,
  E: client.decodeExecute,
  C: client.decodeClose,
  f: client.decodeCopyFail,
  H: (body) => client.decodeEmpty(body, 'Flush'),
};
const SERVER_DECODERS: Readonly<Record<string, (body: Buffer, length: number) => unknown>> = {
  T: (body) => {
    findProtectedColumn(body, PROTECTED);
    return server.decodeRowDescription(body);
  },
  C: server.decodeCommandComplete,
  E: (body, length) =>
    errorResponse(scrubError(server.decodeReport(body, length), { ...context, truncated: body.length < length })),
  N: (body, length) => scrubNotice(server.decodeReport(body, length), context),
  Z: server.decodeReadyForQuery,
  S: server.decodeParameterStatus,
  A: server.decodeNotification,
  t: server.decodeParameterDescription,
  G: server.decodeCopyResponse,
  H: server.decodeCopyResponse,
  K: server.decodeBackendKeyData,
};

function decode(table: FrameTable, type: number, body: Buffer, length: number): void {
  const decoders = table.sender === 'client' ? CLIENT_DECODERS : SERVER_DECODERS;
  declared(() => decoders[String.fromCharCode(type)]?.(body, length));
}

function startup(stream: Buffer): void {
  declared(() => {
    const length = startupPacketLength(stream);
    if (length !== undefined) parseStartupPacket(stream.subarray(0, length));
  });
}

/** A value or a ProtocolError, never another exception. */
function declared(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}
