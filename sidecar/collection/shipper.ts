/**
 * Records of one Database on their way to the operator: what the journal has written, in its order, from wherever the replica at the other end
 * stands. What is in flight is known by where it begins; when it has to be sent again it is read again.
 *
 *   closed ── channel ──► opening ── opened ──► open ◄── time ── waiting
 *                            ▲                    └─ unavailable ──┘
 *                            └── refused, or our tail is not the replica's: another chain is begun
 */
import type { ChainCertificate } from '../../core/audit/certificate.ts';
import type { EventLog } from '../../core/event-log.ts';
import { isRecord } from '../../core/json/read.ts';
import { AUDIT_BATCH, type AuditSidecarFrame } from '../../core/stream/audit-frames.ts';
import type { ReceivedFrame } from '../../core/stream/frame-reader.ts';
import type { Clock } from '../bundle/clock.ts';
import { linkOf, type Place, type RecordBatch, SegmentReader, SegmentsBrokenError, timeOf } from '../journal/segment-reader.ts';
import type { CollectedJournal } from '../journal/segments.ts';
import { type Progress, readProgress, writeProgress } from './progress.ts';

export interface ShipperOptions {
  /** `namespace/name`. */
  readonly database: string;
  readonly journal: CollectedJournal;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly clock: Clock;
  readonly log: EventLog;
  /** There is something to send; `urgent`: somebody waits for it. */
  readonly wake: (urgent: boolean) => void;
  /** Who may sign for this chain, as the operator has certified. */
  readonly onCertificate: (chain: string, certificate: ChainCertificate) => void;
  /** Records were stored. */
  readonly onRoom: () => void;
}

type State = 'closed' | 'opening' | 'open' | 'waiting';

interface InFlight {
  readonly place: Place;
  /** seq behind it. */
  readonly next: number;
  readonly time: string | undefined;
}

interface Waiter {
  readonly seq: number;
  readonly settle: (error?: Error) => void;
}

/** Milliseconds between writes of how far we are. */
const NOTE = 1_000;
/** Milliseconds between two chains that had to be begun; doubled for each that is refused as well. */
const ANOTHER: readonly [number, number] = [1_000, 60_000];
const MOST_WAIT = 60_000;

export class Shipper {
  readonly #options: ShipperOptions;
  readonly #reader: SegmentReader;
  #state: State = 'closed';
  /** That is being sent: the journal's, or one before it of which not all is stored. */
  #chain: string;
  /** Everything of it before this is stored. */
  #stored: number;
  #unconfirmed: number | undefined;
  /** The oldest record that was said to be there. */
  #first = 0;
  #sent: InFlight[] = [];
  #waiters: Waiter[] = [];
  /** An `open` has to be said. */
  #unsaid = false;
  /** Records were written since we last looked. */
  #written = true;
  #reason = 'the operator has not been heard from';
  #collects: boolean | undefined;
  /** When records could be stored last, and whether they could not since. */
  #standing: number | undefined;
  #failing = false;
  #another = ANOTHER[0];
  #noted: Progress | undefined;
  #cancelNote: (() => void) | undefined;
  #cancel: () => void = () => {};

  constructor(options: ShipperOptions) {
    this.#options = options;
    const { journal } = options;
    this.#reader = new SegmentReader(() => journal.segments());
    const progress = readProgress(journal.directory);
    if (progress !== undefined) this.#collects = true;
    const held = this.#held();
    const known = progress !== undefined && held.some(({ chain }) => chain === progress.chain);
    const [oldest] = held;
    this.#chain = known ? progress.chain : (oldest?.chain ?? journal.chain);
    this.#stored = known ? progress.stored : (oldest?.first ?? 0);
    this.#unconfirmed = (known ? progress.unconfirmed : undefined) ?? journal.begun;
    this.#noted = progress;
  }

  // ---- for whoever writes --------------------------------------------------------------------------------------------------------

  /** The journal has written something. */
  written(): void {
    if (this.#written) return;
    this.#written = true;
    this.#options.wake(this.#waiters.length > 0);
  }

  /** False: segments are not to be kept for the operator. Before it has been heard from for the first time they are. */
  get keeps(): boolean {
    return this.#collects !== false;
  }

  /** Whether everything before this seq of a chain is stored, and not on its way to a replica that has not got it yet. */
  isStored(chain: string, next: number): boolean {
    if (chain === this.#chain) return next <= Math.min(this.#stored, this.#reading);
    return this.#order(chain) < this.#order(this.#chain);
  }

  /** Why nobody can wait for records to be stored; undefined: they can. `grace`: milliseconds for which a lost operator is expected back. */
  unavailable(grace: number): string | undefined {
    if (this.#state === 'open' && !this.#failing) return undefined;
    const since = this.#standing;
    return since !== undefined && this.#options.clock.monotonic() - since < grace ? undefined : this.#reason;
  }

  /** Resolves when the record is stored; rejects after so many milliseconds. */
  whenStored(seq: number, patience: number): Promise<void> {
    const { clock, journal, wake } = this.#options;
    const chain = journal.chain;
    if (this.#chain === chain && seq < this.#stored) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = clock.after(patience, () => {
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        waiter.settle(
          new Error(this.#state === 'open' && !this.#failing ? 'the operator has not stored it in time' : this.#reason),
        );
      });
      const waiter: Waiter = {
        seq,
        settle: (error) => {
          cancel();
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      this.#waiters.push(waiter);
      this.#written = true;
      wake(true);
    });
  }

  get isDone(): boolean {
    return this.#chain === this.#options.journal.chain && this.#stored >= this.#options.journal.head.seq;
  }

  /** Records and bytes that are not stored, and the time of the oldest. */
  backlog(): { readonly records: number; readonly bytes: number; readonly oldest: string | undefined } {
    const { journal } = this.#options;
    const segments = this.#held();
    const place = this.#sent[0]?.place ?? this.#reader.place;
    let bytes = 0;
    let records = 0;
    segments.forEach((segment, index) => {
      const next = segments[index + 1];
      const end = next?.chain === segment.chain ? next.first : segment.chain === journal.chain ? journal.head.seq : undefined;
      if (this.isStored(segment.chain, end ?? Number.MAX_SAFE_INTEGER)) return;
      const from = segment.chain === this.#chain ? Math.max(segment.first, this.#stored) : segment.first;
      records += end === undefined ? 1 : Math.max(0, end - from);
      bytes += segment.size - (place?.segment === segment.number ? Math.min(place.offset, segment.size) : 0);
    });
    return { records, bytes: records === 0 ? 0 : bytes, oldest: records === 0 ? undefined : this.#oldest() };
  }

  // ---- for the channel -----------------------------------------------------------------------------------------------------------

  /** There is a channel: the replica is asked where it stands. */
  attach(): void {
    this.#collects = true;
    this.#open();
    this.#note();
  }

  /** The channel is gone. */
  detach(reason: string): void {
    this.#cancel();
    this.#sent = [];
    this.#unsaid = false;
    this.#leave('closed', reason);
  }

  /** The operator does not collect. */
  without(reason: string): void {
    this.detach(reason);
    this.#standing = undefined;
    this.#collects = false;
    this.#note();
    this.#options.journal.prune();
  }

  /** The next that is to be sent; undefined: nothing now. */
  next(): AuditSidecarFrame | undefined {
    const { journal, publicKey, database } = this.#options;
    if (this.#unsaid) {
      this.#unsaid = false;
      const [oldest] = this.#held().filter(({ chain }) => chain === this.#chain);
      const next = this.#end();
      const first = (this.#first = Math.min(oldest?.first ?? next, next));
      return { type: 'open', database, chain: this.#chain, first, next, publicKey };
    }
    if (this.#state !== 'open') return undefined;
    this.#written = false;
    const batch = this.#guarded(() => this.#reader.read(AUDIT_BATCH));
    if (batch === undefined) {
      if (this.#state === 'open' && this.#chain !== journal.chain && this.#sent.length === 0) this.#nextChain();
      return this.#unsaid ? this.next() : undefined;
    }
    const { first, lines, place } = batch;
    this.#written = true;
    this.#sent.push({ place, next: first + lines.length, time: timeOf(lines[0]!) });
    return { type: 'records', chain: this.#chain, first, lines };
  }

  receive(frame: ReceivedFrame): void {
    if (frame['chain'] !== this.#chain || this.#state === 'closed') return;
    if (frame.type === 'opened' && this.#state === 'opening') this.#opened(frame);
    else if (frame.type === 'stored' && isSeq(frame['next'])) this.#acknowledged(frame['next']);
    else if (frame.type === 'unavailable') this.#wait(frame);
    else if (frame.type === 'refused') {
      this.#options.log('error', 'audit-refused', { chain: this.#chain, reason: String(frame['reason']).slice(0, 300) });
      this.#replace(`refused: ${String(frame['reason']).slice(0, 200)}`, this.#stored);
    }
  }

  close(): void {
    this.#cancel();
    this.#cancelNote?.();
    this.#reader.close();
    this.#save();
    for (const { settle } of this.#waiters.splice(0)) settle(new Error('the sidecar is stopping'));
  }

  // ---- what the replica says -----------------------------------------------------------------------------------------------------

  #open(): void {
    this.#cancel();
    this.#sent = [];
    this.#unsaid = true;
    this.#first = 0;
    this.#leave('opening', this.#reason);
    this.#options.wake(true);
  }

  #opened({ next, hash, certificate }: ReceivedFrame): void {
    const { log, onCertificate } = this.#options;
    if (!isSeq(next)) return;
    const end = this.#end();
    if (next > end) {
      this.#lostTail(`the store has ${next} records, this chain ${end}`);
      return;
    }
    const [oldest] = this.#held().filter(({ chain }) => chain === this.#chain);
    const from = Math.max(next, oldest?.first ?? end);
    const link = this.#guarded(() => {
      this.#reader.seek(this.#chain, from);
      return { hash: this.#linkAt(from) };
    });
    if (link === undefined) return;
    if (typeof hash === 'string' && from === next && link.hash !== undefined && hash !== link.hash) {
      this.#lostTail(`the store has another record ${next - 1}`);
      return;
    }
    this.#unconfirmed = undefined;
    this.#another = ANOTHER[0];
    this.#state = 'open';
    this.#failing = false;
    this.#note();
    this.#standing = this.#options.clock.monotonic();
    log('debug', 'audit-opened', { chain: this.#chain, next: from });
    if (isRecord(certificate)) onCertificate(this.#chain, certificate as unknown as ChainCertificate);
    this.#advance(next);
    this.#written = true;
    this.#options.onRoom();
    this.#options.wake(true);
  }

  /** SHA-256 of the record before, as the record there says, or as the next will say. */
  #linkAt(seq: number): string | undefined {
    const { journal } = this.#options;
    if (this.#chain === journal.chain && seq === journal.head.seq) return journal.head.hash;
    const place = this.#reader.place;
    const batch = this.#reader.read(1);
    if (place !== undefined) this.#reader.goTo(place);
    return batch === undefined ? undefined : linkOf(batch.lines[0]!);
  }

  #acknowledged(next: number): void {
    if (this.#state !== 'open') return;
    this.#failing = false;
    while (this.#sent.length > 0 && this.#sent[0]!.next <= next) this.#sent.shift();
    this.#advance(Math.min(next, this.#reader.place?.seq ?? next));
    if (this.#chain !== this.#options.journal.chain && this.#sent.length === 0) this.#options.wake(false);
  }

  #advance(next: number): void {
    if (next <= this.#stored) return;
    this.#stored = next;
    if (this.#chain === this.#options.journal.chain && this.#waiters.length > 0) {
      let count = 0;
      for (const { seq } of this.#waiters) {
        if (seq >= this.#stored) break;
        count += 1;
      }
      for (const { settle } of this.#waiters.splice(0, count)) settle();
    }
    this.#options.onRoom();
    this.#note();
  }

  /** What is not stored is sent again, from where the store stands, when it may be there again. */
  #wait({ retryAfter, reason }: ReceivedFrame): void {
    const { log, clock } = this.#options;
    const opening = this.#state === 'opening';
    const milliseconds = typeof retryAfter === 'number' && retryAfter >= 0 ? Math.min(retryAfter, MOST_WAIT) : 1_000;
    if (!this.#failing) log('warn', 'audit-not-stored', { chain: this.#chain, reason: String(reason).slice(0, 300) });
    const [back] = this.#sent;
    if (back !== undefined) this.#reader.goTo(back.place);
    this.#sent = [];
    this.#leave('waiting', 'the operator cannot store records now');
    this.#failing = true;
    this.#cancel();
    this.#cancel = clock.after(milliseconds, () => {
      if (opening) return this.#open();
      this.#state = 'open';
      this.#written = true;
      this.#options.wake(true);
    });
  }

  /** Records of ours were lost that the store has: what was written since cannot go on from them. */
  #lostTail(reason: string): void {
    this.#options.log('error', 'audit-tail-lost', { chain: this.#chain, reason });
    this.#replace(`tail lost: ${reason}`, Math.max(this.#unconfirmed ?? this.#stored, 0));
  }

  #replace(reason: string, from: number): void {
    const { journal, clock, log } = this.#options;
    this.#sent = [];
    this.#leave('waiting', 'another chain has to be begun');
    this.#cancel();
    const wait = this.#another;
    this.#another = Math.min(ANOTHER[1], wait * 2);
    this.#cancel = clock.after(wait, () => {
      try {
        journal.replaceChain(reason, { chain: this.#chain, from });
      } catch (error) {
        log('error', 'audit-chain-not-replaced', { chain: this.#chain, reason: (error as Error).message });
        return this.#replace(reason, from);
      }
      for (const { settle } of this.#waiters.splice(0)) settle(new Error('records are collected in another chain from now on'));
      this.#begin();
    });
  }

  /** All of this one is stored. */
  #nextChain(): void {
    this.#begin();
  }

  #begin(): void {
    const order = this.#chains();
    const at = order.indexOf(this.#chain);
    this.#chain = order[at + 1] ?? this.#options.journal.chain;
    this.#stored = this.#held().find(({ chain }) => chain === this.#chain)?.first ?? 0;
    this.#unconfirmed = undefined;
    this.#note();
    this.#open();
  }

  #leave(state: State, reason: string): void {
    const { clock } = this.#options;
    this.#reason = reason;
    if (this.#state === 'open' && !this.#failing) this.#standing = clock.monotonic();
    this.#state = state;
  }

  #guarded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SegmentsBrokenError)) throw error;
      this.#options.log('error', 'audit-segments-broken', { chain: this.#chain, reason: error.message });
      this.#reader.close();
      this.#replace(`segments broken: ${error.message}`, this.#stored);
      return undefined;
    }
  }

  // ---- what is there -------------------------------------------------------------------------------------------------------------

  /** seq from which on the files are being read; they must not go meanwhile. */
  get #reading(): number {
    if (this.#state === 'closed') return Number.MAX_SAFE_INTEGER;
    if (this.#state === 'opening') return this.#first;
    return this.#sent[0]?.place.seq ?? this.#reader.place?.seq ?? 0;
  }

  #held(): ReturnType<CollectedJournal['segments']> {
    return this.#options.journal.segments().filter(({ superseded }) => !superseded);
  }

  #chains(): readonly string[] {
    return [...new Set(this.#held().map(({ chain }) => chain))];
  }

  #order(chain: string): number {
    return this.#chains().indexOf(chain);
  }

  /** The next seq of the chain that is being sent. */
  #end(): number {
    const { journal } = this.#options;
    if (this.#chain === journal.chain) return journal.head.seq;
    const segments = this.#held().filter(({ chain }) => chain === this.#chain);
    return Math.max(this.#stored, ...segments.map((segment) => journal.endOf(segment)));
  }

  #oldest(): string | undefined {
    const [first] = this.#sent;
    if (first !== undefined) return first.time;
    const place = this.#reader.place;
    if (place === undefined) return undefined;
    try {
      const batch: RecordBatch | undefined = this.#reader.read(1);
      return batch === undefined ? undefined : timeOf(batch.lines[0]!);
    } catch {
      return undefined;
    } finally {
      this.#reader.goTo(place);
    }
  }

  #note(): void {
    this.#cancelNote ??= this.#options.clock.after(NOTE, () => {
      this.#cancelNote = undefined;
      this.#save();
    });
  }

  #save(): void {
    const { journal, log } = this.#options;
    const progress: Progress | undefined =
      this.#collects === true
        ? {
            chain: this.#chain,
            stored: this.#stored,
            ...(this.#unconfirmed === undefined ? {} : { unconfirmed: this.#unconfirmed }),
          }
        : undefined;
    if (JSON.stringify(progress) === JSON.stringify(this.#noted)) return;
    try {
      writeProgress(journal.directory, progress);
      this.#noted = progress;
    } catch (error) {
      log('warn', 'audit-progress-not-kept', { reason: (error as NodeJS.ErrnoException).code ?? 'unknown error' });
    }
  }
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
