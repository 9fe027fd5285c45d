/**
 * Audit records. For each statement an *intent* is durable before anything is forwarded, an *outcome* follows. Records are JSON
 * lines in a hash chain (chain.ts). Field names are a contract: unknown fields must be kept by readers, and a reader must
 * refuse a `v` it does not know. No literal of a client's statement is ever in clear in here.
 */
import type { Identity } from '../identity/identity.ts';

export interface RecordHeader {
  /** Record format version. */
  readonly v: 1;
  /** Position in the chain, from 0, without gaps. */
  readonly seq: number;
  /** RFC 3339 with microseconds, UTC. */
  readonly time: string;
  readonly type: 'chain-start' | 'session-start' | 'session-end' | 'intent' | 'outcome' | 'event';
  /** SHA-256 (hex) of the previous line's bytes without its newline; of the empty string for the first. */
  readonly prev: string;
}

/** What the chain adds by itself. */
export type WithoutHeader<T> = Omit<T, 'v' | 'seq' | 'time' | 'prev'>;

export interface ChainStart extends RecordHeader {
  readonly type: 'chain-start';
  readonly chain: string;
  readonly product: string;
  readonly identity: Identity;
  readonly database: { readonly namespace: string; readonly name: string; readonly environment?: string };
  /** Set when a chain goes on in a new file: the last seq and hash of the file before. */
  readonly continues?: { readonly seq: number; readonly hash: string };
}

export interface SessionStart extends RecordHeader {
  readonly type: 'session-start';
  readonly session: string;
  /** What the client said of itself: recorded as a claim, not believed. */
  readonly claims: { readonly user?: string; readonly application?: string; readonly address?: string };
}

export interface SessionEnd extends RecordHeader {
  readonly type: 'session-end';
  readonly session: string;
  readonly reason: string;
}

export interface Intent extends RecordHeader {
  readonly type: 'intent';
  readonly session: string;
  /** Which execution; the outcome names it. Unique in the chain. */
  readonly statement: string;
  readonly policies: readonly string[];
  readonly bundle: string;
  readonly mode: 'Enforce' | 'Observe';
  readonly decision: 'allow' | 'deny';
  /** SLUICE code and rule, when denied (or observed). */
  readonly code?: string;
  readonly rule?: string;
  readonly observed?: readonly string[];
  readonly kind: string;
  readonly fingerprint: string;
  readonly text: string;
  readonly reads: readonly { readonly relation: string; readonly columns: readonly string[] }[];
  readonly writes: readonly { readonly relation: string; readonly columns: readonly string[]; readonly action: string }[];
  readonly masks: Readonly<Record<string, string>>;
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly functions?: readonly string[];
  /** W3C traceparent from a sqlcommenter comment. */
  readonly trace?: string;
}

export interface Outcome extends RecordHeader {
  readonly type: 'outcome';
  readonly session: string;
  readonly statement: string;
  readonly result: 'ok' | 'error' | 'denied' | 'unknown';
  readonly sqlstate?: string;
  readonly tag?: string;
  readonly rows?: number;
  readonly bytes?: number;
  /** Microseconds from forwarding to completion. */
  readonly duration?: number;
}

/** NOTIFY payload digests, policy reloads, tripwires, drains. */
export interface AuditEvent extends RecordHeader {
  readonly type: 'event';
  readonly session?: string;
  readonly event: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export type AuditRecord = ChainStart | SessionStart | SessionEnd | Intent | Outcome | AuditEvent;
export type AuditEntry =
  | WithoutHeader<SessionStart>
  | WithoutHeader<SessionEnd>
  | WithoutHeader<Intent>
  | WithoutHeader<Outcome>
  | WithoutHeader<AuditEvent>;
