/**
 * The sidecar's side of core/stream/frames.ts: connected to the operator for as long as the process lives, again and again. What the operator
 * says becomes one StreamedDatabase each; nothing of it is lost while there is no connection, it only grows old.
 */
import type { EventLog } from '../../core/event-log.ts';
import { X509Certificate } from 'node:crypto';
import type { ReceivedFrame } from '../../core/stream/frame-reader.ts';
import {
  type AcknowledgementFrame,
  commonProtocol,
  HEARTBEAT,
  OLDEST_STREAM_PROTOCOL,
  STREAM_PROTOCOL,
} from '../../core/stream/frames.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Clock } from './clock.ts';
import { type ConnectionEnd, OperatorConnection } from './operator-connection.ts';
import { type Contact, OperatorMemory } from './operator-memory.ts';
import { readIdentity, readState, ReceivedObjectError } from './received-objects.ts';
import { StreamedDatabase } from './streamed-database.ts';

export interface OperatorLinkOptions {
  readonly address: string;
  readonly serverName: string;
  /** PEM, fixed at injection: trusted whatever is announced. */
  readonly ca: string;
  /** `namespace/name`, as the pod's settings list them. */
  readonly databases: readonly string[];
  readonly version: string;
  readonly readToken: () => Promise<string>;
  /** Where to keep what was said (OperatorMemory). */
  readonly directory: string;
  readonly uptime: () => number;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: EventLog;
  /** What has become of the last state of a Database; undefined: nothing to say yet. */
  readonly standing: (key: string) => Pick<AcknowledgementFrame, 'state' | 'reason'> | undefined;
  /** Where audit records go. */
  readonly collection?: Collection;
  /** Who we are is known, or has changed. */
  readonly onIdentity: (identity: Identity) => void;
  readonly times?: Partial<LinkTimes>;
}

/** What is collected, if anything is, over the connection that is open. */
export interface Collection {
  /** The operator has let us in. With an older protocol nothing is collected. */
  welcomed(connection: Pick<OperatorConnection, 'openAudit'>, protocol: number): void;
  /** The connection is gone. What the operator has revoked may still send its tail. */
  lost(revoked: boolean): void;
}

/** Milliseconds. */
export interface LinkTimes {
  readonly heartbeat: number;
  readonly timeout: number;
  /** Bounds of the time between two attempts, of which a random part is waited. */
  readonly backoff: readonly [first: number, last: number];
  /** How long a connection must have lasted for the next attempt to be a first one. */
  readonly settled: number;
}

const TIMES: LinkTimes = { heartbeat: HEARTBEAT, timeout: 10_000, backoff: [100, 10_000], settled: 5_000 };
/** After a goodbye, milliseconds: not all at once to those who stay. */
const ELSEWHERE = 300;
/** Milliseconds between writes of when the operator was heard from. */
const NOTE_CONTACT = 2_000;
const MOST_AUTHORITIES = 16;

export class OperatorLink {
  readonly databases: ReadonlyMap<string, StreamedDatabase>;
  readonly #options: OperatorLinkOptions;
  readonly #times: LinkTimes;
  readonly #memory: OperatorMemory;
  /** About these it has spoken on this connection. */
  readonly #spoken = new Set<string>();
  readonly #contacts = new Map<string, Contact>();
  /** What was acknowledged on this connection, so that it is not said twice. */
  readonly #acknowledged = new Map<string, string>();
  #identity: Identity | undefined;
  #authorities: readonly string[] = [];
  #connection: OperatorConnection | undefined;
  #welcomed: number | undefined;
  #token = '';
  #attempt = 0;
  #noted = Number.NEGATIVE_INFINITY;
  #saving = false;
  #last = '';
  #elsewhere = false;
  #refusal: string | undefined;
  #revoking = false;
  #closed = false;
  #cancel: () => void = () => undefined;
  #cancelToken: () => void = () => undefined;

  constructor(options: OperatorLinkOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    const { clock, log, directory, uptime } = options;
    this.#memory = new OperatorMemory({ directory, now: () => clock.now(), uptime, log });
    const content = this.#memory.load();
    const contacts = this.#memory.contacts();
    for (const [key, contact] of contacts) if (options.databases.includes(key)) this.#contacts.set(key, contact);
    this.#identity = content?.identity;
    this.#authorities = content?.authorities ?? [];
    this.databases = new Map(
      options.databases.map((key) => {
        const remembered = content?.databases[key];
        const age = this.#memory.age(contacts.get(key));
        const known = remembered === undefined ? {} : { remembered: { content: remembered, age } };
        return [key, new StreamedDatabase({ key, clock, log, ...known })];
      }),
    );
    if (content !== undefined) log('info', 'operator-memory-used', { databases: Object.keys(content.databases) });
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** The operator has let us in, on the connection that is open now. */
  get connected(): boolean {
    return this.#welcomed !== undefined;
  }

  /** Why the operator does not accept this pod, if it does not. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  start(): void {
    if (this.#identity !== undefined) this.#options.onIdentity(this.#identity);
    this.#connect();
  }

  /** What has become of a state may have changed: says so, if it has. */
  standingChanged(key: string): void {
    const database = this.databases.get(key);
    if (this.#welcomed === undefined || database === undefined || !this.#spoken.has(key)) return;
    const { rejected } = database;
    const revision = rejected?.revision ?? database.revision;
    const standing =
      rejected === undefined ? this.#options.standing(key) : { state: 'rejected' as const, reason: rejected.reason };
    if (revision === undefined || standing === undefined) return;
    const text = JSON.stringify([revision, standing]);
    if (this.#acknowledged.get(key) === text) return;
    this.#acknowledged.set(key, text);
    this.#connection?.send({ type: 'acknowledged', database: key, revision, ...standing });
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#cancelToken();
    this.#save();
    this.#noteContact(true);
    this.#connection?.close();
    for (const database of this.databases.values()) database.close();
  }

  // ---- connecting ------------------------------------------------------------------------------------------------------------

  #connect(): void {
    if (this.#closed) return;
    const { address, serverName, ca, clock } = this.#options;
    this.#spoken.clear();
    this.#acknowledged.clear();
    this.#connection = new OperatorConnection({
      address,
      serverName,
      authorities: [ca, ...this.#authorities],
      token: async () => (this.#token = await this.#readToken()),
      clock,
      timeout: this.#times.timeout,
      heartbeat: this.#times.heartbeat,
      onOpen: () => this.#hello(),
      onFrame: (frame) => this.#receive(frame),
      onEnd: (end) => this.#disconnected(end),
    });
  }

  #hello(): void {
    const { version, databases } = this.#options;
    const held = [...this.databases].flatMap(([key, { findingsDigest }]) =>
      findingsDigest === undefined ? [] : [[key, findingsDigest] as const],
    );
    this.#connection?.send({
      type: 'hello',
      protocol: STREAM_PROTOCOL,
      oldest: OLDEST_STREAM_PROTOCOL,
      version,
      databases,
      findings: Object.fromEntries(held),
    });
    this.#watchToken();
  }

  #disconnected(end: ConnectionEnd): void {
    const { log, clock, random } = this.#options;
    const lasted = this.#welcomed === undefined ? 0 : clock.monotonic() - this.#welcomed;
    if (this.#welcomed !== undefined) this.#options.collection?.lost(this.#revoking);
    this.#revoking = false;
    this.#connection = undefined;
    this.#welcomed = undefined;
    this.#cancelToken();
    if (this.#closed) return;
    if (end.kind === 'refused' && end.status === 403) this.#revoke(end.code, end.reason);
    if (end.kind === 'refused') this.#refusal = end.reason;
    const text = end.kind === 'refused' ? `${end.code}: ${end.reason}` : end.reason;
    // The same every few seconds says no more than once.
    log(text === this.#last ? 'debug' : 'warn', 'operator-lost', {
      reason: text,
      ...(end.kind === 'refused' ? { status: end.status, code: end.code } : {}),
    });
    this.#last = text;
    if (this.#elsewhere) {
      this.#elsewhere = false;
      this.#reconnect(random() * ELSEWHERE);
      return;
    }
    if (lasted >= this.#times.settled) this.#attempt = 0;
    const [first, most] = this.#times.backoff;
    const wait = random() * Math.min(most, first * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#reconnect(end.kind === 'refused' ? Math.max(wait, end.retryAfter * (1 + random())) : wait);
  }

  #reconnect(milliseconds: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(milliseconds, () => this.#connect());
  }

  async #readToken(): Promise<string> {
    const token = (await this.#options.readToken()).trim();
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('it is empty, or none');
    return token;
  }

  /** The kubelet writes a new one when four fifths of the old one's time are up. */
  #watchToken(): void {
    this.#cancelToken = this.#options.clock.after(this.#times.heartbeat, () => {
      this.#readToken().then(
        (token) => {
          if (token !== this.#token) this.#connection?.send({ type: 'token', token });
          this.#token = token;
        },
        (error: unknown) =>
          this.#options.log('warn', 'token-not-read', { reason: (error as NodeJS.ErrnoException).code ?? 'unknown error' }),
      );
      if (this.#welcomed !== undefined) this.#watchToken();
    });
  }

  // ---- frames ----------------------------------------------------------------------------------------------------------------

  #receive(frame: ReceivedFrame): void {
    if (this.#welcomed === undefined) {
      if (frame.type === 'welcome') this.#welcome(frame);
      else this.#connection?.close();
      return;
    }
    if (frame.type === 'goodbye') this.#goodbye();
    else if (frame.type === 'revoked') this.#revoked(frame);
    else if (frame.type === 'authorities') this.#announced(frame);
    else if (typeof frame['database'] === 'string') this.#about(frame['database'], frame);
    if (this.#welcomed === undefined) return;
    for (const key of this.#spoken) this.databases.get(key)?.heardFrom();
    this.#noteContact();
  }

  #welcome({ protocol, identity, operator, replica }: ReceivedFrame): void {
    const { log, clock, onIdentity } = this.#options;
    const next = readIdentity(identity);
    // The operator has chosen: it must be one that we speak.
    const common = typeof protocol === 'number' && commonProtocol(protocol, protocol) === protocol;
    if (!common || next === undefined) {
      log('warn', 'operator-not-understood', {
        operator: String(operator).slice(0, 32),
        protocol: String(protocol).slice(0, 32),
      });
      this.#connection?.close();
      return;
    }
    const before = this.#identity;
    if (before !== undefined && !isSamePod(before, next)) {
      // Of a pod that was here before us: nothing of it is ours.
      for (const database of this.databases.values()) database.withdraw('The identity of this pod is not what it was.');
      // What our hello said we hold is gone: say it again.
      this.#identity = next;
      this.#saveSoon();
      this.#connection?.close();
      return;
    }
    this.#welcomed = clock.monotonic();
    this.#last = '';
    this.#refusal = undefined;
    this.#identity = next;
    log('info', 'operator-connected', { operator: String(operator), replica: String(replica) });
    onIdentity(next);
    this.#saveSoon();
    if (this.#connection !== undefined) this.#options.collection?.welcomed(this.#connection, protocol);
  }

  #about(key: string, frame: ReceivedFrame): void {
    const database = this.databases.get(key);
    if (database === undefined) return;
    if (frame.type === 'credential' && typeof frame['username'] === 'string' && typeof frame['password'] === 'string')
      database.credential({ username: frame['username'], password: frame['password'] });
    else if (frame.type === 'digest-key' && typeof frame['key'] === 'string') database.digestKey(frame['key']);
    else if (frame.type === 'findings' && typeof frame['text'] === 'string') database.foundText(frame['text']);
    else if (frame.type === 'state') this.#state(database, frame);
    else if (frame.type === 'withdrawn') {
      this.#spoken.add(key);
      const reason = typeof frame['reason'] === 'string' ? frame['reason'] : 'The operator gave no reason.';
      this.#options.log('info', 'database-withdrawn', { database: key, reason });
      database.withdraw(reason);
    } else return;
    this.#saveSoon();
  }

  #state(database: StreamedDatabase, frame: ReceivedFrame): void {
    this.#spoken.add(database.key);
    this.#acknowledged.delete(database.key);
    try {
      database.state(readState(frame));
    } catch (error) {
      if (!(error instanceof ReceivedObjectError)) throw error;
      this.#options.log('error', 'state-not-understood', { database: database.key, reason: error.message });
      database.reject(String(frame['revision']), error.message);
    }
    this.standingChanged(database.key);
  }

  /** Nothing of what holds changes; another replica goes on. */
  #goodbye(): void {
    this.#options.log('info', 'operator-goodbye');
    this.#elsewhere = true;
    this.#attempt = 0;
    this.#connection?.close();
  }

  #revoked({ code, reason }: ReceivedFrame): void {
    this.#revoke(String(code), String(reason));
    this.#revoking = true;
    this.#connection?.close({ tail: true });
  }

  /** Everything ends, and a restart must not bring it back. We go on asking: whoever decided so may decide otherwise. */
  #revoke(code: string, reason: string): void {
    if (this.#refusal !== reason) this.#options.log('error', 'identity-revoked', { code, reason });
    this.#refusal = reason;
    for (const database of this.databases.values())
      database.withdraw(`The operator does not accept this pod: ${reason} (${code})`);
    this.#attempt = Math.max(this.#attempt, 6);
    this.#memory.forget();
  }

  #announced({ certificates }: ReceivedFrame): void {
    if (!Array.isArray(certificates)) return;
    this.#authorities = certificates.slice(0, MOST_AUTHORITIES).filter(isAuthority);
    this.#saveSoon();
  }

  // ---- memory ----------------------------------------------------------------------------------------------------------------

  #noteContact(now = false): void {
    const { clock, uptime } = this.#options;
    const moment = { at: clock.now(), uptime: uptime() };
    if (this.#welcomed !== undefined) for (const key of this.#spoken) this.#contacts.set(key, moment);
    if (this.#contacts.size === 0 || (!now && clock.monotonic() - this.#noted < NOTE_CONTACT)) return;
    this.#noted = clock.monotonic();
    this.#memory.heard(this.#contacts);
  }

  /** Once for what came together. */
  #saveSoon(): void {
    if (this.#saving) return;
    this.#saving = true;
    setImmediate(() => {
      this.#saving = false;
      this.#save();
    });
  }

  #save(): void {
    const identity = this.#identity;
    if (identity === undefined) return;
    const databases = [...this.databases.values()].flatMap((database) => {
      const { remembered } = database;
      return remembered === undefined ? [] : [[database.key, remembered] as const];
    });
    this.#memory.save({ identity, authorities: this.#authorities, databases: Object.fromEntries(databases) });
    this.#noteContact(true);
  }
}

function isSamePod(a: Identity, b: Identity): boolean {
  return a.podUid === b.podUid && a.namespace === b.namespace && a.serviceAccount === b.serviceAccount;
}

function isAuthority(certificate: unknown): certificate is string {
  if (typeof certificate !== 'string') return false;
  try {
    return new X509Certificate(certificate).ca;
  } catch {
    return false;
  }
}
