/** Keeps the log of the cluster going while this replica holds the Lease, and publishes where it stands. */
import type { TrustAnchors } from '../../core/audit/certificate.ts';
import type { PublishedHead } from '../../core/audit/trail.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { Leadership } from '../leader/leadership.ts';
import type { ClusterLog } from './cluster-log.ts';
import type { TrustPublisher } from './trust-publisher.ts';

export interface CountersignerOptions {
  readonly clusterLog: ClusterLog;
  readonly publisher: TrustPublisher;
  readonly trust: () => TrustAnchors | undefined;
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly clock: Clock;
  readonly log: EventLog;
  /** Milliseconds between two looks at the store, and at least between two publications of the head. */
  readonly every?: number;
  readonly publishEvery?: number;
}

const EVERY = 2_000;
const PUBLISH_EVERY = 30_000;

export class Countersigner {
  readonly #options: CountersignerOptions;
  #stopped = true;
  #cancel: () => void = () => undefined;
  #unsubscribe: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #published: string | undefined;
  #headPublished = false;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #failing: string | undefined;

  constructor(options: CountersignerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#unsubscribe = this.#options.leadership.onChange((leads) => {
      this.#published = undefined;
      if (leads) this.#plan(0);
    });
    this.#plan(0);
  }

  /** Before the Lease is given back: what has come is countersigned, and the head published. Never rejects. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancel();
    await this.#running;
    await this.#round(true);
  }

  #plan(milliseconds: number): void {
    this.#cancel();
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(milliseconds, () => {
      this.#running = this.#running.then(() => this.#round(false)).then(() => this.#plan(this.#options.every ?? EVERY));
    });
  }

  async #round(last: boolean): Promise<void> {
    const { clusterLog, leadership, log } = this.#options;
    if (!leadership.isLeader) return clusterLog.endTerm();
    try {
      await clusterLog.round(() => leadership.isLeader);
      await this.#publish(clusterLog.head, last);
      this.#failing = undefined;
    } catch (error) {
      const reason = (error as Error).message.slice(0, 300);
      if (this.#failing !== reason) log('error', 'audit-log-waits', { reason });
      this.#failing = reason;
    }
  }

  async #publish(head: PublishedHead | undefined, now: boolean): Promise<void> {
    const { trust, publisher, leadership, clock, log } = this.#options;
    const anchors = trust();
    if (anchors === undefined || !leadership.isLeader) return;
    const wanted = JSON.stringify([anchors, head]);
    if (wanted === this.#published) return;
    // Of a term, and where nothing was said of the log before, at once.
    const first = this.#published === undefined || (head !== undefined && !this.#headPublished);
    if (!first && !now && clock.monotonic() - this.#publishedAt < (this.#options.publishEvery ?? PUBLISH_EVERY)) return;
    await publisher.publish(anchors, head);
    this.#published = wanted;
    this.#headPublished = head !== undefined;
    this.#publishedAt = clock.monotonic();
    if (head !== undefined) log('info', 'audit-log-head', { ...head });
  }
}
