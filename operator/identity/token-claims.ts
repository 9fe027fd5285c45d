/**
 * What a projected service account token says (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims),
 * and whether that is what ours say. Proving who said it is somebody else's task.
 */
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { TOKEN_AUDIENCE } from '../../core/injection/names.ts';
import { record } from '../../core/json/read.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface TokenClaims {
  readonly ok: true;
  readonly issuer: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly serviceAccountUid: string;
  readonly pod: string;
  readonly podUid: string;
  /** From Kubernetes 1.30 on. */
  readonly node: string | undefined;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Bytes. Those of a cluster have about 1,300; nothing longer is looked at. */
const LONGEST_TOKEN = 8192;
/** Seconds by which clocks of nodes, API servers and ours may differ. */
export const CLOCK_TOLERANCE = 30;
/** Seconds. The injected projection asks for 600; one that lives longer was not projected by us. */
const LONGEST_LIFE = 3600;
/** Asymmetric ones that API servers and external signers use, and no others: never `none`, never HMAC. */
export const ALGORITHMS: readonly string[] = ['RS256', 'ES256', 'ES384', 'ES512'];

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** Before anything is computed: is it the text of a signed token of the kind that clusters issue? */
export function checkShape(token: string | undefined): Refusal | undefined {
  if (token === undefined || token === '') return refuse('TokenMissing', 'no token was sent');
  if (token.length > LONGEST_TOKEN) return refuse('TokenMalformed', `the token is longer than ${LONGEST_TOKEN} bytes`);
  if (!COMPACT.test(token)) return refuse('TokenMalformed', 'the token is not a signed JWT');
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    if (alg === undefined || !ALGORITHMS.includes(alg))
      return refuse('TokenSignature', 'the token is not signed as tokens of a cluster are');
    if (typeof kid !== 'string' || kid === '') return refuse('TokenSignature', 'the token does not name its key');
  } catch {
    return refuse('TokenMalformed', 'the token has no readable header');
  }
  return undefined;
}

/** `now`: milliseconds since the epoch. Time and audience are judged first, so that a refusal says the likeliest reason. */
export function readClaims(token: string, now: number): TokenClaims | Refusal {
  let claims: Readonly<Record<string, unknown>>;
  try {
    claims = decodeJwt(token);
  } catch {
    return refuse('TokenMalformed', 'the token has no readable claims');
  }
  const { iss, aud, exp, nbf, iat, sub } = claims;
  if (typeof iss !== 'string' || typeof sub !== 'string' || !isTime(exp) || !isTime(iat) || !isTime(nbf)) {
    return refuse('TokenMalformed', 'the token lacks one of iss, sub, exp, iat, nbf');
  }
  // Others beside ours: whoever holds the other audience could use it here.
  const [audience, ...others] = Array.isArray(aud) ? aud : [aud];
  if (audience !== TOKEN_AUDIENCE || others.length > 0)
    return refuse('TokenAudience', `the token is not for ${TOKEN_AUDIENCE} alone`);
  const seconds = now / 1000;
  if (seconds >= exp + CLOCK_TOLERANCE) return refuse('TokenExpired', 'the token has expired');
  if (seconds < Math.max(nbf, iat) - CLOCK_TOLERANCE)
    return refuse('TokenNotYetValid', 'the token is of the future: compare the clocks');
  if (exp - iat > LONGEST_LIFE)
    return refuse('TokenRejected', `the token lives longer than ${LONGEST_LIFE} s, which a projected one does not`);
  const bound = record(claims['kubernetes.io']);
  const namespace = text(bound?.['namespace']);
  const serviceAccount = named(bound?.['serviceaccount']);
  const pod = named(bound?.['pod']);
  if (namespace === undefined || serviceAccount === undefined)
    return refuse('TokenMalformed', 'the token names no service account');
  if (sub !== `system:serviceaccount:${namespace}:${serviceAccount.name}`) {
    return refuse('TokenMalformed', 'the token contradicts itself about its service account');
  }
  if (pod === undefined) return refuse('TokenUnbound', 'the token is not bound to a pod');
  return {
    ok: true,
    issuer: iss,
    namespace,
    serviceAccount: serviceAccount.name,
    serviceAccountUid: serviceAccount.uid,
    pod: pod.name,
    podUid: pod.uid,
    node: text(record(bound?.['node'])?.['name']),
    expiresAt: exp,
  };
}

function named(value: unknown): { readonly name: string; readonly uid: string } | undefined {
  const object = record(value);
  const name = text(object?.['name']);
  const uid = text(object?.['uid']);
  return name === undefined || uid === undefined ? undefined : { name, uid };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
