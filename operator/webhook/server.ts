/**
 * The HTTPS server that API servers ask about new pods: POST /inject. HTTP/1.1, as they speak it to webhooks. The certificate is exchanged while
 * connections are open; on the way out it goes on answering until nobody asks any more.
 */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { MAX_REVIEW_BYTES } from '../admission/admission-review.ts';
import type { Authority } from '../certs/authority.ts';
import { Reception } from '../distribute/reception.ts';
import { BodyTooLargeError, RequestBodies, TooManyBodiesError } from './request-body.ts';

const WEBHOOK_PATH = '/inject';

export interface WebhookServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly certificates: Pick<Authority, 'leaf' | 'onLeaf'>;
  /** reviewAdmission of operator/admission. Does not reject. */
  readonly review: (body: Buffer) => Promise<object>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** Milliseconds; see below. */
  readonly drainDelay?: number;
  readonly drainLimit?: number;
  readonly requestsPerConnection?: number;
  /** Bytes. */
  readonly bodiesAtOnce?: number;
  /** At most, and of these such as have sent no request yet. */
  readonly connections?: { readonly all: number; readonly silent: number };
}

export interface WebhookServer {
  /** Resolves with the port. */
  listen(): Promise<number>;
  /**
   * Serves on until the Service leads here no more, telling each client to connect anew, then ends. Readiness is to be false before: that
   * is what takes this replica out of the Service.
   */
  close(): Promise<void>;
}

/** An API server keeps a connection for 90 s of idleness (Go's default): it is to close it, never we, or a request would meet the reset. */
const KEEP_ALIVE = 120_000;
/** It waits 5 s for an answer, 30 s at the most. */
const REQUEST_TIMEOUT = 30_000;
/** Until every node has taken this replica's address out of the Service. */
const DRAIN_DELAY = 5_000;
/** For answers under way after that. */
const DRAIN_LIMIT = 10_000;
const MAX_CONNECTIONS = 1000;
/** Of these, such as have sent no request yet: whoever only holds connections must leave some for API servers. */
const MAX_SILENT = 500;
const HANDSHAKE = 10_000;
/** Bytes. A review has some ten thousand; whoever reaches the port could otherwise have us hold four mebibytes for each connection. */
const BODIES_AT_ONCE = 32 * 1024 * 1024;
/** After so many a client is told to connect anew: an API server would stay with the replica it found first for as long as pods are created. */
const REQUESTS_PER_CONNECTION = 1000;

export function createWebhookServer(options: WebhookServerOptions): WebhookServer {
  return new InjectionServer(options);
}

class InjectionServer implements WebhookServer {
  readonly #options: WebhookServerOptions;
  readonly #server: Server;
  readonly #metrics: ReturnType<typeof webhookMetrics>;
  readonly #forget: () => void;
  readonly #bodies: RequestBodies;
  readonly #reception: Reception;
  #draining = false;

  constructor(options: WebhookServerOptions) {
    this.#options = options;
    this.#metrics = webhookMetrics(options.registry);
    this.#bodies = new RequestBodies({ one: MAX_REVIEW_BYTES, all: options.bodiesAtOnce ?? BODIES_AT_ONCE });
    this.#server = createServer(
      {
        minVersion: 'TLSv1.2',
        keepAliveTimeout: KEEP_ALIVE,
        requestTimeout: REQUEST_TIMEOUT,
        headersTimeout: 10_000,
        handshakeTimeout: HANDSHAKE,
        maxHeaderSize: 16 * 1024,
      },
      (request, response) => void this.#answer(request, response),
    );
    const { all = MAX_CONNECTIONS, silent = MAX_SILENT } = options.connections ?? {};
    this.#server.maxConnections = all;
    this.#reception = new Reception({ places: silent, patience: HANDSHAKE, clock: options.clock, dropped: () => {} });
    this.#server.on('connection', (socket) => this.#reception.arrive(socket as Socket));
    // Full: those that were used and rest make room. An API server whose connection is among them makes another.
    this.#server.on('drop', () => this.#server.closeIdleConnections());
    this.#server.maxRequestsPerSocket = options.requestsPerConnection ?? REQUESTS_PER_CONNECTION;
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
      this.#metrics.handshakes.inc();
      options.log.debug({ reason: error.code ?? error.message }, 'tls-handshake-failed');
    });
    const { leaf } = options.certificates;
    if (leaf !== undefined) this.#use(leaf);
    this.#forget = options.certificates.onLeaf((renewed) => this.#use(renewed));
  }

  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    const { clock, drainDelay = DRAIN_DELAY, drainLimit = DRAIN_LIMIT, log } = this.#options;
    this.#draining = true;
    await wait(clock, drainDelay);
    this.#forget();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    this.#reception.close();
    const cancel = clock.after(drainLimit, () => {
      log.warn('webhook-connections-cut');
      this.#server.closeAllConnections();
    });
    await closed;
    cancel();
  }

  /** New connections get the new one; those that are open keep theirs. */
  #use(leaf: { readonly certificate: string; readonly key: string }): void {
    this.#server.setSecureContext({ cert: leaf.certificate, key: leaf.key, minVersion: 'TLSv1.2' });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, review, log } = this.#options;
    const begin = clock.monotonic();
    this.#reception.admit(request.socket);
    this.#metrics.inFlight.inc();
    response.once('close', () => {
      this.#metrics.inFlight.dec();
      // A client that went away before its answer got none.
      this.#metrics.requests.inc({ code: response.writableFinished ? response.statusCode : 499 });
      this.#metrics.duration.observe((clock.monotonic() - begin) / 1000);
    });
    try {
      const refused = refusal(request);
      if (refused !== undefined) return this.#end(response, refused.code, 'text/plain', refused.message, true);
      const answer = await this.#bodies.with(request, async (body) => JSON.stringify(await review(body)));
      this.#end(response, 200, 'application/json', answer);
    } catch (error) {
      if (error instanceof TooManyBodiesError) return this.#end(response, 503, 'text/plain', error.message, true);
      if (error instanceof BodyTooLargeError) return this.#end(response, 413, 'text/plain', error.message, true);
      if (request.destroyed && !request.complete) return;
      log.error({ reason: error instanceof Error ? error.name : 'unknown' }, 'review-failed');
      this.#end(response, 500, 'text/plain', 'the review failed');
    }
  }

  /** `abandon`: the rest of the request is not read. */
  #end(response: ServerResponse, code: number, type: string, body: string, abandon = false): void {
    if (response.headersSent || response.destroyed) return;
    if (abandon || this.#draining) response.setHeader('connection', 'close');
    response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }
}

function refusal(request: IncomingMessage): { readonly code: number; readonly message: string } | undefined {
  // The API server appends ?timeout=5s.
  const path = request.url?.split('?', 1)[0];
  if (path !== WEBHOOK_PATH) return { code: 404, message: `there is only ${WEBHOOK_PATH}` };
  if (request.method !== 'POST') return { code: 405, message: 'only POST' };
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') return { code: 415, message: 'only application/json' };
  return undefined;
}

export function webhookMetrics(registry: Registry) {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'sluice_operator_webhook_requests_total',
      help: 'Requests to the webhook, by HTTP status; 499: the client went away',
      labelNames: ['code'],
      registers,
    }),
    duration: new Histogram({
      name: 'sluice_operator_webhook_request_duration_seconds',
      help: 'How long requests to the webhook took',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 2.5, 5],
      registers,
    }),
    inFlight: new Gauge({ name: 'sluice_operator_webhook_requests_in_flight', help: 'Requests being answered', registers }),
    handshakes: new Counter({
      name: 'sluice_operator_webhook_handshake_failures_total',
      help: 'TLS handshakes that failed: a caBundle that does not fit, or no certificate yet',
      registers,
    }),
  };
}

function wait(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const keepAlive = setInterval(() => {}, 60_000);
    clock.after(milliseconds, () => {
      clearInterval(keepAlive);
      resolve();
    });
  });
}
