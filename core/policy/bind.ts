/** Which policies bind an identity on a Database, and why the others do not. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import type { Identity } from '../identity/identity.ts';
import type { Diagnostic } from './diagnostic.ts';

export interface BoundPolicies {
  /** Oldest first: in a conflict the newer one gives way. */
  readonly policies: readonly DatabaseAccessPolicy[];
  readonly diagnostics: readonly Diagnostic[];
}

/** `namespace/name`. */
export function policyName(policy: DatabaseAccessPolicy): string {
  return `${policy.metadata.namespace}/${policy.metadata.name}`;
}

export function objectName(object: {
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
}): string {
  return `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
}

/** `now`: milliseconds since the epoch. */
export function bindPolicies(
  database: Database,
  policies: readonly DatabaseAccessPolicy[],
  identity: Identity,
  now: number,
): BoundPolicies {
  const diagnostics: Diagnostic[] = [];
  const bound: DatabaseAccessPolicy[] = [];
  for (const policy of policies) {
    if (policy.spec.databaseRef.name !== database.metadata.name || !bindsSubject(policy, identity)) continue;
    const problem = obstacle(database, policy, now);
    if (problem === undefined) bound.push(policy);
    else diagnostics.push({ ...problem, object: objectName(policy) });
  }
  bound.sort(byAge);
  return { policies: bound, diagnostics };
}

function bindsSubject(policy: DatabaseAccessPolicy, identity: Identity): boolean {
  return policy.spec.subjects.some(
    ({ serviceAccount }) =>
      serviceAccount.namespace === identity.namespace &&
      (serviceAccount.name === '*' || serviceAccount.name === identity.serviceAccount),
  );
}

function obstacle(database: Database, policy: DatabaseAccessPolicy, now: number): Diagnostic | undefined {
  if (policy.metadata.namespace !== database.metadata.namespace) {
    return {
      severity: 'error',
      reason: 'NamespaceNotTrusted',
      path: 'metadata.namespace',
      message: `the policy is ignored: a policy must be in the namespace of its Database, ${database.metadata.namespace}`,
    };
  }
  const until = validUntil(policy);
  if (until !== undefined && until <= now) {
    return {
      severity: 'notice',
      reason: 'Expired',
      path: 'spec.validUntil',
      message: `the policy ended at ${policy.spec.validUntil}`,
    };
  }
  return undefined;
}

/** Milliseconds since the epoch. A time that cannot be read counts as past. */
export function validUntil(policy: DatabaseAccessPolicy): number | undefined {
  if (policy.spec.validUntil === undefined) return undefined;
  const time = Date.parse(policy.spec.validUntil);
  return Number.isNaN(time) ? 0 : time;
}

/** By creation, then by name, so that the order in which files or watches deliver them decides nothing. */
function byAge(a: DatabaseAccessPolicy, b: DatabaseAccessPolicy): number {
  const age = created(a) - created(b);
  if (age !== 0) return age;
  return policyName(a) < policyName(b) ? -1 : 1;
}

function created(policy: DatabaseAccessPolicy): number {
  const time = Date.parse(policy.metadata.creationTimestamp ?? '');
  return Number.isNaN(time) ? 0 : time;
}
