/**
 * One client connection and the one upstream connection it gets: made after the client's StartupMessage, ended together.
 * Bytes go through `Inbound` and `Outbound`; here are the sockets, the backpressure between them, and every way it can end.
 */
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import * as request from '../../core/wire/request.ts';
import { authenticationOk, backendKeyData, denialResponse, parameterStatus, readyForQuery } from '../../core/wire/write.ts';
import type { AcceptedClient } from '../listen/listener.ts';
import type { UpstreamConnection } from '../upstream/connect.ts';
import { admitClientSettings } from '../upstream/startup-settings.ts';
import { admissionDenial, internalError, openingDenial, shuttingDown, upstreamLost, withdrawn } from './admission.ts';
import { AuditTrail } from './audit-trail.ts';
import { type Ending, SessionCore } from './core.ts';
import { Departure } from './departure.ts';
import type { ConnectSettings, SessionEnvironment } from './environment.ts';
import { leaveClient, leaveServer } from './farewell.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';
import { ReadAhead } from './read-ahead.ts';
import type { RegisteredSession } from './registry.ts';
import { ReplyWatch } from './reply-watch.ts';
import { SocketWriter } from './socket-writer.ts';

/** Serves the client to its end. Never rejects. */
export async function serveSession(client: AcceptedClient, environment: SessionEnvironment): Promise<void> {
  const session = new Session(client, environment);
  await session.run();
}

/** Of the second line. */
const TRIPWIRES: ReadonlySet<string> = new Set(['SLUICE-704', 'SLUICE-705', 'SLUICE-706']);
const DEFAULTS = { writeStall: 60_000, linger: 2_000, replyGrace: 15_000 };

class Session implements RegisteredSession {
  readonly closed: Promise<void>;
  readonly #client: AcceptedClient;
  readonly #environment: SessionEnvironment;
  readonly #audit: AuditTrail;
  readonly #id: string;
  readonly #abort = new AbortController();
  #upstream: UpstreamConnection | null = null;
  #core: SessionCore | null = null;
  #inbound: Inbound | null = null;
  #outbound: Outbound | null = null;
  #toClient: SocketWriter | null = null;
  #toServer: SocketWriter | null = null;
  readonly #ahead = new ReadAhead();
  #unsubscribe: () => void = () => {};
  readonly #departure: Departure;
  #replies: ReplyWatch | null = null;
  #ended = false;
  /** The client's socket has ended. */
  #gone = false;
  #started = false;
  #close: () => void = () => {};

  constructor(client: AcceptedClient, environment: SessionEnvironment) {
    this.#client = client;
    this.#environment = environment;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    const { randomBytes, journal, clock } = environment;
    this.#id = randomBytes(8).toString('hex');
    this.#audit = new AuditTrail(journal, this.#id, () => clock.monotonic(), environment.telemetry, environment.evidence);
    this.#departure = new Departure(environment, (ending) => this.#guarded(() => this.end(ending)));
  }

  async run(): Promise<void> {
    const { socket, startup } = this.#client;
    socket.on('close', () => this.#guarded(() => this.#clientGone()));
    socket.on('end', () => this.#guarded(() => this.#clientGone()));
    const { host, registry, maxSessions } = this.#environment;
    const admitted = admitClientSettings(startup.settings, host.engine?.bundle.transparent);
    const refused = admissionDenial(startup, host, registry, maxSessions) ?? admitted.refused;
    if (refused !== undefined) this.end({ reason: 'refused', denial: refused });
    else {
      registry.add(this);
      try {
        await this.#open(admitted.passed);
        if (!this.#ended) await this.#begin(admitted.searchPath, admitted.applicationName);
      } catch (error) {
        this.end({ reason: 'upstream not available', denial: openingDenial(error) });
      }
    }
    await this.closed;
  }

  async #open(passed: ConnectSettings['passed']): Promise<void> {
    const timeout = this.#environment.host.engine?.bundle.limits.statementTimeout;
    const ours = timeout === undefined ? [] : ([['statement_timeout', String(Math.max(1, Math.floor(timeout)))]] as const);
    const upstream = await this.#environment.connect({ passed, ours }, this.#abort.signal);
    if (this.#ended) {
      upstream.socket.on('error', () => {});
      upstream.socket.end(request.TERMINATE);
      return;
    }
    this.#upstream = upstream;
  }

  async #begin(searchPath: string | undefined, application: string | undefined): Promise<void> {
    const { socket, startup } = this.#client;
    const upstream = this.#upstream!;
    const address = socket.remoteAddress;
    await this.#audit.sessionStart({
      user: startup.user,
      ...(application === undefined ? {} : { application }),
      ...(address === undefined ? {} : { address }),
    });
    const engine = this.#environment.host.engine;
    if (this.#ended || engine === undefined) {
      this.end({ reason: 'policy withdrawn', denial: withdrawn(this.#environment.host) });
      return;
    }
    this.#wire(upstream, engine);
    this.#started = true;
    this.#environment.telemetry?.sessionOpened();
    const greeting = [authenticationOk()];
    for (const [name, value] of upstream.parameters) greeting.push(parameterStatus(name, value));
    const key = this.#environment.registry.keyOf(this, upstream.key?.pid);
    greeting.push(backendKeyData(key.pid, key.secret));
    if (searchPath === undefined) greeting.push(readyForQuery('I'));
    this.#toClient!.write([Buffer.concat(greeting)]);
    if (searchPath !== undefined) {
      const refused = this.#inbound!.initialSearchPath(searchPath);
      if (refused !== undefined) return this.end({ reason: 'refused', denial: refused });
    }
    this.#environment.log?.('session-start', { session: this.#id });
    this.#resumeClient();
    this.#resumeUpstream();
    this.#idle();
  }

  #wire(upstream: UpstreamConnection, engine: SqlEngine): void {
    const { host, clock, timeouts, sendCancel, randomBytes, telemetry } = this.#environment;
    const { key } = upstream;
    const core = new SessionCore({
      id: this.#id,
      host,
      state: createSessionState(engine.catalog.data.defaultSearchPath),
      audit: this.#audit,
      ...(telemetry === undefined ? {} : { telemetry }),
      now: () => clock.now(),
      secret: randomBytes(8).toString('hex'),
      cancel: () => (key === undefined ? Promise.resolve() : sendCancel(key)),
    });
    const stallTimeout = timeouts?.writeStall ?? DEFAULTS.writeStall;
    const { socket } = this.#client;
    this.#core = core;
    this.#toClient = new SocketWriter({
      socket,
      stallTimeout,
      drained: () => this.#guarded(() => this.#resumeUpstream()),
      stalled: () => this.end({ reason: 'client does not read' }),
    });
    this.#toServer = new SocketWriter({
      socket: upstream.socket,
      stallTimeout,
      drained: () => this.#guarded(() => this.#resumeClient()),
      stalled: () => this.end({ reason: 'server does not read', denial: upstreamLost() }),
    });
    this.#inbound = new Inbound(
      core,
      (buffers) => {
        this.#toServer?.write(buffers);
        this.#replies?.sent();
      },
      () => this.#resumeClient(),
    );
    this.#outbound = new Outbound({
      core,
      inbound: this.#inbound,
      parameters: upstream.parameters,
      send: (buffers) => this.#toClient?.write(buffers),
      resumed: () => this.#resumeUpstream(),
      ready: () => queueMicrotask(() => this.#guarded(() => this.#idle())),
    });
    this.#replies = new ReplyWatch({
      core,
      grace: timeouts?.replyGrace ?? DEFAULTS.replyGrace,
      reading: () => !upstream.socket.isPaused(),
      silent: () => this.end({ reason: 'server does not answer', denial: upstreamLost() }),
    });
    core.toClient = (bytes) => this.#outbound?.insert(bytes);
    core.end = (ending) => this.end(ending);
    core.fault = (error) => this.#fault(error);
    this.#unsubscribe = host.onChange((next) => this.#guarded(() => this.#engineChanged(next)));
    socket.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    upstream.socket.setNoDelay(true);
    upstream.socket.setKeepAlive(true, 30_000);
    upstream.socket.on('data', (chunk: Buffer) => this.#fromServer(chunk));
    upstream.socket.on('error', () => {});
    upstream.socket.on('end', () => this.#guarded(() => this.#upstreamLost()));
    upstream.socket.on('close', () => this.#guarded(() => this.#upstreamLost()));
  }

  // ---- bytes -----------------------------------------------------------------------------------------------------------------

  #fromClient(chunk: Buffer): void {
    this.#departure.heard();
    this.#ahead.hear(chunk);
    if (this.#mayReceive()) this.#guarded(() => this.#inbound?.receive(chunk));
    else this.#ahead.keep(chunk);
    if (this.#ahead.full || this.#toServer?.blocked === true) this.#client.socket.pause();
    else if (this.#mayReceive()) this.#idle();
  }

  #mayReceive(): boolean {
    return this.#inbound?.busy !== true && this.#toServer?.blocked !== true;
  }

  #fromServer(chunk: Buffer): void {
    this.#replies?.heard();
    this.#guarded(() => this.#outbound?.receive(chunk));
    if (this.#outbound?.busy === true || this.#toClient?.blocked === true) this.#upstream?.socket.pause();
  }

  #resumeClient(): void {
    while (!this.#ended && this.#mayReceive()) {
      const chunk = this.#ahead.take();
      if (chunk === undefined) break;
      this.#guarded(() => this.#inbound?.receive(chunk));
    }
    if (this.#ended) return;
    // Whatever it was that looked like a goodbye, it was none.
    if (this.#gone && this.#mayReceive()) this.end({ reason: 'client disconnected' });
    else if (!this.#ahead.full && this.#toServer?.blocked !== true) this.#client.socket.resume();
  }

  #resumeUpstream(): void {
    if (!this.#ended && this.#outbound?.busy !== true && this.#toClient?.blocked !== true) this.#upstream?.socket.resume();
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fault(error);
    }
  }

  /** A defect of ours ends this session and no other. */
  #fault(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
    this.#environment.telemetry?.defect();
    this.#environment.log?.('internal-error', { session: this.#id, error: text });
    try {
      this.end({ reason: 'internal error', denial: internalError() });
    } catch {
      // Not even the end works: without ceremony, then.
      this.#environment.registry.remove(this);
      this.#client.socket.destroy();
      this.#upstream?.socket.destroy();
      this.#close();
    }
  }

  // ---- ends ------------------------------------------------------------------------------------------------------------------

  /** The statement that a client cancels may still be on its way through us; a server that has not read it would cancel nothing. */
  async cancelRequested(): Promise<void> {
    const inbound = this.#inbound;
    if (inbound === null) return;
    const sent = new Promise<void>((resolve) => inbound.behindSent(resolve));
    await Promise.race([sent.then(() => this.#core?.cancel()).catch(() => {}), this.closed]);
  }

  drain(): void {
    this.#departure.ask({ reason: 'drained', denial: shuttingDown() });
    this.#idle();
  }

  stop(): void {
    this.end({ reason: 'drained', denial: shuttingDown() });
  }

  /** A client that has left wants nothing any more, unless it said goodbye: then what it sent is still to be done. */
  #clientGone(): void {
    this.#gone = true;
    const waits = this.#inbound?.terminating === true || (this.#inbound?.busy === true && this.#ahead.saidGoodbye);
    if (waits && this.#core?.copyIn !== 'active') this.#resumeUpstream();
    else this.end({ reason: 'client disconnected' });
  }

  #engineChanged(engine: SqlEngine | undefined): void {
    if (engine !== undefined) {
      this.#departure.policyBack();
      return;
    }
    this.#departure.policyGone();
    this.#idle();
  }

  /** Nothing is under way: the moment to leave, or to start counting idle time. */
  #idle(): void {
    const core = this.#core;
    if (
      core === null ||
      !this.#started ||
      core.status !== 'I' ||
      core.pipeline.length > 0 ||
      core.groupOpen ||
      this.#inbound?.atBoundary !== true
    )
      return;
    this.#departure.idle();
  }

  #upstreamLost(): void {
    this.end(
      this.#outbound?.fatal === true
        ? { reason: 'server ended the connection' }
        : { reason: 'upstream lost', denial: upstreamLost() },
    );
  }

  #count({ reason, denial: why }: Ending): void {
    const { telemetry } = this.#environment;
    if (why !== undefined) telemetry?.refusal(why.code);
    if (this.#started) telemetry?.sessionClosed(reason);
    else if (why !== undefined) telemetry?.refused(why.code);
    if (why !== undefined && TRIPWIRES.has(why.code)) telemetry?.tripwire(why.code);
  }

  end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#count(ending);
    const { registry, timeouts } = this.#environment;
    const core = this.#core;
    const busy = core !== null && (core.pipeline.length > 0 || core.copyIn !== 'none');
    if (core !== null) {
      core.ended = true;
      for (const entry of core.pipeline.clear())
        for (const piece of entry.pieces ?? []) this.#audit.settle(piece.execution, 'unknown');
    }
    this.#unsubscribe();
    this.#departure.stop();
    this.#replies?.stop();
    this.#toClient?.stop();
    this.#toServer?.stop();
    if (this.#started) this.#audit.sessionEnd(ending.reason);
    this.#environment.log?.('session-end', {
      session: this.#id,
      reason: ending.reason,
      ...(ending.denial === undefined ? {} : { code: ending.denial.code }),
    });
    registry.remove(this);
    this.#abort.abort(new Error(ending.reason));
    const linger = timeouts?.linger ?? DEFAULTS.linger;
    if (this.#upstream !== null)
      leaveServer(this.#upstream.socket, {
        busy,
        last: !registry.draining,
        linger,
        cancel: () => core?.cancel() ?? Promise.resolve(),
      });
    leaveClient(this.#client.socket, { say: () => this.#sayFarewell(ending), linger, closed: () => this.#close() });
  }

  #sayFarewell({ denial: why }: Ending): void {
    if (why === undefined) return;
    const last = denialResponse(why, { severity: 'FATAL' });
    if (this.#outbound === null) this.#client.socket.write(last);
    else this.#outbound.farewell(last);
  }
}
