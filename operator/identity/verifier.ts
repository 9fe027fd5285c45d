/**
 * From a bearer token to a pod that may have its policy, in the order of what it costs:
 *
 *   shape → claims → proof that the cluster issued it → the service account exists still → the pod lives → its sidecar is ours
 *
 * Everything a refusal says before the proof is about the token's form alone.
 */
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { record } from '../../core/json/read.ts';
import { type KubeApi, type KubeObject, SERVICE_ACCOUNTS } from '../api/kube-api.ts';
import type { RenderSeals } from '../render/seal.ts';
import type { OperatorSettings } from '../settings.ts';
import type { Informer } from '../watch/informer.ts';
import { checkIssued, type IssuedSidecar } from './issued-sidecar.ts';
import { createLiveObjects, type LiveObjects } from './live-objects.ts';
import { createPods, type PodObject, type Pods } from './pods.ts';
import { REFUSAL_CODES, type Refusal, refuse } from './refusal.ts';
import { checkShape, readClaims, type TokenClaims } from './token-claims.ts';
import { createTokenKeys } from './token-keys.ts';
import { proveByKeys, proveByReview, type TokenProof } from './token-proof.ts';
import type { IdentityVerifier, Verification, VerifiedPod } from './verified-pod.ts';

export interface IdentityVerifierOptions {
  readonly api: KubeApi;
  /** Of INJECTED_PODS (pods.ts); started and stopped by whoever made it. */
  readonly pods: Informer<PodObject>;
  readonly seals: RenderSeals;
  readonly settings: OperatorSettings['identity'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** A token that is genuine, of a pod that is not served. Must not throw. */
  readonly onRefused?: (claims: TokenClaims, why: Refusal) => void;
}

/** A service account that was deleted, or made again under its name, is noticed within this time. Milliseconds. */
const ACCOUNT_KNOWN_FOR = 30_000;
/** So long the last look does while the API server is away. */
const ACCOUNT_STALE_AFTER = 60 * 60_000;

export function createIdentityVerifier(options: IdentityVerifierOptions): IdentityVerifier {
  return new PodVerifier(options);
}

class PodVerifier implements IdentityVerifier {
  readonly #options: IdentityVerifierOptions;
  readonly #prove: TokenProof;
  readonly #pods: Pods;
  readonly #accounts: LiveObjects<KubeObject>;
  /** Accepted, and not gone or withdrawn since: UID → as whom. */
  readonly #accepted = new Map<string, Subject>();
  /** Accepted once, there still, and not what they were: UIDs. */
  readonly #withdrawn = new Set<string>();
  readonly #onGone = new Set<(podUid: string, why: Refusal) => void>();
  readonly #refusals: Counter<'code'>;
  readonly #verified: Counter;

  constructor(options: IdentityVerifierOptions) {
    this.#options = options;
    const { api, clock, log, registry, pods, settings } = options;
    this.#prove =
      settings.verification === 'TokenReview'
        ? proveByReview(api, log)
        : proveByKeys(createTokenKeys({ api, clock, log }), clock);
    this.#pods = createPods({ api, informer: pods, clock });
    this.#pods.onGone((podUid) => {
      this.#withdrawn.delete(podUid);
      this.#end(podUid, refuse('PodGone', 'the pod does not exist any more'));
    });
    this.#pods.onUpdate((changed) => this.#judgeAgain(changed));
    this.#accounts = createLiveObjects({ api, resource: SERVICE_ACCOUNTS, clock });
    const { refusals, verified } = identityMetrics(registry);
    this.#refusals = refusals;
    this.#verified = verified;
  }

  async verify(token: string | undefined): Promise<Verification> {
    const verification = await this.#verify(token).catch((error: unknown) => {
      this.#options.log.error({ reason: error instanceof Error ? error.name : 'unknown' }, 'token-not-verified');
      return refuse('NotReady', 'something went wrong in the operator; try again');
    });
    if (verification.ok) this.#verified.inc();
    else this.#refusals.inc({ code: verification.code });
    return verification;
  }

  isAlive(pod: Pick<VerifiedPod, 'namespace' | 'pod' | 'podUid'>): boolean {
    return !this.#withdrawn.has(pod.podUid) && this.#pods.isAlive(pod);
  }

  onGone(listener: (podUid: string, why?: Refusal) => void): () => void {
    this.#onGone.add(listener);
    return () => this.#onGone.delete(listener);
  }

  /** A debugger beside the sidecar's processes, another image: not only the next token is refused, what is open ends too. */
  #judgeAgain(pod: PodObject): void {
    const { uid, namespace, name } = pod.metadata;
    const subject = uid === undefined ? undefined : this.#accepted.get(uid);
    if (uid === undefined || subject === undefined) return;
    const judgement = this.#judge(pod, subject);
    if (judgement.ok || judgement.code === 'NotReady') return;
    const { code, reason } = judgement;
    this.#options.log.warn({ code, namespace, pod: name, podUid: uid, reason }, 'pod-changed');
    this.#refusals.inc({ code });
    this.#withdrawn.add(uid);
    this.#end(uid, judgement);
  }

  #end(podUid: string, why: Refusal): void {
    if (!this.#accepted.delete(podUid)) return;
    for (const listener of this.#onGone) listener(podUid, why);
  }

  async #verify(token: string | undefined): Promise<Verification> {
    const { clock, log } = this.#options;
    const malformed = checkShape(token);
    if (malformed !== undefined) return malformed;
    const claims = readClaims(token!, clock.now());
    if (!claims.ok) return claims;
    const unproven = await this.#prove(token!, claims);
    if (unproven !== undefined) return unproven;
    const verification = await this.#verifyPod(claims);
    if (!verification.ok) {
      const { namespace, pod, podUid, serviceAccount } = claims;
      const { code, reason } = verification;
      log.warn({ code, namespace, pod, podUid, serviceAccount, reason }, 'identity-refused');
      this.#options.onRefused?.(claims, verification);
    }
    return verification;
  }

  async #verifyPod(claims: TokenClaims): Promise<Verification> {
    const { namespace, serviceAccount, pod, podUid, node } = claims;
    const foreign = await this.#checkAccount(claims);
    if (foreign !== undefined) return foreign;
    const found = await this.#pods.find(claims);
    if (!found.ok) return found;
    const judged = this.#judge(found.object, claims);
    if (!judged.ok) return judged;
    this.#withdrawn.delete(podUid);
    this.#accepted.set(podUid, { namespace, serviceAccount, node });
    const runsOn = nodeOf(found.object);
    return {
      ok: true,
      pod: {
        namespace,
        serviceAccount,
        pod,
        podUid,
        ...(runsOn === undefined ? {} : { node: runsOn }),
        ...(judged.image === undefined ? {} : { image: judged.image }),
        databases: judged.databases,
        expiresAt: claims.expiresAt,
      },
    };
  }

  #judge(pod: PodObject, subject: Subject): IssuedSidecar | Refusal {
    const phase = record(pod['status'])?.['phase'];
    if (phase === 'Succeeded' || phase === 'Failed') return refuse('PodGone', `the pod has ended (${phase})`);
    if (record(pod['spec'])?.['serviceAccountName'] !== subject.serviceAccount) {
      return refuse('ServiceAccountMismatch', 'the pod does not run as the service account of the token');
    }
    const runsOn = nodeOf(pod);
    if (subject.node !== undefined && runsOn !== undefined && runsOn !== subject.node) {
      return refuse('NodeMismatch', 'the token was issued to another node than the pod runs on');
    }
    const { seals, settings } = this.#options;
    return checkIssued(pod, subject, { seals, imageDigests: settings.imageDigests });
  }

  /** Whoever deletes a service account takes away what its tokens say; a token does not know that. */
  async #checkAccount(claims: TokenClaims): Promise<Refusal | undefined> {
    const ref = { namespace: claims.namespace, name: claims.serviceAccount, uid: claims.serviceAccountUid };
    const account = await this.#accounts.read(ref, ACCOUNT_KNOWN_FOR);
    if (account.state === 'there') return undefined;
    if (account.state !== 'unknown') {
      return refuse('ServiceAccountMismatch', 'the service account of the token does not exist any more');
    }
    const last = this.#accounts.last(ref);
    if (last?.state === 'there' && this.#options.clock.monotonic() - last.readAt < ACCOUNT_STALE_AFTER) return undefined;
    return refuse('NotReady', `${account.reason}; try again`);
  }
}

interface Subject {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly node: string | undefined;
}

function nodeOf(pod: PodObject): string | undefined {
  const node = record(pod['spec'])?.['nodeName'];
  return typeof node === 'string' && node !== '' ? node : undefined;
}

export function identityMetrics(registry: Registry): { readonly refusals: Counter<'code'>; readonly verified: Counter } {
  const registers = [registry];
  const refusals = new Counter({
    name: 'sluice_operator_identity_refusals_total',
    help: 'Tokens and pods that were refused, by why',
    labelNames: ['code'],
    registers,
  });
  for (const code of REFUSAL_CODES) refusals.inc({ code }, 0);
  const verified = new Counter({
    name: 'sluice_operator_identity_verified_total',
    help: 'Tokens that were accepted: proven, of a live pod with a sidecar of ours',
    registers,
  });
  return { refusals, verified };
}
