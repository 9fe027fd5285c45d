/**
 * Collection of audit records: a second HTTP/2 stream on the connection of the first (frames.ts), `POST /sluice/v1/audit`, opened after a welcome
 * with protocol 3 or newer. It needs no token: the connection is the verified pod's, and ends with it. A stream of its own, so that a store that
 * is slow holds up neither policies nor heartbeats, and flow control alone is the backpressure.
 *
 * Records are sent as the lines they are in the journal. The operator acknowledges what its store has made durable; only that may be removed
 * or, with Replicated, be acted upon. A sidecar that connects again asks where this replica stands and goes on from there: at least once, stored once.
 */
import type { ChainCertificate } from '../audit/certificate.ts';

export const AUDIT_PATH = '/sluice/v1/audit';
/** The protocol of the first stream that this comes with. */
export const AUDIT_PROTOCOL = 3;
/** Bytes of one line of either body. A record is at most 1 MiB; as a string in JSON twice that. */
export const MAX_AUDIT_FRAME = 4 * 1024 * 1024;
/** Bytes of records that are sent together. */
export const AUDIT_BATCH = 256 * 1024;

export type AuditSidecarFrame =
  | {
      readonly type: 'open';
      /** `namespace/name`. */
      readonly database: string;
      readonly chain: string;
      /** Oldest record that the sidecar still holds. */
      readonly first: number;
      /** The next that it will write. */
      readonly next: number;
      /** Raw Ed25519 public key, base64url: to be certified. */
      readonly publicKey: string;
    }
  | {
      readonly type: 'records';
      readonly chain: string;
      /** seq of the first. */
      readonly first: number;
      /** Without newlines; in their order, without gaps. */
      readonly lines: readonly string[];
    };

export type AuditOperatorFrame =
  /** Answer to `open`. */
  | {
      readonly type: 'opened';
      readonly chain: string;
      readonly certificate: ChainCertificate;
      /** Where this replica's store stands: the next seq that it wants, at least `first` of the open. */
      readonly next: number;
      /** SHA-256 (hex) of the line before, where it holds it: another than the sidecar's own means that the sidecar lost its tail and must begin a new chain. */
      readonly hash?: string;
    }
  /** Everything before `next` is durable in the store. */
  | { readonly type: 'stored'; readonly chain: string; readonly next: number }
  /** The store cannot take records now; they come again after `retryAfter` milliseconds. */
  | { readonly type: 'unavailable'; readonly chain: string; readonly reason: string; readonly retryAfter: number }
  /** What was sent does not fit what is there (a fork, a broken link, another pod's chain): it is recorded, and nothing more of this chain is taken. */
  | { readonly type: 'refused'; readonly chain: string; readonly reason: string };
