import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from './frames.ts';
import { FrameError, FrameReader, type ReceivedFrame } from './frame-reader.ts';

function read(chunks: readonly Buffer[], limit = 1000): ReceivedFrame[] {
  const frames: ReceivedFrame[] = [];
  const reader = new FrameReader(limit, (frame) => void frames.push(frame));
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

describe('frames of the stream', () => {
  it('are the same however the bytes arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat({ max: 200 })), (reasons, cuts) => {
        const sent = reasons.map((reason) => ({ type: 'withdrawn', database: 'a/b', reason }) as const);
        const bytes = Buffer.from(sent.map(encodeFrame).join(''));
        const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index]!, end));
        expect(read(chunks, 100_000)).toEqual(sent);
      }),
    );
  });

  it('of a length up to the limit are taken, longer ones end the stream before they are held', () => {
    const frame = (length: number): Buffer => Buffer.from(`{"type":"x","y":"${'z'.repeat(length - 19)}"}\n`);
    expect(read([frame(1000)])).toHaveLength(1);
    expect(() => read([frame(1001)])).toThrow(FrameError);
    expect(() => read(Array.from({ length: 11 }, () => Buffer.alloc(100, 'x')))).toThrow('longer than 1000 bytes');
  });

  it('that are none are refused: not JSON, no object, no type', () => {
    for (const line of ['', 'x', '{"type":', '[]', '"type"', 'null', '{}', '{"type":1}', '\u0000'])
      expect(() => read([Buffer.from(`${line}\n`)]), line).toThrow(FrameError);
  });
});
