/**
 * The server side of core/stream/frames.ts. A connection is nobody until its token and pod are verified: how many such there may be, for how
 * long, and how many are verified at a time is bounded, so that five hundred sidecars that lost another replica together come in one after
 * the other, and whoever just knocks costs a handshake at most.
 */
import type { EventLog } from '../../core/event-log.ts';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { AUDIT_PATH, AUDIT_PROTOCOL } from '../../core/stream/audit-frames.ts';
import { type RefusalCode, STREAM_PATH } from '../../core/stream/frames.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { AuditReception } from '../audit/reception.ts';
import type { ReceptionStream } from '../audit/reception-stream.ts';
import type { IdentityVerifier, Verification, VerifiedPod } from '../identity/verified-pod.ts';
import type { DigestKeys } from '../audit/digest-keys.ts';
import type { Materials } from '../materials/materials.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { AcknowledgementBook } from './acknowledgement-book.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { ConnectedSidecar, STREAM_TIMES, type StreamTimes } from './connected-sidecar.ts';
import type { DistributionMetrics } from './metrics.ts';
import { Propagation } from './propagation.ts';
import { Publications } from './publications.ts';
import { Reception } from './reception.ts';

export interface StreamLimits {
  /** Connections that have not been let in yet; those beyond take the place of the oldest, or are closed (Reception). */
  readonly pending: number;
  /** Tokens that are being verified; the others of those let as far as that wait. */
  readonly verifying: number;
  /** Milliseconds a connection may take to be let in. */
  readonly setup: number;
}

export interface StreamServerOptions {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
  /** PEM key and certificate chain in force now; asked again after `onCertificate`. */
  readonly certificate: () => SecureContextOptions;
  /** The certificate was renewed. Connections that are open stay. */
  readonly onCertificate: (listener: () => void) => () => void;
  /** PEM of all authorities that sign stream certificates now or will soon. */
  readonly authorities: { current(): readonly string[]; onChange(listener: () => void): () => void };
  readonly identity: IdentityVerifier;
  readonly view: ClusterView;
  readonly materials: Materials;
  readonly digestKeys: DigestKeys;
  /** Who takes audit records; absent: they are not collected. */
  readonly audit?: AuditReception;
  readonly operator: { readonly version: string; readonly replica: string };
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly metrics: DistributionMetrics;
  readonly log: EventLog;
  readonly limits?: Partial<StreamLimits>;
  readonly times?: Partial<StreamTimes>;
}

export interface StreamServer {
  readonly address: { readonly host: string; readonly port: number };
  readonly acknowledgements: Acknowledgements;
  readonly connected: number;
  /** Lets nobody in any more and sends those who are in elsewhere, spread over `spread` milliseconds. Resolves when all have left, or at `deadline`. */
  drain(spread: number, deadline: number): Promise<void>;
  /** Ends everything now. */
  close(): Promise<void>;
}

/** A sidecar's connection, and the stream of records on it. */
interface Connection {
  readonly sidecar: ConnectedSidecar;
  audit: ReceptionStream | undefined;
  /** Streams of records so far. */
  audits: number;
}

type Why = { readonly code: RefusalCode; readonly reason: string };
const POD_GONE: Why = { code: 'PodGone', reason: 'The pod is gone.' };
const LIMITS: StreamLimits = { pending: 512, verifying: 32, setup: 10_000 };
/** Seconds, to which as many are added at random. */
const RETRY_AFTER = 1;
const MAX_TOKEN = 16 * 1024;
const HANDSHAKE = 5_000;
/** Streams of records that one connection may begin, one after the other. */
const MOST_AUDITS = 16;

export async function startStreamServer(options: StreamServerOptions): Promise<StreamServer> {
  const server = new Distribution(options);
  await server.listen();
  return server;
}

class Distribution implements StreamServer {
  readonly acknowledgements: AcknowledgementBook;
  readonly #options: StreamServerOptions;
  readonly #limits: StreamLimits;
  readonly #server: Http2SecureServer;
  readonly #publications: Publications;
  readonly #propagation: Propagation;
  /** By pod UID. */
  readonly #sidecars = new Map<string, ConnectedSidecar>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #connections = new WeakMap<Http2Session, Connection>();
  readonly #reception: Reception;
  /** Pods that have gone while tokens are being verified. */
  readonly #gone = new Map<string, Why>();
  readonly #unsubscribe: readonly (() => void)[];
  readonly #verifications: (() => void)[] = [];
  #verifying = 0;
  #draining = false;
  #left: (() => void) | undefined;

  constructor(options: StreamServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { clock, metrics } = options;
    this.#publications = new Publications(options);
    this.#propagation = new Propagation(
      () => clock.monotonic(),
      (seconds) => metrics.propagated(seconds),
    );
    this.acknowledgements = new AcknowledgementBook(() => this.#sidecars.values());
    this.#server = createSecureServer({
      ...secure(options.certificate()),
      handshakeTimeout: HANDSHAKE,
      // One for what is in force, one for records; a third that comes too early is refused by ourselves.
      settings: { enablePush: false, maxConcurrentStreams: 3, maxHeaderListSize: MAX_TOKEN + 4096 },
      maxHeaderListPairs: 64,
      maxSessionMemory: 4,
      maxSettings: 16,
    });
    this.#reception = new Reception({
      places: this.#limits.pending,
      patience: this.#limits.setup,
      clock,
      dropped: () => metrics.dropped(),
    });
    this.#server.on('connection', (socket) => this.#reception.arrive(socket));
    this.#server.on('session', (session) => this.#session(session));
    this.#server.on('stream', (stream, headers) => {
      this.#request(stream, headers).catch((error: unknown) => {
        options.log('error', 'stream-internal-error', { error: error instanceof Error ? error.stack : 'unknown' });
        stream.session?.destroy();
      });
    });
    this.#server.on('sessionError', () => {});
    this.#server.on('tlsClientError', () => {});
    this.#unsubscribe = [
      options.onCertificate(() => this.#server.setSecureContext(secure(options.certificate()))),
      options.authorities.onChange(() => {
        for (const sidecar of this.#sidecars.values()) sidecar.authoritiesChanged();
      }),
      options.identity.onGone((podUid, why = POD_GONE) => {
        if (this.#verifying > 0) this.#gone.set(podUid, why);
        this.#sidecars.get(podUid)?.revoke(why.code, why.reason);
      }),
    ];
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#options.host, port: (this.#server.address() as AddressInfo).port };
  }

  get connected(): number {
    return this.#sidecars.size;
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 511 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#options.log('error', 'stream-server', { reason: error.message }));
        resolve();
      });
    });
  }

  async drain(spread: number, deadline: number): Promise<void> {
    this.#draining = true;
    this.#server.close();
    this.#reception.close();
    const { clock } = this.#options;
    const all = [...this.#sidecars.values()];
    all.forEach((sidecar, index) => {
      clock.after((spread * index) / all.length, () => sidecar.goodbye());
    });
    await new Promise<void>((resolve) => {
      this.#left = resolve;
      clock.after(deadline, resolve);
      if (this.#sessions.size === 0) resolve();
    });
    await this.close();
  }

  async close(): Promise<void> {
    this.#draining = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const sidecar of [...this.#sidecars.values()]) sidecar.end('stopped');
    for (const session of this.#sessions) session.destroy();
    this.#reception.close();
    this.#publications.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #session(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => {
      this.#sessions.delete(session);
      // Not when the last goodbye has been written, but when it has been heard.
      if (this.#sessions.size === 0) this.#left?.();
    });
  }

  async #request(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('error', () => {});
    if (headers[':path'] === AUDIT_PATH && headers[':method'] === 'POST') return this.#collect(stream);
    if (headers[':path'] !== STREAM_PATH) return answer(stream, 404, { code: 'NotFound', reason: 'There is nothing here.' });
    if (headers[':method'] !== 'POST') return answer(stream, 405, { code: 'NotAllowed', reason: 'POST it is.' });
    if (this.#draining) return this.#refuse(stream, 'NotReady', 'This replica is stopping.');
    if (!this.#options.view.hasSynced) return this.#refuse(stream, 'NotReady', 'This replica has not read the cluster yet.');
    // Who it is was settled by the first; what another says of itself would have to be told apart.
    if (stream.session !== undefined && this.#connections.has(stream.session))
      return answer(stream, 409, { code: 'NotAllowed', reason: 'There is a stream already.' });
    if (stream.session !== undefined) this.#reception.spoke(stream.session.socket);
    const verification = await this.#verify(bearer(headers.authorization));
    if (stream.destroyed) return;
    if (!verification.ok) return this.#refuse(stream, verification.code, verification.reason);
    const { pod } = verification;
    if (this.#draining) return this.#refuse(stream, 'NotReady', 'This replica is stopping.');
    this.#admit(stream, pod);
  }

  #admit(stream: ServerHttp2Stream, pod: VerifiedPod): void {
    if (stream.session === undefined || this.#connections.has(stream.session)) {
      stream.close();
      return;
    }
    // The same pod again: its old connection is one that it has lost, or another restart of it.
    this.#sidecars.get(pod.podUid)?.end('replaced');
    const { operator, authorities, identity, clock, random, metrics, log, times } = this.#options;
    const { session } = stream;
    const sidecar = new ConnectedSidecar({
      stream,
      pod,
      operator,
      authorities: () => authorities.current(),
      identity,
      publications: this.#publications,
      propagation: this.#propagation,
      clock,
      random,
      times: { ...STREAM_TIMES, ...times },
      metrics,
      log,
      changed: (key) => this.acknowledgements.changed(key),
      ended: () => {
        if (this.#sidecars.get(pod.podUid) === sidecar) this.#sidecars.delete(pod.podUid);
      },
      tail: (heard) => {
        const audit = this.#connections.get(session)?.audit;
        if (audit === undefined) heard();
        else audit.leave(heard);
      },
    });
    this.#sidecars.set(pod.podUid, sidecar);
    this.#connections.set(session, { sidecar, audit: undefined, audits: 0 });
    this.#reception.admit(session.socket);
    stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    sidecar.start();
  }

  /** Records come from whoever has been welcomed on this connection; there is no other way to say who sends them. */
  #collect(stream: ServerHttp2Stream): void {
    const connection = stream.session === undefined ? undefined : this.#connections.get(stream.session);
    if (connection === undefined || connection.sidecar.protocol < AUDIT_PROTOCOL) {
      answer(stream, 403, { code: 'NotAllowed', reason: 'Nobody has been welcomed on this connection.' });
      return;
    }
    const { audit } = this.#options;
    const say = (status: number, code: string, reason: string): void => answer(stream, status, { code, reason }, undefined, true);
    if (audit === undefined) {
      say(404, 'NotFound', 'Records are not collected.');
      return;
    }
    if (connection.audit?.isOpen) {
      say(409, 'NotAllowed', 'There is a stream of records already.');
      return;
    }
    connection.audits += 1;
    if (connection.audits > MOST_AUDITS) {
      say(429, 'NotAllowed', 'Streams of records are begun again and again.');
      return;
    }
    connection.audit = audit.accept(stream, connection.sidecar.pod);
  }

  #refuse(stream: ServerHttp2Stream, code: RefusalCode, reason: string): void {
    this.#options.metrics.refused(code);
    this.#options.log('debug', 'sidecar-refused', { code, reason });
    const later = code === 'NotReady' || code === 'KeysUnavailable';
    const seconds = RETRY_AFTER + Math.round(this.#options.random() * RETRY_AFTER * 2);
    if (stream.session !== undefined && !stream.session.destroyed) this.#reception.refused(stream.session.socket);
    answer(stream, later ? 503 : code.startsWith('Token') ? 401 : 403, { code, reason }, later ? seconds : undefined);
  }

  /** Never rejects. */
  async #verify(token: string | undefined): Promise<Verification> {
    if (this.#verifying >= this.#limits.verifying) await new Promise<void>((resolve) => void this.#verifications.push(resolve));
    this.#verifying += 1;
    try {
      const verification = await this.#options.identity.verify(token);
      // It may have gone while its token was looked at. From here to its admission nothing waits, and then we would hear of it.
      const why = verification.ok ? this.#gone.get(verification.pod.podUid) : undefined;
      return why === undefined ? verification : { ok: false, ...why };
    } finally {
      this.#verifying -= 1;
      if (this.#verifying === 0) this.#gone.clear();
      this.#verifications.shift()?.();
    }
  }
}

/** RFC 8446 and nothing older: both ends are ours. */
function secure(certificate: SecureContextOptions): SecureContextOptions {
  return { ...certificate, minVersion: 'TLSv1.3' };
}

/** RFC 6750. */
function bearer(authorization: string | undefined): string | undefined {
  const match = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '');
  return match?.[1] !== undefined && match[1].length <= MAX_TOKEN ? match[1] : undefined;
}

function answer(
  stream: ServerHttp2Stream,
  status: number,
  body: { readonly code: string; readonly reason: string },
  retryAfter?: number,
  /** The connection stays. */
  stays = false,
): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond({
    ':status': status,
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  });
  const { session } = stream;
  stream.end(JSON.stringify(body));
  if (!stays) stream.once('close', () => session?.close());
  // What it still sends is of no interest, and its half of the stream need not end by itself.
  stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
}
