/**
 * Walks one direction of a PostgreSQL byte stream frame by frame without copying it. It looks at five-byte headers, delivers
 * the bodies a handler wants to see, and forwards everything else as the largest contiguous runs of the chunks received:
 * a hundred rows in a chunk are one `forward` of one subarray, whatever the number of frames in it.
 *
 * Memory: at most one header (5 bytes) or one delivered body is ever held, and only when it straddles chunks; it is then
 * assembled in a buffer that grows with what has arrived, never with what was announced. Framing never depends on where the chunks were cut.
 *
 * Order: bytes reach `forward` in stream order. A handler that puts bytes of its own into the destination does so with
 * `insert`, which first forwards what came before the current frame.
 */
import { lostSync } from './protocol-error.ts';
import type { FrameTable } from './frame-table.ts';
import { STREAM } from './frame-table.ts';

/** What happens to the frame just seen. HOLD stops the walk until `resume` says PASS or DROP. */
export type Disposition = typeof PASS | typeof DROP | typeof HOLD;
export const PASS = 0;
export const DROP = 1;
export const HOLD = 2;

const HEADER = 5;

export interface FrameHandler {
  /**
   * A frame whose body is delivered. `body` is a view that is valid until this call returns (until `resume` after HOLD);
   * `length` is the whole body's length: where `body.length < length` only the head is there, and the rest follows the
   * frame's fate unseen. May throw; the walker must not be used after that.
   */
  message(type: number, body: Buffer, length: number): Disposition;
  /** A run of bytes that passes on. A view: a sink that keeps it must not be given a chunk that is reused. */
  forward(bytes: Buffer): void;
  /** A counted frame exceeds `rowLimit`. Called for each one until the limit is raised. */
  rowLimitExceeded?(): typeof PASS | typeof DROP;
}

/** What becomes of a tapped frame; an object: its body is `body`, followed by its own bytes from offset `from` on. */
export type TapFate = typeof PASS | typeof DROP | { readonly body: Buffer; readonly from: number };

/** Sees the bodies of one type of streamed frames, one by one, and decides about each. */
export interface FrameTap {
  /** Bodies up to so many bytes are delivered whole. That much is held for a frame that straddles chunks. */
  readonly bytes: number;
  /** A whole body: a view that is valid until this call returns; what is given back may be a part of it. */
  row(body: Buffer): TapFate;
  /** A longer one: its first `bytes` bytes. `length` is the whole body's. */
  large(head: Buffer, length: number): TapFate;
  /** More bytes of a long one, of those that are dropped. */
  part?(bytes: Buffer): void;
}

export class FrameWalker {
  /** Counted frames (DataRow, CopyData) passed on since the owner last set this. */
  rows = 0;
  /** Counted frames beyond this ask `rowLimitExceeded`. */
  rowLimit = Number.POSITIVE_INFINITY;
  /** Bytes of passed frames since the owner last set this, headers included; a frame counts whole when its header is seen. */
  bytes = 0;

  readonly #table: FrameTable;
  readonly #handler: FrameHandler;
  /** 1 where streamed frames of a type are dropped. */
  readonly #discarded = new Uint8Array(256);

  #chunk: Buffer = EMPTY;
  #position = 0;
  /** Start of the run not yet forwarded; it ends at #position. -1: none. */
  #run = -1;

  /** Header bytes of a straddling frame, and how many of them are here. */
  readonly #carry = Buffer.allocUnsafe(HEADER);
  #carried = 0;
  /** Body bytes still to come of a frame whose fate is decided. */
  #remaining = 0;
  #remainingPasses = false;
  /** A straddling body that is delivered, header included, and how much of it is here. */
  #assembly: Buffer | null = null;
  #assembled = 0;
  #assemblyLength = 0;

  #type = 0;
  #length = 0;
  #held = false;
  /** Body bytes that were delivered of the frame being decided. */
  #delivered = 0;

  /** Of frames of the type #tapType (-1: of none). */
  #tap: FrameTap | null = null;
  #tapType = -1;
  /** Who was delivered the frame under way. */
  #tapping: FrameTap | null = null;
  /** Of #remaining, the first so many bytes are dropped although the frame passes. */
  #cut = 0;

  constructor(table: FrameTable, handler: FrameHandler) {
    this.#table = table;
    this.#handler = handler;
  }

  /** True between frames: nothing is half received, nothing held. */
  get atBoundary(): boolean {
    return !this.#held && this.#carried === 0 && this.#remaining === 0 && this.#assembly === null;
  }

  /** True while a frame of an undecided fate stops the walk; `push` is then an error. */
  get held(): boolean {
    return this.#held;
  }

  /** From now on streamed frames of this type (one character) are dropped, or pass again. A frame under way keeps its fate. */
  discard(type: string, discarded: boolean): void {
    this.#discarded[type.charCodeAt(0)] = discarded ? 1 : 0;
  }

  /**
   * From now on streamed frames of this type (one character) are delivered to `tap`; null ends it. Those that are discarded are
   * delivered too and dropped whatever it says. One type at a time. A frame under way keeps its fate.
   */
  tap(type: string, tap: FrameTap | null): void {
    this.#tap = tap;
    this.#tapType = tap === null ? -1 : type.charCodeAt(0);
  }

  /**
   * Takes the next bytes of the stream. Returns false when a frame is held: stop reading and call `resume` later; the rest of
   * the chunk is kept until then. Throws ProtocolError (fatal) when the stream is not the protocol.
   */
  push(chunk: Buffer): boolean {
    if (this.#held) throw new Error('FrameWalker.push while a frame is held');
    this.#chunk = chunk;
    this.#position = 0;
    this.#run = -1;
    return this.#walk();
  }

  /** Decides the held frame and walks on. Returns false if another frame is held. */
  resume(disposition: typeof PASS | typeof DROP): boolean {
    if (!this.#held) throw new Error('FrameWalker.resume without a held frame');
    this.#held = false;
    this.#settle(disposition === PASS, this.#delivered);
    return this.#walk();
  }

  /**
   * Puts bytes into the destination at this place of the stream. Inside `message`, and while a frame is held, that is before
   * the current frame; at a boundary, after everything so far. In the middle of a passing frame it throws: bytes there would
   * corrupt the frame.
   */
  insert(bytes: Buffer): void {
    if (this.#remaining > 0 && this.#remainingPasses) throw new Error('FrameWalker.insert inside a passing frame');
    this.flush();
    this.#handler.forward(bytes);
  }

  /** Forwards what passed so far and was not forwarded yet. */
  flush(): void {
    if (this.#run >= 0 && this.#position > this.#run) {
      const run =
        this.#run === 0 && this.#position === this.#chunk.length ? this.#chunk : this.#chunk.subarray(this.#run, this.#position);
      this.#run = -1;
      this.#handler.forward(run);
    }
    this.#run = -1;
  }

  /** The stream ended: throws ProtocolError when it ended inside a frame. */
  end(): void {
    if (!this.atBoundary)
      throw lostSync(`the ${this.#table.sender} closed the connection inside a message`, this.#table.malformed);
  }

  #walk(): boolean {
    const { hold, counted } = this.#table;
    const chunk = this.#chunk;
    const end = chunk.length;
    for (;;) {
      if (this.#remaining > 0) {
        if (this.#cut > 0) this.#cutOff(end);
        const taken = Math.min(this.#remaining, end - this.#position);
        if (this.#remainingPasses) this.#pass(taken);
        else this.#skip(taken);
        this.#remaining -= taken;
        if (this.#remaining > 0) break;
      }
      if (this.#assembly !== null) {
        const taken = Math.min(this.#assemblyLength - this.#assembled, end - this.#position);
        const assembly = this.#grow(this.#assembly, this.#assembled + taken);
        chunk.copy(assembly, this.#assembled, this.#position, this.#position + taken);
        this.#assembled += taken;
        this.#skip(taken);
        if (this.#assembled < this.#assemblyLength) break;
        if (!this.#deliver(assembly.subarray(HEADER, this.#assembled))) return false;
        continue;
      }

      if (this.#carried === 0) this.#stride(chunk);
      let at = this.#position;
      if (this.#carried === 0 && end - at >= HEADER) {
        this.#begin(chunk[at]!, readLength(chunk, at + 1));
        at += HEADER;
      } else {
        if (at === end) break;
        this.flush();
        const taken = Math.min(HEADER - this.#carried, end - at);
        chunk.copy(this.#carry, this.#carried, at, at + taken);
        this.#carried += taken;
        this.#position = at += taken;
        if (this.#carried < HEADER) break;
        this.#begin(this.#carry[0]!, readLength(this.#carry, 1));
      }

      const type = this.#type;
      this.#tapping = type === this.#tapType ? this.#tap : null;
      const held = this.#tapping === null ? hold[type]! : this.#tapping.bytes;
      if (held === STREAM) {
        let passes = this.#discarded[type] === 0;
        if (passes && counted[type] === 1) {
          if (this.rows >= this.rowLimit && this.#handler.rowLimitExceeded?.() === DROP) passes = false;
          else this.rows++;
        }
        this.#settle(passes, 0);
      } else {
        const wanted = Math.min(held, this.#length);
        if (end - at >= wanted) {
          if (!this.#deliver(chunk.subarray(at, at + wanted))) return false;
        } else {
          this.flush();
          this.#assemblyLength = HEADER + wanted;
          const assembly = Buffer.allocUnsafe(Math.min(this.#assemblyLength, FIRST_ASSEMBLY));
          writeHeader(assembly, this.#type, this.#length);
          this.#assembly = assembly;
          this.#assembled = HEADER;
          if (this.#carried === 0) this.#position += HEADER;
          this.#carried = 0;
        }
      }
    }
    this.flush();
    this.#chunk = EMPTY;
    this.#position = 0;
    return true;
  }

  /**
   * Passes over as many whole streamed frames as there are: the loop that rows spend their time in. It decides nothing of its
   * own; it stops at the first frame that is special in any way and leaves it to the walk.
   */
  #stride(chunk: Buffer): void {
    const { maxBody, hold, counted } = this.#table;
    const discarded = this.#discarded;
    const tapped = this.#tapType;
    const end = chunk.length;
    const limit = this.rowLimit;
    let rows = this.rows;
    let at = this.#position;
    while (end - at >= HEADER) {
      const type = chunk[at]!;
      const length = readLength(chunk, at + 1);
      if (hold[type] !== STREAM || discarded[type] !== 0 || type === tapped) break;
      if (length < 4 || length - 4 > maxBody[type]! || at + 1 + length > end) break;
      if (counted[type] === 1) {
        if (rows >= limit) break;
        rows++;
      }
      at += 1 + length;
    }
    const passed = at - this.#position;
    if (passed === 0) return;
    this.rows = rows;
    this.bytes += passed;
    this.#pass(passed);
  }

  /** Checks a header just read. The carry, if used, stays until the frame is decided. */
  #begin(type: number, length: number): void {
    const max = this.#table.maxBody[type]!;
    if (max < 0) {
      this.flush();
      throw lostSync(`invalid message type ${typeName(type)} from the ${this.#table.sender}`, this.#table.refused);
    }
    if (length < 4 || length - 4 > max) {
      this.flush();
      throw lostSync(
        `invalid length ${length} of message type ${typeName(type)} from the ${this.#table.sender}`,
        this.#table.malformed,
      );
    }
    this.#type = type;
    this.#length = length - 4;
  }

  /** False when the handler holds the frame. */
  #deliver(body: Buffer): boolean {
    this.#delivered = body.length;
    if (this.#tapping !== null) {
      this.#tapped(this.#tapping, body);
      return true;
    }
    const disposition = this.#handler.message(this.#type, body, this.#length);
    if (disposition === HOLD) {
      this.flush();
      this.#held = true;
      return false;
    }
    this.#settle(disposition === PASS, this.#delivered);
    return true;
  }

  #tapped(tap: FrameTap, body: Buffer): void {
    const length = this.#length;
    const whole = body.length === length;
    let fate = whole ? tap.row(body) : tap.large(body, length);
    if (this.#discarded[this.#type] === 1) fate = DROP;
    else if (fate !== DROP && this.#table.counted[this.#type] === 1) {
      if (this.rows >= this.rowLimit && this.#handler.rowLimitExceeded?.() === DROP) fate = DROP;
      else this.rows++;
    }
    if (typeof fate === 'number') {
      this.#settle(fate === PASS, body.length);
      // What passes is nobody's business; what is dropped still goes by the tap.
      if (fate === DROP) this.#cut = this.#remaining;
      return;
    }
    const from = Math.min(fate.from, length);
    const header = Buffer.allocUnsafe(HEADER);
    writeHeader(header, this.#type, fate.body.length + length - from);
    this.flush();
    this.#handler.forward(header);
    if (fate.body.length > 0) this.#handler.forward(fate.body);
    if (body.length > from) this.#handler.forward(body.subarray(from));
    this.bytes += HEADER + fate.body.length + length - from;
    this.#settle(false, body.length);
    this.#cut = Math.max(0, from - body.length);
    this.#remainingPasses = this.#remaining > this.#cut;
  }

  /** Drops bytes of a frame that a tap has decided to cut, before its eyes. */
  #cutOff(end: number): void {
    const taken = Math.min(this.#cut, end - this.#position);
    this.#tapping?.part?.(this.#chunk.subarray(this.#position, this.#position + taken));
    this.#skip(taken);
    this.#cut -= taken;
    this.#remaining -= taken;
  }

  /** Applies a frame's fate to its header and the `delivered` first bytes of its body; the rest of the body follows. */
  #settle(passes: boolean, delivered: number): void {
    if (passes) this.bytes += HEADER + this.#length;
    if (this.#assembly !== null) {
      const assembly = this.#assembly;
      this.#assembly = null;
      if (passes) this.#handler.forward(assembly.subarray(0, this.#assemblyLength));
    } else if (this.#carried > 0) {
      this.#carried = 0;
      // A copy: the sink may keep it while the next header fills the carry.
      if (passes) this.#handler.forward(Buffer.from(this.#carry));
      if (passes) this.#pass(delivered);
      else this.#skip(delivered);
    } else if (passes) this.#pass(HEADER + delivered);
    else this.#skip(HEADER + delivered);
    this.#remaining = this.#length - delivered;
    this.#remainingPasses = passes;
    this.#cut = 0;
  }

  /** Room for `needed` bytes in the assembly; twice what there was, so that copying stays linear. */
  #grow(assembly: Buffer, needed: number): Buffer {
    if (needed <= assembly.length) return assembly;
    const larger = Buffer.allocUnsafe(Math.min(this.#assemblyLength, Math.max(needed, 2 * assembly.length)));
    assembly.copy(larger, 0, 0, this.#assembled);
    this.#assembly = larger;
    return larger;
  }

  #pass(count: number): void {
    if (this.#run < 0) this.#run = this.#position;
    this.#position += count;
  }

  #skip(count: number): void {
    this.flush();
    this.#position += count;
  }
}

const EMPTY = Buffer.alloc(0);
const FIRST_ASSEMBLY = 16 * 1024;

/** Unsigned, so that 0x80000000 and above are too long rather than negative. */
function readLength(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function writeHeader(target: Buffer, type: number, bodyLength: number): void {
  target[0] = type;
  target.writeUInt32BE(bodyLength + 4, 1);
}

/** The character where it is printable, else its number: an arbitrary byte does not belong into a message. */
function typeName(type: number): string {
  return type > 0x20 && type < 0x7f ? `'${String.fromCharCode(type)}'` : String(type);
}
