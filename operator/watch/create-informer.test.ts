/** The state machine, against an API server that says what it is told, and a clock that stands still. Real faults: test/kube/soak.ts. */
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import {
  ApiError,
  ApiUnreachableError,
  CONFIG_MAPS,
  type KubeApi,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type WatchEvent,
  type WatchOptions,
} from '../api/kube-api.ts';
import { createInformer, type InformerOptions } from './create-informer.ts';
import type { Informer } from './informer.ts';
import { SILENT_WATCH } from './telemetry.ts';

const object = (name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject => ({
  metadata: { namespace: 'n', name, uid, resourceVersion },
});
const added = (...args: Parameters<typeof object>): WatchEvent<KubeObject> => ({ type: 'ADDED', object: object(...args) });

/** A watch that the test speaks through. */
class Line {
  readonly options: WatchOptions;
  #queue: (WatchEvent<KubeObject> | Error | 'end')[] = [];
  #wake: () => void = () => {};

  constructor(options: WatchOptions) {
    this.options = options;
    options.signal.addEventListener('abort', () => this.#push(new Error('aborted')));
  }

  say(event: WatchEvent<KubeObject>): void {
    this.#push(event);
  }

  break(error: Error): void {
    this.#push(error);
  }

  end(): void {
    this.#push('end');
  }

  async *read(): AsyncGenerator<WatchEvent<KubeObject>, void, undefined> {
    for (;;) {
      const next = this.#queue.shift();
      if (next === 'end') return;
      if (next instanceof Error) throw next;
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #push(next: WatchEvent<KubeObject> | Error | 'end'): void {
    this.#queue.push(next);
    this.#wake();
  }
}

interface Scene {
  readonly informer: Informer<KubeObject>;
  readonly clock: ReturnType<typeof manualClock>;
  /** What the server has; a list answers this. */
  collection: { items: KubeObject[]; version: string };
  /** Refuses the next lists. */
  readonly refusals: Error[];
  readonly lists: ListOptions[];
  readonly lines: Line[];
  readonly changes: string[];
  readonly counted: string[];
  line(): Line;
}

/** `random`: 1 makes each wait as long as it can be. */
function scene(options: Partial<InformerOptions<KubeObject>> = {}, page?: (asked: ListOptions) => KubeList<KubeObject>): Scene {
  const clock = manualClock();
  const lists: ListOptions[] = [];
  const lines: Line[] = [];
  const refusals: Error[] = [];
  const changes: string[] = [];
  const counted: string[] = [];
  const api: Pick<KubeApi, 'list' | 'watch'> = {
    async list<T extends KubeObject>(_: unknown, asked: ListOptions = {}): Promise<KubeList<T>> {
      lists.push(asked);
      const answer = page?.(asked);
      // An answer takes its time: what the watch says meanwhile is heard first.
      await new Promise((resolve) => setImmediate(resolve));
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      const { items, version } = self.collection;
      return (answer ?? { items: [...items], resourceVersion: version }) as KubeList<T>;
    },
    watch<T extends KubeObject>(_: unknown, asked: WatchOptions): AsyncIterable<WatchEvent<T>> {
      const line = new Line(asked);
      lines.push(line);
      return line.read() as AsyncIterable<WatchEvent<T>>;
    },
  };
  const informer = createInformer<KubeObject>({
    api: api as KubeApi,
    resource: CONFIG_MAPS,
    namespace: 'n',
    log: { info: () => {}, warn: () => {}, error: () => {} },
    clock,
    random: () => 1,
    telemetry: {
      ...SILENT_WATCH,
      ended: (reason) => counted.push(`ended ${reason}`),
      relisted: (reason) => counted.push(`listed ${reason}`),
      listFailed: (reason) => counted.push(`list failed ${reason}`),
      drifted: (objects) => counted.push(`drift ${objects}`),
      handlerFailed: () => counted.push('handler failed'),
    },
    ...options,
  });
  informer.onChange((change) =>
    changes.push(`${change.type} ${change.object.metadata.name}@${change.object.metadata.resourceVersion}`),
  );
  const self: Scene = {
    informer,
    clock,
    collection: { items: [], version: '1' },
    refusals,
    lists,
    lines,
    changes,
    counted,
    line: () => lines.at(-1)!,
  };
  return self;
}

async function started(options?: Partial<InformerOptions<KubeObject>>): Promise<Scene> {
  const it = scene(options);
  it.collection = { items: [object('a', '5')], version: '10' };
  it.informer.start();
  await it.clock.advance(0);
  return it;
}

describe('an informer', () => {
  it('lists, is synced, and watches from the version of the list, with bookmarks and an end', async () => {
    const it = await started();
    await it.informer.synced;
    expect(it.informer.hasSynced).toBe(true);
    expect(it.informer.get('n', 'a')).toEqual(object('a', '5'));
    expect(it.line().options).toMatchObject({ namespace: 'n', resourceVersion: '10', timeoutSeconds: 300 });
    it.line().say(added('b', '11'));
    it.line().say({ type: 'MODIFIED', object: object('a', '12') });
    it.line().say({ type: 'DELETED', object: object('b', '13') });
    await it.clock.advance(0);
    expect(it.changes).toEqual(['added a@5', 'added b@11', 'updated a@12', 'deleted b@13']);
    expect(it.informer.list()).toEqual([object('a', '12')]);
    await it.informer.stop();
    expect(it.line().options.signal.aborted).toBe(true);
    expect(it.clock.pending).toBe(0);
  });

  it('is not synced before a list succeeds, however often it fails', async () => {
    const it = scene();
    it.refusals.push(new ApiError(500, 'InternalError', 'no'), new ApiUnreachableError('no', { kind: 'refused' }));
    it.informer.start();
    await it.clock.advance(999);
    expect(it.lists).toHaveLength(1);
    await it.clock.advance(1);
    expect(it.informer.hasSynced).toBe(false);
    await it.clock.advance(2_000);
    expect(it.informer.hasSynced).toBe(true);
    expect(it.counted).toEqual(['list failed server-error', 'list failed refused', 'listed start']);
  });

  it.each<[string, (line: Line) => void, string]>([
    ['a clean close', (line) => line.end(), 'closed'],
    ['a reset', (line) => line.break(new ApiUnreachableError('no', { kind: 'reset' })), 'reset'],
    ['silence', (line) => line.break(new ApiUnreachableError('no', { kind: 'timeout' })), 'timeout'],
    ['garbage', (line) => line.break(new ApiUnreachableError('no', { kind: 'malformed' })), 'malformed'],
    ['an answer of 500', (line) => line.break(new ApiError(500, 'InternalError', 'no')), 'server-error'],
    ['an ERROR event', (line) => line.say({ type: 'ERROR', object: { code: 500 } }), 'server-error'],
    ['anything else', (line) => line.break(new TypeError('terminated')), 'reset'],
  ])('after %s continues from the last version seen, without a list', async (_, ending, reason) => {
    const it = await started();
    it.line().say(added('b', '11'));
    it.line().say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '17' } } });
    await it.clock.advance(0);
    ending(it.line());
    await it.clock.advance(1_000);
    expect(it.lines).toHaveLength(2);
    expect(it.line().options.resourceVersion).toBe('17');
    expect(it.lists).toHaveLength(1);
    expect(it.counted).toEqual(['listed start', `ended ${reason}`]);
  });

  it.each<[string, (line: Line) => void]>([
    ['in the stream', (line) => line.say({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })],
    ['as the answer', (line) => line.break(new ApiError(410, 'Expired', 'too old'))],
  ])('after 410 %s lists again and tells what changed meanwhile', async (_, ending) => {
    const it = await started();
    await it.clock.advance(5_000);
    it.collection = { items: [object('b', '30')], version: '40' };
    ending(it.line());
    await it.clock.advance(0);
    expect(it.line().options.resourceVersion).toBe('40');
    expect(it.changes).toEqual(['added a@5', 'deleted a@5', 'added b@30']);
    expect(it.counted).toEqual(['listed start', 'ended expired', 'listed expired']);
  });

  it('waits longer and longer for a server that keeps failing, a minute at most, and starts anew after a good watch', async () => {
    const it = await started();
    const waits: number[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      const from = it.clock.monotonic();
      const { length } = it.lines;
      it.line().break(new ApiUnreachableError('no', { kind: 'refused' }));
      while (it.lines.length === length) await it.clock.advance(500);
      waits.push(it.clock.monotonic() - from);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    await it.clock.advance(5_000);
    it.line().break(new ApiUnreachableError('no', { kind: 'reset' }));
    await it.clock.advance(1_000);
    expect(it.lines).toHaveLength(11);
  });

  it('a server that closes at once is not asked in a circle', async () => {
    const it = await started();
    it.line().end();
    await it.clock.advance(500);
    expect(it.lines).toHaveLength(1);
    await it.clock.advance(500);
    expect(it.lines).toHaveLength(2);
    await it.clock.advance(240_000);
    it.line().end();
    await it.clock.advance(0);
    expect(it.lines).toHaveLength(3);
  });

  it('waits as long as Retry-After says', async () => {
    const it = await started();
    it.line().break(new ApiError(429, 'TooManyRequests', 'slow down', 20_000));
    await it.clock.advance(20_000);
    expect(it.lines).toHaveLength(1);
    await it.clock.advance(1_000);
    expect(it.lines).toHaveLength(2);
    expect(it.counted).toEqual(['listed start', 'ended throttled']);
  });

  it('gives a version up that is refused three times', async () => {
    const it = await started();
    for (let turn = 0; turn < 3; turn += 1) {
      it.line().break(new ApiError(500, 'InternalError', 'no'));
      await it.clock.advance(4_000);
    }
    expect(it.counted.at(-1)).toBe('listed stuck');
  });

  it('reads page by page; when the pages expire, all at once', async () => {
    const page = (asked: ListOptions): KubeList<KubeObject> => {
      if (asked.continue === 'late') throw new ApiError(410, 'Expired', 'the continue parameter is too old');
      if (asked.continue === 'next') return { items: [object('b', '2')], resourceVersion: '9', continue: 'late' };
      if (asked.limit !== undefined) return { items: [object('a', '1')], resourceVersion: '9', continue: 'next' };
      return { items: [object('a', '1'), object('c', '3')], resourceVersion: '20' };
    };
    const it = scene({ pageSize: 1, labelSelector: 'x=y' }, page);
    it.informer.start();
    await it.clock.advance(0);
    expect(it.lists.map(({ limit, continue: from }) => [limit, from])).toEqual([
      [1, undefined],
      [1, 'next'],
      [1, 'late'],
      [undefined, undefined],
    ]);
    expect(it.lists.every((asked) => asked.labelSelector === 'x=y')).toBe(true);
    expect(it.changes).toEqual(['added a@1', 'added c@3']);
    expect(it.line().options.resourceVersion).toBe('20');
  });

  it('keeps objects small', async () => {
    const it = scene({ transform: (each) => ({ metadata: { ...each.metadata, annotations: {} } }) });
    const full = {
      ...object('a', '1'),
      data: 'x',
      metadata: { ...object('a', '1').metadata, managedFields: [{ manager: 'kubectl' }] },
    };
    it.collection.items = [full];
    it.informer.start();
    await it.clock.advance(0);
    expect(it.informer.list()).toEqual([{ metadata: { ...object('a', '1').metadata, annotations: {} } }]);
  });

  it('outlives its handlers, be they asynchronous', async () => {
    const it = scene();
    it.informer.onChange(() => {
      throw new Error('no');
    });
    it.informer.onChange((async () => Promise.reject(new Error('no'))) as () => void);
    it.collection.items = [object('a', '1')];
    it.informer.start();
    await it.clock.advance(0);
    expect(it.counted).toEqual(['handler failed', 'listed start', 'handler failed']);
    expect(it.changes).toEqual(['added a@1']);
  });

  it('says nothing any more once it is stopped, and lists anew when started again', async () => {
    const it = await started();
    const old = it.line();
    old.say(added('late', '99'));
    await it.informer.stop();
    it.informer.start();
    it.informer.start();
    await it.clock.advance(0);
    expect(it.lists).toHaveLength(2);
    expect(it.lines).toHaveLength(2);
    old.say(added('later', '100'));
    await it.clock.advance(0);
    expect(it.changes).toEqual(['added a@5']);
  });
});

describe('the periodic comparison', () => {
  const period = { comparePeriod: 100_000, compareGrace: 10_000 };
  /** With random() = 1. */
  const FIRST = 120_000;

  it('finds nothing where nothing is, and does not disturb the watch', async () => {
    const it = await started(period);
    await it.clock.advance(FIRST);
    expect(it.lists).toHaveLength(2);
    expect(it.lines).toHaveLength(1);
    expect(it.counted).toEqual(['listed start']);
  });

  it('waits for a watch that lags behind the list', async () => {
    const it = await started(period);
    it.collection = { items: [object('a', '5'), object('b', '11')], version: '11' };
    await it.clock.advance(FIRST);
    await it.clock.advance(9_000);
    it.line().say(added('b', '11'));
    await it.clock.advance(1_000);
    expect(it.counted).toEqual(['listed start']);
  });

  it('leaves alone what the watch has told since: it may be ahead of the list', async () => {
    const it = scene(period, () => {
      // Between the server's answer and our reading of it.
      if (it.lines.length > 0) it.line().say(added('b', '12'));
      return { items: [object('a', '5')], resourceVersion: '10' };
    });
    it.informer.start();
    await it.clock.advance(FIRST + 20_000);
    expect(it.lists).toHaveLength(2);
    expect(it.counted).toEqual(['listed start']);
    expect(it.informer.get('n', 'b')).toBeDefined();
  });

  it('counts what a living watch has missed, and lists again', async () => {
    const it = await started(period);
    it.collection = { items: [object('a', '6'), object('b', '11')], version: '12' };
    await it.clock.advance(FIRST + 6_000);
    it.line().say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '12' } } });
    await it.clock.advance(4_000);
    expect(it.counted).toEqual(['listed start', 'drift 2', 'ended relist', 'listed drift']);
    expect(it.changes).toEqual(['added a@5', 'updated a@6', 'added b@11']);
    expect(it.line().options.resourceVersion).toBe('12');
  });

  it('lists again when the watch is silent although something happened', async () => {
    const it = await started(period);
    it.collection = { items: [], version: '12' };
    await it.clock.advance(FIRST + 10_000);
    expect(it.counted).toEqual(['listed start', 'ended relist', 'listed silent']);
    expect(it.informer.list()).toEqual([]);
  });

  it('does not judge a watch that breaks meanwhile; after three such comparisons there is a list', async () => {
    const it = await started(period);
    it.collection = { items: [object('a', '5'), object('b', '11')], version: '12' };
    for (const next of [FIRST, 12_000, 12_000]) {
      await it.clock.advance(next);
      it.line().end();
      await it.clock.advance(10_000);
    }
    expect(it.counted.filter((each) => each.startsWith('listed'))).toEqual(['listed start', 'listed unjudged']);
    expect(it.counted.some((each) => each.startsWith('drift'))).toBe(false);
  });
});
