/** A policy's status from its Database's schema, its pods and what they acknowledged (the state table is policy-status.ts). */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { Catalogs } from '../catalog/catalogs.ts';
import type { Reconcile } from '../queue/controller.ts';
import { databaseOf, type GovernedObjects, nextEnd } from '../view/create-cluster-view.ts';
import type { BoundPods } from './bound-pods.ts';
import { heldConditions } from './conditions.ts';
import { invalidVerdicts } from './database-status.ts';
import type { EventRecorder } from './events.ts';
import type { Judge } from './judgement.ts';
import { type PolicyFacts, policyCounts, policyVerdicts } from './policy-status.ts';
import { Patience } from './patience.ts';
import { judgeDatabase, LOOK_AT_CLOCK } from './reconcile-databases.ts';
import type { ReplicaSums } from './replica-sums.ts';
import type { StatusWriter } from './status-writer.ts';
import { tellTransitions } from './tell.ts';

export interface PolicyReconcilerOptions {
  readonly view: GovernedObjects;
  readonly catalogs: Catalogs;
  readonly pods: BoundPods;
  readonly replicas: Pick<ReplicaSums, 'of' | 'hasSynced'>;
  readonly judge: Judge;
  readonly writer: StatusWriter;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

export function policyReconciler(options: PolicyReconcilerOptions): Reconcile {
  const { view, pods, replicas, writer, events, clock } = options;
  const patience = new Patience(clock);
  return async (key, signal) => {
    const found = view.rawPolicy(key);
    if (found === undefined) {
      writer.forget(key);
      patience.forget(key);
      return undefined;
    }
    // Half of what is known would make every policy look unprogrammed for a moment.
    if (!view.hasSynced || !pods.hasSynced || !replicas.hasSynced) return { requeueAfterMs: 250 };
    if (!found.reading.ok) {
      const verdicts = invalidVerdicts('DatabaseAccessPolicy', found.reading.problems, 'It grants nothing');
      tellTransitions(events, 'DatabaseAccessPolicy', found.raw, await writer.write(found.raw, verdicts, {}, signal));
      return undefined;
    }
    const policy = found.reading.object;
    const now = clock.now();
    const database = databaseOf(policy);
    const judgement = await judgeDatabase(options, database, now, signal);
    const raw = view.rawDatabase(database);
    const knowledge = options.catalogs.of(database);
    const existing = writer.existing(found.raw);
    // A new holder has not looked yet: that is no news about the policy.
    const unseen = knowledge?.contact === undefined && knowledge?.catalog === undefined;
    const facts: PolicyFacts = {
      policy,
      database: raw === undefined ? 'missing' : raw.reading.ok ? 'found' : 'unusable',
      diagnostics: judgement?.policies.get(key),
      inForce: judgement?.inForce.has(key) === true,
      pods: pods.of(database),
      acknowledgements: replicas.of(database),
      now,
      held: unseen ? heldConditions(existing.conditions ?? [], policy.metadata.generation) : [],
    };
    const verdicts = policyVerdicts(facts);
    const wait = patience.wait(key, verdicts, existing, policy.metadata.generation);
    if (wait > 0) return { requeueAfterMs: wait };
    const written = await writer.write(found.raw, verdicts, policyCounts(facts), signal);
    tellTransitions(events, 'DatabaseAccessPolicy', found.raw, written);
    const siblings = raw?.reading.ok === true ? view.policiesOf(raw.reading.object) : [policy];
    const end = nextEnd(siblings, now);
    return end === undefined ? undefined : { requeueAfterMs: Math.min(end - now + 1, LOOK_AT_CLOCK) };
  };
}
