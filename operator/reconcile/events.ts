/**
 * Events on the objects people look at, for what has changed. The same is not said twice within ten minutes, and no namespace can use up what
 * all have. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import type { EventLog } from '../../core/event-log.ts';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { EVENTS, type KubeApi, type KubeObject } from '../api/kube-api.ts';
import { Bucket } from '../queue/bucket.ts';

export interface Occurrence {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string;
  };
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word. */
  readonly reason: string;
  /** What was being done: one CamelCase word. */
  readonly action: string;
  /** A sentence. */
  readonly note: string;
}

export interface EventRecorder {
  /** Soon, or never: what cannot be said now is not said. */
  record(occurrence: Occurrence): void;
  /** Resolves when what was recorded has been sent, or has failed. */
  flushed(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** Name of this replica. */
  readonly instance: string;
  readonly log: EventLog;
}

const REPORTING_CONTROLLER = 'sluice.dev/operator';

const REPEAT_AFTER = 600_000;
const REMEMBERED = 4_096;
const UNDER_WAY = 64;
/** [at once, per second], of all and of one namespace. */
const ALL: readonly [number, number] = [100, 10];
const ONE_NAMESPACE: readonly [number, number] = [25, 0.5];
/** The API's own bound is 1024 bytes. */
const NOTE = 1_000;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #said = new Map<string, number>();
  readonly #namespaces = new Map<string, Bucket>();
  readonly #all: Bucket;
  readonly #sending = new Set<Promise<void>>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#all = new Bucket(...ALL, options.clock.monotonic());
  }

  record(occurrence: Occurrence): void {
    const now = this.#options.clock.monotonic();
    const { namespace, kind, name, uid } = occurrence.regarding;
    const key = JSON.stringify([kind, namespace, name, uid, occurrence.reason, occurrence.note]);
    const last = this.#said.get(key);
    if (last !== undefined && now - last < REPEAT_AFTER) return;
    if (this.#sending.size >= UNDER_WAY || !this.#bucket(namespace, now).take(now) || !this.#all.take(now)) return;
    remember(this.#said, key, now);
    const sending = this.#send(occurrence).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  async flushed(): Promise<void> {
    await Promise.all(this.#sending);
  }

  #bucket(namespace: string, now: number): Bucket {
    return this.#namespaces.get(namespace) ?? remember(this.#namespaces, namespace, new Bucket(...ONE_NAMESPACE, now));
  }

  async #send({ regarding, type, reason, action, note }: Occurrence): Promise<void> {
    const { api, clock, instance, log } = this.#options;
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${regarding.name.slice(0, 230)}.${randomBytes(8).toString('hex')}`, namespace: regarding.namespace },
      // MicroTime: the API server refuses milliseconds.
      eventTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
      reportingController: REPORTING_CONTROLLER,
      reportingInstance: instance.slice(0, 128),
      action,
      reason,
      type,
      regarding,
      note: cut(note),
    };
    try {
      await api.create<KubeObject>(EVENTS, event as KubeObject);
    } catch (error) {
      log('debug', 'event-not-recorded', { reason: (error as Error).message });
    }
  }
}

/** Forgets the oldest. */
function remember<V>(map: Map<string, V>, key: string, value: V): V {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > REMEMBERED && oldest !== undefined) map.delete(oldest);
  return value;
}

function cut(note: string): string {
  const bytes = Buffer.from(note.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' '));
  return bytes.length <= NOTE
    ? bytes.toString()
    : `${new TextDecoder().decode(bytes.subarray(0, NOTE - 4)).replace(/\ufffd$/, '')}…`;
}
