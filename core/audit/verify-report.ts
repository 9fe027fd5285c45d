/** What is said of a chain that was verified. */
import type { ChainCertificate } from './certificate.ts';
import type { ParsedRecord } from './parsed-record.ts';

/** The first record that does not fit. */
export interface ChainFault {
  /** 1-based, in its file or chain. */
  readonly line: number;
  /** Byte offset of the line's start. */
  readonly offset: number;
  /** Where in the chain: what stands there is not what was written there, or nothing stands there. */
  readonly seq?: number;
  readonly reason: string;
  /** Of the file or store, as it was named to the verifier. */
  readonly source?: string;
}

export interface VerifyReport {
  readonly valid: boolean;
  readonly chain?: string;
  /** seq of the first record: above 0 the chain was given from its middle on. */
  readonly begins: number;
  /** seq of the record that would come next. */
  readonly next: number;
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
  /** The last certificate: whose chain this is. Checked if there are trust anchors. */
  readonly certificate?: ChainCertificate;
  /** The first chain-start, and where it is. */
  readonly start?: ParsedRecord;
  readonly startsAt?: Place;
  /** The last checkpoint whose signature fits: everything up to here is as it was written, if its certificate is to be believed. */
  readonly signed?: { readonly seq: number; readonly time: string };
  /** seq of the last record that somebody else vouches for. */
  readonly vouched?: number;
  /** Its last record, but for checkpoints, is its end. */
  readonly ended: boolean;
  /** What is worth knowing and wrong all the same with nothing. */
  readonly remarks: readonly string[];
  readonly fault?: ChainFault;
  /** Bytes after the last newline: a record that was being written when the process died. */
  readonly tornBytes: number;
}

/** Somebody else says what stands at a place. */
export interface Vouched {
  readonly position: number;
  /** SHA-256 (hex) of the line. */
  readonly hash: string;
  /** It can be believed without believing whoever keeps the records. */
  readonly proven?: boolean;
}

export interface Place {
  /** 1-based. */
  readonly line: number;
  readonly offset: number;
  readonly source: string | undefined;
}

/** A fault in this place. */
export function faultAt({ line, offset, source }: Place, seq: number | undefined, reason: string): ChainFault {
  return { line, offset, reason, ...(seq === undefined ? {} : { seq }), ...(source === undefined ? {} : { source }) };
}
