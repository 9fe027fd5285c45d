/** Any bytes at all: the answer is a value or a ProtocolError, never another exception, and never more memory than allowed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as client from './client-messages.ts';
import { clientFrames, LOGIN_FRAMES, SERVER_FRAMES } from './frame-table.ts';
import { type Disposition, DROP, FrameWalker, HOLD, PASS } from './frame-walker.ts';
import { ProtocolError } from './protocol-error.ts';
import { type ScrubContext, scrubError, scrubNotice, STRICTEST } from './report-scrub.ts';
import { findProtectedColumn } from './second-line.ts';
import * as server from './server-messages.ts';
import { parseStartupPacket, startupPacketLength } from './startup.ts';
import { errorResponse, int32 } from './write.ts';

/** Bytes that look like protocol often enough to get past the first check. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\0',
        '\0\0',
        '\0\0\0\0',
        '\0\x01',
        '\xff\xff',
        '\xff\xff\xff\xff',
        '\x7f\xff\xff\xff',
        '\x80\0\0\0',
        'S',
        'P',
        'a\0',
        'SERROR\0',
        'VERROR\0',
        'VNOTICE\0',
        'C42P01\0',
        'Mx"y\0',
        'P5\0',
        'user\0',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

function only(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

describe('hostile bytes', () => {
  it('in message bodies', () => {
    const context: ScrubContext = { ...STRICTEST, mapPosition: (position) => position };
    const decoders: ((body: Buffer) => unknown)[] = [
      client.decodeQuery,
      client.decodeParse,
      (body) => client.decodeBind(body),
      (body) => client.decodeBind(body, body.length + 100),
      client.decodeDescribe,
      client.decodeClose,
      client.decodeExecute,
      client.decodeCopyFail,
      server.decodeRowDescription,
      (body) => findProtectedColumn(body, new Set([1])),
      server.decodeParameterDescription,
      server.decodeCommandComplete,
      server.decodeReadyForQuery,
      server.decodeParameterStatus,
      server.decodeCopyResponse,
      server.decodeNotification,
      server.decodeBackendKeyData,
      (body) => errorResponse(scrubError(server.decodeReport(body), context)),
      (body) => errorResponse(scrubError(server.decodeReport(body, body.length + 1), { ...context, truncated: true })),
      (body) => scrubNotice(server.decodeReport(body), context),
      startupPacketLength,
      (body) => parseStartupPacket(Buffer.concat([int32(body.length + 8), int32(3 << 16), body])),
    ];
    fc.assert(
      fc.property(bytes, (body) => {
        for (const decode of decoders) only(() => decode(body));
      }),
      { numRuns: 2000 },
    );
  });

  it('in the stream: forwarded bytes are a part of what came in, in order', () => {
    const letters = [...'QPBDECHSXFpdcfTDCEZNSA123Insthv'].map((letter) => letter.charCodeAt(0));
    const header = fc
      .tuple(fc.constantFrom(...letters), fc.integer({ min: 0, max: 40 }), fc.nat(3))
      .map(([type, length, short]) => {
        const frame = Buffer.alloc(Math.max(5, length + 1 - short), 0x61);
        frame[0] = type;
        frame.writeUInt32BE(length, 1);
        return frame;
      });
    const stream = fc
      .array(fc.oneof({ weight: 5, arbitrary: header }, { weight: 1, arbitrary: bytes }), { maxLength: 12 })
      .map((parts) => Buffer.concat(parts));
    const tables = [clientFrames(16), SERVER_FRAMES, LOGIN_FRAMES];
    fc.assert(
      fc.property(
        stream,
        fc.constantFrom(...tables),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.constantFrom<Disposition>(PASS, DROP, HOLD), { minLength: 1 }),
        (input, table, step, fates) => {
          let calls = 0;
          const output: Buffer[] = [];
          const walker = new FrameWalker(table, {
            message: (_type, body, length) => {
              expect(body.length).toBeLessThanOrEqual(length);
              return fates[calls++ % fates.length]!;
            },
            forward: (run) => void output.push(run),
          });
          only(() => {
            for (let at = 0; at < input.length; at += step) {
              let done = walker.push(input.subarray(at, at + step));
              while (!done) done = walker.resume(calls % 2 === 0 ? PASS : DROP);
            }
            walker.end();
          });
          // Every forwarded run is found in the input, each behind the one before.
          let from = 0;
          for (const run of output) {
            const at = input.indexOf(run, from);
            expect(at).toBeGreaterThanOrEqual(from);
            from = at + run.length;
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('that announce much and send little cost little', () => {
    // 200 connections that each announce the largest statement there is.
    const before = process.memoryUsage().arrayBuffers;
    const walkers = Array.from({ length: 200 }, () => new FrameWalker(clientFrames(), { message: () => DROP, forward() {} }));
    for (const walker of walkers) walker.push(Buffer.from([0x51, 0x3f, 0xff, 0xff, 0xff, 0x53, 0x45]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    expect(walkers.every((walker) => !walker.atBoundary)).toBe(true);
  });
});
