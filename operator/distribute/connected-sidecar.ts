/**
 * One sidecar that has been let in. Nothing is ever queued for it: what it has not been told yet is a set of Databases, and what is written
 * when it can take more is what holds then. So a slow reader costs one state's bytes (which others share), skips what has passed meanwhile,
 * and is dropped when it takes nothing at all for a while.
 */
import type { EventLog } from '../../core/event-log.ts';
import type { ServerHttp2Stream } from 'node:http2';
import { FrameError, FrameReader, type ReceivedFrame } from '../../core/stream/frame-reader.ts';
import {
  commonProtocol,
  encodeFrame,
  HEARTBEAT,
  MAX_SIDECAR_FRAME,
  OLDEST_STREAM_PROTOCOL,
  type OperatorFrame,
  STREAM_PROTOCOL,
} from '../../core/stream/frames.ts';
import { isRecord } from '../../core/json/read.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { IdentityVerifier, VerifiedPod } from '../identity/verified-pod.ts';
import { Bucket } from '../queue/bucket.ts';
import type { DistributionMetrics, StreamEnd } from './metrics.ts';
import type { Propagation } from './propagation.ts';
import type { Part, Publication, Publications, Subscription } from './publications.ts';

/** Milliseconds. */
export interface StreamTimes {
  readonly heartbeat: number;
  /** How long a sidecar may take nothing of what was written. */
  readonly stall: number;
  /** How long it may take to say hello. */
  readonly hello: number;
  /** How long the last bytes may take on their way out. */
  readonly linger: number;
}

export const STREAM_TIMES: StreamTimes = { heartbeat: HEARTBEAT, stall: 30_000, hello: 10_000, linger: 2_000 };
const MISSED_HEARTBEATS = 3;
/**
 * Frames that a sidecar may say at once, and per second; a kibibyte costs as much as a frame. A heartbeat, a token every few minutes and two
 * acknowledgements of a change are far less. Whoever says more would have one replica do nothing but listen to it.
 */
const MOST_SAID: readonly [number, number] = [2000, 50];
const LOOK_AT_CLOCK = 15_000;
/** Revisions of one Database that an acknowledgement may still be on its way for. */
const REMEMBERED = 4;

export interface ConnectedSidecarOptions {
  readonly stream: ServerHttp2Stream;
  readonly pod: VerifiedPod;
  readonly operator: { readonly version: string; readonly replica: string };
  readonly authorities: () => readonly string[];
  readonly identity: Pick<IdentityVerifier, 'verify'>;
  readonly publications: Publications;
  readonly propagation: Propagation;
  readonly clock: Clock;
  /** 0 to 1: so that not all beat at once. */
  readonly random: () => number;
  readonly times: StreamTimes;
  readonly metrics: DistributionMetrics;
  readonly log: EventLog;
  /** Something that `acknowledgements` counts has changed. */
  readonly changed: (key: string) => void;
  readonly ended: () => void;
  /** What the pod has still to say of what it did is being heard; calls back when it has, at once when there is nothing. */
  readonly tail: (heard: () => void) => void;
}

/** What it was told and what it has said about one Database. */
interface Told {
  readonly subscription: Subscription;
  /** What is being waited for an acknowledgement of. */
  expected: Publication | undefined;
  sent: Publication | undefined;
  /** Parts that it has, by type. */
  parts: ReadonlyMap<string, Part>;
  recent: readonly Publication[];
  programmed: Publication | undefined;
  rejection: string | undefined;
}

export class ConnectedSidecar {
  readonly #options: ConnectedSidecarOptions;
  readonly #stream: ServerHttp2Stream;
  readonly #told = new Map<string, Told>();
  readonly #untold = new Set<string>();
  readonly #cancel = new Map<string, () => void>();
  #pod: VerifiedPod;
  #version: string | undefined;
  #protocol = 0;
  #welcomed = false;
  /** SHA-256 of the findings that it came with, by Database. */
  #held: Readonly<Record<string, unknown>> = {};
  #authoritiesDue = true;
  #blocked = false;
  #heard: number;
  readonly #said: Bucket;
  #ended = false;
  #verifying = false;
  #nextToken: string | undefined;

  constructor(options: ConnectedSidecarOptions) {
    this.#options = options;
    this.#stream = options.stream;
    this.#pod = options.pod;
    this.#heard = options.clock.monotonic();
    this.#said = new Bucket(...MOST_SAID, this.#heard);
  }

  get pod(): VerifiedPod {
    return this.#pod;
  }

  /** Undefined until it has said hello. */
  get version(): string | undefined {
    return this.#version;
  }

  /** That is spoken; 0 until it has said hello, and once its stream has ended. */
  get protocol(): number {
    return this.#ended ? 0 : this.#protocol;
  }

  get databases(): readonly string[] {
    return [...this.#told.keys()];
  }

  /** What it has been told about a Database, and judges by. */
  standing(key: string): Pick<Told, 'sent' | 'programmed' | 'rejection'> | undefined {
    return this.#told.get(key);
  }

  start(): void {
    const { times } = this.#options;
    this.#listen();
    this.#after('hello', times.hello, () => this.#version === undefined && this.#protocolError('it did not say hello'));
    this.#watchToken();
  }

  #welcome(protocol: number): void {
    const { operator } = this.#options;
    const { namespace, serviceAccount, pod, podUid, node, image } = this.#pod;
    this.#welcomed = true;
    this.#write({
      type: 'welcome',
      protocol,
      operator: operator.version,
      replica: operator.replica,
      identity: {
        namespace,
        serviceAccount,
        pod,
        podUid,
        ...(node === undefined ? {} : { node }),
        ...(image === undefined ? {} : { image }),
      },
    });
  }

  authoritiesChanged(): void {
    this.#authoritiesDue = true;
    this.#pump();
  }

  goodbye(): void {
    this.end('goodbye', { type: 'goodbye' });
  }

  revoke(code: Extract<OperatorFrame, { type: 'revoked' }>['code'], reason: string): void {
    this.#options.log('info', 'sidecar-revoked', { pod: this.#name(), code });
    this.end('revoked', { type: 'revoked', code, reason });
  }

  /** `last`: what it is told before the stream ends. */
  end(how: StreamEnd, last?: OperatorFrame): void {
    if (this.#ended) return;
    this.#ended = true;
    const { metrics, log, propagation, ended, changed, clock, times } = this.#options;
    for (const cancel of this.#cancel.values()) cancel();
    for (const told of this.#told.values()) {
      told.subscription.close();
      if (told.expected !== undefined) propagation.forget(told.expected, this);
    }
    if (this.#version !== undefined) metrics.disconnected(this.#version, how);
    log('debug', 'sidecar-disconnected', { pod: this.#name(), how });
    const session = this.#stream.session;
    if (last !== undefined && !this.#stream.destroyed) {
      // Nothing is believed before a welcome; every release that may connect speaks the oldest.
      if (!this.#welcomed) this.#welcome(OLDEST_STREAM_PROTOCOL);
      this.#stream.end(encodeFrame(last));
      const leave = how === 'revoked' ? once(() => this.#options.tail(() => session?.destroy())) : () => session?.destroy();
      clock.after(times.linger, leave);
      this.#stream.once('close', leave);
    } else session?.destroy();
    ended();
    for (const key of this.#told.keys()) changed(key);
  }

  // ---- what it is told -------------------------------------------------------------------------------------------------------

  #follow(key: string): void {
    const { namespace, serviceAccount } = this.#pod;
    const subscription = this.#options.publications.subscribe(key, { namespace, serviceAccount }, () => this.#offered(key));
    this.#told.set(key, {
      subscription,
      expected: undefined,
      sent: undefined,
      parts: new Map(),
      recent: [],
      programmed: undefined,
      rejection: undefined,
    });
    if (subscription.current !== undefined) this.#offered(key);
  }

  #offered(key: string): void {
    const told = this.#told.get(key);
    const publication = told?.subscription.current;
    if (told === undefined || publication === undefined || this.#ended) return;
    const { propagation } = this.#options;
    if (told.expected !== undefined) propagation.forget(told.expected, this);
    told.expected = publication;
    propagation.expect(publication, this);
    this.#untold.add(key);
    this.#pump();
  }

  /** Writes what it has not been told, until it cannot take more. */
  #pump(): void {
    while (this.#welcomed && !this.#blocked && !this.#ended) {
      if (this.#authoritiesDue) {
        this.#authoritiesDue = false;
        this.#write({ type: 'authorities', certificates: this.#options.authorities() });
        continue;
      }
      const [key] = this.#untold;
      if (key === undefined) return;
      this.#untold.delete(key);
      this.#tell(key);
    }
  }

  #tell(key: string): void {
    const told = this.#told.get(key);
    const publication = told?.subscription.current;
    if (told === undefined || publication === undefined || publication === told.sent) return;
    const state = publication.parts.at(-1)!;
    const held = told.sent === undefined && Object.hasOwn(this.#held, key) ? this.#held[key] : undefined;
    const news = publication.parts.filter(
      (part) => part === state || (told.parts.get(part.type) !== part && (part.digest === undefined || part.digest !== held)),
    );
    told.sent = publication;
    told.parts = new Map(publication.parts.map((part) => [part.type, part]));
    told.recent = [...told.recent.slice(1 - REMEMBERED), publication];
    if (publication.revision === undefined) {
      told.programmed = undefined;
      told.rejection = undefined;
    }
    for (const part of news) this.#writeBytes(part.type, part.bytes);
    this.#options.changed(key);
  }

  #write(frame: OperatorFrame): void {
    this.#writeBytes(frame.type, Buffer.from(encodeFrame(frame)));
  }

  #writeBytes(type: string, bytes: Buffer): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    this.#options.metrics.sent(type, bytes.length);
    if (this.#stream.write(bytes) || this.#blocked) return;
    this.#blocked = true;
    this.#after('stall', this.#options.times.stall, () => {
      this.#options.log('warn', 'sidecar-does-not-read', { pod: this.#name() });
      this.end('stalled');
    });
  }

  // ---- what it says ----------------------------------------------------------------------------------------------------------

  #listen(): void {
    const reader = new FrameReader(MAX_SIDECAR_FRAME, (frame, bytes) => this.#receive(frame, bytes));
    this.#stream.on('data', (chunk: Buffer) => {
      if (this.#ended) return;
      this.#heard = this.#options.clock.monotonic();
      try {
        reader.push(chunk);
      } catch (error) {
        // Whatever one sidecar says, it must not be the end of the others' operator.
        this.#protocolError(error instanceof FrameError ? error.message : `internal error: ${(error as Error).name}`);
      }
    });
    this.#stream.on('drain', () => {
      this.#blocked = false;
      this.#cancel.get('stall')?.();
      this.#pump();
    });
    this.#stream.on('error', () => {});
    this.#stream.on('end', () => this.end('closed'));
    this.#stream.on('close', () => this.end('closed'));
  }

  #receive(frame: ReceivedFrame, bytes: number): void {
    if (this.#ended) return;
    if (!this.#said.take(this.#options.clock.monotonic(), 1 + bytes / 1024)) {
      this.#protocolError('it says more than there is to say');
      return;
    }
    this.#options.metrics.received(frame.type, bytes);
    if (frame.type === 'hello') this.#hello(frame);
    else if (frame.type === 'acknowledged') this.#acknowledged(frame);
    else if (frame.type === 'token' && typeof frame['token'] === 'string') this.#renew(frame['token']);
  }

  #hello(frame: ReceivedFrame): void {
    const { protocol: newest, oldest = newest, version, findings } = frame;
    if (this.#version !== undefined || typeof newest !== 'number' || typeof oldest !== 'number' || typeof version !== 'string') {
      this.#protocolError('its hello is a second one, or none');
      return;
    }
    const { metrics, log, times, random, operator } = this.#options;
    const protocol = commonProtocol(oldest, newest);
    if (protocol === undefined) {
      const theirs = `sidecar ${version.slice(0, 32)} speaks protocol ${oldest} to ${newest}`;
      const ours = `operator ${operator.version} speaks ${OLDEST_STREAM_PROTOCOL} to ${STREAM_PROTOCOL}`;
      this.#protocolError(`${theirs}, ${ours}: restart its workload`);
      return;
    }
    this.#version = version;
    this.#protocol = protocol;
    if (protocol >= 2 && isRecord(findings)) this.#held = findings;
    metrics.connected(version);
    log('debug', 'sidecar-connected', { pod: this.#name(), version: version.slice(0, 32), protocol });
    this.#welcome(protocol);
    for (const key of this.#pod.databases) this.#follow(key);
    this.#pump();
    this.#after('heartbeat', times.heartbeat * (0.5 + random() / 2), () => this.#beat());
    for (const key of this.#told.keys()) this.#options.changed(key);
  }

  #acknowledged(frame: ReceivedFrame): void {
    const { database, revision, state, reason } = frame;
    const told = typeof database === 'string' ? this.#told.get(database) : undefined;
    const publication = told?.recent.find((each) => each.revision !== undefined && each.revision === revision);
    if (told === undefined || publication === undefined || told.sent?.revision === undefined) return;
    // Otherwise nothing is in force there: what held before does not any more.
    told.programmed = state === 'programmed' ? publication : undefined;
    told.rejection = state === 'rejected' ? String(reason ?? 'no reason given').slice(0, 300) : undefined;
    if (told.expected?.revision === revision) {
      this.#options.propagation.acknowledged(told.expected!, this);
      told.expected = undefined;
    }
    this.#options.changed(database as string);
  }

  /** One at a time, and the newest that came meanwhile. */
  #renew(token: string): void {
    if (this.#verifying) {
      this.#nextToken = token;
      return;
    }
    this.#verifying = true;
    void this.#options.identity.verify(token).then((verification) => {
      this.#verifying = false;
      if (this.#ended) return;
      const next = this.#nextToken;
      this.#nextToken = undefined;
      if (verification.ok) {
        const { podUid, namespace, serviceAccount } = verification.pod;
        const same =
          podUid === this.#pod.podUid && namespace === this.#pod.namespace && serviceAccount === this.#pod.serviceAccount;
        if (!same) return this.#protocolError('its new token is of another pod');
        this.#pod = { ...this.#pod, expiresAt: Math.max(this.#pod.expiresAt, verification.pod.expiresAt) };
        this.#watchToken();
      } else if (verification.code !== 'KeysUnavailable' && verification.code !== 'NotReady') {
        this.#options.metrics.refused(verification.code);
        return this.revoke(verification.code, verification.reason);
      }
      if (next !== undefined) this.#renew(next);
    });
  }

  // ---- time ------------------------------------------------------------------------------------------------------------------

  #beat(): void {
    const { clock, times } = this.#options;
    if (clock.monotonic() - this.#heard > MISSED_HEARTBEATS * times.heartbeat) this.end('silent');
    if (!this.#blocked) this.#write({ type: 'heartbeat' });
    this.#after('heartbeat', times.heartbeat, () => this.#beat());
  }

  #watchToken(): void {
    const left = this.#pod.expiresAt * 1000 - this.#options.clock.now();
    if (left <= 0) this.end('token-expired');
    else this.#after('token', Math.min(left, LOOK_AT_CLOCK), () => this.#watchToken());
  }

  #after(name: string, milliseconds: number, callback: () => void): void {
    this.#cancel.get(name)?.();
    if (!this.#ended) this.#cancel.set(name, this.#options.clock.after(milliseconds, callback));
  }

  #protocolError(reason: string): void {
    this.#options.log('warn', 'stream-protocol-error', { pod: this.#name(), reason });
    this.end('protocol');
  }

  #name(): string {
    return `${this.#pod.namespace}/${this.#pod.pod}`;
  }
}

function once(callback: () => void): () => void {
  let called = false;
  return () => {
    if (called) return;
    called = true;
    callback();
  };
}
