/** pino's `err` of the operator: what the API server answers, or does not, is one line; a stack is for defects of ours. */
import { stdSerializers } from 'pino';
import { ApiError, ApiUnreachableError } from './kube-api.ts';

export function errorInLog(error: unknown): unknown {
  if (error instanceof ApiError) {
    const { status, reason, message, retryAfterMs } = error;
    return { status, reason, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (error instanceof ApiUnreachableError) return { kind: error.kind, message: error.message };
  // An AbortSignal's: a request that was given up, with a table of codes for a body.
  if (error instanceof DOMException) return { kind: error.name, message: error.message };
  return error instanceof Error ? stdSerializers.err(error) : error;
}
