/**
 * Proof that a row was part of a result, by a log that holds none of it (ADR 26).
 *
 * Each row has a leaf: the first 12 bytes of SHA-256 over the result's key, the row's place (8 bytes), its length (4 bytes) and the row as it went to the client:
 * the body of its DataRow (a number of columns, then each value after its length; NULL has length -1) or CopyData. The key of a result comes from the Database's digest
 * key and the statement's name: who has only the log cannot try guesses, equal rows have nothing in common, and whoever is shown one result's
 * key learns nothing about another. Fields of fixed length before the row, and the cut, keep SHA-256 with a key in front from being extended.
 *
 * Leaves are folded, sixteen at a time, into one root, in memory that does not grow with the result. The first thousand are kept as well: with the root
 * alone, only somebody who has the whole result could show anything.
 */
import { createHash, createHmac, hash } from 'node:crypto';
import type { DigestKey } from './digest.ts';

/** Bytes of a leaf; 16 characters of base64url. */
export const LEAF = 12;
/** Leaves that a record holds. */
export const KEPT_LEAVES = 1_000;
/** Bytes of a row that count; of longer ones their length does, too. */
export const PROVEN_BYTES = 256 * 1024;
const KEY = 32;
const HEAD = KEY + 8 + 4;
const ORDER = 16;
/** Rows up to so many bytes are hashed in one call. */
const SCRATCH = 16 * 1024;
/** Most rows of most results; from Node's pool. */
const SMALL = 512;

/** 32 bytes. `statement`: of the records of the execution. */
export function resultKey(key: DigestKey, statement: string): Buffer {
  return createHmac('sha256', key).update(`result\0${statement}`).digest();
}

/** `index`: place of the row, from 0. `row`: its first PROVEN_BYTES; `length`: of all of it. */
export function leafOf(key: Buffer, index: number, row: Buffer, length: number = row.length): Buffer {
  const head = Buffer.alloc(HEAD);
  writeHead(head, key, index, length);
  return createHash('sha256').update(head).update(row.subarray(0, PROVEN_BYTES)).digest().subarray(0, LEAF);
}

function writeHead(head: Buffer, key: Buffer, index: number, length: number): void {
  key.copy(head);
  writePlace(head, index, length);
}

function writePlace(head: Buffer, index: number, length: number): void {
  // As one integer of eight bytes; a BigInt for each row would cost as much as half of its hash.
  head.writeUInt32BE(Math.floor(index / 2 ** 32), KEY);
  head.writeUInt32BE(index % 2 ** 32, KEY + 4);
  head.writeUInt32BE(length, KEY + 8);
}

/** Rows come one by one, in their order. Digests are strings of a character a byte: node:crypto makes these three times as fast as buffers. */
export class ResultProof {
  readonly #key: Buffer;
  /** The head of a leaf, its key written, and room for a row. */
  #scratch: Buffer;
  /** Children of the node that is being filled, by level: leaves, then nodes. */
  readonly #levels: string[][] = [[]];
  readonly #kept: string[] = [];
  #rows = 0;

  constructor(key: Buffer) {
    this.#key = key;
    this.#scratch = roomFor(key, SMALL);
  }

  get rows(): number {
    return this.#rows;
  }

  /** `row` may be a view; what is longer than PROVEN_BYTES may be cut to that. */
  add(row: Buffer, length: number = row.length): void {
    const leaf = this.#leaf(row, length);
    if (this.#rows < KEPT_LEAVES) this.#kept.push(leaf);
    this.#rows += 1;
    this.#push(0, leaf);
  }

  /** Base64url of the leaves that are kept, one after the other. */
  get leaves(): string {
    return Buffer.from(this.#kept.join(''), 'latin1').toString('base64url');
  }

  /** Base64url. No more may be added. */
  root(): string {
    for (let level = 0; level < this.#levels.length - 1; level += 1) {
      const children = this.#levels[level]!;
      if (children.length > 0) this.#push(level + 1, node(children));
      children.length = 0;
    }
    const count = Buffer.alloc(9);
    count[0] = 2;
    count.writeBigUInt64BE(BigInt(this.#rows), 1);
    const top = Buffer.from(this.#levels.at(-1)!.join(''), 'latin1');
    return hash('sha256', Buffer.concat([count, top]), 'buffer').toString('base64url');
  }

  #leaf(row: Buffer, length: number): string {
    if (row.length > SCRATCH - HEAD) return leafOf(this.#key, this.#rows, row, length).toString('latin1');
    if (HEAD + row.length > this.#scratch.length) this.#scratch = roomFor(this.#key, SCRATCH);
    writePlace(this.#scratch, this.#rows, length);
    row.copy(this.#scratch, HEAD);
    return hash('sha256', this.#scratch.subarray(0, HEAD + row.length), 'binary').slice(0, LEAF);
  }

  #push(level: number, child: string): void {
    const children = (this.#levels[level] ??= []);
    children.push(child);
    if (children.length < ORDER) return;
    this.#push(level + 1, node(children));
    children.length = 0;
  }
}

function roomFor(key: Buffer, bytes: number): Buffer {
  const scratch = Buffer.allocUnsafe(bytes);
  key.copy(scratch);
  return scratch;
}

function node(children: readonly string[]): string {
  return hash('sha256', Buffer.from(`\x01${children.join('')}`, 'latin1'), 'binary');
}

/** The body of a DataRow: null is NULL, a Buffer a value in binary format. */
export function rowBytes(values: readonly (string | Buffer | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(values.length);
  const parts = values.flatMap((value) => {
    const length = Buffer.alloc(4);
    if (value === null) {
      length.writeInt32BE(-1);
      return [length];
    }
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    length.writeInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([count, ...parts]);
}

/** Places of the row among the leaves that a record holds; empty: it is none of them. `key`: of the result. */
export function placesOf(key: Buffer, leaves: string, row: Buffer): readonly number[] {
  const kept = Buffer.from(leaves, 'base64url');
  const places: number[] = [];
  const hashed = Buffer.concat([Buffer.alloc(HEAD), row.subarray(0, PROVEN_BYTES)]);
  for (let index = 0; (index + 1) * LEAF <= kept.length; index += 1) {
    writeHead(hashed, key, index, row.length);
    const leaf = hash('sha256', hashed, 'buffer').subarray(0, LEAF);
    if (leaf.equals(kept.subarray(index * LEAF, (index + 1) * LEAF))) places.push(index);
  }
  return places;
}

/** Whether these rows, in this order, are the whole result. */
export function isResult(key: Buffer, root: string, rows: readonly Buffer[]): boolean {
  const proof = new ResultProof(key);
  for (const row of rows) proof.add(row.subarray(0, PROVEN_BYTES), row.length);
  return proof.root() === root;
}
