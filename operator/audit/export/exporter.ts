/**
 * Sends what the store has and the collector has not, as long as this replica holds the Lease: at least once, in the order of each chain. Nothing
 * is held in memory but the batch that is under way: what fails is read again from where the marks stand.
 */
import {
  type AuditStore,
  type ChainOwner,
  type ExportMarks,
  type StoredChain,
  type StoredLine,
  StoreUnavailableError,
} from '../../../core/audit/store.ts';
import type { EventLog } from '../../../core/event-log.ts';
import type { Clock } from '../../../sidecar/bundle/clock.ts';
import type { Leadership } from '../../leader/leadership.ts';
import type { ExportMetrics } from './metrics.ts';
import { ExportRefusedError, type SendLogs } from './otlp-client.ts';
import { logRecord, resourceLogs } from './otlp-records.ts';
import { GAPS, gapsByChain, type Part, pending, SENT } from './pending.ts';

export interface ExporterOptions {
  readonly store: Pick<AuditStore, 'chains' | 'lines'> & ExportMarks;
  readonly send: SendLogs;
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly metrics: ExportMetrics;
  readonly log: EventLog;
}

export interface Exporter {
  /** Seconds since everything had been sent; 0: this replica does not export. */
  readonly behind: number;
  start(): void;
  stop(): Promise<void>;
}

/** Of a request; one record that is larger goes alone. */
const BATCH = { records: 512, bytes: 1024 * 1024 };
/** Of one chain, before the others have their turn. */
const TURN = 4096;
/** Milliseconds. */
const IDLE = 2_000;
const RETRY = { first: 1_000, most: 60_000, asked: 600_000 };
/** Until what somebody has to mend is tried again. */
const REFUSED = 60_000;

class Batch {
  /** JSON of log records, by chain, in the order in which they came. */
  readonly #chains = new Map<string, { readonly owner: ChainOwner; readonly records: string[] }>();
  readonly marks = { [SENT]: new Map<string, number>(), [GAPS]: new Map<string, number>() };
  records = 0;
  bytes = 0;

  add({ chain, owner }: StoredChain, part: Part, seq: number, record: string, bytes: number): void {
    const there = this.#chains.get(chain) ?? { owner, records: [] };
    there.records.push(record);
    this.#chains.set(chain, there);
    if (part.gap !== undefined && seq === part.first) this.marks[GAPS].set(part.gap.key, part.gap.first);
    this.marks[part.consumer].set(part.key, seq + 1);
    this.records += 1;
    this.bytes += bytes;
  }

  body(): string {
    return `{"resourceLogs":[${[...this.#chains.values()].map(({ owner, records }) => resourceLogs(owner, records)).join(',')}]}`;
  }
}

export function createExporter({ store, send, leadership, clock, random, metrics, log }: ExporterOptions): Exporter {
  let running: { readonly abort: AbortController; cancel: () => void; work: Promise<void> } | undefined;
  let ending: Promise<void> = Promise.resolve();
  let unsubscribe = (): void => {};
  let caughtUp = 0;
  let wait = RETRY.first;
  let most = BATCH.records;
  let told = '';

  function begin(): void {
    if (running !== undefined) return;
    caughtUp = clock.monotonic();
    const mine = { abort: new AbortController(), cancel: () => {}, work: ending };
    running = mine;
    const after = (milliseconds: number): void => {
      if (!mine.abort.signal.aborted) mine.cancel = clock.after(milliseconds, () => (mine.work = round().then(after)));
    };
    // What was under way before has ended by then.
    mine.work = ending.then(() => after(0));

    async function round(): Promise<number> {
      try {
        const more = await look(mine.abort.signal);
        wait = RETRY.first;
        if (more) return 0;
        caughtUp = clock.monotonic();
        if (told !== '') log('info', 'audit-export-resumed');
        told = '';
        return IDLE;
      } catch (error) {
        return mine.abort.signal.aborted ? IDLE : failed(error as Error);
      }
    }
  }

  function end(): void {
    if (running === undefined) return;
    const { abort, cancel, work } = running;
    running = undefined;
    abort.abort();
    cancel();
    ending = work;
  }

  /** Milliseconds until the next attempt. */
  function failed(error: Error): number {
    const refusal = error instanceof ExportRefusedError ? error : undefined;
    const alone = refusal?.kind === 'too-large' && most === 1;
    if (refusal?.kind === 'too-large' && !alone) return 0;
    if (alone || refusal?.kind === 'refused') {
      metrics.failed('refused');
      // Each time: nothing goes on until somebody has done something.
      log('error', 'audit-export-refused', { reason: error.message });
      told = error.message;
      return REFUSED * (1 + random());
    }
    metrics.failed(refusal === undefined ? 'store' : 'retry');
    if (told !== error.message) log('warn', 'audit-export-waits', { reason: error.message });
    told = error.message;
    const own = wait * (0.5 + random());
    wait = Math.min(RETRY.most, wait * 2);
    // Never sooner than asked for; a little later, so that not all who were turned away come together.
    const asked = Math.min(RETRY.asked, refusal?.retryAfter ?? 0);
    return asked > own ? asked + random() * RETRY.first : own;
  }

  /** Resolves to whether there is more than was sent in this turn. */
  async function look(signal: AbortSignal): Promise<boolean> {
    const [sent, gaps] = [await store.exported(SENT), gapsByChain(await store.exported(GAPS))];
    let batch = new Batch();
    let more = false;
    let absent: string | undefined;
    const flush = async (): Promise<void> => {
      if (batch.records > 0) await deliver(batch, signal);
      batch = new Batch();
    };
    for await (const chain of store.chains()) {
      signal.throwIfAborted();
      const { parts, missed } = pending(
        chain,
        Object.hasOwn(sent, chain.chain) ? sent[chain.chain] : undefined,
        gaps.get(chain.chain) ?? new Map(),
      );
      for (const { consumer, key, first, next } of missed) {
        await store.setExported(consumer, { [key]: next });
        metrics.missed(next - first);
        log('error', 'audit-export-missed', { chain: chain.chain, from: first, to: next - 1 });
      }
      let taken = 0;
      for (const part of parts) {
        let expected = part.first;
        for await (const line of within(store.lines(chain.chain, part.first), part)) {
          // Retention was faster: the next look sees it.
          if (line.seq !== expected || taken === TURN) break;
          signal.throwIfAborted();
          const record = logRecord(chain.chain, line);
          const bytes = Buffer.byteLength(record);
          if (batch.records >= most || batch.bytes + bytes > BATCH.bytes) await flush();
          batch.add(chain, part, line.seq, record, bytes);
          expected += 1;
          taken += 1;
        }
        if (expected === part.next) continue;
        more = true;
        if (taken === 0) absent = `chain ${chain.chain} lacks record ${expected}, which the store has listed`;
        break;
      }
    }
    await flush();
    if (absent !== undefined) throw new StoreUnavailableError(absent);
    return more;
  }

  async function deliver(batch: Batch, signal: AbortSignal): Promise<void> {
    const answer = await send(batch.body(), signal).catch((error: unknown) => {
      if (error instanceof ExportRefusedError && error.kind === 'too-large') most = Math.max(1, Math.floor(batch.records / 2));
      throw error;
    });
    most = Math.min(BATCH.records, most * 2);
    const rejected = Math.min(answer.rejected, batch.records);
    metrics.sent(batch.records - rejected);
    if (rejected > 0) {
      metrics.rejected(rejected);
      log('error', 'audit-export-rejected', { records: rejected, of: batch.records, reason: answer.message });
    }
    // A gap before the mark that passes it.
    for (const consumer of [GAPS, SENT] as const)
      if (batch.marks[consumer].size > 0) await store.setExported(consumer, Object.fromEntries(batch.marks[consumer]));
  }

  return {
    get behind() {
      return running === undefined ? 0 : (clock.monotonic() - caughtUp) / 1000;
    },
    start() {
      unsubscribe = leadership.onChange((leads) => (leads ? begin() : end()));
      if (leadership.isLeader) begin();
    },
    async stop() {
      unsubscribe();
      end();
      await ending;
    },
  };
}

async function* within(lines: AsyncIterable<StoredLine>, { next }: Part): AsyncGenerator<StoredLine, undefined> {
  for await (const line of lines) {
    if (line.seq >= next) return;
    yield line;
  }
}
