/** Proof that the cluster issued a token: by its published keys, or by asking it. */
import { errors, jwtVerify } from 'jose';
import type { Logger } from 'pino';
import { TOKEN_AUDIENCE } from '../../core/injection/names.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, type KubeApi } from '../api/kube-api.ts';
import { type Refusal, refuse } from './refusal.ts';
import { ALGORITHMS, CLOCK_TOLERANCE, type TokenClaims } from './token-claims.ts';
import { KeysUnavailableError, type TokenKeys, type TokenKeysSource } from './token-keys.ts';

/** `claims` are those of `token`, unproven so far. Undefined: proven. Never rejects. */
export type TokenProof = (token: string, claims: TokenClaims) => Promise<Refusal | undefined>;

export function proveByKeys(source: TokenKeysSource, clock: Clock): TokenProof {
  const verify = async (token: string, claims: TokenClaims, keys: TokenKeys): Promise<Refusal | undefined> => {
    if (claims.issuer !== keys.issuer) return refuse('TokenIssuer', 'the token was issued by another cluster');
    try {
      await jwtVerify(token, keys.find, {
        issuer: keys.issuer,
        audience: TOKEN_AUDIENCE,
        algorithms: [...ALGORITHMS],
        requiredClaims: ['exp', 'iat', 'nbf', 'sub', 'kubernetes.io'],
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: new Date(clock.now()),
      });
      return undefined;
    } catch (error) {
      return refusalOf(error);
    }
  };
  return async (token, claims) => {
    try {
      const keys = await source.current();
      const refusal = await verify(token, claims, keys);
      if (refusal !== UNKNOWN_KEY && refusal?.code !== 'TokenIssuer') return refusal;
      // A key or an issuer that was introduced since the last look.
      return await verify(token, claims, await source.newerThan(keys));
    } catch (error) {
      if (error instanceof KeysUnavailableError) return refuse('KeysUnavailable', error.message);
      return refuse('TokenSignature', 'the token cannot be verified');
    }
  };
}

const UNKNOWN_KEY = refuse('TokenSignature', 'the token is signed with a key that is not of this cluster');

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWKSNoMatchingKey) return UNKNOWN_KEY;
  if (error instanceof errors.JWTExpired) return refuse('TokenExpired', 'the token has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return refuse('TokenIssuer', 'the token was issued by another cluster');
    if (error.claim === 'aud') return refuse('TokenAudience', `the token is not for ${TOKEN_AUDIENCE}`);
    if (error.claim === 'nbf') return refuse('TokenNotYetValid', 'the token is of the future: compare the clocks');
    return refuse('TokenMalformed', 'the token lacks a claim');
  }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid || error instanceof errors.JOSENotSupported) {
    return refuse('TokenMalformed', 'the token is not one that clusters issue');
  }
  return refuse('TokenSignature', 'the signature of the token does not verify');
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/ */
interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    };
  };
}

/**
 * The API server knows more than keys do: whether the service account and the pod that a token is bound to exist still. It is asked for our
 * audience and, whatever it answers, never without it: a token for somebody else would do then.
 */
export function proveByReview(api: KubeApi, log: Logger): TokenProof {
  return async (token, claims) => {
    let review: TokenReview;
    try {
      review = await api.request<TokenReview>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: [TOKEN_AUDIENCE] },
      });
    } catch (error) {
      // Not the message: it may quote what was sent.
      const reason = error instanceof ApiError ? `${error.status} ${error.reason}` : 'no answer';
      log.warn({ reason }, 'token-review-failed');
      return refuse('KeysUnavailable', 'the cluster cannot be asked about tokens now; try again');
    }
    const { authenticated, audiences, user } = review.status ?? {};
    if (authenticated !== true) return refuse('TokenRejected', 'the cluster does not accept the token');
    if (!audiences?.includes(TOKEN_AUDIENCE))
      return refuse('TokenAudience', `the cluster does not say that the token is for ${TOKEN_AUDIENCE}`);
    const said = [user?.username, user?.uid, user?.extra?.[POD_NAME]?.[0], user?.extra?.[POD_UID]?.[0]];
    const { namespace, serviceAccount, serviceAccountUid, pod, podUid } = claims;
    const claimed = [`system:serviceaccount:${namespace}:${serviceAccount}`, serviceAccountUid, pod, podUid];
    if (said.some((each, index) => each !== claimed[index]))
      return refuse('TokenRejected', 'the cluster reads the token in another way');
    return undefined;
  };
}

const POD_NAME = 'authentication.kubernetes.io/pod-name';
const POD_UID = 'authentication.kubernetes.io/pod-uid';
