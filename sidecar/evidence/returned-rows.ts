/**
 * What left: sees the rows of a result on their way to the client, changes nothing, and keeps digests. With Keys those of primary keys that
 * stand in the rows in clear, with Proof also a leaf of each row (core/audit/proof.ts).
 */
import type { DigestKey } from '../../core/audit/digest.ts';
import { rowDigest } from '../../core/audit/digest.ts';
import type { RowProof } from '../../core/audit/evidence.ts';
import { PROVEN_BYTES, ResultProof, resultKey } from '../../core/audit/proof.ts';
import { type FrameTap, PASS } from '../../core/wire/frame-walker.ts';
import { parameterText } from '../../core/wire/parameter-text.ts';

/** A relation whose whole primary key is among the columns of a result. */
export interface ResultKey {
  /** As records spell it. */
  readonly relation: string;
  /** In the order of the key's columns. */
  readonly columns: readonly { readonly index: number; readonly format: number; readonly type: number }[];
}

/** What is known of a result's columns. */
export interface ResultShape {
  readonly keys: readonly ResultKey[];
  /** OIDs of types of columns in binary format, 0 for text; undefined: all are text, or it is a COPY. */
  readonly binary?: readonly number[];
}

export interface ReturnedRowsOptions {
  readonly digestKey: DigestKey;
  /** The execution's name. */
  readonly statement: string;
  readonly proof: boolean;
  readonly copy: boolean;
  /** Rows beyond it are dropped. */
  readonly limit: number;
  /** Asked with the first row. Undefined: nothing is known of its columns. */
  readonly shape: () => ResultShape | undefined;
}

/** Digests of keys that a record holds, of all relations together. */
const MOST_KEYS = 100;

export class ReturnedRows implements FrameTap {
  readonly bytes = PROVEN_BYTES;
  readonly copy: boolean;
  readonly #options: ReturnedRowsOptions;
  readonly #proof: ResultProof | undefined;
  #shape: ResultShape | undefined;
  #rows = 0;
  #leftOut = 0;
  #digests: Map<string, string>[] = [];
  #held = 0;

  constructor(options: ReturnedRowsOptions) {
    this.#options = options;
    this.copy = options.copy;
    this.#proof = options.proof ? new ResultProof(resultKey(options.digestKey, options.statement)) : undefined;
  }

  row(body: Buffer): typeof PASS {
    return this.#add(body, body.length);
  }

  large(head: Buffer, length: number): typeof PASS {
    return this.#add(head, length);
  }

  /** Of the rows so far. Once. */
  record(): RowProof {
    const keys = this.#digests.flatMap((digests, index) =>
      digests.size === 0 ? [] : [{ relation: this.#shape!.keys[index]!.relation, digests: [...digests.values()] }],
    );
    const { binary } = this.#shape ?? {};
    return {
      rows: this.#rows,
      ...(keys.length === 0 ? {} : { keys }),
      ...(this.#leftOut === 0 ? {} : { leftOut: this.#leftOut }),
      ...(this.#proof === undefined || this.#rows === 0
        ? {}
        : {
            root: this.#proof.root(),
            leaves: this.#proof.leaves,
            ...(this.copy ? { copy: true as const } : {}),
            ...(binary === undefined ? {} : { binary }),
          }),
    };
  }

  #add(body: Buffer, length: number): typeof PASS {
    if (this.#rows >= this.#options.limit) return PASS;
    if (this.#rows === 0) {
      this.#shape = this.#options.shape();
      this.#digests = (this.#shape?.keys ?? []).map(() => new Map());
    }
    this.#rows += 1;
    this.#proof?.add(body, length);
    if (this.#digests.length === 0 || this.#held >= MOST_KEYS || !this.#keysOf(body)) this.#leftOut += 1;
    return PASS;
  }

  /** Whether there is a digest of each key in the row. */
  #keysOf(body: Buffer): boolean {
    const values = valuesOf(body);
    let complete = true;
    this.#shape!.keys.forEach(({ relation, columns }, index) => {
      const texts = columns.map(({ index: at, format, type }) => {
        const bytes = values[at];
        return bytes === undefined || bytes === null ? undefined : parameterText(bytes, format, type)?.toString();
      });
      // The empty side of an outer join is no row.
      if (columns.every(({ index: at }) => values[at] === null)) return;
      if (texts.some((text) => text === undefined)) {
        complete = false;
        return;
      }
      const name = JSON.stringify(texts);
      const digests = this.#digests[index]!;
      if (digests.has(name)) return;
      if (this.#held >= MOST_KEYS) complete = false;
      else {
        digests.set(name, rowDigest(this.#options.digestKey, relation, texts as string[]));
        this.#held += 1;
      }
    });
    return complete;
  }
}

/** Views; of a row that is there in part, its first values. The server is not believed to have counted well. */
function valuesOf(body: Buffer): readonly (Buffer | null)[] {
  const values: (Buffer | null)[] = [];
  if (body.length < 2) return values;
  const count = body.readUInt16BE(0);
  for (let at = 2; values.length < count && at + 4 <= body.length; ) {
    const length = body.readInt32BE(at);
    at += 4;
    if (length > body.length - at) break;
    values.push(length < 0 ? null : body.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return values;
}
