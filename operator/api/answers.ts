/** What comes back: bodies with a limit, and failures in our words. No message here holds a header, a token or a body. */
import { isRecord } from '../../core/json/read.ts';
import type { Dispatcher } from 'undici';
import { ApiError, ApiUnreachableError, type NoAnswer, type Status } from './kube-api.ts';

/** Where the server gave no reason of its own (a proxy between us, a timeout filter). */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
/** Of a message: an Invalid one may repeat much of an object. Characters. */
const LONGEST_MESSAGE = 2048;

export async function readBody(body: AsyncIterable<Uint8Array>, longest: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > longest) {
      throw new ApiUnreachableError(`the API server's answer is longer than ${longest} bytes`, { kind: 'malformed' });
    }
    parts.push(part);
  }
  return Buffer.concat(parts, length).toString('utf8');
}

export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiUnreachableError('the API server answered with something that is not JSON', { kind: 'malformed' });
  }
}

export async function refusal(response: Dispatcher.ResponseData, longest: number, now: number): Promise<ApiError> {
  const text = await readBody(response.body, longest);
  let status: Status = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) status = parsed;
  } catch {
    // A proxy's page, an aggregated server's plain text: the code says enough.
  }
  return statusError(
    { code: response.statusCode, ...status },
    retryAfter(response.headers['retry-after'], now),
    response.statusCode,
  );
}

/** Also of a watch's ERROR event, where `code` is all there is. */
export function statusError(status: Status, retryAfterMs?: number, code = status.code ?? 500): ApiError {
  const reason = typeof status.reason === 'string' && status.reason !== '' ? status.reason : (REASONS[code] ?? `Http${code}`);
  const said = typeof status.message === 'string' && status.message !== '' ? status.message : `the API server answered ${code}`;
  const message = said.length > LONGEST_MESSAGE ? `${said.slice(0, LONGEST_MESSAGE)}…` : said;
  const seconds = status.details?.retryAfterSeconds;
  const wait = retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined);
  return new ApiError(code, reason, message, wait);
}

/** RFC 9110, section 10.2.3: seconds or a date. Milliseconds from now. */
export function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const KINDS: Readonly<Record<string, NoAnswer>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ENOTFOUND: 'refused',
  EAI_AGAIN: 'refused',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  HPE_INVALID_CONSTANT: 'malformed',
};

/** Codes of OpenSSL's X509 verification and of Node's own checks: its certificate is not one we were told to trust. */
const UNTRUSTED = /CERT|SIGNATURE|^ERR_TLS_/;

/** Whatever the transport threw. */
export function unreachable(error: unknown): ApiUnreachableError {
  if (error instanceof ApiUnreachableError) return error;
  // Both addresses of a host name failed: the first says it.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = isRecord(first) || first instanceof Error ? String((first as NodeJS.ErrnoException).code ?? '') : '';
  const text = first instanceof Error ? first.message : 'unknown failure';
  const kind = KINDS[code] ?? (code.startsWith('HPE_') ? 'malformed' : UNTRUSTED.test(code) ? 'refused' : 'reset');
  return new ApiUnreachableError(`the API server cannot be reached: ${text}`, { cause: error, kind });
}
