/** One sidecar's stream of records: its chains, and when it is not read because enough of it waits already. */
import type { ServerHttp2Stream } from 'node:http2';
import type { Identity } from '../../core/identity/identity.ts';
import type { ChainOwner } from '../../core/audit/store.ts';
import { type AuditOperatorFrame, MAX_AUDIT_FRAME } from '../../core/stream/audit-frames.ts';
import { FrameError, FrameReader, type ReceivedFrame } from '../../core/stream/frame-reader.ts';
import type { VerifiedPod } from '../identity/verified-pod.ts';
import { Bucket } from '../queue/bucket.ts';
import { ReceivedChain } from './received-chain.ts';
import type { AuditReception } from './reception.ts';
import type { ChainRefusalCode } from './reception-metrics.ts';

/** Milliseconds between looks at whether a stream that sends too fast may go on. */
const BREATH = 100;
/** Chains that are refused before the stream is. */
const MOST_REFUSALS = 16;
/** Bytes of answers that a sidecar may leave unread. */
const MAX_UNREAD = 1024 * 1024;
const CHAIN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Of a chain; more than any pod writes. */
const MOST_RECORDS = 2 ** 48;
/** 32 bytes. */
const PUBLIC_KEY = /^[A-Za-z0-9_-]{43}$/;

export class ReceptionStream {
  readonly #reception: AuditReception;
  readonly #stream: ServerHttp2Stream;
  readonly #pod: VerifiedPod;
  readonly #identity: Identity;
  readonly #onEnd: () => void;
  readonly #rate: Bucket;
  /** Undefined: being opened, or refused. */
  readonly #chains = new Map<string, ReceivedChain | undefined>();
  #held = 0;
  #refusals = 0;
  /** Of the rate, not paid for yet. */
  #debt = 0;
  #closing = false;
  #ended = false;
  #cancel: () => void = () => {};

  constructor(reception: AuditReception, stream: ServerHttp2Stream, pod: VerifiedPod, onEnd: () => void) {
    this.#reception = reception;
    this.#stream = stream;
    this.#pod = pod;
    this.#identity = identityOf(pod);
    this.#onEnd = onEnd;
    this.#rate = new Bucket(...reception.limits.rate, reception.options.clock.monotonic());
    stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    this.#listen();
  }

  get isOpen(): boolean {
    return !this.#ended;
  }

  /** The pod is gone or no longer what it was: what it has still on its way is taken, for a while, into the chains that it has open. */
  leave(then: () => void): void {
    this.#closing = true;
    if (this.#ended) {
      then();
      return;
    }
    const cancel = this.#reception.options.clock.after(this.#reception.limits.tail, () => this.end());
    this.#stream.once('close', () => {
      cancel();
      then();
    });
  }

  /** May be read again, as far as others are concerned. */
  resume(): void {
    this.#flow();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancel();
    if (!this.#stream.destroyed) this.#stream.close();
    this.#onEnd();
  }

  #listen(): void {
    const reader = new FrameReader(MAX_AUDIT_FRAME, (frame, bytes) => this.#receive(frame, bytes));
    this.#stream.on('data', (chunk: Buffer) => {
      if (this.#ended) return;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#fault(error instanceof FrameError ? error.message : `internal error: ${(error as Error).name}`);
      }
    });
    this.#stream.on('error', () => {});
    this.#stream.on('end', () => this.#finish());
    this.#stream.on('close', () => this.end());
  }

  /** It has said everything: it is told of what is stored until nothing waits. */
  #finish(): void {
    this.#closing = true;
    if (this.#held === 0 && !this.#ended) this.#stream.end();
  }

  #receive(frame: ReceivedFrame, bytes: number): void {
    if (this.#ended) return;
    const { clock } = this.#reception.options;
    // An empty frame is work, too.
    this.#debt += bytes + 1024;
    if (this.#rate.take(clock.monotonic(), this.#debt)) this.#debt = 0;
    const { chain, first } = frame;
    if (frame.type === 'records' && typeof chain === 'string' && Number.isSafeInteger(first) && Array.isArray(frame['lines']))
      this.#chains.get(chain)?.records(first as number, frame['lines']);
    else if (frame.type === 'open') this.#open(frame);
    else if (frame.type === 'records') {
      this.#fault('its records have no place');
      return;
    }
    this.#flow();
  }

  #open({ database, chain, first, next, publicKey }: ReceivedFrame): void {
    if (
      typeof database !== 'string' ||
      typeof chain !== 'string' ||
      !CHAIN.test(chain) ||
      !isPosition(first) ||
      !isPosition(next) ||
      first > next ||
      typeof publicKey !== 'string' ||
      !PUBLIC_KEY.test(publicKey)
    ) {
      this.#fault('it opens what is no chain');
      return;
    }
    if (this.#chains.has(chain)) {
      this.#fault('it opens a chain twice');
      return;
    }
    if (this.#closing) return;
    if (!this.#pod.databases.includes(database)) {
      this.#refuse(chain, database, 'other-database', 'the pod has nothing on that Database');
      return;
    }
    if (this.#chains.size >= this.#reception.limits.chains) {
      this.#refuse(chain, database, 'too-many-chains', 'the pod has opened too many chains');
      return;
    }
    this.#chains.set(chain, undefined);
    void this.#opened(chain, database, first, publicKey);
  }

  /** Never rejects. */
  async #opened(chain: string, database: string, first: number, publicKey: string): Promise<void> {
    const { store, certify, clock, metrics, log } = this.#reception.options;
    const { backoff } = this.#reception;
    const owner: ChainOwner = { identity: this.#identity, database, kind: 'sidecar' };
    try {
      const standing = await this.#reception.standing(chain, owner, first);
      if (standing === undefined) return this.#refuse(chain, database, 'other-pod', 'the chain is another pod’s');
      const certificate = await certify({ chain, publicKey, identity: this.#identity, database });
      if (this.#ended) return;
      const { next, hash, behind } = standing;
      if (behind !== undefined) log('info', 'audit-gap', { chain, database, from: behind, to: next });
      const options = { chain, owner, next, hash, store, backoff, clock, metrics };
      this.#chains.set(
        chain,
        new ReceivedChain({
          ...options,
          send: (frame) => this.#send(frame),
          held: (bytes) => this.#hold(bytes),
          refused: (code, reason, seq) => this.#reception.refused({ code, reason, chain, seq, pod: this.#identity, database }),
          unavailable: (error) => this.#reception.storeFailed(error),
        }),
      );
      this.#send({ type: 'opened', chain, certificate, next, ...(hash === undefined ? {} : { hash }) });
    } catch (error) {
      this.#chains.delete(chain);
      metrics.storeFailed();
      this.#reception.storeFailed(error);
      this.#send({ type: 'unavailable', chain, reason: 'the store cannot be asked now', retryAfter: backoff.failed() });
    }
  }

  #refuse(chain: string, database: string, code: ChainRefusalCode, reason: string): void {
    this.#reception.refused({ code, reason, chain, pod: this.#identity, database: database.slice(0, 512) });
    this.#send({ type: 'refused', chain, reason });
    this.#refusals += 1;
    if (this.#refusals > MOST_REFUSALS) this.#fault('it opens what it may not, again and again');
  }

  #send(frame: AuditOperatorFrame): void {
    if (this.#ended || this.#stream.destroyed || this.#stream.writableEnded) return;
    if (this.#stream.writableLength > MAX_UNREAD) {
      this.#fault('it does not read');
      return;
    }
    this.#stream.write(`${JSON.stringify(frame)}\n`);
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    this.#reception.hold(bytes);
    if (bytes < 0) this.#flow();
    if (this.#closing && this.#stream.readableEnded && this.#held === 0) setImmediate(() => this.#stream.end());
  }

  /** Reads, or does not. */
  #flow(): void {
    if (this.#ended) return;
    const { clock } = this.#reception.options;
    if (this.#debt > 0) {
      this.#stream.pause();
      this.#cancel();
      this.#cancel = clock.after(BREATH, () => {
        if (this.#rate.take(clock.monotonic(), Math.min(this.#debt, this.#reception.limits.rate[0]))) this.#debt = 0;
        this.#flow();
      });
      return;
    }
    if (this.#reception.isFull) this.#reception.block(this);
    if (this.#held > this.#reception.limits.stream || this.#reception.isFull) this.#stream.pause();
    else this.#stream.resume();
  }

  #fault(reason: string): void {
    const { log } = this.#reception.options;
    log('warn', 'audit-stream-fault', { pod: `${this.#pod.namespace}/${this.#pod.pod}`, reason });
    this.end();
  }
}

function identityOf({ namespace, serviceAccount, pod, podUid, node, image }: VerifiedPod): Identity {
  return {
    namespace,
    serviceAccount,
    pod,
    podUid,
    ...(node === undefined ? {} : { node }),
    ...(image === undefined ? {} : { image }),
  };
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MOST_RECORDS;
}
