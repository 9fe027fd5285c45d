/**
 * Test support: a collector of OpenTelemetry as the protocol describes it (OTLP/HTTP with JSON), and all the ways in which one may misbehave. What
 * it has taken in is kept, also where its answer did not arrive.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TakenRecord {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly record: LogRecord;
  /** The line. */
  readonly body: string;
  readonly chain: string;
  readonly seq: number;
}

export interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly body: { readonly stringValue: string };
  readonly attributes: readonly KeyValue[];
}
interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string;
    readonly arrayValue?: { readonly values: readonly { readonly stringValue: string }[] };
  };
}
interface LogsRequest {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
  }[];
}

/** What becomes of a request. `take` keeps its records. */
export type Behaviour = (response: ServerResponse, take: () => void) => void;

export const accept: Behaviour = (response, take) => {
  take();
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
};
export const answer =
  (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end(body);
/** Takes the records, and rejects so many of them. */
export const partly =
  (rejectedLogRecords: number | string, errorMessage: string): Behaviour =>
  (response, take) => {
    take();
    response.writeHead(200).end(JSON.stringify({ partialSuccess: { rejectedLogRecords, errorMessage } }));
  };
/** Takes the records, and the connection dies in the middle of the answer. */
export const dieAnswering: Behaviour = (response, take) => {
  take();
  response.writeHead(200, { 'content-length': '2' }).write('{');
  setImmediate(() => response.socket?.resetAndDestroy());
};
export const die: Behaviour = (response) => void response.socket?.resetAndDestroy();
/** Takes the records and begins an answer that does not end. */
export const stall: Behaviour = (response, take) => {
  take();
  response.writeHead(200).write('{');
};

export class OtlpCollector {
  /** For the next requests, one each; then all are accepted. */
  readonly next: Behaviour[] = [];
  /** In the order in which they came. */
  readonly taken: TakenRecord[] = [];
  readonly requests: {
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
    readonly bytes: number;
    readonly records: number;
  }[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #scheme: string;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
    this.#scheme = tls === undefined ? 'http' : 'https';
  }

  /** Resolves to the base URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What was taken of a chain: seqs in the order in which they came. */
  seqs(chain: string): readonly number[] {
    return this.taken.filter((each) => each.chain === chain).map(({ seq }) => seq);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    const { url = '', headers, method } = request;
    if (method !== 'POST' || url !== '/v1/logs' || headers['content-type'] !== 'application/json')
      return void response.writeHead(404).end();
    const records = recordsOf(JSON.parse(text) as LogsRequest);
    this.requests.push({ url, headers, bytes: Buffer.byteLength(text), records: records.length });
    (this.next.shift() ?? accept)(response, () => this.taken.push(...records));
  }
}

/** @throws Error where it is not the JSON encoding of the protocol. */
function recordsOf({ resourceLogs }: LogsRequest): readonly TakenRecord[] {
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map((record) => {
        const attributes = plain(record.attributes);
        if (!/^\d+$/.test(record.timeUnixNano) || !/^\d+$/.test(record.observedTimeUnixNano))
          throw new Error('a time is no string of digits');
        if (record.traceId !== undefined && !/^[0-9a-f]{32}$/.test(record.traceId)) throw new Error('a trace id is not hex');
        const { 'sluice.chain': chain, 'sluice.seq': seq } = attributes;
        return {
          resource: plain(resource.attributes),
          attributes,
          record,
          body: record.body.stringValue,
          chain: String(chain),
          seq: Number(seq),
        };
      }),
    ),
  );
}

function plain(attributes: readonly KeyValue[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, arrayValue } }) => {
      if (intValue !== undefined && typeof intValue !== 'string') throw new Error('a 64-bit number is no string');
      return [
        key,
        stringValue ?? (intValue === undefined ? arrayValue?.values.map((each) => each.stringValue) : Number(intValue)),
      ];
    }),
  );
}
