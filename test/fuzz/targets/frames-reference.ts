/** What the frame walker has to do, written as if all bytes were there at once; and the walker itself, fed in pieces. */
import { type FrameTable, STREAM } from '../../../core/wire/frame-table.ts';
import { DROP, FrameWalker, HOLD, PASS } from '../../../core/wire/frame-walker.ts';
import { ProtocolError } from '../../../core/wire/protocol-error.ts';
import { splitMessages } from '../../support/backend.ts';
import type { Random } from '../random.ts';

export interface Run {
  readonly table: FrameTable;
  readonly stream: Buffer;
  /** Decides, with a message's ordinal, what becomes of it; its higher bits discard rows. */
  readonly fates: number;
  readonly rowLimit: number | undefined;
}

export interface Delivered {
  readonly type: number;
  readonly body: Buffer;
  readonly length: number;
}

export interface Walked {
  readonly delivered: readonly Delivered[];
  readonly forwarded: Buffer;
  readonly rows: number;
  readonly bytes: number;
  /** Code of the ProtocolError that ended it. */
  readonly error: string;
  readonly atBoundary: boolean;
  /** Another exception. */
  readonly unexpected?: string;
  /** Body bytes of the largest delivered view, and what the table allows. */
  readonly mostHeld: number;
  readonly mostAllowed: number;
}

const HEADER = 5;
const dropsRows = (run: Run): boolean => run.fates % 8 === 7;
const passes = (run: Run, ordinal: number): boolean => (ordinal + run.fates) % 3 !== 1;
const holds = (run: Run, ordinal: number): boolean => (ordinal + (run.fates >> 2)) % 4 === 0;

export function referenceWalk(run: Run): Walked {
  const { table, stream } = run;
  const delivered: Delivered[] = [];
  const forwarded: Buffer[] = [];
  let rows = 0;
  let bytes = 0;
  let at = 0;
  let atBoundary = true;
  let error = '';
  while (at < stream.length) {
    if (stream.length - at < HEADER) {
      atBoundary = false;
      break;
    }
    const type = stream[at]!;
    const length = stream.readUInt32BE(at + 1) - 4;
    if (table.maxBody[type]! < 0) error = table.refused;
    else if (length < 0 || length > table.maxBody[type]!) error = table.malformed;
    if (error !== '') break;
    const whole = stream.subarray(at, Math.min(stream.length, at + HEADER + length));
    const held = table.hold[type]!;
    let pass: boolean;
    if (held === STREAM) {
      pass = !dropsRows(run) || String.fromCharCode(type) !== 'D';
      if (pass && table.counted[type] === 1) {
        if (rows >= (run.rowLimit ?? Number.POSITIVE_INFINITY)) pass = false;
        else rows++;
      }
    } else {
      const wanted = Math.min(held, length);
      if (whole.length - HEADER < wanted) {
        atBoundary = false;
        break;
      }
      pass = passes(run, delivered.length);
      delivered.push({ type, body: whole.subarray(HEADER, HEADER + wanted), length });
    }
    if (pass) {
      bytes += HEADER + length;
      forwarded.push(whole);
    }
    if (whole.length < HEADER + length) atBoundary = false;
    at += HEADER + length;
  }
  crossCheck(run.stream, at, error);
  const mostAllowed = table.hold.reduce((most, held) => Math.max(most, held), 0);
  return { delivered, forwarded: Buffer.concat(forwarded), rows, bytes, error, atBoundary, mostHeld: 0, mostAllowed };
}

/** The tests' own splitter must agree on where messages end. */
function crossCheck(stream: Buffer, at: number, error: string): void {
  if (error !== '') return;
  const { rest } = splitMessages(stream);
  const split = stream.length - rest.length;
  if (at < stream.length ? split !== at : split > stream.length) throw new Error('the two references disagree');
}

/** Where each whole message ends; an unfinished one at the end counts as one. */
export function messageEnds(stream: Buffer): readonly number[] {
  const ends: number[] = [];
  for (let at = 0; at + HEADER <= stream.length; ) {
    const length = stream.readUInt32BE(at + 1);
    if (length < 4) break;
    at = Math.min(stream.length, at + 1 + length);
    ends.push(at);
  }
  return ends;
}

/** `cutAt`: two chunks; `cuts`: chunks of random length. */
export function walkInPieces(run: Run & { readonly cutAt?: number; readonly cuts?: Random }): Walked {
  const delivered: Delivered[] = [];
  const forwarded: Buffer[] = [];
  let mostHeld = 0;
  let error = '';
  let unexpected: string | undefined;
  const walker = new FrameWalker(run.table, {
    message: (type, body, length) => {
      const ordinal = delivered.length;
      delivered.push({ type, body: Buffer.from(body), length });
      mostHeld = Math.max(mostHeld, body.length);
      if (holds(run, ordinal)) return HOLD;
      return passes(run, ordinal) ? PASS : DROP;
    },
    // A copy: the contract lets a view be reused.
    forward: (bytes) => void forwarded.push(Buffer.from(bytes)),
    rowLimitExceeded: () => DROP,
  });
  if (run.rowLimit !== undefined) walker.rowLimit = run.rowLimit;
  if (dropsRows(run)) walker.discard('D', true);
  try {
    for (const chunk of chunks(run)) {
      let free = walker.push(chunk);
      while (!free) free = walker.resume(passes(run, delivered.length - 1) ? PASS : DROP);
    }
  } catch (caught) {
    if (caught instanceof ProtocolError) error = caught.denial.code;
    else unexpected = caught instanceof Error ? `${caught.name}: ${caught.message}` : String(caught);
  }
  return {
    delivered,
    forwarded: Buffer.concat(forwarded),
    rows: walker.rows,
    bytes: walker.bytes,
    error,
    atBoundary: error !== '' || walker.atBoundary,
    ...(unexpected === undefined ? {} : { unexpected }),
    mostHeld,
    mostAllowed: 0,
  };
}

function* chunks(run: { readonly stream: Buffer; readonly cutAt?: number; readonly cuts?: Random }): Generator<Buffer> {
  const { stream, cutAt, cuts } = run;
  if (cutAt !== undefined) {
    yield Buffer.from(stream.subarray(0, cutAt));
    yield Buffer.from(stream.subarray(cutAt));
    return;
  }
  for (let at = 0; at < stream.length; ) {
    const length = cuts === undefined ? stream.length : cuts.once(4) ? cuts.between(0, 2) : cuts.between(1, 40);
    yield Buffer.from(stream.subarray(at, at + length));
    at += length;
  }
}
