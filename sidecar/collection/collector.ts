/**
 * The sidecar's side of core/stream/audit-frames.ts: one stream on the connection to the operator for the journals of all Databases. A journal that
 * writes only says so; what is sent, and when, is decided here: at once where a statement waits for it, else a little later, together; and never more
 * than the stream takes.
 */
import type { EventLog } from '../../core/event-log.ts';
import { AUDIT_PROTOCOL } from '../../core/stream/audit-frames.ts';
import type { Clock } from '../bundle/clock.ts';
import type { AuditChannel, OperatorConnection } from '../bundle/operator-connection.ts';
import type { Collection } from '../bundle/operator-link.ts';
import { Shipper, type ShipperOptions } from './shipper.ts';

export interface CollectorOptions {
  /** Raw Ed25519 public key of this process, base64url. */
  readonly publicKey: string;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: EventLog;
}

/** Milliseconds that records may wait which nobody waits for. */
const TOGETHER = 50;
/** Milliseconds until a stream that was ended alone is begun again; doubled up to the second. */
const AGAIN: readonly [number, number] = [500, 30_000];
const NOT_FOUND = 404;
/** Milliseconds that a sidecar which has to stop waits for an operator that is away. */
const AWAY = 3_000;

type Connection = Pick<OperatorConnection, 'openAudit'>;

export class Collector implements Collection {
  readonly #options: CollectorOptions;
  readonly #shippers: Shipper[] = [];
  #connection: Connection | undefined;
  #channel: AuditChannel | undefined;
  #open = false;
  #blocked = false;
  #soon: (() => void) | undefined;
  #now = false;
  #again = AGAIN[0];
  #cancelAgain: () => void = () => {};
  #without: string | undefined;
  /** Whose turn it is. */
  #turn = 0;
  #idle: (() => void)[] = [];

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  add(options: Pick<ShipperOptions, 'database' | 'journal' | 'onCertificate' | 'onRoom'>): Shipper {
    const { publicKey, clock, log } = this.#options;
    const shipper = new Shipper({
      ...options,
      publicKey,
      clock,
      log: (level, event, detail) => log(level, event, { database: options.database, ...detail }),
      wake: (urgent) => this.#wake(urgent),
    });
    this.#shippers.push(shipper);
    if (this.#open) shipper.attach();
    else if (this.#without !== undefined) shipper.without(this.#without);
    return shipper;
  }

  // ---- the connection --------------------------------------------------------------------------------------------------------

  welcomed(connection: Connection, protocol: number): void {
    this.#drop('another connection to the operator was made');
    this.#connection = connection;
    this.#again = AGAIN[0];
    if (protocol < AUDIT_PROTOCOL) this.#none('this operator is of a release that does not collect records');
    else this.#dial();
  }

  lost(revoked: boolean): void {
    this.#connection = undefined;
    this.#cancelAgain();
    // The operator takes what is on its way, for a while.
    if (!revoked || !this.#open) this.#drop('there is no connection to the operator');
  }

  /** Resolves when everything is stored, or after so many milliseconds. */
  async finish(milliseconds: number): Promise<void> {
    const { clock, log } = this.#options;
    if (this.#without !== undefined || this.#isDone) return;
    if (!this.#open) milliseconds = Math.min(milliseconds, AWAY);
    await new Promise<void>((resolve) => {
      const cancel = clock.after(milliseconds, () => resolve());
      this.#idle.push(() => {
        cancel();
        resolve();
      });
      this.#wake(true);
    });
    if (!this.#isDone) log('warn', 'audit-tail-left', { open: this.#open });
  }

  close(): void {
    this.#drop('the sidecar is stopping');
    this.#cancelAgain();
    this.#soon?.();
    for (const shipper of this.#shippers) shipper.close();
  }

  #dial(): void {
    const channel = this.#connection?.openAudit({
      onOpen: () => {
        this.#open = true;
        this.#without = undefined;
        for (const shipper of this.#shippers) shipper.attach();
      },
      onFrame: (frame) => {
        for (const shipper of this.#shippers) shipper.receive(frame);
        if (this.#isDone) for (const done of this.#idle.splice(0)) done();
      },
      onDrain: () => {
        this.#blocked = false;
        this.#pump();
      },
      onEnd: (reason, status) => this.#ended(reason, status),
    });
    if (channel === undefined) return;
    this.#channel = channel;
    this.#blocked = false;
  }

  #ended(reason: string, status: number | undefined): void {
    const { clock, log, random } = this.#options;
    this.#drop('the stream of records has ended');
    if (status === NOT_FOUND) {
      this.#none('this operator does not collect records');
      return;
    }
    if (this.#connection === undefined) return;
    log('warn', 'audit-stream-lost', { reason });
    const wait = this.#again * (0.5 + random());
    this.#again = Math.min(AGAIN[1], this.#again * 2);
    this.#cancelAgain = clock.after(wait, () => this.#dial());
  }

  #none(reason: string): void {
    this.#options.log('info', 'audit-not-collected', { reason });
    this.#without = reason;
    for (const shipper of this.#shippers) shipper.without(reason);
    for (const done of this.#idle.splice(0)) done();
  }

  #drop(reason: string): void {
    this.#cancelAgain();
    const channel = this.#channel;
    this.#channel = undefined;
    this.#open = false;
    this.#blocked = false;
    channel?.close();
    if (this.#without === undefined) for (const shipper of this.#shippers) shipper.detach(reason);
  }

  get #isDone(): boolean {
    return this.#shippers.every(({ isDone }) => isDone);
  }

  // ---- sending ---------------------------------------------------------------------------------------------------------------

  /** All that wait in the same turn of the event loop go out together. */
  #wake(urgent: boolean): void {
    if (!this.#open || this.#now) return;
    if (urgent) {
      this.#now = true;
      setImmediate(() => {
        this.#now = false;
        this.#pump();
      });
    } else
      this.#soon ??= this.#options.clock.after(TOGETHER, () => {
        this.#soon = undefined;
        this.#pump();
      });
  }

  #pump(): void {
    for (let empty = 0; empty < this.#shippers.length && this.#channel !== undefined && this.#open && !this.#blocked; ) {
      const shipper = this.#shippers[this.#turn % this.#shippers.length]!;
      this.#turn += 1;
      const frame = shipper.next();
      if (frame === undefined) empty += 1;
      else {
        empty = 0;
        this.#blocked = !this.#channel.send(frame);
      }
    }
  }
}
