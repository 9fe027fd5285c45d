/**
 * What the sidecars connected to each replica have acknowledged, brought together: every replica publishes its counts in a ConfigMap, the
 * holder of the Lease adds up those that are fresh. Whether one is fresh is told by this replica's own clock and the fact that the ConfigMap
 * changes, never by what another machine's clock says.
 */
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, CONFIG_MAPS, type KubeApi } from '../api/kube-api.ts';
import type { Acknowledgements, DatabaseAcknowledgements } from '../distribute/acknowledgements.ts';
import { CONTENT_LABEL, type ConfigMap } from '../materials/published.ts';
import { FIELD_MANAGER } from './status-writer.ts';

const KEY = 'report.json';
const REPLICA_CONTENT = 'replica';
/** Selects them. */
export const REPLICA_SELECTOR = `${CONTENT_LABEL}=${REPLICA_CONTENT}`;

/** Milliseconds: at least between two, and at most. */
const LEAST = 1_000;
const MOST = 15_000;
/** Characters; a ConfigMap holds a mebibyte. */
const LONGEST = 900_000;

export interface ReplicaReport {
  readonly formatVersion: 1;
  /** Counts up, so that the ConfigMap changes while its writer lives. */
  readonly sequence: number;
  readonly databases: Readonly<Record<string, DatabaseAcknowledgements>>;
  readonly versions: Readonly<Record<string, number>>;
}

export interface ReplicaReporterOptions {
  readonly api: KubeApi;
  readonly acknowledgements: Acknowledgements;
  /** The operator's own. */
  readonly namespace: string;
  readonly release: string;
  /** Name of this replica's pod. */
  readonly replica: string;
  readonly clock: Clock;
  readonly log: EventLog;
}

export interface ReplicaReporter {
  start(): void;
  /** Takes the report back. */
  stop(): Promise<void>;
}

function replicaReportName(release: string, replica: string): string {
  return `${release}-replica-${replica}`;
}

export function createReplicaReporter(options: ReplicaReporterOptions): ReplicaReporter {
  return new Reporter(options);
}

class Reporter implements ReplicaReporter {
  readonly #options: ReplicaReporterOptions;
  readonly #name: string;
  #sequence = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #changed = false;
  #writing: Promise<void> | undefined;
  #stopped = true;
  #cancel: () => void = () => undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(options: ReplicaReporterOptions) {
    this.#options = options;
    this.#name = replicaReportName(options.release, options.replica);
  }

  start(): void {
    this.#stopped = false;
    this.#unsubscribe = this.#options.acknowledgements.onChange(() => {
      if (this.#changed) return;
      this.#changed = true;
      this.#plan();
    });
    this.#plan();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#unsubscribe();
    await this.#writing;
    const { api, namespace, log } = this.#options;
    await api.delete(CONFIG_MAPS, { namespace, name: this.#name }).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404))
        log('warn', 'replica-report-not-removed', { reason: (error as Error).message });
    });
  }

  #plan(): void {
    if (this.#stopped || this.#writing !== undefined) return;
    const next = this.#writtenAt + (this.#changed ? LEAST : MOST);
    this.#cancel();
    this.#cancel = this.#options.clock.after(Math.max(0, next - this.#options.clock.monotonic()), () => {
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        this.#plan();
      });
    });
  }

  /** Never rejects: there is a next time. */
  async #write(): Promise<void> {
    const { api, namespace, acknowledgements, clock, log } = this.#options;
    this.#writtenAt = clock.monotonic();
    this.#changed = false;
    this.#sequence += 1;
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: this.#name,
        namespace,
        labels: { 'app.kubernetes.io/managed-by': 'sluice-operator', [CONTENT_LABEL]: REPLICA_CONTENT },
      },
      data: { [KEY]: reportText(acknowledgements, this.#sequence) },
    };
    try {
      const options = { type: 'apply', fieldManager: FIELD_MANAGER, force: true } as const;
      await api.patch<ConfigMap>(CONFIG_MAPS, { namespace, name: this.#name }, configMap, options);
    } catch (error) {
      log('warn', 'replica-report-not-written', { reason: (error as Error).message });
    }
  }
}

/** Without the sentences where all would be too long. */
function reportText(acknowledgements: Acknowledgements, sequence: number): string {
  const report = (sentences: boolean): string => {
    const databases: Record<string, DatabaseAcknowledgements> = {};
    for (const key of acknowledgements.databases()) {
      const found = acknowledgements.of(key);
      databases[key] = sentences
        ? found
        : { ...found, rejections: found.rejections.slice(0, 1).map((text) => text.slice(0, 100)) };
    }
    const value: ReplicaReport = {
      formatVersion: 1,
      sequence,
      databases,
      versions: Object.fromEntries(acknowledgements.versions()),
    };
    return JSON.stringify(value);
  };
  const whole = report(true);
  return whole.length <= LONGEST ? whole : report(false);
}

/** Undefined: it is not of this format. */
export function readReport(configMap: ConfigMap): ReplicaReport | undefined {
  try {
    const value: unknown = JSON.parse(configMap.data?.[KEY] ?? '');
    if (typeof value !== 'object' || value === null || !('formatVersion' in value) || value.formatVersion !== 1) return undefined;
    return 'databases' in value && typeof value.databases === 'object' && value.databases !== null
      ? (value as ReplicaReport)
      : undefined;
  } catch {
    return undefined;
  }
}
