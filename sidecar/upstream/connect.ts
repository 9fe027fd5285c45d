/**
 * One authenticated connection to a database server, handed over raw: the session owns the socket from then on. Nothing here
 * waits without a limit; every way it can fail is an UpstreamError with one clear sentence.
 */
import type { Socket } from 'node:net';
import { cancelRequest } from '../../core/wire/request.ts';
import { baselineViolation, serverMajor } from '../../core/wire/second-line.ts';
import type { BackendKey } from '../../core/wire/server-messages.ts';
import { ProtocolError } from '../../core/wire/protocol-error.ts';
import { type LoginOptions, login } from './login.ts';
import { describeTarget, type UpstreamTarget } from './target.ts';
import { guarded, openTransport } from './transport.ts';
import { UpstreamError } from './upstream-error.ts';

export interface ConnectOptions extends LoginOptions {
  readonly target: UpstreamTarget;
  /** Milliseconds for everything from the first packet to ReadyForQuery. Default 10,000. */
  readonly timeout?: number;
  /** Gives up early (the client has left). */
  readonly signal?: AbortSignal;
}

export interface UpstreamConnection {
  /** Paused, with no 'data', 'error' or 'close' listener of ours left: attach yours before resuming. TLSSocket with TLS. */
  readonly socket: Socket;
  /** What the server reported at login: the baseline of parameterViolation(). */
  readonly parameters: ReadonlyMap<string, string>;
  /** For sendCancel; undefined where the server gave none. */
  readonly key?: BackendKey;
  /** As reported, e.g. `15.20 (Debian 15.20-0+deb12u1)`. */
  readonly serverVersion: string;
  readonly serverMajor: number;
}

export const DEFAULT_CONNECT_TIMEOUT = 10_000;

/** Connects, verifies, logs in. Rejects with UpstreamError (or the signal's reason when it fires). */
export async function connectUpstream(options: ConnectOptions): Promise<UpstreamConnection> {
  return await withDeadline(options.target, options.timeout ?? DEFAULT_CONNECT_TIMEOUT, options.signal, async (signal) => {
    const transport = await openTransport(options.target, signal);
    return await guarded(transport.socket, signal, async () => {
      const { parameters, key } = await login(transport, options);
      const violation = baselineViolation(parameters);
      if (violation !== undefined) throw new UpstreamError(violation.code, violation.message);
      const serverVersion = parameters.get('server_version') ?? '';
      return {
        socket: transport.socket,
        parameters,
        ...(key === undefined ? {} : { key }),
        serverVersion,
        serverMajor: major(serverVersion),
      };
    });
  });
}

/**
 * Asks the server to cancel what the connection with this key is doing; resolves when the server has taken the request
 * (it answers by closing). The key is as good as a credential, so it travels under the same TLS mode.
 */
export async function sendCancel(
  target: UpstreamTarget,
  key: BackendKey,
  timeout: number = DEFAULT_CONNECT_TIMEOUT,
): Promise<void> {
  await withDeadline(target, timeout, undefined, async (signal) => {
    const { socket } = await openTransport(target, signal);
    await guarded(socket, signal, async () => {
      await new Promise<void>((resolve) => {
        // The server closes without a word; a reset after it has read the request is as good.
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
        socket.resume();
        socket.end(cancelRequest(key.pid, key.secret));
      });
      socket.destroy();
    });
  });
}

async function withDeadline<T>(
  target: UpstreamTarget,
  timeout: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const late = new UpstreamError(
    'SLUICE-802',
    `the database server at ${describeTarget(target)} did not answer within ${timeout} ms`,
  );
  const timer = setTimeout(() => controller.abort(late), timeout);
  const giveUp = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) giveUp();
  outer?.addEventListener('abort', giveUp, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', giveUp);
  }
}

function major(version: string): number {
  try {
    return serverMajor(version);
  } catch (error) {
    if (error instanceof ProtocolError) throw new UpstreamError('SLUICE-706', error.message, { cause: error });
    throw error;
  }
}
