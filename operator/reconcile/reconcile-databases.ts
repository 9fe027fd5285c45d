/** A Database's status from all that is known of it (the state table is database-status.ts). */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { Catalogs } from '../catalog/catalogs.ts';
import type { Materials } from '../materials/materials.ts';
import type { Reconcile } from '../queue/controller.ts';
import type { GovernedObjects } from '../view/create-cluster-view.ts';
import { nextEnd } from '../view/create-cluster-view.ts';
import { type BoundPods, podsOfSubjects } from './bound-pods.ts';
import { databaseCounts, databaseVerdicts, invalidVerdicts } from './database-status.ts';
import { heldConditions } from './conditions.ts';
import type { EventRecorder } from './events.ts';
import type { Judge, Judgement } from './judgement.ts';
import type { StatusWriter } from './status-writer.ts';
import { tellTransitions } from './tell.ts';

export interface DatabaseReconcilerOptions {
  readonly view: GovernedObjects;
  readonly materials: Materials;
  readonly catalogs: Catalogs;
  readonly pods: BoundPods;
  readonly judge: Judge;
  readonly writer: StatusWriter;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

/** Milliseconds: clocks are set, and timers do not notice. */
export const LOOK_AT_CLOCK = 30_000;

export function databaseReconciler(options: DatabaseReconcilerOptions): Reconcile {
  const { view, materials, catalogs, pods, writer, events, clock } = options;
  return async (key, signal) => {
    const found = view.rawDatabase(key);
    if (found === undefined) {
      writer.forget(key);
      options.judge.forget(key);
      return undefined;
    }
    // Until pods have been counted once, 0 would let somebody delete it.
    if (!pods.hasSynced) return { requeueAfterMs: 250 };
    if (!found.reading.ok) {
      const boundPods = pods.of(key).length;
      const verdicts = invalidVerdicts('Database', found.reading.problems, 'Nothing is served for it');
      tellTransitions(events, 'Database', found.raw, await writer.write(found.raw, verdicts, { boundPods }, signal));
      return undefined;
    }
    const database = found.reading.object;
    const now = clock.now();
    // A pod that nobody has granted anything must not be able to keep a Database from being deleted.
    const subjects = view.policiesOf(database).flatMap(({ spec }) => spec.subjects);
    const boundPods = podsOfSubjects(pods.of(key), subjects).length;
    const judgement = await judgeDatabase(options, key, now, signal);
    const knowledge = catalogs.of(key);
    const needed = materials.of(key);
    const existing = writer.existing(found.raw);
    // A new holder has not looked yet: that is no news about the Database.
    const unseen = knowledge?.contact === undefined && (needed?.problems.length ?? 0) === 0;
    const facts = {
      database,
      materials: needed,
      knowledge,
      judgement,
      boundPods,
      held: unseen ? heldConditions(existing.conditions ?? [], database.metadata.generation) : [],
      heldCounts: unseen ? existing : {},
    };
    const written = await writer.write(found.raw, databaseVerdicts(facts), databaseCounts(facts), signal);
    tellTransitions(events, 'Database', found.raw, written);
    const end = nextEnd(view.policiesOf(database), now);
    return end === undefined ? undefined : { requeueAfterMs: Math.min(end - now + 1, LOOK_AT_CLOCK) };
  };
}

/** Undefined: the schema has not been read yet, or the Database cannot be used. */
export async function judgeDatabase(
  { view, catalogs, judge }: Pick<DatabaseReconcilerOptions, 'view' | 'catalogs' | 'judge'>,
  key: string,
  now: number,
  signal: AbortSignal,
): Promise<Judgement | undefined> {
  const reading = view.rawDatabase(key)?.reading;
  const knowledge = catalogs.of(key);
  if (reading?.ok !== true || knowledge?.catalog === undefined) return undefined;
  const { catalog, detected, revision } = knowledge;
  const database = reading.object;
  return judge.judge({ database, policies: view.policiesOf(database), catalog, detected, revision, now }, signal);
}
