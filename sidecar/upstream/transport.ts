/**
 * TCP and TLS towards a server, up to the first byte of the protocol. TLS is asked for with an SSLRequest, whose answer is
 * exactly one byte: anything behind it was put there by someone who hopes that we take it for protected
 * (CVE-2021-23222), so it ends the attempt.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import { sslRequest } from '../../core/wire/request.ts';
import { LoginReader } from './login-reader.ts';
import { describeTarget, type UpstreamTarget } from './target.ts';
import { UpstreamError } from './upstream-error.ts';

export interface Transport {
  readonly socket: Socket | TLSSocket;
  /** The server's certificate (DER), with TLS. */
  readonly certificate?: Buffer;
  /** The certificate was verified against a CA (VerifyCA, VerifyFull). */
  readonly verified: boolean;
}

/** Aborting `signal` destroys what is open and rejects with its reason. Rejects with UpstreamError else. */
export async function openTransport(target: UpstreamTarget, signal: AbortSignal): Promise<Transport> {
  const tcp = await dial(target, signal);
  tcp.setNoDelay(true);
  tcp.setKeepAlive(true, 30_000);
  if (target.tls.mode === 'Disable') return { socket: tcp, verified: false };
  return await guarded(tcp, signal, async () => {
    await requestTls(tcp, target);
    return await handshake(tcp, target, signal);
  });
}

/** Runs `work`; destroys the socket when it fails or the signal fires, which is what unblocks it. */
export async function guarded<T>(socket: Socket, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work(), aborted]);
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

async function dial(target: UpstreamTarget, signal: AbortSignal): Promise<Socket> {
  const hosts = target.addresses === undefined || target.addresses.length === 0 ? [target.host] : target.addresses;
  let failure: unknown;
  for (const host of hosts) {
    const socket = connectTcp({ host, port: target.port });
    try {
      return await guarded(
        socket,
        signal,
        () =>
          new Promise<Socket>((resolve, reject) => {
            socket.once('error', reject);
            socket.once('connect', () => {
              socket.off('error', reject);
              resolve(socket);
            });
          }),
      );
    } catch (error) {
      if (signal.aborted) throw error;
      failure = error;
    }
  }
  throw new UpstreamError('SLUICE-802', `cannot reach the database server at ${describeTarget(target)}: ${reason(failure)}`, {
    cause: failure,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name lookup failed',
  ETIMEDOUT: 'timed out',
};

/** A few words for a socket error; those of several attempts are the first one's. */
function reason(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  return REASONS[code] ?? (code === '' ? 'unknown reason' : code);
}

export function lostConnection(error: unknown): UpstreamError {
  return new UpstreamError('SLUICE-803', `the connection to the database server broke during the login: ${reason(error)}`, {
    cause: error,
  });
}

async function requestTls(tcp: Socket, target: UpstreamTarget): Promise<void> {
  const reader = new LoginReader(tcp, lostConnection);
  tcp.write(sslRequest());
  const answer = (await reader.take(1))[0];
  const rest = reader.release();
  if (rest.length > 0)
    throw new UpstreamError(
      'SLUICE-805',
      'the database server sent unencrypted data after the TLS request: someone may be in between',
    );
  if (answer === 0x4e) {
    throw new UpstreamError('SLUICE-805', `the database server at ${describeTarget(target)} does not offer TLS`, {
      hint: 'Switch ssl on in the server, or say tls.mode Disable (sslmode=disable) where the network is trusted.',
    });
  }
  if (answer !== 0x53)
    throw new UpstreamError('SLUICE-805', 'the database server answered the TLS request with neither yes nor no');
}

async function handshake(tcp: Socket, target: UpstreamTarget, signal: AbortSignal): Promise<Transport> {
  const { mode, ca } = target.tls;
  const name = target.tls.serverName ?? target.host;
  const verify = mode === 'VerifyFull' || mode === 'VerifyCA';
  const secure = connectTls({
    socket: tcp,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: verify,
    // Names are checked below, by our own rule: VerifyCA must not check them, an address has no servername.
    checkServerIdentity: () => undefined,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['postgresql'],
  });
  return await guarded(secure, signal, async () => {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error | undefined): void =>
        reject(
          new UpstreamError(
            'SLUICE-805',
            `TLS with the database server at ${describeTarget(target)} failed: ${tlsReason(error)}`,
            {
              cause: error,
              ...(verify ? { hint: 'Check the CA (caSecretRef, sslrootcert) and whether the certificate is still valid.' } : {}),
            },
          ),
        );
      secure.once('error', fail);
      secure.once('close', () => fail(undefined));
      secure.once('secureConnect', () => {
        secure.removeAllListeners('close').off('error', fail);
        resolve();
      });
    });
    const certificate = secure.getPeerCertificate();
    if (mode === 'VerifyFull') {
      const mismatch = checkServerIdentity(name, certificate);
      if (mismatch !== undefined) {
        throw new UpstreamError('SLUICE-805', `the certificate of the database server is not for "${name}"`, {
          cause: mismatch,
          hint: 'Use the name the certificate was issued for, or tls.mode VerifyCA if any server of that CA will do.',
        });
      }
    }
    return { socket: secure, ...(certificate.raw === undefined ? {} : { certificate: certificate.raw }), verified: verify };
  });
}

function tlsReason(error: Error | undefined): string {
  if (error === undefined) return 'the server closed the connection';
  const code = 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code === '' ? 'unknown reason' : code.toLowerCase().replaceAll('_', ' '));
}
