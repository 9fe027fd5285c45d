/**
 * Leader election by a Lease, as client-go's leaderelection does it:
 *
 *   candidate ── Lease free, or unchanged for leaseDuration ──► replace with its resourceVersion ──► leader
 *   leader ── no renewal for renewDeadline, counted from when the last good one was SENT ──► candidate
 *
 * Nobody takes over earlier than leaseDuration after the last renewal was written, and that is later than it was sent: so the old leader has
 * been none for leaseDuration - renewDeadline before there is a new one. Both count on their own monotonic clocks.
 * https://pkg.go.dev/k8s.io/client-go/tools/leaderelection
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { ApiError, type KubeApi, LEASES } from '../api/kube-api.ts';
import { pause } from '../watch/backoff.ts';
import type { Leadership } from './leadership.ts';
import { heldBy, holderOf, type Lease, Observation, released } from './lease.ts';
import { type LeadershipTelemetry, SILENT_LEADERSHIP } from './telemetry.ts';

export interface LeadershipOptions {
  readonly api: Pick<KubeApi, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** The pod's name. Something random is added, so that a restarted container is not taken for its predecessor. */
  readonly identity: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly telemetry?: LeadershipTelemetry;
  readonly clock?: Clock;
  /** Between 0 and 1. */
  readonly random?: () => number;
  /** Milliseconds: 15, 10 and 2 s. */
  readonly leaseDuration?: number;
  readonly renewDeadline?: number;
  readonly retryPeriod?: number;
}

/** Of renewDeadline: a request that hangs is followed by another in time. */
const ATTEMPT = 0.4;
/** The process is ending. Milliseconds. */
const RELEASE_WITHIN = 3_000;

export function createLeadership(options: LeadershipOptions): Leadership {
  return new LeaseElection(options);
}

class LeaseElection implements Leadership {
  readonly #options: LeadershipOptions;
  readonly #identity: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #telemetry: LeadershipTelemetry;
  readonly #leaseDuration: number;
  readonly #renewDeadline: number;
  readonly #retryPeriod: number;
  readonly #observation: Observation;
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  #stopping: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #leads = false;
  /** As it was when we last wrote it. */
  #own: Lease | undefined;
  /** When the last good renewal was sent, on both clocks. */
  #renewed = { monotonic: 0, wall: 0 };
  #cancelDeadline: () => void = () => {};

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#identity = `${options.identity}_${randomUUID()}`;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#telemetry = options.telemetry ?? SILENT_LEADERSHIP;
    this.#leaseDuration = options.leaseDuration ?? 15_000;
    this.#renewDeadline = options.renewDeadline ?? 10_000;
    this.#retryPeriod = options.retryPeriod ?? 2_000;
    if (!(this.#leaseDuration > this.#renewDeadline && this.#renewDeadline > this.#retryPeriod * 1.2)) {
      throw new RangeError('leaseDuration > renewDeadline > 1.2 retryPeriod');
    }
    this.#observation = new Observation(this.#leaseDuration);
  }

  get isLeader(): boolean {
    // A process that was stopped for a while asks before its timers have fired.
    if (this.#leads && this.#overdue()) queueMicrotask(() => this.#overdue() && this.#become(false));
    return this.#leads && !this.#overdue();
  }

  onChange(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = new AbortController();
    this.#running = this.#campaign(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    const before = this.#own;
    this.#become(false);
    this.#stopping?.abort();
    await this.#running;
    this.#stopping = undefined;
    const own = this.#own ?? before;
    this.#own = undefined;
    if (own !== undefined) await this.#release(own);
  }

  async #campaign(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#leads && this.#overdue()) this.#become(false);
      await this.#attempt(signal);
      // Candidates spread out, as in client-go (JitterFactor 1.2).
      const wait = this.#leads ? this.#retryPeriod : this.#retryPeriod * (1 + this.#random() * 1.2);
      await pause(this.#clock, wait, signal);
    }
  }

  /** One try to take or renew, bounded in time. */
  async #attempt(signal: AbortSignal): Promise<void> {
    const sent = { monotonic: this.#clock.monotonic(), wall: this.#clock.now() };
    const bound = new AbortController();
    const end = (): void => bound.abort(new DOMException('no answer in time', 'TimeoutError'));
    signal.addEventListener('abort', end, { once: true });
    const cancel = this.#clock.after(this.#renewDeadline * ATTEMPT, end);
    try {
      const lease = await this.#takeOrRenew(bound.signal);
      this.#own = lease;
      if (lease === undefined) this.#become(false);
      else if (!signal.aborted) this.#renewedAt(sent);
    } catch (error) {
      if (signal.aborted) return;
      this.#telemetry.renewFailed();
      this.#options.log.warn({ err: error }, this.#leads ? 'lease-not-renewed' : 'lease-not-read');
    } finally {
      cancel();
      signal.removeEventListener('abort', end);
    }
  }

  /** The Lease as we have just written it; undefined while it is another's. */
  async #takeOrRenew(signal: AbortSignal): Promise<Lease | undefined> {
    if (this.#own !== undefined) {
      try {
        return await this.#write(this.#own, signal);
      } catch (error) {
        // Somebody else has written it: who, and what, is to be looked at.
        if (!(error instanceof ApiError && (error.status === 409 || error.status === 404))) throw error;
        this.#own = undefined;
      }
    }
    const lease = await this.#read(signal);
    if (lease === undefined) return await this.#create(signal);
    const mine = holderOf(lease) === this.#identity;
    if (!this.#observation.mayTake(lease, this.#clock.monotonic()) && !mine) return undefined;
    try {
      return await this.#write(lease, signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return undefined;
      throw error;
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { api, namespace, name } = this.#options;
    try {
      return await api.get<Lease>(LEASES, { namespace, name }, signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** With the resourceVersion that was read: of two who try, one gets a conflict. */
  #write(lease: Lease, signal: AbortSignal): Promise<Lease> {
    const seconds = Math.ceil(this.#leaseDuration / 1_000);
    return this.#options.api.replace<Lease>(LEASES, heldBy(lease, this.#identity, seconds, this.#clock.now()), signal);
  }

  async #create(signal: AbortSignal): Promise<Lease | undefined> {
    const { api, namespace, name } = this.#options;
    const empty: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } };
    const seconds = Math.ceil(this.#leaseDuration / 1_000);
    const first = heldBy(empty, this.#identity, seconds, this.#clock.now());
    try {
      return await api.create<Lease>(LEASES, { ...first, spec: { ...first.spec, leaseTransitions: 0 } }, signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return undefined;
      throw error;
    }
  }

  #renewedAt(sent: { readonly monotonic: number; readonly wall: number }): void {
    this.#renewed = sent;
    // The answer came so late that others may think the Lease unchanged for long.
    if (this.#overdue()) {
      this.#become(false);
      return;
    }
    this.#cancelDeadline();
    const left = sent.monotonic + this.#renewDeadline - this.#clock.monotonic();
    this.#cancelDeadline = this.#clock.after(left, () => {
      if (this.#overdue()) this.#become(false);
    });
    this.#become(true);
  }

  /**
   * By the monotonic clock; and by the wall clock too, because the monotonic one stands still while a machine sleeps. A wall clock that is
   * set forward costs leadership for a moment, one that is set back changes nothing.
   */
  #overdue(): boolean {
    const { monotonic, wall } = this.#renewed;
    return this.#clock.monotonic() - monotonic >= this.#renewDeadline || this.#clock.now() - wall >= this.#renewDeadline;
  }

  #become(leads: boolean): void {
    if (!leads) this.#cancelDeadline();
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#telemetry.leads(leads);
    this.#options.log.info({ identity: this.#identity }, leads ? 'leads' : 'leads-no-more');
    for (const listener of this.#listeners) {
      try {
        listener(leads);
      } catch (error) {
        this.#options.log.error({ err: error }, 'handler-failed');
      }
    }
  }

  async #release(lease: Lease): Promise<void> {
    const { api, log } = this.#options;
    const bound = new AbortController();
    const cancel = this.#clock.after(RELEASE_WITHIN, () => bound.abort());
    const write = (each: Lease): Promise<unknown> => api.replace<Lease>(LEASES, released(each, this.#clock.now()), bound.signal);
    try {
      await write(lease).catch(async (error: unknown) => {
        // A renewal that was under way has come through.
        const now = error instanceof ApiError && error.status === 409 ? await this.#read(bound.signal) : undefined;
        if (now === undefined || holderOf(now) !== this.#identity) throw error;
        await write(now);
      });
    } catch (error) {
      // Another replica takes it when it has run out.
      log.warn({ err: error }, 'lease-not-released');
    } finally {
      cancel();
    }
  }
}
