/** What a verification ends with when it does not succeed. */
import type { RefusalCode } from '../../core/stream/frames.ts';

export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  /** One sentence, for the sidecar's log. Never has a token in it, nor what an unproven token says. */
  readonly reason: string;
}

export function refuse(code: RefusalCode, reason: string): Refusal {
  return { ok: false, code, reason };
}

/** All there are: each is counted from zero. */
export const REFUSAL_CODES = [
  'TokenMissing',
  'TokenMalformed',
  'TokenSignature',
  'TokenIssuer',
  'TokenAudience',
  'TokenExpired',
  'TokenNotYetValid',
  'TokenUnbound',
  'TokenRejected',
  'PodGone',
  'PodReplaced',
  'ServiceAccountMismatch',
  'NodeMismatch',
  'NotInjected',
  'RenderUnknown',
  'ImageUnknown',
  'PodUnsafe',
  'KeysUnavailable',
  'NotReady',
] as const satisfies readonly RefusalCode[];
