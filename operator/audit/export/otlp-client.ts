/**
 * One request of OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp): what a collector answers, and what follows from it. It goes to the
 * endpoint alone: redirects are not followed, and proxies of the environment are not asked.
 */
import { readdir, readFile } from 'node:fs/promises';
import { type IncomingMessage, request as requestHttp, validateHeaderName, validateHeaderValue } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { isRecord, text } from '../../../core/json/read.ts';

export interface OtlpClientOptions {
  /** Base URL: `/v1/logs` is added. */
  readonly endpoint: string;
  /** A file for each header, its name the header's: read anew for each request, never logged. */
  readonly headersDirectory?: string;
  /** Authorities instead of the system's. */
  readonly caFile?: string;
  /** Milliseconds for a whole request. */
  readonly timeout?: number;
}

export interface Accepted {
  /** Of the records sent, what the collector will not take, whatever is done. */
  readonly rejected: number;
  /** What it says about them. */
  readonly message: string;
}

/** retry: it may work later, by itself. too-large: with less at a time. refused: somebody has to do something. */
export type RefusalKind = 'retry' | 'too-large' | 'refused';

/** Nothing of the request counts as taken. */
export class ExportRefusedError extends Error {
  readonly kind: RefusalKind;
  /** Milliseconds that the collector asks for. */
  readonly retryAfter: number | undefined;

  constructor(kind: RefusalKind, message: string, retryAfter?: number) {
    super(message);
    this.name = 'ExportRefusedError';
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

const TIMEOUT = 30_000;
const ANSWER = 64 * 1024;
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** The request's own. */
const RESERVED = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'host',
  'expect',
]);

export type SendLogs = (body: string, signal: AbortSignal) => Promise<Accepted>;

/** Sends the JSON of an ExportLogsServiceRequest. Rejects with ExportRefusedError. */
export function createOtlpClient({ endpoint, headersDirectory, caFile, timeout = TIMEOUT }: OtlpClientOptions): SendLogs {
  const url = new URL(`${endpoint.replace(/\/+$/, '')}/v1/logs`);
  return async (body, signal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const [headers, ca] = await Promise.all([
      headersDirectory === undefined ? {} : readHeaders(headersDirectory),
      caFile === undefined ? undefined : readAuthorities(caFile),
    ]);
    try {
      const response = await post(url, body, headers, ca, limit);
      return judge(response, await answerOf(response));
    } catch (error) {
      if (error instanceof ExportRefusedError) throw error;
      const reason = limit.aborted && !signal.aborted ? `no whole answer within ${timeout / 1000} s` : (error as Error).message;
      throw new ExportRefusedError('retry', `the collector cannot be reached: ${reason}`);
    }
  };
}

function post(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const bytes = Buffer.from(body);
  const all = { ...headers, 'content-type': 'application/json', 'content-length': bytes.length };
  return new Promise((resolve, reject) => {
    // A connection of its own: a kept one may have ended unnoticed.
    const call = request(url, { method: 'POST', headers: all, signal, agent: false, ...(ca !== undefined && { ca }) }, resolve);
    call.on('error', reject);
    call.end(bytes);
  });
}

async function answerOf(response: IncomingMessage): Promise<string> {
  let answer = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    answer += chunk;
    if (answer.length > ANSWER)
      throw new ExportRefusedError('refused', 'the collector answers with more than an answer of OTLP has');
  }
  return answer;
}

function judge({ statusCode = 0, headers }: IncomingMessage, answer: string): Accepted {
  if (statusCode >= 200 && statusCode < 300) return accepted(answer);
  const reason = `the collector answers ${statusCode}${said(answer)}`;
  if (RETRYABLE.has(statusCode)) throw new ExportRefusedError('retry', reason, retryAfter(headers['retry-after']));
  if (statusCode === 413) throw new ExportRefusedError('too-large', reason);
  throw new ExportRefusedError('refused', reason);
}

/** Whoever answers 200 to everything is no collector: what it is sent would be lost. */
function accepted(answer: string): Accepted {
  if (answer.trim() === '') return { rejected: 0, message: '' };
  const value = parsed(answer);
  if (!isRecord(value)) throw new ExportRefusedError('refused', 'what answers at the endpoint does not speak OTLP with JSON');
  const partial = value['partialSuccess'];
  if (!isRecord(partial)) return { rejected: 0, message: '' };
  const rejected = Number(partial['rejectedLogRecords'] ?? 0);
  if (!Number.isSafeInteger(rejected) || rejected < 0)
    throw new ExportRefusedError('refused', 'the collector rejects a number of records that is none');
  return { rejected, message: printable(text(partial['errorMessage']) ?? '') };
}

/** Of an error: a Status in JSON, or whatever a gateway says. */
function said(answer: string): string {
  const value = parsed(answer);
  const message = printable((isRecord(value) ? text(value['message']) : undefined) ?? answer);
  return message === '' ? '' : `: ${message}`;
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}

function printable(message: string): string {
  return message
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200);
}

/** Seconds or a date, as milliseconds. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const milliseconds = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

async function readHeaders(directory: string): Promise<Readonly<Record<string, string>>> {
  const headers: Record<string, string> = {};
  try {
    // Kubernetes keeps `..data` beside the files.
    for (const name of (await readdir(directory)).filter((each) => !each.startsWith('.'))) {
      const value = (await readFile(join(directory, name), 'utf8')).trim();
      if (RESERVED.has(name.toLowerCase())) throw new Error(`${name} is not a header to set`);
      validateHeaderName(name);
      validateHeaderValue(name, value);
      headers[name.toLowerCase()] = value;
    }
  } catch (error) {
    throw new ExportRefusedError('refused', `the headers for the collector cannot be used: ${(error as Error).message}`);
  }
  return headers;
}

async function readAuthorities(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ExportRefusedError('refused', `the authority of the collector cannot be read: ${error.code ?? error.message}`);
  });
}
