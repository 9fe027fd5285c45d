import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameTable, STREAM } from './frame-table.ts';
import { DROP, type FrameTap, FrameWalker, PASS, type TapFate } from './frame-walker.ts';
import { message } from './write.ts';

const table = frameTable('server', 'SLUICE-706', 'SLUICE-706', [
  ['T', 400, 400],
  ['D', 1 << 20, STREAM, 1],
  ['Z', 0, 0],
]);
const BYTES = 16;

/** What each row's fate is to be, by its first byte. */
type Rule = 'pass' | 'drop' | 'cut' | 'replace';
const RULES: readonly Rule[] = ['pass', 'drop', 'cut', 'replace'];
const ruleOf = (body: Buffer): Rule => (body.length === 0 ? 'pass' : RULES[body[0]! % 4]!);
/** The second byte says how much goes. */
const cutOf = (body: Buffer, length: number): number => Math.min(length, body.length < 2 ? 0 : body[1]!);

class Recorder implements FrameTap {
  readonly bytes = BYTES;
  readonly seen: string[] = [];
  row(body: Buffer): TapFate {
    this.seen.push(`row ${body.toString('hex')}`);
    return this.#fate(body, body.length);
  }
  large(head: Buffer, length: number): TapFate {
    this.seen.push(`large ${length} ${head.toString('hex')} `);
    return this.#fate(head, length);
  }
  part(bytes: Buffer): void {
    this.seen[this.seen.length - 1] += bytes.toString('hex');
  }
  #fate(head: Buffer, length: number): TapFate {
    switch (ruleOf(head)) {
      case 'pass':
        return PASS;
      case 'drop':
        return DROP;
      case 'cut':
        return { body: Buffer.from('<'), from: cutOf(head, length) };
      case 'replace':
        return { body: Buffer.from('replaced'), from: length };
    }
  }
}

/** What must come out, and what the tap must have seen, frame by frame. */
function expected(bodies: readonly Buffer[], limit: number): { output: Buffer; seen: string[] } {
  const seen: string[] = [];
  const output: Buffer[] = [];
  let rows = 0;
  for (const body of bodies) {
    const whole = body.length <= BYTES;
    let rule = ruleOf(body);
    if (rule !== 'drop' && rows >= limit) rule = 'drop';
    const from = rule === 'cut' ? cutOf(body, body.length) : rule === 'pass' ? 0 : body.length;
    seen.push(
      whole
        ? `row ${body.toString('hex')}`
        : `large ${body.length} ${body.subarray(0, BYTES).toString('hex')} ${body.subarray(BYTES, Math.max(BYTES, from)).toString('hex')}`,
    );
    if (rule === 'drop') continue;
    rows++;
    const prefix = rule === 'cut' ? '<' : rule === 'replace' ? 'replaced' : '';
    output.push(message('D', Buffer.from(prefix), body.subarray(from)));
  }
  return { output: Buffer.concat(output), seen };
}

function run(bytes: Buffer, cuts: readonly number[], limit: number, before: (walker: FrameWalker, tap: FrameTap) => void) {
  const output: Buffer[] = [];
  const tap = new Recorder();
  const walker = new FrameWalker(table, {
    message: () => PASS,
    forward: (run) => void output.push(Buffer.from(run)),
    rowLimitExceeded: () => DROP,
  });
  walker.rowLimit = limit;
  before(walker, tap);
  const sorted = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < sorted.length; i++) walker.push(Buffer.from(bytes.subarray(sorted[i - 1], sorted[i])));
  return { output: Buffer.concat(output), seen: tap.seen, walker };
}

const body = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));

describe('a tap', () => {
  it('sees every row and decides about it, wherever chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(body, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.nat({ max: 15 }),
        (bodies, cuts, limit) => {
          const bytes = Buffer.concat(bodies.map((one) => message('D', one)));
          const got = run(bytes, cuts, limit, (walker, tap) => walker.tap('D', tap));
          const wanted = expected(bodies, limit);
          expect(got.seen).toEqual(wanted.seen);
          expect(got.output.toString('hex')).toBe(wanted.output.toString('hex'));
          expect(got.walker.bytes).toBe(wanted.output.length);
          expect(got.walker.atBoundary).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('sees discarded rows, and cannot make them pass', () => {
    const bodies = [Buffer.from([0, 1]), Buffer.from([2, 1, 9]), Buffer.alloc(50, 3)];
    const got = run(Buffer.concat(bodies.map((one) => message('D', one))), [7, 30], 99, (walker, tap) => {
      walker.discard('D', true);
      walker.tap('D', tap);
    });
    expect(got.output.length).toBe(0);
    expect(got.walker.rows).toBe(0);
    expect(got.seen.map((line) => line.split(' ')[0])).toEqual(['row', 'row', 'large']);
    expect(got.seen[2]!.split(' ').slice(2).join('').length).toBe(100);
  });

  it('holds no more of a row than it asked for', () => {
    const length = 1_000_000;
    let largest = 0;
    const walker = new FrameWalker(table, {
      message: () => PASS,
      forward: (bytes) => (largest = Math.max(largest, bytes.length)),
    });
    let dropped = 0;
    walker.tap('D', {
      bytes: BYTES,
      row: () => PASS,
      large: () => ({ body: Buffer.from('x'), from: 900_000 }),
      part: (bytes) => (dropped += bytes.length),
    });
    const bytes = message('D', Buffer.alloc(length));
    for (let at = 0; at < bytes.length; at += 1_000) walker.push(bytes.subarray(at, at + 1_000));
    expect(dropped).toBe(900_000 - BYTES);
    expect(largest).toBeLessThanOrEqual(1_000);
    expect(walker.bytes).toBe(5 + 1 + 100_000);
  });

  it('lets nothing be inserted where a cut row is still to pass', () => {
    const walker = new FrameWalker(table, { message: () => PASS, forward: () => {} });
    walker.tap('D', { bytes: 4, row: () => PASS, large: () => ({ body: Buffer.alloc(0), from: 20 }) });
    const bytes = message('D', Buffer.alloc(40));
    walker.push(bytes.subarray(0, 15));
    expect(() => walker.insert(Buffer.from('x'))).toThrow();
    walker.push(bytes.subarray(15));
    walker.insert(Buffer.from('x'));
  });

  it('ends, and rows pass unseen again', () => {
    const bytes = Buffer.concat([message('D', Buffer.from([0])), message('Z'), message('D', Buffer.from([1, 1]))]);
    const output: Buffer[] = [];
    const tap = new Recorder();
    const walker: FrameWalker = new FrameWalker(table, {
      message() {
        walker.tap('D', null);
        return PASS;
      },
      forward: (run) => void output.push(Buffer.from(run)),
    });
    walker.tap('D', tap);
    walker.push(bytes);
    expect(tap.seen).toEqual(['row 00']);
    expect(Buffer.concat(output).equals(bytes)).toBe(true);
  });
});
