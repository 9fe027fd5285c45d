/**
 * Single objects read from the API server when a copy will not do, by name and UID: one request at a time for each, so many a second. A UID never
 * comes back (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#uids), so what was not there under it is
 * not asked for again; and since whoever asks has a token that names it, no answer is older than the object.
 */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, type KubeApi, type KubeObject, type Resource } from '../api/kube-api.ts';

export interface UniqueRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export type Live<T> =
  | { readonly state: 'there'; readonly object: T; readonly readAt: number }
  | { readonly state: 'gone' }
  /** Another object has its name. */
  | { readonly state: 'replaced' }
  /** Too many requests, or no answer: not known now. */
  | { readonly state: 'unknown'; readonly reason: string };

export interface LiveObjects<T extends KubeObject> {
  /** Not older than `notOlderThan` milliseconds. Never rejects. */
  read(ref: UniqueRef, notOlderThan: number): Promise<Live<T>>;
  /** What was read last, however old. */
  last(ref: UniqueRef): Live<T> | undefined;
}

export interface LiveObjectsOptions {
  readonly api: Pick<KubeApi, 'get'>;
  readonly resource: Resource;
  readonly clock: Clock;
  /** Requests a second, and at once. */
  readonly rate?: number;
  readonly burst?: number;
  /** How many objects at most, the ones read last. */
  readonly remember?: number;
}

const RATE = 50;
const BURST = 200;
const REMEMBERED = 10_000;

export function createLiveObjects<T extends KubeObject>(options: LiveObjectsOptions): LiveObjects<T> {
  const { api, resource, clock, rate = RATE, burst = BURST, remember = REMEMBERED } = options;
  const remembered = new Map<string, Live<T>>();
  const reading = new Map<string, Promise<Live<T>>>();
  let tokens = burst;
  let filledAt = clock.monotonic();

  const take = (): boolean => {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * rate);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
  const ask = async ({ namespace, name, uid }: UniqueRef): Promise<Live<T>> => {
    const readAt = clock.monotonic();
    try {
      const object = await api.get<T>(resource, { namespace, name });
      return object.metadata.uid === uid ? { state: 'there', object, readAt } : { state: 'replaced' };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return { state: 'gone' };
      const reason = error instanceof ApiError ? error.reason : 'no answer';
      return { state: 'unknown', reason: `${resource.kind} cannot be read (${reason})` };
    }
  };
  const keep = (key: string, live: Live<T>): Live<T> => {
    if (live.state === 'unknown') return live;
    remembered.delete(key);
    remembered.set(key, live);
    if (remembered.size > remember) remembered.delete(remembered.keys().next().value!);
    return live;
  };
  return {
    async read(ref, notOlderThan) {
      const key = keyOf(ref);
      const known = remembered.get(key);
      if (known?.state === 'gone' || known?.state === 'replaced') return known;
      if (known?.state === 'there' && clock.monotonic() - known.readAt < notOlderThan) return known;
      const running = reading.get(key);
      if (running !== undefined) return await running;
      if (!take()) return { state: 'unknown', reason: `too many ${resource.plural} are asked for at once` };
      const asked = ask(ref)
        .then((live) => keep(key, live))
        .finally(() => reading.delete(key));
      reading.set(key, asked);
      return await asked;
    },
    last: (ref) => remembered.get(keyOf(ref)),
  };
}

function keyOf({ namespace, name, uid }: UniqueRef): string {
  return `${namespace}/${name}/${uid}`;
}
