/**
 * From accept to StartupMessage on one client connection: at most one GSSENCRequest (always refused) and one SSLRequest, then
 * a cancel request or the startup packet. Plaintext that is pipelined behind a request for encryption was not written by
 * whoever will hold the encrypted connection (CVE-2021-23214), so it ends the connection.
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { lostSync, ProtocolError } from '../../core/wire/protocol-error.ts';
import { type CancelRequest, parseStartupPacket, type StartupMessage, startupPacketLength } from '../../core/wire/startup.ts';

export type StartupOutcome =
  | { readonly kind: 'startup'; readonly socket: Socket; readonly startup: StartupMessage }
  | { readonly kind: 'cancel'; readonly socket: Socket; readonly request: CancelRequest }
  /** The client left, or asked for TLS and could not speak it. */
  | { readonly kind: 'gone'; readonly socket: Socket }
  /** To be answered with FATAL. */
  | { readonly kind: 'refused'; readonly socket: Socket; readonly error: ProtocolError };

export interface StartupPhaseOptions {
  /** The certificate to show, read at each handshake so that it can be renewed; undefined: TLS is declined. */
  readonly secureContext: (() => SecureContext) | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Never rejects. The socket in the outcome is paused; what the client sent behind its StartupMessage is still to be read from
 * it. It is the TLS socket once TLS is up.
 */
export async function startupPhase(tcp: Socket, options: StartupPhaseOptions): Promise<StartupOutcome> {
  let socket = tcp;
  let encrypted = false;
  let handshaking = false;
  let late: (() => void) | undefined;
  const timedOut = new Promise<StartupOutcome>((resolve) => {
    late = () => {
      // Half-way through a handshake there is no way to say anything.
      if (handshaking) resolve({ kind: 'gone', socket });
      else resolve({ kind: 'refused', socket, error: lostSync('the client sent no startup packet in time', 'SLUICE-502') });
    };
  });
  const timer = setTimeout(() => late?.(), options.timeout);
  const negotiate = async (): Promise<StartupOutcome> => {
    const asked = new Set<string>();
    for (;;) {
      const received = await readPacket(socket);
      if (received === undefined) return { kind: 'gone', socket };
      const packet = parseStartupPacket(received.packet);
      if (packet.kind === 'startup') {
        if (received.rest.length > 0) socket.unshift(received.rest);
        return { kind: 'startup', socket, startup: packet };
      }
      if (packet.kind === 'cancel') return { kind: 'cancel', socket, request: packet };
      if (asked.has(packet.kind) || encrypted) throw lostSync('a second request for encryption on one connection');
      if (received.rest.length > 0) throw lostSync('received unencrypted data behind a request for encryption');
      asked.add(packet.kind);
      if (packet.kind === 'gssenc' || options.secureContext === undefined) {
        socket.write('N');
        continue;
      }
      socket.write('S');
      handshaking = true;
      const secured = await acceptTls(socket, options.secureContext());
      if (secured === undefined) return { kind: 'gone', socket };
      socket = secured;
      encrypted = true;
      handshaking = false;
    }
  };
  try {
    return await Promise.race([negotiate(), timedOut]);
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: 'refused', socket, error };
    return { kind: 'gone', socket };
  } finally {
    clearTimeout(timer);
    socket.removeAllListeners('data');
    socket.pause();
  }
}

/** One packet and what came behind it; undefined when the client left. Throws ProtocolError as soon as it cannot be one. */
async function readPacket(socket: Socket): Promise<{ packet: Buffer; rest: Buffer } | undefined> {
  return await new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const done = (): void => {
      socket.pause();
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
    };
    const onEnd = (): void => {
      done();
      resolve(undefined);
    };
    const onData = (chunk: Buffer): void => {
      // startupPacketLength refuses a packet above 10,000 bytes, so no more than that plus one chunk is ever here.
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      try {
        const length = startupPacketLength(received);
        if (length === undefined) return;
        done();
        resolve({ packet: received.subarray(0, length), rest: received.subarray(length) });
      } catch (error) {
        done();
        reject(error);
      }
    };
    socket.on('data', onData).on('end', onEnd).on('close', onEnd);
    if (socket.destroyed) onEnd();
    else socket.resume();
  });
}

async function acceptTls(tcp: Socket, secureContext: SecureContext): Promise<TLSSocket | undefined> {
  const secure = new TLSSocket(tcp, { isServer: true, secureContext, ALPNProtocols: ['postgresql'] });
  return await new Promise((resolve) => {
    const gone = (): void => resolve(undefined);
    secure.once('secure', () => {
      secure.off('close', gone);
      resolve(secure);
    });
    secure.once('close', gone);
    // A handshake that fails is the client's affair: it sees the alert.
    secure.on('error', () => {
      secure.destroy();
      tcp.destroy();
    });
  });
}
