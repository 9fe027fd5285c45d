/**
 * One connection to the operator: TCP, TLS 1.3, HTTP/2, one request whose two bodies stay open. The certificate is verified against the
 * pinned authority and the pinned name before the token is even read from disk: whoever answers at the address sees a ClientHello and nothing
 * else until it has proven to be the operator.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  sensitiveHeaders,
} from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { FrameError, FrameReader, type ReceivedFrame } from '../../core/stream/frame-reader.ts';
import { AUDIT_PATH, type AuditSidecarFrame, MAX_AUDIT_FRAME } from '../../core/stream/audit-frames.ts';
import { encodeFrame, MAX_OPERATOR_FRAME, type SidecarFrame, STREAM_PATH } from '../../core/stream/frames.ts';
import type { Clock } from './clock.ts';

export type ConnectionEnd =
  /** The operator answered, and it was no. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string;
      readonly reason: string;
      readonly retryAfter: number;
    }
  | { readonly kind: 'lost'; readonly reason: string };

/** The stream of audit records beside the first. */
export interface AuditChannel {
  /** False: nothing more before `onDrain`. */
  send(frame: AuditSidecarFrame): boolean;
  /** Leaves what is on its way to itself. */
  close(): void;
}

export interface AuditChannelHandlers {
  readonly onOpen: () => void;
  readonly onFrame: (frame: ReceivedFrame) => void;
  readonly onDrain: () => void;
  /** Once, and not after `close`. `status`: the operator's answer where it was no. */
  readonly onEnd: (reason: string, status?: number) => void;
}

export interface OperatorConnectionOptions {
  /** `host:port`. */
  readonly address: string;
  readonly serverName: string;
  /** PEM. */
  readonly authorities: readonly string[];
  /** Read once the peer has been verified. */
  readonly token: () => Promise<string>;
  readonly clock: Clock;
  /** Milliseconds until the operator's answer. */
  readonly timeout: number;
  /** Milliseconds between heartbeats. */
  readonly heartbeat: number;
  /** The operator has let us in: the moment to say hello. */
  readonly onOpen: () => void;
  readonly onFrame: (frame: ReceivedFrame) => void;
  /** Once; nothing else is called afterwards. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

const MISSED_HEARTBEATS = 3;
const MAX_REFUSAL = 8 * 1024;
/** Bytes the operator may have on their way to us; a first state with its findings fits. */
const WINDOW = 1024 * 1024;
/** Bytes that an operator that does not read may leave with us. */
const MAX_UNREAD = 1024 * 1024;

/** Milliseconds that what was on its way when the operator ended everything may still take. */
const TAIL = 15_000;

export class OperatorConnection {
  readonly #options: OperatorConnectionOptions;
  #socket: TLSSocket | undefined;
  #session: ClientHttp2Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  #open = false;
  #audit: ClientHttp2Stream | undefined;
  #ended = false;
  #heard = 0;
  #cancel: () => void;

  constructor(options: OperatorConnectionOptions) {
    this.#options = options;
    this.#cancel = options.clock.after(options.timeout, () =>
      this.#end({ kind: 'lost', reason: 'the operator did not answer in time' }),
    );
    this.#dial();
  }

  send(frame: SidecarFrame): void {
    const stream = this.#stream;
    if (this.#ended || stream === undefined || stream.destroyed) return;
    if (stream.writableLength > MAX_UNREAD) this.#end({ kind: 'lost', reason: 'the operator does not read' });
    else stream.write(encodeFrame(frame));
  }

  /** `tail`: records that are on their way still go out, and are answered. */
  close({ tail = false }: { readonly tail?: boolean } = {}): void {
    this.#end({ kind: 'lost', reason: 'closed' }, tail);
  }

  /** Undefined: there is no connection any more. */
  openAudit(handlers: AuditChannelHandlers): AuditChannel | undefined {
    const session = this.#session;
    if (this.#ended || session === undefined || session.closed || session.destroyed) return undefined;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(
        { ':method': 'POST', ':path': AUDIT_PATH, 'content-type': 'application/x-ndjson' },
        { endStream: false },
      );
    } catch {
      // It has been said goodbye to, and will soon be closed.
      return undefined;
    }
    this.#audit = stream;
    let over = false;
    const end = (reason: string, status?: number): void => {
      if (over) return;
      over = true;
      stream.close();
      handlers.onEnd(reason, status);
    };
    stream.on('error', (error) => end(reasonOf(error)));
    stream.on('close', () => end('the stream was closed'));
    stream.on('response', (headers) => {
      const status = headers[':status'];
      if (over) return;
      if (status !== constants.HTTP_STATUS_OK) return end(`the operator answered ${status}`, status);
      const reader = new FrameReader(MAX_AUDIT_FRAME, (frame) => {
        if (!over) handlers.onFrame(frame);
      });
      stream.on('data', (chunk: Buffer) => {
        if (over) return;
        try {
          reader.push(chunk);
        } catch (error) {
          end(error instanceof FrameError ? error.message : 'internal error');
          if (!(error instanceof FrameError)) throw error;
        }
      });
      stream.on('end', () => end('the operator ended the stream'));
      handlers.onOpen();
    });
    stream.on('drain', () => {
      if (!over) handlers.onDrain();
    });
    return {
      send: (frame) => !over && !stream.destroyed && stream.write(`${JSON.stringify(frame)}\n`),
      close: () => {
        over = true;
        stream.close();
      },
    };
  }

  #dial(): void {
    const { host, port } = parseAddress(this.#options.address);
    const { serverName, authorities } = this.#options;
    let socket: TLSSocket;
    try {
      socket = connectTls({
        host,
        port,
        servername: serverName,
        // Instead of the system's roots, not beside them.
        ca: [...authorities],
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
        ALPNProtocols: ['h2'],
      });
    } catch (error) {
      this.#end({ kind: 'lost', reason: reasonOf(error) });
      return;
    }
    this.#socket = socket;
    socket.once('error', (error) => this.#end({ kind: 'lost', reason: reasonOf(error) }));
    socket.once('close', () => this.#end({ kind: 'lost', reason: 'the connection was closed' }));
    socket.once('secureConnect', () => {
      if (!socket.authorized || socket.alpnProtocol !== 'h2')
        return this.#end({ kind: 'lost', reason: 'the operator was not verified, or does not speak HTTP/2' });
      socket.setKeepAlive(true, 30_000);
      void this.#request(socket);
    });
  }

  async #request(socket: TLSSocket): Promise<void> {
    let token: string;
    try {
      token = await this.#options.token();
    } catch (error) {
      return this.#end({ kind: 'lost', reason: `the token cannot be read: ${reasonOf(error)}` });
    }
    if (this.#ended) return;
    const session = connectHttp2(`https://${this.#options.serverName}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: WINDOW },
    });
    this.#session = session;
    session.on('error', (error) => this.#end({ kind: 'lost', reason: reasonOf(error) }));
    session.on('goaway', () => {});
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': STREAM_PATH,
        'content-type': 'application/x-ndjson',
        authorization: `Bearer ${token}`,
        [sensitiveHeaders]: ['authorization'],
      },
      { endStream: false },
    );
    this.#stream = stream;
    stream.on('error', (error) => this.#end({ kind: 'lost', reason: reasonOf(error) }));
    stream.on('close', () => this.#end({ kind: 'lost', reason: 'the stream was closed' }));
    stream.on('response', (headers) => {
      if (headers[':status'] === constants.HTTP_STATUS_OK) this.#opened(stream);
      else this.#refused(stream, headers[':status'] ?? 0, headers['retry-after']);
    });
  }

  #opened(stream: ClientHttp2Stream): void {
    const { clock, onFrame, onOpen } = this.#options;
    this.#open = true;
    this.#heard = clock.monotonic();
    const reader = new FrameReader(MAX_OPERATOR_FRAME, (frame) => {
      if (!this.#ended) onFrame(frame);
    });
    stream.on('data', (chunk: Buffer) => {
      if (this.#ended) return;
      this.#heard = clock.monotonic();
      try {
        reader.push(chunk);
      } catch (error) {
        this.#end({ kind: 'lost', reason: error instanceof FrameError ? error.message : 'internal error' });
        if (!(error instanceof FrameError)) throw error;
      }
    });
    stream.on('end', () => this.#end({ kind: 'lost', reason: 'the operator ended the stream' }));
    this.#cancel();
    this.#beat();
    onOpen();
  }

  /** Half-open connections show by their silence. A machine that slept looks at its clock before it believes what waited in its buffers. */
  #beat(): void {
    const { clock, heartbeat } = this.#options;
    this.#cancel = clock.after(heartbeat, () => {
      if (clock.monotonic() - this.#heard > MISSED_HEARTBEATS * heartbeat)
        return this.#end({ kind: 'lost', reason: 'the operator has fallen silent' });
      this.send({ type: 'heartbeat' });
      this.#beat();
    });
  }

  #refused(stream: ClientHttp2Stream, status: number, retryAfter: string | undefined): void {
    let body = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      if (body.length < MAX_REFUSAL) body += text;
    });
    stream.on('end', () => {
      const seconds = Number(retryAfter);
      this.#end({
        kind: 'refused',
        status,
        ...readRefusal(body),
        retryAfter: Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) * 1000 : 0,
      });
    });
  }

  #end(end: ConnectionEnd, tail = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancel();
    // Frames that we have sent (an acknowledgement, say) still go out where there is a way.
    if (this.#open && this.#stream?.destroyed === false) this.#stream.end();
    const { clock } = this.#options;
    const socket = this.#socket;
    const session = this.#session;
    socket?.on('error', () => {});
    if (session !== undefined && !session.destroyed) session.close();
    const leave = (): void => {
      session?.destroy();
      socket?.destroy();
    };
    const audit = tail && this.#audit?.closed === false ? this.#audit : undefined;
    audit?.once('close', leave);
    clock.after(session === undefined ? 0 : audit === undefined ? 500 : TAIL, leave);
    this.#options.onEnd(end);
  }
}

function readRefusal(body: string): { readonly code: string; readonly reason: string } {
  try {
    const { code, reason } = JSON.parse(body) as { code?: unknown; reason?: unknown };
    if (typeof code === 'string' && typeof reason === 'string') return { code: code.slice(0, 64), reason: reason.slice(0, 500) };
  } catch {
    // Something else than the operator's own words.
  }
  return { code: 'Unknown', reason: 'no reason was given' };
}

/** `host:port` or `[address]:port`. */
function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
