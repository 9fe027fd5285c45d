/** admission.k8s.io/v1, as far as this webhook reads and writes it. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import type { JsonPatchOperation, RawPod } from './injection.ts';
import { type Raw, record, text } from '../../core/json/read.ts';

/** An object is at most 1.5 MiB in etcd, 3 MiB in a request; an AdmissionReview of a new pod holds it once. */
export const MAX_REVIEW_BYTES = 4 * 1024 * 1024;

const API_VERSION = 'admission.k8s.io/v1';

export interface PodReview {
  readonly uid: string;
  readonly pod: RawPod;
  readonly namespace: string;
  readonly dryRun: boolean;
}

export interface AdmissionResponseBody {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: 'JSONPatch';
    /** Base64. */
    readonly patch?: string;
    readonly warnings?: readonly string[];
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
    /** In the cluster's audit log, under the webhook's name. */
    readonly auditAnnotations?: Readonly<Record<string, string>>;
  };
}

/** The body is not a review of a new pod. One sentence; `uid` where it could be read. */
export class ReviewError extends Error {
  readonly uid: string;
  constructor(message: string, uid = '') {
    super(message);
    this.name = 'ReviewError';
    this.uid = uid;
  }
}

/** @throws ReviewError */
export function parseReview(body: Buffer): PodReview {
  if (body.length > MAX_REVIEW_BYTES) throw new ReviewError(`the review has ${body.length} bytes, more than a pod can have`);
  const review = record(parseJson(body));
  const request = record(review?.['request']);
  const uid = text(request?.['uid']) ?? '';
  const fail = (message: string): never => {
    throw new ReviewError(message, uid);
  };
  if (review?.['kind'] !== 'AdmissionReview' || review['apiVersion'] !== API_VERSION || request === undefined)
    return fail(`the body is no AdmissionReview of ${API_VERSION} with a request`);
  if (uid === '') return fail('the request has no uid');
  const kind = record(request['kind']);
  if (kind?.['group'] !== '' || kind['version'] !== 'v1' || kind['kind'] !== 'Pod' || request['operation'] !== 'CREATE')
    return fail('only new pods are reviewed here');
  const pod = record(request['object']);
  const namespace = text(request['namespace']);
  if (pod === undefined || namespace === undefined || namespace === '') return fail('the request has no pod, or no namespace');
  return { uid, pod, namespace, dryRun: request['dryRun'] === true };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new ReviewError('the body is not JSON');
  }
}

export function allowed(
  uid: string,
  reason: string,
  patch: readonly JsonPatchOperation[] = [],
  warnings: readonly string[] = [],
): AdmissionResponseBody {
  return respond({
    uid,
    allowed: true,
    ...(patch.length === 0
      ? {}
      : { patchType: 'JSONPatch' as const, patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    ...(warnings.length === 0 ? {} : { warnings }),
    auditAnnotations: { reason },
  });
}

export function denied(uid: string, reason: string, code: number, message: string): AdmissionResponseBody {
  const status = { code, reason: code === 403 ? 'Forbidden' : code === 400 ? 'BadRequest' : 'ServiceUnavailable', message };
  return respond({ uid, allowed: false, status, auditAnnotations: { reason } });
}

function respond(response: AdmissionResponseBody['response']): AdmissionResponseBody {
  return { apiVersion: API_VERSION, kind: 'AdmissionReview', response };
}

/** Of the object that will be asked why there are no pods: the controller, or nobody. */
export function controllerOf(pod: RawPod): Raw | undefined {
  const owners = record(pod['metadata'])?.['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  return owners.map(record).find((each) => each?.['controller'] === true);
}
