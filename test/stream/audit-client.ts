/** Test support: a sidecar that sends records by hand, well or badly. */
import { randomUUID } from 'node:crypto';
import type { ClientHttp2Stream } from 'node:http2';
import { Chain } from '../../core/audit/chain.ts';
import { AUDIT_PATH } from '../../core/stream/audit-frames.ts';
import { FrameReader, type ReceivedFrame } from '../../core/stream/frame-reader.ts';
import { MAX_OPERATOR_FRAME } from '../../core/stream/frames.ts';
import type { StreamClient } from './client.ts';

export interface AuditClient {
  readonly stream: ClientHttp2Stream;
  readonly frames: ReceivedFrame[];
  status: number | undefined;
  ended: boolean;
  send(frame: Readonly<Record<string, unknown>>): void;
  of(type: string, chain?: string): ReceivedFrame[];
}

/** 32 bytes. */
export const PUBLIC_KEY = Buffer.alloc(32, 7).toString('base64url');

export function collectByHand(client: StreamClient): AuditClient {
  const stream = client.session.request({ ':method': 'POST', ':path': AUDIT_PATH }, { endStream: false });
  const frames: ReceivedFrame[] = [];
  const audit: AuditClient = {
    stream,
    frames,
    status: undefined,
    ended: false,
    send: (frame) => void stream.write(`${JSON.stringify(frame)}\n`),
    of: (type, chain) => frames.filter((frame) => frame.type === type && (chain === undefined || frame['chain'] === chain)),
  };
  const reader = new FrameReader(MAX_OPERATOR_FRAME, (frame) => void frames.push(frame));
  stream.on('error', () => {});
  stream.on('response', (headers) => {
    audit.status = headers[':status'];
    stream.on('data', (chunk: Buffer) => {
      if (audit.status === 200) reader.push(chunk);
    });
  });
  stream.on('close', () => {
    audit.ended = true;
  });
  return audit;
}

/** A chain that a test writes; `identity` is that of MemoryIdentity's pod unless said otherwise. */
export class HandChain {
  readonly chain = randomUUID();
  readonly lines: string[] = [];
  readonly #chain = new Chain();

  constructor(identity: Readonly<Record<string, string>> = {}, database = { namespace: 'data', name: 'shop' }) {
    const own = {
      namespace: 'agents',
      serviceAccount: 'bot',
      pod: 'bot-1',
      podUid: '00000000-0000-0000-0000-000000000001',
      ...identity,
    };
    this.#add({ type: 'chain-start', chain: this.chain, product: 'test', identity: own, database });
  }

  /** So many records more. */
  grow(count: number, detail: Readonly<Record<string, string | number>> = {}): this {
    for (let index = 0; index < count; index += 1)
      this.#add({ type: 'event', event: 'test', detail: { number: this.lines.length, ...detail } });
    return this;
  }

  open(first = 0): Readonly<Record<string, unknown>> {
    const { chain, lines } = this;
    return { type: 'open', database: 'data/shop', chain, first, next: lines.length, publicKey: PUBLIC_KEY };
  }

  records(first = 0, next = this.lines.length): Readonly<Record<string, unknown>> {
    return { type: 'records', chain: this.chain, first, lines: this.lines.slice(first, next) };
  }

  #add(entry: Parameters<Chain['seal']>[0]): void {
    this.lines.push(this.#chain.seal(entry, new Date().toISOString()).slice(0, -1));
  }
}
