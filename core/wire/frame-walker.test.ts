import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientFrames, frameTable, SERVER_FRAMES, STREAM } from './frame-table.ts';
import { DROP, type Disposition, FrameWalker, HOLD, PASS } from './frame-walker.ts';
import { ProtocolError } from './protocol-error.ts';
import { message } from './write.ts';

const table = frameTable('server', 'SLUICE-706', 'SLUICE-706', [
  ['T', 400, 400],
  ['B', 400, 7],
  ['F', 400, 0],
  ['D', 400, STREAM, 1],
  ['d', 400, STREAM],
  ['Z', 0, 0],
]);
const frame = (type: string, body: string | number): Buffer =>
  message(type, typeof body === 'number' ? Buffer.alloc(body, 0x61) : Buffer.from(body, 'latin1'));

/** Walks `bytes` cut at `cuts`; the n-th delivered frame gets the n-th fate; marks are inserted where `marks` says so. */
function walk(
  bytes: Buffer,
  cuts: readonly number[],
  fates: readonly Disposition[],
  marks: readonly boolean[] = [],
  rowLimit = Number.POSITIVE_INFINITY,
) {
  const events: string[] = [];
  const output: Buffer[] = [];
  let index = 0;
  const walker: FrameWalker = new FrameWalker(table, {
    message(type, body, length) {
      const at = index++;
      events.push(`${String.fromCharCode(type)} ${body.toString('hex')} ${length}`);
      if (marks[at % Math.max(1, marks.length)] === true) walker.insert(Buffer.from(`<${at}>`));
      return fates[at % fates.length] ?? PASS;
    },
    forward: (run) => void output.push(Buffer.from(run)),
    rowLimitExceeded() {
      events.push('row limit');
      return DROP;
    },
  });
  walker.rowLimit = rowLimit;
  walker.discard('d', true);
  const sorted = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < sorted.length; i++) {
    let done = walker.push(Buffer.from(bytes.subarray(sorted[i - 1], sorted[i])));
    while (!done) {
      events.push('held');
      done = walker.resume(index % 2 === 0 ? PASS : DROP);
    }
  }
  return { events, output: Buffer.concat(output).toString('latin1'), runs: output.length, walker };
}

const frames = fc.array(
  fc.tuple(fc.constantFrom('T', 'B', 'F', 'D', 'D', 'd', 'Z'), fc.integer({ min: 0, max: 40 })).map(([type, size]) => ({
    type,
    bytes: frame(type, type === 'Z' ? 0 : size),
  })),
  { minLength: 1, maxLength: 12 },
);

describe('FrameWalker', () => {
  it('sees the same frames and forwards the same bytes wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.nat(600), { maxLength: 20 }),
        fc.array(fc.constantFrom<Disposition>(PASS, DROP, HOLD), { minLength: 1, maxLength: 5 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(Number.POSITIVE_INFINITY, 2),
        (list, cuts, fates, marks, rowLimit) => {
          const bytes = Buffer.concat(list.map((one) => one.bytes));
          const whole = walk(bytes, [], fates, marks, rowLimit);
          const cut = walk(bytes, cuts, fates, marks, rowLimit);
          const single = walk(
            bytes,
            Array.from({ length: bytes.length }, (_, i) => i),
            fates,
            marks,
            rowLimit,
          );
          for (const other of [cut, single]) {
            expect(other.events).toEqual(whole.events);
            expect(other.output).toBe(whole.output);
            expect([other.walker.rows, other.walker.bytes]).toEqual([whole.walker.rows, whole.walker.bytes]);
            expect(other.walker.atBoundary).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('agrees with a model that frames the whole stream at once', () => {
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.nat(600), { maxLength: 20 }),
        fc.array(fc.constantFrom<Disposition>(PASS, DROP), { minLength: 1, maxLength: 5 }),
        (list, cuts, fates) => {
          let delivered = 0;
          let expected = '';
          const events: string[] = [];
          for (const { type, bytes } of list) {
            if (type === 'd') continue;
            let fate: Disposition = PASS;
            if (type !== 'D') {
              fate = fates[delivered++ % fates.length] ?? PASS;
              const body = bytes.subarray(5);
              const held = type === 'B' ? body.subarray(0, 7) : type === 'F' ? body.subarray(0, 0) : body;
              events.push(`${type} ${held.toString('hex')} ${body.length}`);
            }
            if (fate === PASS) expected += bytes.toString('latin1');
          }
          const seen = walk(Buffer.concat(list.map((one) => one.bytes)), cuts, fates);
          expect(seen.events).toEqual(events);
          expect(seen.output).toBe(expected);
          expect(seen.walker.rows).toBe(list.filter((one) => one.type === 'D').length);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('forwards a chunk of rows as the chunk itself', () => {
    const forwarded: Buffer[] = [];
    const walker = new FrameWalker(SERVER_FRAMES, { message: () => PASS, forward: (run) => void forwarded.push(run) });
    const chunk = Buffer.concat([
      frame('T', '\0\0'),
      ...Array.from({ length: 100 }, () => frame('D', 20)),
      frame('C', 'SELECT 100\0'),
    ]);
    walker.push(chunk);
    expect(forwarded).toHaveLength(1);
    expect(forwarded[0]).toBe(chunk);
    expect(walker.rows).toBe(100);
    expect(walker.bytes).toBe(chunk.length);
  });

  it('delivers views of the chunk, not copies', () => {
    let seen: Buffer | undefined;
    const walker = new FrameWalker(clientFrames(), {
      message(_type, body) {
        seen = body;
        return PASS;
      },
      forward() {},
    });
    const chunk = frame('Q', 'SELECT 1\0');
    walker.push(chunk);
    expect(seen?.buffer).toBe(chunk.buffer);
    expect(seen?.byteOffset).toBe(chunk.byteOffset + 5);
  });

  it('streams a body of a gigabyte without holding it', () => {
    let passed = 0;
    const walker = new FrameWalker(SERVER_FRAMES, { message: () => PASS, forward: (run) => void (passed += run.length) });
    const header = Buffer.from([0x44, 0x3f, 0xff, 0xff, 0xff]);
    walker.push(header);
    const chunk = Buffer.alloc(1 << 16);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1000; i++) walker.push(chunk);
    expect(passed).toBe(5 + 1000 * chunk.length);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
    expect(walker.atBoundary).toBe(false);
    expect(() => walker.end()).toThrow(ProtocolError);
  });

  it('delivers only the head of a statement above the cap', () => {
    const seen: [number, number][] = [];
    const output: Buffer[] = [];
    const walker = new FrameWalker(clientFrames(16), {
      message(_type, body, length) {
        seen.push([body.length, length]);
        return DROP;
      },
      forward: (run) => void output.push(run),
    });
    for (const byte of frame('Q', 'SELECT 12345678901234567890\0')) walker.push(Buffer.from([byte]));
    walker.push(frame('S', ''));
    expect(seen).toEqual([
      [16, 28],
      [0, 0],
    ]);
    expect(output).toHaveLength(0);
    expect(walker.atBoundary).toBe(true);
  });

  const broken: [string, Buffer][] = [
    ['length 3', Buffer.from([0x51, 0, 0, 0, 3])],
    ['length 0', Buffer.from([0x53, 0, 0, 0, 0])],
    ['length 0xffffffff', Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])],
    ['length 0x7fffffff', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])],
    ['Sync above 10,000', Buffer.from([0x53, 0, 0, 0x27, 0x11])],
    ['type 0', Buffer.from([0, 0, 0, 0, 4])],
    ['TLS record', Buffer.from([0x16, 3, 1, 0, 200])],
    ['unknown letter', Buffer.from([0x79, 0, 0, 0, 4])],
    ['a server type', Buffer.from([0x5a, 0, 0, 0, 5])],
  ];
  it.each(broken)('ends the session on %s, after forwarding what came before', (_name, bytes) => {
    for (const cut of [0, 1, 3, 5]) {
      const output: Buffer[] = [];
      const walker = new FrameWalker(clientFrames(), {
        message: () => PASS,
        forward: (run) => void output.push(Buffer.from(run)),
      });
      const sync = frame('S', '');
      const all = Buffer.concat([sync, bytes]);
      let error: unknown;
      try {
        walker.push(all.subarray(0, sync.length + cut));
        walker.push(all.subarray(sync.length + cut));
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ fatal: true, denial: { sqlstate: '08P01' } });
      expect(Buffer.concat(output).equals(sync)).toBe(true);
    }
  });

  it('refuses login messages and server-only oddities after the login', () => {
    for (const type of ['R', 'K', 'v', 'W', 'V', '\0', 'X']) {
      const walker = new FrameWalker(SERVER_FRAMES, { message: () => PASS, forward() {} });
      expect(() => walker.push(frame(type, '\0\0\0\0'))).toThrow(ProtocolError);
    }
  });

  it('takes no bytes while a frame is held and none in the middle of a passing frame', () => {
    const walker = new FrameWalker(table, { message: () => HOLD, forward() {} });
    expect(walker.push(frame('T', 3))).toBe(false);
    expect(() => walker.push(frame('T', 3))).toThrow('held');
    walker.insert(Buffer.from('x'));
    expect(walker.resume(PASS)).toBe(true);
    walker.push(frame('D', 30).subarray(0, 12));
    expect(() => walker.insert(Buffer.from('x'))).toThrow('inside');
  });
});
