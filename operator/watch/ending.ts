/** What to make of the end of a watch, or of a list that failed. */
import { ApiError, ApiUnreachableError } from '../api/kube-api.ts';
import type { WatchEnd } from './telemetry.ts';

export interface Ending {
  readonly reason: WatchEnd;
  /** The version cannot be continued from: list again. */
  readonly expired: boolean;
  /** The server was there and did not want to: after some of these the version itself is suspect. */
  readonly answered: boolean;
  readonly retryAfterMs?: number;
}

export const CLOSED: Ending = { reason: 'closed', expired: false, answered: false };

export function endingOf(error: unknown): Ending {
  if (error instanceof ApiError) {
    const wait = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
    // The kind is gone (404: its CRD was deleted): what comes later has versions of its own.
    if (error.status === 410 || error.status === 404) return { reason: 'expired', expired: true, answered: true, ...wait };
    return { reason: error.status === 429 ? 'throttled' : 'server-error', expired: false, answered: true, ...wait };
  }
  const reason = error instanceof ApiUnreachableError ? error.kind : 'reset';
  return { reason, expired: false, answered: reason === 'malformed' };
}
