/**
 * Soak: what really happened, version by version, told by a watch past all faults. A copy that claims to be at a version must be what the
 * collection was at that version: so even a change that was missed and mended later is found. (Only here are versions compared as numbers:
 * this API server is ours, and its versions are etcd's revisions.)
 */
import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeApi, KubeObject, Resource } from '../../operator/api/kube-api.ts';
import { listAll } from '../../operator/watch/paged-list.ts';
import { keyOf, stateOf } from '../../operator/watch/store.ts';

/** A copy at a version, in short. */
export interface Claim {
  readonly version: number;
  readonly state: string;
}

export interface Judgement {
  readonly right: number;
  /** Of versions that the history does not know: it had to begin anew after a restart. */
  readonly unknown: number;
  readonly wrong: readonly string[];
}

export interface History {
  judge(claims: readonly Claim[], matches: (object: KubeObject) => boolean): Judgement;
  stop(): Promise<void>;
}

/** From a list on, without a gap. */
interface Chapter {
  readonly from: number;
  readonly objects: readonly KubeObject[];
  readonly events: { readonly version: number; readonly key: string; readonly object: KubeObject | undefined }[];
  to: number;
}

export function claim(version: string, objects: readonly KubeObject[]): Claim {
  return { version: Number(version), state: digest(new Map(objects.map((object) => [keyOf(object), stateOf(object)]))) };
}

function digest(states: ReadonlyMap<string, string>): string {
  return hash(
    'sha1',
    [...states]
      .map(([key, state]) => `${key} ${state}`)
      .sort()
      .join('\n'),
  );
}

/** All that is judged; the rest would fill the memory in the course of an hour. */
function metadataOf({ metadata: { namespace, name, uid, resourceVersion, labels } }: KubeObject): KubeObject {
  const optional = { namespace, uid, resourceVersion, labels };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { metadata: { name, ...present } };
}

export async function recordHistory(api: KubeApi, resource: Resource): Promise<History> {
  const chapters: Chapter[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;

  const begin = async (): Promise<Chapter> => {
    const objects: KubeObject[] = [];
    const version = await listAll<KubeObject>(api, resource, {}, 500, signal, (items, first) => {
      if (first) objects.length = 0;
      objects.push(...items.map(metadataOf));
    });
    const chapter: Chapter = { from: Number(version), objects, events: [], to: Number(version) };
    chapters.push(chapter);
    return chapter;
  };
  const follow = async (chapter: Chapter): Promise<boolean> => {
    for await (const event of api.watch(resource, { resourceVersion: String(chapter.to), timeoutSeconds: 3600, signal })) {
      if (event.type === 'ERROR') return event.object.code !== 410;
      chapter.to = Number(event.object.metadata.resourceVersion);
      if (event.type === 'BOOKMARK') continue;
      const object = event.type === 'DELETED' ? undefined : metadataOf(event.object);
      chapter.events.push({ version: chapter.to, key: keyOf(event.object), object });
    }
    return true;
  };
  const first = await begin();
  const running = (async () => {
    let chapter: Chapter | undefined = first;
    while (!signal.aborted) {
      try {
        chapter ??= await begin();
        if (!(await follow(chapter))) chapter = undefined;
      } catch (error) {
        if ((error as { status?: number }).status === 410) chapter = undefined;
        await sleep(50, undefined, { signal }).catch(() => undefined);
      }
    }
  })();
  return {
    judge: (claims, matches) => judge(chapters, claims, matches),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function judge(chapters: readonly Chapter[], claims: readonly Claim[], matches: (object: KubeObject) => boolean): Judgement {
  const wrong: string[] = [];
  let right = 0;
  const rest = [...claims].sort((a, b) => a.version - b.version);
  for (const chapter of chapters) {
    const last = chapter === chapters.at(-1);
    const states = new Map(chapter.objects.filter(matches).map((object) => [keyOf(object), stateOf(object)]));
    let next = 0;
    let current: string | undefined;
    for (const { version, state } of rest) {
      if (version < chapter.from || (version > chapter.to && !last)) continue;
      for (
        let event = chapter.events[next];
        event !== undefined && event.version <= version;
        event = chapter.events[(next += 1)]
      ) {
        current = undefined;
        if (event.object !== undefined && matches(event.object)) states.set(event.key, stateOf(event.object));
        else states.delete(event.key);
      }
      current ??= digest(states);
      if (current === state) right += 1;
      else wrong.push(`at version ${version}`);
    }
  }
  return { right, wrong, unknown: rest.length - right - wrong.length };
}
