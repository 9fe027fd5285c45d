/** What the embedded store and its threads tell each other. */
import type { ChainEnding, ChainStanding, RecordFilter, StoredChain, StoredLine } from '../../../core/audit/store.ts';
import type { Page, Position } from './embedded-reader.ts';
import type { TimedBatch } from './embedded-writer.ts';

/** Of a thread's birth. */
export interface ThreadData {
  readonly file: string;
  readonly role: 'writer' | 'reader';
  /** Bytes: more are not taken. */
  readonly size: number;
  readonly whenFull: 'RemoveOldest' | 'Refuse';
}

export type Request = { readonly id: number } & (
  | { readonly call: 'append'; readonly batch: TimedBatch }
  | { readonly call: 'prune'; readonly before: number; readonly most: number }
  | { readonly call: 'used' }
  | { readonly call: 'set-exported'; readonly consumer: string; readonly marks: Readonly<Record<string, number>> }
  | { readonly call: 'exported'; readonly consumer: string }
  | { readonly call: 'ending'; readonly chain: string }
  | { readonly call: 'standing'; readonly chain: string; readonly from: number }
  | { readonly call: 'chains'; readonly filter: RecordFilter; readonly after: number }
  | { readonly call: 'lines'; readonly chain: string; readonly from: number }
  | { readonly call: 'records'; readonly filter: RecordFilter; readonly after: Position | undefined }
  | { readonly call: 'close' }
);

export interface Answers {
  readonly append: undefined;
  readonly prune: number;
  readonly used: number;
  readonly 'set-exported': undefined;
  readonly exported: Readonly<Record<string, number>>;
  readonly ending: ChainEnding | undefined;
  readonly standing: ChainStanding | undefined;
  readonly chains: Page<StoredChain, number>;
  readonly lines: Page<StoredLine, number>;
  readonly records: Page<StoredLine, Position>;
  readonly close: undefined;
}

/** Why a call could not be answered. */
export type Failure =
  | { readonly kind: 'conflict'; readonly chain: string; readonly seq: number }
  /** Later, perhaps. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** The file is not what it was written as. */
  | { readonly kind: 'damaged'; readonly reason: string };

export type FromThread =
  | { readonly kind: 'ready' }
  /** It could not be opened; the thread ends. */
  | { readonly kind: 'unopened'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  /** Room was made: so many records removed. */
  | { readonly kind: 'removed'; readonly records: number };
