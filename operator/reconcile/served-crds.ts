/** Looks at the served CRDs at start and every half minute: says what is out of date and with which command to mend it. */
import type { EventLog } from '../../core/event-log.ts';
import { Gauge, type Registry } from 'prom-client';
import { KINDS } from '../../crds/custom-resource-definition.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, CUSTOM_RESOURCE_DEFINITIONS, type KubeApi } from '../api/kube-api.ts';
import type { GovernedKind } from '../view/governed-object.ts';
import { crdDrift, crdName, type CustomResourceDefinition, type Drift, readablePath } from './crd-drift.ts';
import { some } from './conditions.ts';

export const APPLY_CRDS = 'kubectl apply --server-side -f crds/';

export interface ServedCrdsOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: EventLog;
  /** A CRD is another one than before: watches that were open may show objects as they were cut by the old one. */
  readonly changed: (kind: GovernedKind) => void;
  readonly registry?: Registry;
  /** Milliseconds between looks. */
  readonly period?: number;
}

export interface ServedCrds {
  /** One sentence each, for readiness and `kubectl sluice check`; empty: all is well, or nothing is known yet. */
  readonly problems: readonly string[];
  /** Whether both kinds are served at all. */
  readonly served: boolean;
  /** Looks now. Never rejects. */
  look(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const PERIOD = 30_000;
/** An API server serves a changed CRD a moment after it has it, and objects as the old one cut them until then: a busy one takes seconds. */
const SETTLES_WITHIN = 20_000;

interface Seen {
  readonly generation: number | undefined;
  readonly uid: string | undefined;
  readonly drift: Drift;
}

export function createServedCrds(options: ServedCrdsOptions): ServedCrds {
  return new Look(options);
}

class Look implements ServedCrds {
  readonly #options: ServedCrdsOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #gauge: Gauge | undefined;
  /** Changed a while ago: read anew at each look until then, and once after. Monotonic milliseconds. */
  readonly #unsettled = new Map<string, number>();
  #cancel: () => void = () => undefined;
  #looking: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ServedCrdsOptions) {
    this.#options = options;
    this.#gauge = options.registry === undefined ? undefined : crdStateGauge(options.registry);
  }

  get problems(): readonly string[] {
    return [...this.#seen].flatMap(([name, { drift }]) => sentence(name, drift) ?? []);
  }

  get served(): boolean {
    return KINDS.every((kind) => {
      const drift = this.#seen.get(crdName(kind))?.drift;
      return drift !== undefined && drift.state !== 'missing';
    });
  }

  look(): Promise<void> {
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  start(): void {
    const next = (): void => {
      if (this.#stopped) return;
      this.#cancel = this.#options.clock.after(this.#options.period ?? PERIOD, () => void this.look().then(next));
    };
    void this.look().then(next);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    for (const kind of KINDS) {
      const name = crdName(kind);
      try {
        const served = await this.#read(name);
        if (!this.#stopped) this.#note(kind.kind as GovernedKind, name, served, crdDrift(kind, served));
      } catch (error) {
        this.#options.log('warn', 'crd-not-read', { crd: name, reason: (error as Error).message });
      }
    }
  }

  async #read(name: string): Promise<CustomResourceDefinition | undefined> {
    try {
      return await this.#options.api.get<CustomResourceDefinition>(CUSTOM_RESOURCE_DEFINITIONS, { name });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  #note(kind: GovernedKind, name: string, served: CustomResourceDefinition | undefined, drift: Drift): void {
    const before = this.#seen.get(name);
    const { generation, uid } = served?.metadata ?? {};
    this.#seen.set(name, { generation, uid, drift });
    for (const state of ['current', 'newer', 'outdated', 'missing'])
      this.#gauge?.set({ crd: name, state }, state === drift.state ? 1 : 0);
    const same = before !== undefined && before.generation === generation && before.uid === uid;
    if (!same) this.#say(name, drift);
    const now = this.#options.clock.monotonic();
    // It may have changed between the opening of the watches and the first look, too.
    if (!same) this.#unsettled.set(name, now + SETTLES_WITHIN);
    const until = this.#unsettled.get(name);
    if (until === undefined || before === undefined) return;
    if (now >= until) this.#unsettled.delete(name);
    this.#options.changed(kind);
  }

  #say(name: string, drift: Drift): void {
    const problem = sentence(name, drift);
    if (problem !== undefined)
      this.#options.log('error', 'crd-drift', { crd: name, state: drift.state, problem, command: APPLY_CRDS });
    else this.#options.log('info', 'crd-served', { crd: name, state: drift.state });
  }
}

function sentence(name: string, drift: Drift): string | undefined {
  if (drift.state === 'missing') return `the CustomResourceDefinition ${name} is not there; run: ${APPLY_CRDS}`;
  if (drift.state !== 'outdated') return undefined;
  const what = some(drift.differences.map(readablePath), 5, ', ');
  return `the CustomResourceDefinition ${name} is of another release, and the API server cuts off what it does not know (${what}); run: ${APPLY_CRDS}`;
}

export function crdStateGauge(registry: Registry): Gauge<'crd' | 'state'> {
  return new Gauge({
    name: 'sluice_operator_crd_state',
    help: '1 for what the served CRD is: current, newer, outdated or missing',
    labelNames: ['crd', 'state'],
    registers: [registry],
  });
}
