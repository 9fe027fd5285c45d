/** What a record says about rows: of a write which ones it changed and how, of a result which ones left. Never a value in clear. */

/** How complete the evidence of a write is: `exact` means that neither a row nor a value that the statement changed is missing. */
export type Capture = 'exact' | 'partial' | 'none';

/** Why a capture is not exact. Each is documented in docs/reference/audit.md. */
export type CaptureReason =
  /** More rows or bytes than are kept: `digest` stands for all of them. */
  | 'over-limit'
  /** Nobody to seal images to: keys and counts only. */
  | 'no-recipients'
  /** The table has no primary key. */
  | 'no-key'
  /** Triggers may have written to other rows or tables, or after the row was returned. */
  | 'triggers'
  /** Foreign keys of other tables cascade. */
  | 'cascade'
  /** Rules rewrite the statement on the server. */
  | 'rules'
  /** Children have columns of their own. */
  | 'inheritance'
  /** The target is a view or a foreign table. */
  | 'not-a-table'
  /** This server cannot return the rows as they were (PostgreSQL below 18), and they could not be locked beforehand. */
  | 'before-image'
  /** Rows came in between the lock and the write, or keys were changed: their image before is missing. */
  | 'concurrent-change'
  /** A write below WITH, in a function, a procedure, or by EXECUTE. */
  | 'nested'
  /** MERGE, COPY FROM, TRUNCATE or another form of which the server returns no rows. */
  | 'form'
  /** The login may not read the columns. */
  | 'privilege'
  /** The session's settings leave something out of values' text: extra_float_digits below 1, or a DateStyle other than ISO. */
  | 'lossy-text'
  /** The server's counters say that more was written than was seen. */
  | 'counters'
  /** The connection ended before the server said what it had done. */
  | 'interrupted'
  /** The statement was not understood; allowed by a transparent bundle alone. */
  | 'not-analysed';

export interface RowEvidence {
  readonly capture: Capture;
  /** Empty if exact. */
  readonly reasons: readonly CaptureReason[];
  readonly changes: readonly RelationChanges[];
  /** Sealed image: base64 of nonce (12 bytes), ciphertext and tag (16) by AES-256-GCM over the JSON of SealedImages. */
  readonly images?: string;
  /** `SealingKey.id`. */
  readonly sealedBy?: string;
}

export interface RelationChanges {
  /** `schema.name`, quoted as SQL. */
  readonly relation: string;
  readonly action: 'Insert' | 'Update' | 'Delete';
  /** Rows that were changed, as far as known. */
  readonly rows: number;
  /** Columns of the primary key; empty: it has none. */
  readonly key: readonly string[];
  /** rowDigest (digest.ts) of each row's primary key, in the order of the images; cut off at the limit. Of the row after, and of the row before if its key was another. */
  readonly keys?: readonly string[];
  /** Over the limit: SHA-256 (hex) over the canonical JSON of all images in their order, keyed like digests. */
  readonly digest?: string;
}

/** What is inside `images`. Values are PostgreSQL's text format; null is NULL. */
export interface SealedImages {
  readonly v: 1;
  /** Of the intent; so that an image cannot be moved to another record. */
  readonly statement: string;
  readonly changes: readonly {
    readonly relation: string;
    readonly action: 'Insert' | 'Update' | 'Delete';
    readonly key: readonly string[];
    readonly rows: readonly RowImage[];
  }[];
}

export interface RowImage {
  /** The whole row before; absent for Insert, and where it is not known. */
  readonly before?: Readonly<Record<string, string | null>>;
  /** The whole row after; absent for Delete. Of an Update: columns that changed, if `before` is there. */
  readonly after?: Readonly<Record<string, string | null>>;
}

export interface RowProof {
  readonly rows: number;
  /** With Keys: rowDigest of the primary keys of returned rows, where the result carries a whole primary key in clear; bounded. */
  readonly keys?: readonly { readonly relation: string; readonly digests: readonly string[] }[];
  /** Rows of which a key is not in `keys`. */
  readonly leftOut?: number;
  /** With Proof: root (base64url) over all rows, in their order (proof.ts). */
  readonly root?: string;
  /** With Proof: leaves of the first rows, 16 characters each. */
  readonly leaves?: string;
  /** Rows are CopyData as it was sent, not DataRows. */
  readonly copy?: true;
  /** OIDs of the types of those columns that the client had in binary format, 0 for text; absent: all were text. */
  readonly binary?: readonly number[];
}
