/**
 * Audit records. For each statement an *intent* is durable before anything is forwarded, an *outcome* follows. Records are JSON
 * lines in a hash chain (chain.ts). Field names are a contract: unknown fields must be kept by readers, and a reader must
 * refuse a `v` it does not know. No literal of a client's statement is ever in clear in here.
 */
import type { Identity } from '../identity/identity.ts';
import type { ChainCertificate } from './certificate.ts';
import type { CheckpointEntry } from './checkpoint.ts';
import type { RowEvidence, RowProof } from './evidence.ts';

export interface RecordHeader {
  /** Record format version. */
  readonly v: 1;
  /** Position in the chain, from 0, without gaps. */
  readonly seq: number;
  /** RFC 3339 with microseconds, UTC. */
  readonly time: string;
  readonly type:
    | 'chain-start'
    | 'chain-key'
    | 'checkpoint'
    | 'chain-end'
    | 'sealing-key'
    | 'session-start'
    | 'session-end'
    | 'intent'
    | 'outcome'
    | 'event'
    | 'admin'
    | 'countersignature';
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
  /** Absent in the operator's own chains. */
  readonly database?: { readonly namespace: string; readonly name: string; readonly environment?: string };
  /**
   * Set when a chain goes on in a new file: the last seq and hash of the file before, which `seq` and `prev` of this record go on from.
   * (Releases before 0.2.0 began again at seq 0 in each file.)
   */
  readonly continues?: { readonly seq: number; readonly hash: string };
  /** A chain that had to be given up for this one: why, and where it stood. */
  readonly replaces?: { readonly chain: string; readonly seq: number; readonly hash: string; readonly reason: string };
}

/** From here on checkpoints are signed with this key. Said again at the beginning of each file, so that one can be checked by itself. */
export interface ChainKey extends RecordHeader {
  readonly type: 'chain-key';
  readonly certificate: ChainCertificate;
}

/** Signs everything before it (checkpoint.ts says which bytes). */
export interface Checkpoint extends RecordHeader {
  readonly type: 'checkpoint';
  /** keyId of the public key. */
  readonly key: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

/** The writer stopped as it should: whatever is missing after a chain without one was lost. A last checkpoint follows it. */
export interface ChainEnd extends RecordHeader {
  readonly type: 'chain-end';
  readonly reason: string;
}

/** The key of the images that follow, sealed. The key itself is in the writer's memory only. */
export interface SealingKey extends RecordHeader {
  readonly type: 'sealing-key';
  /** Named by `RowEvidence.sealedBy`. Unique in the chain. */
  readonly id: string;
  /** One for each purpose: who of them may open it decides nothing about the other. */
  readonly sealed: readonly {
    readonly purpose: 'audit' | 'undo';
    /** age X25519 recipients (age1…). */
    readonly recipients: readonly string[];
    /** An age file (https://age-encryption.org/v1), base64, whose content is the 32 bytes of an AES-256-GCM key. */
    readonly file: string;
  }[];
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
  /**
   * `schema.table.column` -> the class it had then, of sensitive columns that were read as they are stored, whether a policy reveals them or
   * Observe masks nothing. Absent: none were.
   */
  readonly clear?: Readonly<Record<string, string>>;
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly functions?: readonly string[];
  /** W3C traceparent from a sqlcommenter comment. */
  readonly trace?: string;
  /**
   * Keyed digests (digest.ts) of bound values and literals, in the order of the placeholders of `text`: the first is that of `$1`. null for NULL, '' for one
   * that is left out, or that this execution has no value for.
   */
  readonly values?: readonly (string | null)[];
  /** Values that are not in `values`: too many, too large, or in a format whose text is not known. */
  readonly valuesLeftOut?: number;
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
  /** Which rows were written, where `audit.rows` is not None and the statement writes. */
  readonly evidence?: RowEvidence;
  /** Which rows were returned, with `audit.rows` Keys or Proof. */
  readonly returned?: RowProof;
}

/** NOTIFY payload digests, policy reloads, tripwires, drains. */
export interface AuditEvent extends RecordHeader {
  readonly type: 'event';
  readonly session?: string;
  readonly event: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/**
 * What people and the operator did to the installation: policies and Databases, starts, keys, certificates, credentials, refusals.
 * In a chain of its own for each replica of the operator.
 */
export interface AdminRecord extends RecordHeader {
  readonly type: 'admin';
  /** A word such as `policy-changed`; docs/reference/audit.md lists them. */
  readonly action: string;
  /** What it was done to: `DatabaseAccessPolicy data-platform/support-agent`. */
  readonly object?: string;
  /** Who, as the API server authenticated them; absent where nobody did. */
  readonly author?: { readonly username: string; readonly groups?: readonly string[] };
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** In the log of the cluster: the operator has seen this checkpoint. */
export interface Countersignature extends RecordHeader {
  readonly type: 'countersignature';
  readonly chain: string;
  /** Of the checkpoint record. */
  readonly position: number;
  /** SHA-256 (hex) of the checkpoint record's line. */
  readonly hash: string;
  readonly identity: Identity;
  /** `namespace/name`; of the operator's own chains absent. */
  readonly database?: string;
  /** The chain will not go on: it has its end, or its pod is gone without one. */
  readonly ended?: 'ended' | 'vanished';
}

export type AuditRecord =
  | ChainStart
  | ChainKey
  | Checkpoint
  | ChainEnd
  | SealingKey
  | AdminRecord
  | Countersignature
  | SessionStart
  | SessionEnd
  | Intent
  | Outcome
  | AuditEvent;
export type AuditEntry =
  | WithoutHeader<ChainKey>
  | CheckpointEntry
  | WithoutHeader<ChainEnd>
  | WithoutHeader<SealingKey>
  | WithoutHeader<AdminRecord>
  | WithoutHeader<Countersignature>
  | WithoutHeader<SessionStart>
  | WithoutHeader<SessionEnd>
  | WithoutHeader<Intent>
  | WithoutHeader<Outcome>
  | WithoutHeader<AuditEvent>;
