/**
 * The operator's side of core/stream/audit-frames.ts: records of the sidecars that this replica has let in, into the store. What waits for the store
 * is bounded for each stream and for all together; beyond it a stream is not read, and its sidecar waits.
 */
import type { ServerHttp2Stream } from 'node:http2';
import type { ChainCertificate } from '../../core/audit/certificate.ts';
import { type AuditStore, type ChainOwner, type ChainStanding, goesOn } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { VerifiedPod } from '../identity/verified-pod.ts';
import type { ChainRefusalCode, ReceptionMetrics } from './reception-metrics.ts';
import { ReceptionStream } from './reception-stream.ts';
import { StoreBackoff } from './store-backoff.ts';

export interface ReceptionOptions {
  readonly store: AuditStore;
  /** Certifies the key of a chain for whom we have verified. Rejects: not now. */
  readonly certify: (request: CertificateRequest) => Promise<ChainCertificate>;
  /** Nothing more of this chain is taken; for whoever records such things. Must not throw. */
  readonly onRefused?: (refusal: ChainRefusal) => void;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly metrics: ReceptionMetrics;
  readonly log: EventLog;
  readonly limits?: Partial<ReceptionLimits>;
}

export interface CertificateRequest {
  readonly chain: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly identity: Identity;
  /** `namespace/name`. */
  readonly database: string;
}

export interface ChainRefusal {
  readonly code: ChainRefusalCode;
  /** One sentence. */
  readonly reason: string;
  readonly chain: string;
  readonly seq?: number;
  /** Who sent it. */
  readonly pod: Identity;
  /** `namespace/name`, as it says. */
  readonly database: string;
}

export interface Standing {
  readonly next: number;
  /** SHA-256 (hex) of the record before, where it is held. */
  readonly hash?: string;
  readonly behind?: number;
}

export interface ReceptionLimits {
  /** Bytes of one stream that wait for the store. */
  readonly stream: number;
  /** Bytes of all streams that wait for the store. */
  readonly all: number;
  /** Bytes of records that a stream may send at once, and per second. */
  readonly rate: readonly [number, number];
  /** Chains that a stream may open; a sidecar has one for each Database, and another when it had to give one up. */
  readonly chains: number;
  /** Milliseconds that records of a pod that is gone are still taken: those that were on their way. */
  readonly tail: number;
}

const MIB = 1024 * 1024;
export const RECEPTION_LIMITS: ReceptionLimits = {
  stream: MIB,
  all: 64 * MIB,
  rate: [32 * MIB, 16 * MIB],
  chains: 64,
  tail: 15_000,
};
/** Owners of chains of which nothing is stored yet. */
const MOST_OWNERS = 50_000;

export class AuditReception {
  readonly options: ReceptionOptions;
  readonly limits: ReceptionLimits;
  readonly backoff: StoreBackoff;
  readonly #streams = new Set<ReceptionStream>();
  /** Pod UID by chain, of those that were opened here. */
  readonly #owners = new Map<string, string>();
  /** Streams that are not read because all together hold too much. */
  readonly #blocked = new Set<ReceptionStream>();
  #held = 0;
  #lastFailure = Number.NEGATIVE_INFINITY;

  constructor(options: ReceptionOptions) {
    this.options = options;
    this.limits = { ...RECEPTION_LIMITS, ...options.limits };
    this.backoff = new StoreBackoff(options.random);
  }

  /** The stream's request has been found good; it has not been answered. */
  accept(stream: ServerHttp2Stream, pod: VerifiedPod): ReceptionStream {
    const accepted = new ReceptionStream(this, stream, pod, () => {
      this.#streams.delete(accepted);
      this.#blocked.delete(accepted);
      this.options.metrics.closed();
    });
    this.#streams.add(accepted);
    this.options.metrics.opened();
    return accepted;
  }

  /** Bytes of records that wait for the store. */
  get held(): number {
    return this.#held;
  }

  get isFull(): boolean {
    return this.#held > this.limits.all;
  }

  hold(bytes: number): void {
    this.#held += bytes;
    if (this.isFull) return;
    for (const stream of this.#blocked) {
      this.#blocked.delete(stream);
      stream.resume();
      if (this.isFull) return;
    }
  }

  /** Until others have let go of theirs. */
  block(stream: ReceptionStream): void {
    this.#blocked.add(stream);
  }

  /**
   * Where this pod goes on with the chain if the first record that it has is `first`; undefined: the chain is another's. `behind`: records up to there
   * are missing. Rejects with what the store rejects with.
   */
  async standing(chain: string, owner: ChainOwner, first: number): Promise<Standing | undefined> {
    const podUid = owner.identity.podUid ?? '';
    const known = this.#owners.get(chain);
    if (known !== undefined && known !== podUid) return undefined;
    const stored = await this.options.store.standing(chain, first);
    if (stored !== undefined) {
      const { identity, database, kind } = stored.owner;
      if (identity.podUid !== podUid || database !== owner.database || kind !== 'sidecar') return undefined;
    }
    // Somebody else may have been asked for meanwhile.
    const now = this.#owners.get(chain);
    if (now !== undefined && now !== podUid) return undefined;
    this.#owners.delete(chain);
    this.#owners.set(chain, podUid);
    if (this.#owners.size > MOST_OWNERS) this.#owners.delete(this.#owners.keys().next().value!);
    return stored === undefined ? { next: first } : standingOf(stored, first);
  }

  refused(refusal: ChainRefusal): void {
    const { metrics, log, onRefused } = this.options;
    const { namespace, pod = '' } = refusal.pod;
    const { code, reason, chain, seq, database } = refusal;
    metrics.refused(code);
    log('error', 'audit-chain-refused', {
      pod: `${namespace}/${pod}`,
      database,
      chain,
      code,
      reason,
      ...(seq === undefined ? {} : { seq }),
    });
    onRefused?.(refusal);
  }

  /** Said once in a while, not for each of five hundred sidecars. */
  storeFailed(error: unknown): void {
    const { clock, log } = this.options;
    if (clock.monotonic() - this.#lastFailure < 5_000) return;
    this.#lastFailure = clock.monotonic();
    log('error', 'audit-store-unavailable', { reason: (error instanceof Error ? error.message : String(error)).slice(0, 300) });
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.end();
  }
}

/** What retention has removed is not wanted again. */
function standingOf(stored: ChainStanding, first: number): Standing {
  const { stretches, removed, hash } = stored;
  const stretch = goesOn(stored, first);
  if (stretch !== undefined) return { next: stretch[1], ...(hash === undefined ? {} : { hash }) };
  const from = Math.max(first, removed);
  const before = stretches.findLast(([, end]) => end < from)?.[1];
  return { next: from, ...(before === undefined || before < removed ? {} : { behind: before }) };
}
