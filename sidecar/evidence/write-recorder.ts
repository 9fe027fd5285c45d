/**
 * The evidence of one execution that writes. Where a column of ours rides along (core/sql/evidence), its rows are read here on their way and the
 * column is cut off; what is in clear is let go of with the row. Otherwise the server's own count is all there is.
 */
import { createHmac, type Hmac } from 'node:crypto';
import { RowCapture, type Row } from '../../core/audit/capture.ts';
import type { DigestKey } from '../../core/audit/digest.ts';
import type { CaptureReason, RowEvidence } from '../../core/audit/evidence.ts';
import type { EvidenceColumn, PlannedEvidence } from '../../core/sql/evidence/planned.ts';
import { DROP, type FrameTap, type TapFate } from '../../core/wire/frame-walker.ts';
import { malformed } from '../../core/wire/protocol-error.ts';
import { leadingFields, parseRecord } from '../../core/wire/record-text.ts';
import type { EvidenceKeys } from './keys.ts';

/** A row up to so many bytes is held whole, a longer one only as far as this. */
const ROW_BYTES = 256 * 1024;
/** Before the first field's bytes in a DataRow: number of fields, its length. */
const FIRST_FIELD = 6;

/** extra_float_digits and DateStyle with which text tells all there is. */
const FULL_TEXT = /^[1-3] ISO,/;

/** How the execution ended. */
export interface Completion {
  /** Of CommandComplete, if it has a number. */
  readonly rows: number | null;
  /** More rows of this portal have been asked for, or were before. */
  readonly portion?: boolean;
  readonly reason?: CaptureReason;
}

export class WriteRecorder implements FrameTap {
  readonly bytes = ROW_BYTES;
  readonly #planned: PlannedEvidence;
  readonly #swallow: boolean;
  readonly #digestKey: DigestKey | undefined;
  readonly #capture: RowCapture;
  /** The large row under way. */
  #large: { readonly hmac: Hmac; readonly fields: readonly (string | null)[]; readonly length: number; left: number } | null =
    null;

  constructor(planned: PlannedEvidence, swallow: boolean, keys: EvidenceKeys | undefined) {
    this.#planned = planned;
    this.#swallow = swallow;
    this.#digestKey = keys?.digestKey;
    const { relation = '', key = [] } = planned.target ?? {};
    this.#capture = new RowCapture(
      { relation, key },
      keys === undefined ? undefined : { digestKey: keys.digestKey, seal: (images) => keys.sealer.seal(images) },
    );
    for (const reason of planned.reasons) this.#capture.reason(reason);
  }

  /** What sees the rows; undefined: nothing rides along. */
  get tap(): FrameTap | undefined {
    return this.#planned.column === undefined ? undefined : this;
  }

  row(body: Buffer): TapFate {
    const length = firstLength(body, body.length);
    this.#take(body.toString('utf8', FIRST_FIELD, FIRST_FIELD + length));
    return this.#cut(body, length);
  }

  large(head: Buffer, whole: number): TapFate {
    const length = firstLength(head, whole);
    const here = head.length - FIRST_FIELD;
    if (length <= here) {
      this.#take(head.toString('utf8', FIRST_FIELD, FIRST_FIELD + length));
    } else {
      const hmac = createHmac('sha256', this.#digestKey ?? Buffer.alloc(32))
        .update('row-bytes\0')
        .update(head.subarray(FIRST_FIELD));
      this.#large = { hmac, fields: leadingFields(head.toString('utf8', FIRST_FIELD)), length, left: length - here };
    }
    return this.#cut(head, length);
  }

  part(bytes: Buffer): void {
    const large = this.#large;
    if (large === null) return;
    large.hmac.update(bytes.length > large.left ? bytes.subarray(0, large.left) : bytes);
    large.left -= bytes.length;
    if (large.left > 0) return;
    this.#large = null;
    const { column, target } = this.#planned;
    const names = column!.columns;
    const tags = tagsOf(column!);
    const images = column!.images === 'row' ? 1 : 2;
    // Of an image after that is not here as a whole the key is not known; that of the image before is the next best, where there is one.
    this.#checkFirst(column!, large.fields);
    const values = large.fields.slice(tags, tags + names.length);
    const key = (target?.key.length ?? 0) <= values.length ? rowOf(names, values) : undefined;
    this.#capture.addLarge(target?.action ?? (images === 1 ? 'Insert' : 'Update'), key, large.length, large.hmac.digest('hex'));
  }

  reason(reason: CaptureReason): void {
    this.#capture.reason(reason);
  }

  /** `statement`: of the intent. */
  finish(statement: string, { rows, portion, reason }: Completion): RowEvidence {
    const capture = this.#capture;
    const { column, target } = this.#planned;
    if (reason !== undefined) capture.reason(reason);
    if (portion === true) capture.reason('interrupted');
    else if (column !== undefined && rows !== null && rows !== capture.rows) capture.reason('counters');
    else if (column === undefined && target?.action !== undefined && rows !== null) capture.count(target.action, rows);
    return capture.finish(statement, column !== undefined);
  }

  #cut(body: Buffer, length: number): TapFate {
    if (this.#swallow) return DROP;
    const count = Buffer.allocUnsafe(2);
    count.writeUInt16BE(body.readUInt16BE(0) - 1);
    return { body: count, from: FIRST_FIELD + length };
  }

  #take(text: string): void {
    const column = this.#planned.column!;
    const fields = parseRecord(text);
    const tags = tagsOf(column);
    const width = column.columns.length;
    if (fields === undefined || fields.length !== tags + width * (column.images === 'row' ? 1 : 2))
      throw malformed('the server returned another row than was asked for', {}, 'SLUICE-706');
    this.#checkFirst(column, fields);
    const first = rowOf(column.columns, fields.slice(tags, tags + width));
    const second = column.images === 'row' ? undefined : rowOf(column.columns, fields.slice(tags + width));
    this.#add(column, fields.slice(column.settings === true ? 2 : 1), first, second);
  }

  /** What the statement says of the moment in which it ran. */
  #checkFirst(column: EvidenceColumn, fields: readonly (string | null)[]): void {
    if (fields[0] !== String(column.triggers)) this.#capture.reason('triggers');
    if (column.settings === true && !FULL_TEXT.test(fields[1] ?? '')) this.#capture.reason('lossy-text');
  }

  #add(column: EvidenceColumn, fields: readonly (string | null)[], first: Row, second: Row | undefined): void {
    const capture = this.#capture;
    switch (column.tag) {
      case 'none':
        if (second !== undefined) {
          if (this.#planned.target?.action === 'Update' || !this.#isAbsent(first)) capture.add('Update', first, second);
          else capture.add('Insert', undefined, second);
        } else if (this.#planned.target?.action === 'Delete') capture.add('Delete', first, undefined);
        else capture.add(this.#planned.target?.action ?? 'Insert', undefined, first);
        return;
      case 'matched':
        this.#matched(fields[0] === 't', first, second);
        return;
      case 'upsert':
        if (fields[0] === 't') capture.add('Insert', undefined, second);
        else this.#matched(fields[1] === 't', first, second);
        return;
      case 'merge':
        if (fields[0] === 'DELETE') capture.add('Delete', first, undefined);
        else if (fields[0] === 'INSERT') capture.add('Insert', undefined, second ?? first);
        else if (second === undefined) capture.add('Update', undefined, first);
        else capture.add('Update', first, second);
    }
  }

  #matched(matched: boolean, before: Row, after: Row | undefined): void {
    if (!matched) this.#capture.reason('concurrent-change');
    this.#capture.add('Update', matched ? before : undefined, after);
  }

  /** No row before: a key is never NULL, and without one a row of nothing but NULLs is none. */
  #isAbsent(row: Row): boolean {
    const key = this.#planned.target?.key ?? [];
    return (key.length > 0 ? key : Object.keys(row)).every((name) => row[name] === null);
  }
}

function tagsOf({ tag, settings }: EvidenceColumn): number {
  return (settings === true ? 2 : 1) + (tag === 'none' ? 0 : tag === 'upsert' ? 2 : 1);
}

/** Bytes of the first field, of a DataRow whose body is `whole` bytes long. */
function firstLength(head: Buffer, whole: number): number {
  const length = head.length < FIRST_FIELD || head.readUInt16BE(0) === 0 ? -1 : head.readInt32BE(2);
  if (length < 0 || FIRST_FIELD + length > whole)
    throw malformed('the server returned a row without the column that was asked for', {}, 'SLUICE-706');
  return length;
}

function rowOf(names: readonly string[], values: readonly (string | null)[]): Row {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
}
