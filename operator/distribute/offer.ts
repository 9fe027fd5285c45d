/**
 * What a service account has on a Database right now, as frames, or why it has nothing. Pure: the same view, materials and time give the
 * same answer. Documents are reduced to what the sidecar compiles; what the API server keeps beside them would change the revision without
 * changing anything that is in force.
 */
import type { Identity } from '../../core/identity/identity.ts';
import { bindPolicies, policyName, validUntil } from '../../core/policy/bind.ts';
import { canonicalHash } from '../../core/json/canonical-json.ts';
import type { CredentialFrame, DigestKeyFrame, StateFrame } from '../../core/stream/frames.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import type { ObjectMeta } from '../../crds/meta.ts';
import { type DigestKeys, wantsDigests } from '../audit/digest-keys.ts';
import type { DatabaseMaterials, Materials } from '../materials/materials.ts';
import type { ClusterView, ServiceAccountRef } from '../view/cluster-view.ts';

export type Offer =
  | {
      readonly kind: 'state';
      readonly state: StateFrame;
      readonly credential: CredentialFrame;
      /** Where its audit records hold digests. */
      readonly digestKey?: DigestKeyFrame;
      /** printFindings text. */
      readonly findings: string | undefined;
      /** Milliseconds since the epoch: the offer is another one then. */
      readonly nextChange?: number;
    }
  | { readonly kind: 'withdrawn'; readonly reason: string }
  /** Its Secrets and addresses, or the audit keys, have not been looked at yet: nothing is said until they have. */
  | { readonly kind: 'unknown' };

export interface OfferInput {
  readonly view: Pick<ClusterView, 'trusted' | 'database' | 'policiesOf'>;
  readonly materials: Pick<Materials, 'of'>;
  readonly digestKeys: Pick<DigestKeys, 'digestKey'>;
  /** `namespace/name` of the Database. */
  readonly key: string;
  readonly subject: ServiceAccountRef;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function offerFor(input: OfferInput): Offer {
  const { view, key, subject, now } = input;
  const [namespace = '', name = ''] = key.split('/');
  if (!view.trusted(namespace))
    return withdrawn(
      `Namespace ${namespace} is not among the policy namespaces of this installation; nothing in it is honoured.`,
    );
  const database = view.database(namespace, name);
  if (database === undefined) return withdrawn(`There is no Database ${key}, or it does not fit this release's schema.`);
  const known = view.policiesOf(database);
  const { policies } = bindPolicies(database, known, subject, now);
  if (policies.length === 0) return withdrawn(unboundReason(database, known, subject, now));
  const materials = input.materials.of(key);
  const digestKey = wantsDigests(database) ? input.digestKeys.digestKey(key) : null;
  if (materials === undefined || digestKey === undefined) return { kind: 'unknown' };
  const offer = offerState(database, policies, materials, subject);
  if (offer.kind !== 'state' || digestKey === null) return offer;
  return { ...offer, digestKey: { type: 'digest-key', database: key, key: digestKey.toString('base64url') } };
}

function offerState(
  database: Database,
  policies: readonly DatabaseAccessPolicy[],
  materials: DatabaseMaterials,
  subject: ServiceAccountRef,
): Offer {
  const key = `${database.metadata.namespace}/${database.metadata.name}`;
  const own = policies.filter((policy) => policy.spec.credentialsSecretRef !== undefined);
  const secrets = [...new Set(own.map((policy) => policy.spec.credentialsSecretRef!.name))];
  if (secrets.length > 1)
    return withdrawn(
      `The policies ${own.map(policyName).join(' and ')} name different credentials (${secrets.join(', ')}): which login ${who(subject)} uses on ${key} must be one.`,
    );
  const [secret] = secrets;
  if (secret === undefined && database.spec.credentialsSecretRef === undefined)
    return withdrawn(`Neither Database ${key} nor a policy names credentials (credentialsSecretRef).`);
  const login = materials.login(secret);
  if (login === undefined) {
    const missing = secret ?? database.spec.credentialsSecretRef!.name;
    return withdrawn(
      problem(materials, 'Secret') ?? `Secret ${database.metadata.namespace}/${missing} is missing or incomplete.`,
    );
  }
  if (database.spec.tls.caSecretRef !== undefined && materials.ca === undefined)
    return withdrawn(problem(materials, 'Ca') ?? `The CA of Database ${key} (tls.caSecretRef) is missing.`);
  const content = {
    object: reducedDatabase(database),
    policies: policies.map((policy) => reducedPolicy(policy, subject)),
    addresses: materials.addresses,
    ...(materials.ca === undefined ? {} : { ca: materials.ca }),
  };
  const ends = policies.flatMap((policy) => validUntil(policy) ?? []);
  return {
    kind: 'state',
    state: { type: 'state', database: key, revision: canonicalHash(content).slice(0, 32), ...content },
    credential: { type: 'credential', database: key, username: login.username, password: login.password },
    findings: materials.findings,
    ...(ends.length === 0 ? {} : { nextChange: Math.min(...ends) }),
  };
}

function unboundReason(
  database: Database,
  known: readonly DatabaseAccessPolicy[],
  subject: ServiceAccountRef,
  now: number,
): string {
  const key = `${database.metadata.namespace}/${database.metadata.name}`;
  // Those that would bind if it were earlier.
  const ended = bindPolicies(database, known, subject, Number.NEGATIVE_INFINITY).policies.filter(
    (policy) => (validUntil(policy) ?? now + 1) <= now,
  );
  const last = ended.toSorted((a, b) => (validUntil(a) ?? 0) - (validUntil(b) ?? 0)).at(-1);
  if (last === undefined) return `No policy has ${who(subject)} as a subject on Database ${key}.`;
  return `Every policy for ${who(subject)} on Database ${key} has ended; the last, ${policyName(last)}, at ${last.spec.validUntil}.`;
}

function problem(materials: DatabaseMaterials, about: 'Secret' | 'Ca'): string | undefined {
  const messages = materials.problems.filter(({ reason }) => reason.startsWith(about)).map(({ message }) => message);
  return messages.length === 0 ? undefined : messages.join(' ');
}

function who(subject: Pick<Identity, 'namespace' | 'serviceAccount'>): string {
  return `${subject.namespace}/${subject.serviceAccount}`;
}

function withdrawn(reason: string): Offer {
  return { kind: 'withdrawn', reason };
}

function reducedDatabase({ apiVersion, kind, metadata, spec }: Database): Database {
  return { apiVersion, kind, metadata: reducedMeta(metadata), spec };
}

/** Whom else the policy binds is no business of this pod's. */
function reducedPolicy(
  { apiVersion, kind, metadata, spec }: DatabaseAccessPolicy,
  subject: ServiceAccountRef,
): DatabaseAccessPolicy {
  const subjects = spec.subjects.filter(
    ({ serviceAccount: { namespace, name } }) =>
      namespace === subject.namespace && (name === '*' || name === subject.serviceAccount),
  );
  return { apiVersion, kind, metadata: reducedMeta(metadata), spec: { ...spec, subjects } };
}

function reducedMeta({ name, namespace, uid, generation, creationTimestamp }: ObjectMeta): ObjectMeta {
  return {
    name,
    namespace,
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
}
