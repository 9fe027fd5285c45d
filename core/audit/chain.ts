/**
 * The hash chain: each record carries the SHA-256 of the line before it, so that a changed, removed, inserted or reordered
 * record shows at the record after it. A chain alone does not prove that its *tail* is complete, nor that it was not written anew from some
 * record on; checkpoints (checkpoint.ts) that leave the machine do.
 */
import { hash } from 'node:crypto';
import { sealCheckpoint } from './checkpoint.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from './record.ts';

/** Where a chain stands: what the next record has to carry. */
export interface ChainHead {
  /** seq of the next record. */
  readonly seq: number;
  /** SHA-256 (hex) of the last line without its newline. */
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainHead = { seq: 0, hash: hashLine('') };

/** SHA-256 (hex) of a line's bytes, newline excluded. */
export function hashLine(line: string | Buffer): string {
  return hash('sha256', line, 'hex');
}

/** Turns entries into lines. Mutable, one a chain; `head` moves with every sealed entry. */
export class Chain {
  #seq: number;
  #hash: string;

  constructor(head: ChainHead = EMPTY_CHAIN) {
    this.#seq = head.seq;
    this.#hash = head.hash;
  }

  get head(): ChainHead {
    return { seq: this.#seq, hash: this.#hash };
  }

  /** Goes back to an earlier head: what was sealed since could not be written. */
  rewind(head: ChainHead): void {
    this.#seq = head.seq;
    this.#hash = head.hash;
  }

  /** One line with its newline. `time`: RFC 3339 UTC. */
  seal(entry: AuditEntry | WithoutHeader<ChainStart>, time: string): string {
    const head = { v: 1, seq: this.#seq, time, prev: this.#hash };
    const line = 'signer' in entry ? sealCheckpoint(head, entry.signer) : JSON.stringify({ ...head, ...entry });
    this.#seq += 1;
    this.#hash = hashLine(line);
    return `${line}\n`;
  }
}
