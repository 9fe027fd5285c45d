/** Single objects read from the API server when a copy will not do: one request at a time for each, so many a second, and remembered shortly. */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, type KubeApi, type KubeObject, type Resource } from '../api/kube-api.ts';

export type Live<T> =
  | { readonly state: 'found'; readonly object: T; readonly readAt: number }
  | { readonly state: 'absent'; readonly readAt: number }
  /** Too many requests, or no answer: not known now. */
  | { readonly state: 'unknown'; readonly reason: string };

export interface LiveObjects<T extends KubeObject> {
  /** Not older than `notOlderThan` milliseconds. Never rejects. */
  read(namespace: string, name: string, notOlderThan: number): Promise<Live<T>>;
  /** What was read last, however old. */
  last(namespace: string, name: string): Live<T> | undefined;
}

export interface LiveObjectsOptions {
  readonly api: KubeApi;
  readonly resource: Resource;
  readonly clock: Clock;
  /** Requests a second, and at once. */
  readonly rate?: number;
  readonly burst?: number;
  /** How many objects at most, the one read last first. */
  readonly remember?: number;
}

const RATE = 50;
const BURST = 200;
const REMEMBERED = 10_000;

export function createLiveObjects<T extends KubeObject>(options: LiveObjectsOptions): LiveObjects<T> {
  const { api, resource, clock, rate = RATE, burst = BURST, remember: most = REMEMBERED } = options;
  const remembered = new Map<string, Exclude<Live<T>, { state: 'unknown' }>>();
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
  const remember = (key: string, live: Exclude<Live<T>, { state: 'unknown' }>): Live<T> => {
    remembered.delete(key);
    remembered.set(key, live);
    if (remembered.size > most) remembered.delete(remembered.keys().next().value!);
    return live;
  };
  const ask = async (key: string, namespace: string, name: string): Promise<Live<T>> => {
    const readAt = clock.monotonic();
    try {
      const object = await api.get<T>(resource, { namespace, name });
      return remember(key, { state: 'found', object, readAt });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return remember(key, { state: 'absent', readAt });
      const reason = error instanceof ApiError ? error.reason : 'no answer';
      return { state: 'unknown', reason: `${resource.kind} cannot be read (${reason})` };
    }
  };
  return {
    async read(namespace, name, notOlderThan) {
      const key = `${namespace}/${name}`;
      const known = remembered.get(key);
      if (known !== undefined && clock.monotonic() - known.readAt < notOlderThan) return known;
      const running = reading.get(key);
      if (running !== undefined) return await running;
      if (!take()) return { state: 'unknown', reason: `too many ${resource.plural} are asked for at once` };
      const asked = ask(key, namespace, name).finally(() => reading.delete(key));
      reading.set(key, asked);
      return await asked;
    },
    last: (namespace, name) => remembered.get(`${namespace}/${name}`),
  };
}
