/**
 * One chain on its way from a sidecar into the store. Records are checked as they come and kept until the store has them; one append runs at a time,
 * and takes all that has come meanwhile. When the store cannot take them they are let go of: the sidecar has them, and is told when to send them again.
 */
import type { AuditOperatorFrame } from '../../core/stream/audit-frames.ts';
import { type AuditStore, type ChainOwner, StoreConflictError } from '../../core/audit/store.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { checkLine } from './received-line.ts';
import type { ChainRefusalCode, ReceptionMetrics } from './reception-metrics.ts';
import type { StoreBackoff } from './store-backoff.ts';

export interface ReceivedChainOptions {
  readonly chain: string;
  readonly owner: ChainOwner;
  /** The first that is wanted, and the hash of the record before it where it is held. */
  readonly next: number;
  readonly hash: string | undefined;
  readonly store: Pick<AuditStore, 'append'>;
  readonly backoff: StoreBackoff;
  readonly clock: Clock;
  readonly metrics: ReceptionMetrics;
  readonly send: (frame: AuditOperatorFrame) => void;
  /** Bytes that wait for the store: more, or fewer. */
  readonly held: (bytes: number) => void;
  readonly refused: (code: ChainRefusalCode, reason: string, seq: number) => void;
  readonly unavailable: (error: unknown) => void;
}

/** Bytes that are given to the store together. */
const APPEND = 1024 * 1024;

interface Waiting {
  readonly line: string;
  readonly bytes: number;
  readonly hash: string;
  readonly time: string;
}

export class ReceivedChain {
  readonly #options: ReceivedChainOptions;
  /** Of the last one received. */
  #next: number;
  #hash: string | undefined;
  /** Of the last one stored. */
  #stored: number;
  #storedHash: string | undefined;
  #waiting: Waiting[] = [];
  #appending = false;
  /** The store could not take what came: what was on its way behind that is passed over. */
  #skipping = false;
  /** Nothing more is taken; said once what was sound before is stored. */
  #refusal: { readonly code: ChainRefusalCode; readonly reason: string; readonly seq: number } | undefined;
  #refused = false;

  constructor(options: ReceivedChainOptions) {
    this.#options = options;
    this.#next = this.#stored = options.next;
    this.#hash = this.#storedHash = options.hash;
  }

  /** Where the store stands, as far as this stream has seen. */
  get stored(): number {
    return this.#stored;
  }

  records(first: number, lines: readonly unknown[]): void {
    if (this.#refusal !== undefined) return;
    if (this.#skipping) {
      if (first !== this.#stored) return;
      this.#skipping = false;
      this.#next = this.#stored;
      this.#hash = this.#storedHash;
    }
    if (first !== this.#next) {
      this.#refuse('broken-link', `seq ${this.#next} was expected, not ${first}`);
      return;
    }
    const { chain, owner, metrics, held } = this.#options;
    let bytes = 0;
    let count = 0;
    let problem: Exclude<ReturnType<typeof checkLine>, { ok: true }> | undefined;
    for (const line of lines) {
      const checked = checkLine(line, { chain, owner, seq: this.#next, hash: this.#hash });
      if (!checked.ok) {
        problem = checked;
        break;
      }
      this.#waiting.push({ line: line as string, bytes: checked.bytes, hash: checked.hash, time: checked.time });
      this.#next += 1;
      this.#hash = checked.hash;
      bytes += checked.bytes;
      count += 1;
    }
    metrics.received(count, bytes);
    metrics.waiting(count, bytes);
    held(bytes);
    if (problem !== undefined) this.#refuse(problem.problem, problem.reason);
    else this.#pump();
  }

  #pump(): void {
    if (this.#appending) return;
    if (this.#waiting.length === 0) {
      this.#sayRefusal();
      return;
    }
    this.#appending = true;
    void this.#append(this.#take()).finally(() => {
      this.#appending = false;
      this.#pump();
    });
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex((each) => (bytes += each.bytes) > APPEND);
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }

  async #append(batch: readonly Waiting[]): Promise<void> {
    const { chain, owner, store, clock, metrics, send, backoff } = this.#options;
    const first = this.#stored;
    try {
      await store.append({ chain, owner, first, lines: batch.map(({ line }) => line) });
    } catch (error) {
      this.#release(batch);
      if (error instanceof StoreConflictError) {
        this.#drop();
        return this.#refuse('fork', 'another record is stored at this place', error.seq);
      }
      return this.#unavailable(error);
    }
    this.#release(batch);
    backoff.worked();
    metrics.stored(batch.length, (clock.now() - Date.parse(batch[0]!.time)) / 1000);
    this.#stored = first + batch.length;
    this.#storedHash = batch.at(-1)!.hash;
    send({ type: 'stored', chain, next: this.#stored });
  }

  #unavailable(error: unknown): void {
    const { chain, send, backoff, unavailable, metrics } = this.#options;
    metrics.storeFailed();
    this.#drop();
    this.#skipping = true;
    unavailable(error);
    send({ type: 'unavailable', chain, reason: 'the store cannot take records now', retryAfter: backoff.failed() });
  }

  #refuse(code: ChainRefusalCode, reason: string, seq = this.#next): void {
    this.#refusal ??= { code, reason, seq };
    this.#pump();
  }

  #sayRefusal(): void {
    if (this.#refusal === undefined || this.#refused) return;
    this.#refused = true;
    const { code, reason, seq } = this.#refusal;
    this.#options.refused(code, reason, seq);
    this.#options.send({ type: 'refused', chain: this.#options.chain, reason });
  }

  #drop(): void {
    this.#release(this.#waiting.splice(0));
  }

  #release(batch: readonly Waiting[]): void {
    const bytes = batch.reduce((sum, each) => sum + each.bytes, 0);
    this.#options.metrics.waiting(-batch.length, -bytes);
    this.#options.held(-bytes);
  }
}
