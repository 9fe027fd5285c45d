/**
 * The holder's work put together: who is told of what, and when. Handlers of changes only enqueue; everything else happens in controllers,
 * which rest while another replica holds the Lease.
 */
import type { EventLog } from '../../core/event-log.ts';
import type { Logger } from 'pino';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { DATABASES, type KubeApi, POLICIES } from '../api/kube-api.ts';
import type { Catalogs } from '../catalog/catalogs.ts';
import type { Leadership } from '../leader/leadership.ts';
import type { Materials } from '../materials/materials.ts';
import type { Controller, Reconcile } from '../queue/controller.ts';
import { createController } from '../queue/create-controller.ts';
import type { ControllerTelemetry } from '../queue/telemetry.ts';
import type { GovernedObjects } from '../view/create-cluster-view.ts';
import { objectKey, splitKey } from '../view/governed-object.ts';
import type { OpenInformer } from '../watch/open-informer.ts';
import type { BoundPods } from './bound-pods.ts';
import { Coalescer } from './coalesce.ts';
import type { EventRecorder } from './events.ts';
import { Judge } from './judgement.ts';
import { databaseReconciler } from './reconcile-databases.ts';
import { policyReconciler } from './reconcile-policies.ts';
import { ReplicaSums } from './replica-sums.ts';
import { StatusWriter } from './status-writer.ts';
import { createStrangers, type Strangers } from './strangers.ts';

export interface ReconcilersOptions {
  readonly api: KubeApi;
  readonly open: OpenInformer;
  readonly policyNamespaces: readonly string[];
  /** The operator's own. */
  readonly namespace: string;
  readonly view: GovernedObjects;
  readonly materials: Materials;
  readonly catalogs: Catalogs;
  readonly pods: BoundPods;
  readonly events: EventRecorder;
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  readonly telemetry?: (controller: string) => ControllerTelemetry;
}

export interface Reconcilers {
  /** After the view, the materials and the pods have been started. */
  start(): void;
  stop(): Promise<void>;
}

/** Milliseconds for pods and acknowledgements to settle. */
const SETTLE = 250;

export function createReconcilers(options: ReconcilersOptions): Reconcilers {
  return new HolderWork(options);
}

class HolderWork implements Reconcilers {
  readonly #options: ReconcilersOptions;
  readonly #replicas: ReplicaSums;
  readonly #databases: Controller;
  readonly #policies: Controller;
  readonly #strangers: Strangers;
  readonly #settling: Coalescer;
  readonly #unsubscribe: (() => void)[] = [];
  /** Changes of leadership, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #leads = false;

  constructor(options: ReconcilersOptions) {
    this.#options = options;
    const { api, open, namespace, policyNamespaces, view, materials, catalogs, pods, events, clock, log } = options;
    const write: EventLog = (level, event, detail) => log[level](detail ?? {}, event);
    this.#replicas = new ReplicaSums({ api, open, namespace, clock, log: write });
    const judge = new Judge();
    const shared = { view, catalogs, pods, judge, events, clock };
    this.#databases = this.#controller(
      'databases',
      databaseReconciler({ ...shared, materials, writer: new StatusWriter(api, DATABASES, clock) }),
    );
    this.#policies = this.#controller(
      'policies',
      policyReconciler({ ...shared, replicas: this.#replicas, writer: new StatusWriter(api, POLICIES, clock) }),
    );
    this.#strangers = createStrangers({
      api,
      open,
      policyNamespaces,
      clock,
      controller: (name, reconcile) => this.#controller(name, reconcile),
    });
    this.#settling = new Coalescer(clock, SETTLE, (key) => this.#concerned(key));
  }

  start(): void {
    const { view, materials, catalogs, pods, leadership } = this.#options;
    this.#unsubscribe.push(
      view.onObject((kind, key) => (kind === 'Database' ? this.#databases : this.#policies).enqueue(key)),
      view.onChange((key) => this.#concerned(key)),
      materials.onChange((key) => this.#databases.enqueue(key)),
      catalogs.onChange((key) => this.#settling.note(key)),
      pods.onChange((key) => this.#settling.note(key)),
      this.#replicas.onChange((key) => this.#settling.note(key)),
      leadership.onChange((leads) => this.#lead(leads)),
    );
    this.#replicas.start();
    this.#databases.start();
    this.#policies.start();
    for (const key of view.keys('Database')) this.#databases.enqueue(key);
    for (const key of view.keys('DatabaseAccessPolicy')) this.#policies.enqueue(key);
    this.#lead(leadership.isLeader);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#settling.close();
    this.#lead(false);
    await this.#turn;
    await Promise.all([this.#databases.stop(), this.#policies.stop(), this.#replicas.stop()]);
    await this.#options.events.flushed();
  }

  /** The Database, and every policy on it. */
  #concerned(key: string): void {
    this.#databases.enqueue(key);
    const { view } = this.#options;
    const [namespace] = splitKey(key);
    const reading = view.rawDatabase(key)?.reading;
    if (reading?.ok === true) {
      for (const policy of view.policiesOf(reading.object)) this.#policies.enqueue(objectKey(policy));
      return;
    }
    // It is gone, or cannot be read: whoever names it is told.
    for (const policy of view.keys('DatabaseAccessPolicy')) if (splitKey(policy)[0] === namespace) this.#policies.enqueue(policy);
  }

  #lead(leads: boolean): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    const { catalogs, view } = this.#options;
    this.#turn = this.#turn.then(async () => {
      if (!leads) {
        await Promise.all([catalogs.stop(), this.#strangers.stop()]);
        return;
      }
      await view.synced;
      if (!this.#leads) return;
      catalogs.start();
      this.#strangers.start();
      for (const key of view.keys('Database')) this.#databases.enqueue(key);
      for (const key of view.keys('DatabaseAccessPolicy')) this.#policies.enqueue(key);
    });
  }

  #controller(name: string, reconcile: Reconcile): Controller {
    const { clock, log, leadership, telemetry } = this.#options;
    return createController({
      name,
      reconcile,
      log,
      clock,
      leadership,
      ...(telemetry === undefined ? {} : { telemetry: telemetry(name) }),
    });
  }
}
