/**
 * Rows of one write, as the server gave them, made into evidence. Memory is bounded whatever the number and size of rows: images are kept
 * up to a limit, keys up to a limit, and from there on everything goes into counts and a digest alone.
 */
import { createHmac, type Hmac } from 'node:crypto';
import { type DigestKey, rowDigest } from './digest.ts';
import type { CaptureReason, RelationChanges, RowEvidence, RowImage, SealedImages } from './evidence.ts';

export type ChangeAction = RelationChanges['action'];
/** A row by column name; the primary key's columns come first. */
export type Row = Readonly<Record<string, string | null>>;

export interface CaptureTarget {
  readonly relation: string;
  readonly key: readonly string[];
}

/** Images and keys kept of one statement. */
export const MOST_ROWS = 100;
/** Characters of images' JSON that are kept of one statement. */
export const MOST_IMAGE_TEXT = 64 * 1024;

/** What is missing of rows that were changed: nothing, where there are none. */
const OF_ROWS: readonly CaptureReason[] = ['no-key', 'before-image', 'cascade', 'inheritance', 'privilege'];

interface Changes {
  rows: number;
  readonly images: RowImage[];
  readonly keys: string[];
  /** Canonical JSON of the images that were kept, until the digest is needed. */
  readonly lines: string[];
  hmac: Hmac | null;
}

export interface Sealing {
  readonly digestKey: DigestKey;
  seal(images: SealedImages): { readonly images: string; readonly sealedBy: string } | undefined;
}

export class RowCapture {
  readonly #target: CaptureTarget;
  readonly #sealing: Sealing | undefined;
  readonly #changes = new Map<ChangeAction, Changes>();
  readonly #reasons = new Set<CaptureReason>();
  #rows = 0;
  #text = 0;
  #over = false;

  /** Without `sealing` rows are counted and nothing else. */
  constructor(target: CaptureTarget, sealing: Sealing | undefined) {
    this.#target = target;
    this.#sealing = sealing;
  }

  get rows(): number {
    return this.#rows;
  }

  reason(reason: CaptureReason): void {
    this.#reasons.add(reason);
  }

  /** One row. `before` and `after` as far as they are known. */
  add(action: ChangeAction, before: Row | undefined, after: Row | undefined): void {
    const image = imageOf(before, after);
    this.#addLine(action, JSON.stringify(image), image, before, after);
  }

  /**
   * One row that is too large to be held: `key` is of it as it stands in the result, if it is known; `bytes` and `digest` (hex) of all that the server sent of it stand
   * for its image.
   */
  addLarge(action: ChangeAction, key: Row | undefined, bytes: number, digest: string): void {
    this.#overflow();
    this.#addLine(action, JSON.stringify({ bytes, digest }), undefined, undefined, key);
  }

  /** Rows of which nothing but their number is known. */
  count(action: ChangeAction, rows: number): void {
    this.#rows += rows;
    if (rows > 0) this.#of(action).rows += rows;
  }

  /** `statement`: of the intent. `seen`: rows would have been added, had there been any. Nothing may be added afterwards. */
  finish(statement: string, seen: boolean): RowEvidence {
    const kept = [...this.#changes].filter(([, changes]) => changes.images.length > 0);
    const sealed =
      this.#sealing === undefined || kept.length === 0
        ? undefined
        : this.#sealing.seal({
            v: 1,
            statement,
            changes: kept.map(([action, { images }]) => ({ ...this.#target, action, rows: images })),
          });
    if (sealed === undefined && seen && this.#rows > 0 && (this.#sealing === undefined || kept.length > 0))
      this.#reasons.add('no-recipients');
    if (seen && this.#rows === 0) for (const reason of OF_ROWS) this.#reasons.delete(reason);
    return {
      capture: this.#reasons.size === 0 ? 'exact' : seen ? 'partial' : 'none',
      reasons: [...this.#reasons],
      changes: [...this.#changes].map(([action, changes]) => this.#summary(action, changes)),
      ...sealed,
    };
  }

  #summary(action: ChangeAction, { rows, keys, hmac }: Changes): RelationChanges {
    const { relation, key } = this.#target;
    return {
      relation,
      action,
      rows,
      key,
      ...(key.length === 0 || this.#sealing === undefined ? {} : { keys }),
      ...(hmac === null ? {} : { digest: hmac.digest('hex') }),
    };
  }

  #addLine(
    action: ChangeAction,
    line: string,
    image: RowImage | undefined,
    before: Row | undefined,
    after: Row | undefined,
  ): void {
    const changes = this.#of(action);
    this.#rows += 1;
    changes.rows += 1;
    if (this.#sealing === undefined) return;
    this.#addKeys(changes, before, after);
    if (!this.#over && (this.#rows > MOST_ROWS || this.#text + line.length > MOST_IMAGE_TEXT)) this.#overflow();
    if (!this.#over && image !== undefined) {
      this.#text += line.length;
      changes.images.push(image);
      changes.lines.push(line);
      return;
    }
    this.#hmacOf(changes).update(line).update('\n');
  }

  /** From now on nothing is kept; what was kept begins the digests. */
  #overflow(): void {
    if (this.#over) return;
    this.#over = true;
    this.#reasons.add('over-limit');
    if (this.#sealing === undefined) return;
    for (const changes of this.#changes.values()) this.#hmacOf(changes);
  }

  #hmacOf(changes: Changes): Hmac {
    if (changes.hmac === null) {
      changes.hmac = createHmac('sha256', this.#sealing!.digestKey).update('images\0');
      for (const line of changes.lines.splice(0)) changes.hmac.update(line).update('\n');
    }
    return changes.hmac;
  }

  #addKeys(changes: Changes, before: Row | undefined, after: Row | undefined): void {
    const { relation, key } = this.#target;
    if (key.length === 0 || changes.keys.length >= MOST_ROWS) return;
    const digests = new Set<string>();
    for (const row of [after, before]) {
      if (row === undefined || !key.every((name) => Object.hasOwn(row, name))) continue;
      digests.add(
        rowDigest(
          this.#sealing!.digestKey,
          relation,
          key.map((name) => row[name] ?? null),
        ),
      );
    }
    changes.keys.push(...digests);
  }

  #of(action: ChangeAction): Changes {
    let changes = this.#changes.get(action);
    if (changes === undefined) {
      changes = { rows: 0, images: [], keys: [], lines: [], hmac: null };
      this.#changes.set(action, changes);
    }
    return changes;
  }
}

/** Of an update with its image before: the columns that changed. */
function imageOf(before: Row | undefined, after: Row | undefined): RowImage {
  if (before === undefined || after === undefined)
    return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return { before, after: Object.fromEntries(changed) };
}
