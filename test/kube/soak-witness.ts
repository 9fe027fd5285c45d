/** Soak: an informer; beside it what its events alone add up to, and what its copy was whenever it claimed to be at a version. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeApi, KubeObject, Resource, WatchEvent, WatchOptions } from '../../operator/api/kube-api.ts';
import { createInformer, type InformerOptions } from '../../operator/watch/create-informer.ts';
import { listAll } from '../../operator/watch/paged-list.ts';
import { keyOf, stateOf } from '../../operator/watch/store.ts';
import type { WatchTelemetry } from '../../operator/watch/telemetry.ts';
import type { Change, Informer } from '../../operator/watch/informer.ts';
import { type Claim, claim } from './soak-history.ts';

export interface Witness {
  readonly name: string;
  readonly counts: ReadonlyMap<string, number>;
  readonly events: number;
  /** Objects that comparisons showed to have been missed. */
  readonly drift: number;
  readonly claims: readonly Claim[];
  /** Events that cannot follow from the ones before. */
  readonly contradictions: readonly string[];
  /** What differs now from a fresh list: in the copy, and in what the events add up to. */
  differences(direct: KubeApi): Promise<readonly string[]>;
  stop(): Promise<void>;
}

type Options = Omit<InformerOptions<KubeObject>, 'telemetry'>;

export function startWitness(name: string, options: Options): Witness {
  const counts = new Map<string, number>();
  const count = (what: string, by = 1): void => void counts.set(what, (counts.get(what) ?? 0) + by);
  const telemetry: WatchTelemetry = {
    contact: () => {},
    ended: (reason) => count(`ended ${reason}`),
    relisted: (reason) => count(`listed ${reason}`),
    listFailed: (reason) => count(`list failed ${reason}`),
    drifted: (objects) => count('drift', objects),
    compared: () => count('compared'),
    handlerFailed: () => count('handler failed'),
    objects: () => {},
  };
  const claims: Claim[] = [];
  const api = claiming(options.api, (version) => claims.push(claim(version, informer.list())));
  const informer = createInformer<KubeObject>({ ...options, api, telemetry });
  const replay = new Replay();
  informer.onChange((change) => replay.apply(change));
  informer.start();
  return {
    name,
    counts,
    get events() {
      return replay.events;
    },
    get drift() {
      return counts.get('drift') ?? 0;
    },
    claims,
    contradictions: replay.contradictions,
    differences: (direct) => differences(direct, options, informer, replay),
    stop: () => informer.stop(),
  };
}

/**
 * Whoever watches from a version claims to have everything up to it; whoever asks for the next event has made the last one his own.
 */
function claiming(api: KubeApi, at: (version: string) => void): KubeApi {
  return {
    ...api,
    async *watch<T extends KubeObject>(
      resource: Resource,
      options: WatchOptions,
    ): AsyncGenerator<WatchEvent<T>, void, undefined> {
      at(options.resourceVersion);
      for await (const event of api.watch<T>(resource, options)) {
        yield event;
        const version = event.type === 'ERROR' ? undefined : event.object.metadata.resourceVersion;
        if (version !== undefined) at(version);
      }
    },
  };
}

/** The collection as a reader of events has it. */
class Replay {
  readonly objects = new Map<string, KubeObject>();
  readonly contradictions: string[] = [];
  events = 0;

  apply(change: Change<KubeObject>): void {
    this.events += 1;
    const key = keyOf(change.object);
    const known = this.objects.get(key);
    const fits =
      change.type === 'added'
        ? known === undefined
        : known?.metadata.uid === change.object.metadata.uid &&
          (change.type === 'deleted' || (known !== undefined && stateOf(known) === stateOf(change.before)));
    if (!fits) this.contradictions.push(`${change.type} ${key} after ${known === undefined ? 'nothing' : stateOf(known)}`);
    if (change.type === 'deleted') this.objects.delete(key);
    else this.objects.set(key, change.object);
  }
}

async function differences(
  direct: KubeApi,
  options: Options,
  informer: Informer<KubeObject>,
  replay: Replay,
): Promise<readonly string[]> {
  const { resource, namespace, labelSelector, fieldSelector } = options;
  const selection = Object.fromEntries(
    Object.entries({ namespace, labelSelector, fieldSelector }).filter(([, value]) => value !== undefined),
  );
  let listed: KubeObject[] = [];
  await listAll<KubeObject>(direct, resource, selection, 500, AbortSignal.timeout(30_000), (items, first) => {
    if (first) listed = [];
    listed.push(...items.map(withoutManagedFields));
  });
  const truth = new Map(listed.map((object) => [keyOf(object), object]));
  const copy = new Map(informer.list().map((object) => [keyOf(object), object]));
  const keys = new Set([...truth.keys(), ...copy.keys(), ...replay.objects.keys()]);
  return [...keys].flatMap((key) => [
    ...(isDeepStrictEqual(copy.get(key), truth.get(key)) ? [] : [`${key}: the copy differs`]),
    ...(isDeepStrictEqual(replay.objects.get(key), truth.get(key)) ? [] : [`${key}: the events add up to something else`]),
  ]);
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & { readonly managedFields?: unknown };
  return { ...object, metadata };
}
