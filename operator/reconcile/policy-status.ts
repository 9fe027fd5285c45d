/**
 * The conditions of a DatabaseAccessPolicy. Each message says what to do; the first that is not True is Ready's.
 *
 * | condition  | status  | reason              | when                                                                          |
 * | ---------- | ------- | ------------------- | ----------------------------------------------------------------------------- |
 * | Accepted   | True    | Accepted            | everything it says is in force on the schema as last read; warnings follow    |
 * |            | False   | NamespaceNotTrusted | the chart does not list its namespace (strangers.ts)                          |
 * |            | False   | Invalid             | this release's schema does not know it: nothing is granted                    |
 * |            | False   | DatabaseNotFound    | there is no such Database in its namespace                                    |
 * |            | False   | DatabaseNotAccepted | there is, but it cannot be used                                               |
 * |            | False   | Expired             | validUntil has passed                                                         |
 * |            | False   | Conflict            | it contradicts an older policy of the same subjects: it grants nothing        |
 * |            | False   | UnknownTable, UnknownColumn, UnknownFunction, NotGrantable, RowFilter, Mask, Protected, … |
 * |            |         |                     | a part of it is not in force; the rest is                                     |
 * |            | Unknown | SchemaNotRead       | the schema of the Database has not been read yet                              |
 * | Programmed | True    | Programmed          | every running pod of its subjects judges statements by this generation        |
 * |            | True    | NoPods              | there is none                                                                 |
 * |            | False   | Pending             | some have not acknowledged it yet                                             |
 * |            | False   | Rejected            | some could not use it                                                         |
 * |            | False   | NotInForce          | it grants nothing, so there is nothing to acknowledge                         |
 * | Ready      | True    | Ready               | both are True                                                                 |
 * |            | False, Unknown | that of the first of these that is not True                                                     |
 */
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { DatabaseAcknowledgements } from '../distribute/acknowledgements.ts';
import { type BoundPod, podsOfSubjects } from './bound-pods.ts';
import { counted, type Held, orHeld, some, type Verdict } from './conditions.ts';

export interface PolicyFacts {
  readonly policy: DatabaseAccessPolicy;
  /** `unusable`: there, but not as this release understands it. */
  readonly database: 'found' | 'missing' | 'unusable';
  /** Of this policy, in the Judgement of its Database; undefined: the schema has not been read. */
  readonly diagnostics: readonly Diagnostic[] | undefined;
  readonly inForce: boolean;
  /** Of the Database. */
  readonly pods: readonly BoundPod[];
  readonly acknowledgements: DatabaseAcknowledgements;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of an earlier holder, where this one has not looked at the Database yet; else empty. */
  readonly held: Held;
}

export function policyVerdicts(facts: PolicyFacts): readonly Verdict[] {
  const first = orHeld(accepted(facts), facts.held);
  const second = programmed(facts, first);
  const problem =
    [first, second].find(({ status }) => status === 'False') ?? [first, second].find(({ status }) => status === 'Unknown');
  const ready: Verdict =
    problem === undefined
      ? { type: 'Ready', status: 'True', reason: 'Ready', message: readyMessage(facts, first) }
      : { ...problem, type: 'Ready' };
  return [ready, first, second];
}

export function policyCounts(facts: PolicyFacts): Readonly<Record<string, unknown>> {
  const running = runningPods(facts);
  return {
    boundPods: running.length,
    programmedPods: Math.min(running.length, acknowledged(facts)),
    boundServiceAccounts: new Set(running.map((pod) => `${pod.namespace}/${pod.serviceAccount}`)).size,
  };
}

function accepted({ policy, database, diagnostics, inForce, now }: PolicyFacts): Verdict {
  const type = 'Accepted';
  const { databaseRef, validUntil } = policy.spec;
  const refused = (reason: string, message: string): Verdict => ({ type, status: 'False', reason, message });
  if (database === 'missing')
    return refused(
      'DatabaseNotFound',
      `there is no Database ${databaseRef.name} in namespace ${policy.metadata.namespace}; create it, or correct spec.databaseRef`,
    );
  if (database === 'unusable')
    return refused(
      'DatabaseNotAccepted',
      `Database ${databaseRef.name} is not accepted, so nothing is granted on it; see its conditions`,
    );
  if (validUntil !== undefined && !(Date.parse(validUntil) > now))
    return refused(
      'Expired',
      `the policy ended at ${validUntil} and grants nothing any more; extend spec.validUntil, or delete it`,
    );
  if (diagnostics === undefined) {
    const message = `the schema of Database ${databaseRef.name} has not been read yet; see its conditions`;
    return { type, status: 'Unknown', reason: 'SchemaNotRead', message };
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [worst] = [...errors.filter(({ reason }) => reason === 'Conflict'), ...errors];
  if (worst !== undefined) return refused(worst.reason, errorMessage(errors, inForce));
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').map(sentence);
  const observing = policy.spec.mode === 'Observe' ? ' (observe: nothing is denied, what would be is recorded)' : '';
  const message = `everything it says is in force${observing}${warnings.length === 0 ? '' : `; warnings: ${some(warnings, 5)}`}`;
  return { type, status: 'True', reason: 'Accepted', message };
}

function errorMessage(errors: readonly Diagnostic[], inForce: boolean): string {
  return inForce ? `${some(errors.map(sentence), 10)}; everything else is in force` : some(errors.map(sentence), 10);
}

function sentence({ path, message }: Diagnostic): string {
  return path === undefined ? message : `${path}: ${message}`;
}

function programmed(facts: PolicyFacts, acceptedNow: Verdict): Verdict {
  const type = 'Programmed';
  const nothing =
    ['DatabaseNotFound', 'DatabaseNotAccepted', 'Expired'].includes(acceptedNow.reason) ||
    (facts.diagnostics !== undefined && !facts.inForce);
  if (nothing)
    return { type, status: 'False', reason: 'NotInForce', message: 'it grants nothing, so no pod has it; see Accepted' };
  const running = runningPods(facts).length;
  const done = Math.min(running, acknowledged(facts));
  if (running === 0)
    return {
      type,
      status: 'True',
      reason: 'NoPods',
      message: 'no pod of its subjects is running; it is in force for the first that starts',
    };
  if (done === running) {
    const message = `${counted(running, 'running pod')} of its subjects judge${running === 1 ? 's' : ''} statements by it`;
    return { type, status: 'True', reason: 'Programmed', message };
  }
  const { rejections } = facts.acknowledgements;
  if (rejections.length > 0) {
    const message = `${done} of ${counted(running, 'running pod')} acknowledged it; sidecars say: ${some(
      rejections.map((text) => text.slice(0, 300)),
      3,
    )}`;
    return { type, status: 'False', reason: 'Rejected', message };
  }
  const message = `${done} of ${counted(running, 'running pod')} of its subjects acknowledged it; pods whose sidecar cannot reach the operator keep the last policies for the Database's maxStaleness, then refuse`;
  return { type, status: 'False', reason: 'Pending', message };
}

function readyMessage(facts: PolicyFacts, acceptedNow: Verdict): string {
  const running = runningPods(facts).length;
  const until = facts.policy.spec.validUntil === undefined ? '' : `, until ${facts.policy.spec.validUntil}`;
  const warned = acceptedNow.message.includes('; warnings: ') ? '; see Accepted for warnings' : '';
  const observing = facts.policy.spec.mode === 'Observe' ? 'observing' : 'enforced';
  return `${observing} in ${counted(running, 'pod')}${until}${warned}`;
}

function runningPods({ policy, pods }: PolicyFacts): readonly BoundPod[] {
  return podsOfSubjects(pods, policy.spec.subjects).filter(({ running }) => running);
}

/** Of this generation, over all replicas. */
function acknowledged({ policy, acknowledgements }: PolicyFacts): number {
  const { namespace, name, generation } = policy.metadata;
  const found = acknowledgements.policies.find(
    (each) => each.namespace === namespace && each.name === name && each.generation === (generation ?? 0),
  );
  return found?.programmed ?? 0;
}
