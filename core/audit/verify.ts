/**
 * Checks a chain without trusting whoever wrote it: line by line, in constant memory but for the open statements. Used by
 * `sluice audit verify`; reads nothing by itself.
 */
import { EMPTY_CHAIN, hashLine } from './chain.ts';

/** The first record that does not fit. */
export interface ChainFault {
  /** 1-based. */
  readonly line: number;
  /** Byte offset of the line's start. */
  readonly offset: number;
  readonly seq?: number;
  readonly reason: string;
}

export interface VerifyReport {
  readonly valid: boolean;
  readonly records: number;
  /** Statements with an intent, and how they ended. */
  readonly statements: { readonly allowed: number; readonly denied: number };
  /** Intents without an outcome: the process died, or they still run. */
  readonly outcomeUnknown: readonly string[];
  /** RFC 3339 of the first and last record. */
  readonly from?: string;
  readonly to?: string;
  /** Hash of the last good line: compare it with a checkpoint kept elsewhere. */
  readonly head: string;
  readonly fault?: ChainFault;
  /** Bytes after the last newline: a record that was being written when the process died. */
  readonly tornBytes: number;
}

/** More open statements than this and the rest is only counted. */
const MAX_OPEN = 100_000;

interface ParsedRecord {
  readonly v?: unknown;
  readonly seq?: unknown;
  readonly prev?: unknown;
  readonly time?: unknown;
  readonly type?: unknown;
  readonly statement?: unknown;
  readonly decision?: unknown;
  readonly continues?: unknown;
}

export class ChainVerifier {
  #line = 0;
  #offset = 0;
  #seq = EMPTY_CHAIN.seq;
  #hash = EMPTY_CHAIN.hash;
  #records = 0;
  #allowed = 0;
  #denied = 0;
  #fault: ChainFault | undefined;
  #from: string | undefined;
  #to: string | undefined;
  readonly #open = new Set<string>();
  /** The file goes on where another one ended: the intents of its first outcomes are in that one. */
  #continued = false;
  /** Where the file before ended, which this one must go on from. */
  #before: { readonly seq: number; readonly hash: string } | undefined;

  /** One line without its newline. Lines after the first fault are ignored. */
  line(bytes: Buffer): void {
    this.#line += 1;
    if (this.#fault === undefined) this.#check(bytes);
    this.#offset += bytes.length + 1;
  }

  /** What follows is the next file of the same chain. Its outcomes may be of intents before. */
  nextFile(): void {
    this.#before = { seq: this.#seq - 1, hash: this.#hash };
    this.#line = 0;
    this.#offset = 0;
    this.#seq = EMPTY_CHAIN.seq;
    this.#hash = EMPTY_CHAIN.hash;
  }

  /** The first record that does not fit, so far. */
  get fault(): ChainFault | undefined {
    return this.#fault;
  }

  /** `tornBytes`: length of what followed the last newline. */
  finish(tornBytes = 0): VerifyReport {
    return {
      valid: this.#fault === undefined,
      records: this.#records,
      statements: { allowed: this.#allowed, denied: this.#denied },
      outcomeUnknown: [...this.#open],
      head: this.#hash,
      tornBytes,
      ...(this.#from === undefined ? {} : { from: this.#from }),
      ...(this.#to === undefined ? {} : { to: this.#to }),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
  }

  #check(bytes: Buffer): boolean {
    let record: ParsedRecord;
    try {
      record = JSON.parse(bytes.toString('utf8')) as ParsedRecord;
    } catch {
      return this.#fail('not a JSON object');
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return this.#fail('not a JSON object');
    if (record.v !== 1) return this.#fail(`record format ${JSON.stringify(record.v)} is not known to this version`);
    if (record.seq !== this.#seq) return this.#fail(`seq is ${JSON.stringify(record.seq)}, expected ${this.#seq}`, record);
    if (record.prev !== this.#hash) {
      const what = this.#line === 1 ? 'the beginning of a chain' : 'the line before it; one of the two was changed';
      return this.#fail(`does not follow ${what}`, record);
    }
    if (typeof record.time !== 'string' || typeof record.type !== 'string') return this.#fail('time or type is missing', record);
    if (this.#line === 1 && record.type !== 'chain-start') return this.#fail('the first record is not a chain-start', record);
    if (this.#line === 1 && this.#before !== undefined && !isSamePlace(record.continues, this.#before))
      return this.#fail(
        'does not go on where the file before it ended: a file is missing between them, or the end of that one',
        record,
      );
    if (record.type === 'chain-start' && record.continues !== undefined && this.#before === undefined) this.#continued = true;
    if (!this.#pair(record)) return false;
    this.#seq += 1;
    this.#hash = hashLine(bytes);
    this.#records += 1;
    this.#from ??= record.time;
    this.#to = record.time;
    return true;
  }

  #pair(record: ParsedRecord): boolean {
    if (record.type !== 'intent' && record.type !== 'outcome') return true;
    if (typeof record.statement !== 'string') return this.#fail('statement is missing', record);
    if (record.type === 'outcome') {
      if (!this.#open.delete(record.statement) && this.#open.size < MAX_OPEN && !this.#continued)
        return this.#fail('outcome without an intent', record);
      return true;
    }
    if (record.decision === 'deny') this.#denied += 1;
    else this.#allowed += 1;
    if (this.#open.has(record.statement)) return this.#fail('a second intent for the same statement', record);
    if (this.#open.size < MAX_OPEN) this.#open.add(record.statement);
    return true;
  }

  #fail(reason: string, record?: ParsedRecord): false {
    const seq = typeof record?.seq === 'number' ? { seq: record.seq } : {};
    this.#fault = { line: this.#line, offset: this.#offset, reason, ...seq };
    return false;
  }
}

function isSamePlace(continues: unknown, before: { readonly seq: number; readonly hash: string }): boolean {
  if (typeof continues !== 'object' || continues === null) return false;
  const { seq, hash } = continues as { readonly seq?: unknown; readonly hash?: unknown };
  return seq === before.seq && hash === before.hash;
}
