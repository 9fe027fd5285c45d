/**
 * One Database of the pod: what the operator says about it, and, once the operator has said who the pod is, the sessions on it. Another server
 * or another database behind the same name ends every session: what was compiled for the one must not judge statements for the other.
 */
import type { EventLog } from '../../core/event-log.ts';
import { join } from 'node:path';
import type { SigningKey } from '../../core/audit/keys.ts';
import type { AcknowledgementFrame } from '../../core/stream/frames.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { ServedDatabase as ServedSettings } from '../../core/injection/sidecar-settings.ts';
import { denial } from '../../core/errors/denial.ts';
import type { SqlParser } from '../../core/sql/parse/parser.ts';
import { VERSION } from '../../core/version.ts';
import type { CancelRequest } from '../../core/wire/startup.ts';
import { atMost, systemClock } from '../bundle/clock.ts';
import type { StreamedDatabase } from '../bundle/streamed-database.ts';
import { Checkpoints } from '../collection/checkpoints.ts';
import type { Collector } from '../collection/collector.ts';
import type { CollectionMetrics } from '../collection/metrics.ts';
import type { Shipper } from '../collection/shipper.ts';
import { openSegmentedJournal, type SegmentedJournal } from '../journal/segmented-journal.ts';
import { timestamps } from '../journal/timestamps.ts';
import { type AcceptedClient, turnAway } from '../listen/listener.ts';
import type { LargeAnalyser } from '../parser/large-analyser.ts';
import { type Access, accessFromStream } from '../proxy/access.ts';
import { ServedDatabase } from '../proxy/served-database.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { type Durability, PATIENCE, promisedJournal, type Unpromised } from './promised-journal.ts';

export interface PodDatabaseOptions {
  readonly settings: ServedSettings;
  readonly stream: StreamedDatabase;
  readonly identity: () => Identity;
  readonly auditDirectory: string;
  /** Bytes of all segments. */
  readonly auditTotal: number;
  /** Lines of audit records, as they are written. */
  readonly copy: (lines: Buffer) => void;
  readonly collector: Collector;
  /** Signs checkpoints. */
  readonly key: SigningKey;
  readonly collection: CollectionMetrics;
  readonly parser: SqlParser;
  readonly large: LargeAnalyser;
  readonly telemetry: Telemetry;
  readonly log: EventLog;
  /** What has become of the last state may be another answer now. */
  readonly standingChanged: () => void;
}

/** How long clients wait for the schema to be read for the first time, milliseconds. */
const FIRST_READING = 5_000;
/** Hundreds of pods share the server's connections: none is kept for a schema that is looked at once a minute. Milliseconds. */
const SCHEMA_IDLE = 5_000;
/** Bytes of a segment. */
const SEGMENT = 16 * 1024 * 1024;

export class PodDatabase {
  readonly settings: ServedSettings;
  readonly #options: PodDatabaseOptions;
  readonly #unsubscribe: (() => void)[] = [];
  #served: ServedDatabase | undefined;
  #journal: SegmentedJournal | undefined;
  #checkpoints: Checkpoints | undefined;
  #shipper: Shipper | undefined;
  /** Why records were refused last, until one is not. */
  #unpromised: Unpromised | undefined;
  /** Where its sessions go, and as whom the schema is read. */
  #place: string | undefined;
  #login: string | undefined;
  #durability: Durability | undefined;

  constructor(options: PodDatabaseOptions) {
    this.settings = options.settings;
    this.#options = options;
    this.#observe();
    // Before anybody compiles what has changed.
    this.#unsubscribe.push(options.stream.onChange(() => this.#changed()));
  }

  get key(): string {
    return this.#options.stream.key;
  }

  /** The operator has said who we are. Throws JournalError when no audit record can be written. */
  open(): void {
    if (this.#served !== undefined) return;
    const { stream, identity, parser, large, telemetry, log, standingChanged } = this.#options;
    const journal = this.#openJournal();
    const promised = promisedJournal({
      journal,
      shipper: this.#collect(journal),
      durability: () => this.#durability,
      refused: (why) => this.#refused(why),
    });
    const { findings } = stream;
    const served = new ServedDatabase({
      source: stream,
      identity,
      access: () => this.#access(),
      journal: promised,
      telemetry,
      log: (level, event, detail) => log(level, event, { database: this.key, ...detail }),
      reportDiagnostics: (diagnostics) => {
        telemetry.policyLoaded(diagnostics.some(({ severity }) => severity === 'error') ? 'rejected' : 'ok');
        for (const { severity, reason, message } of diagnostics)
          log(severity === 'error' ? 'error' : 'info', 'policy-diagnostic', { database: this.key, reason, message });
      },
      parser,
      large,
      sampledElsewhere: true,
      schemaIdle: SCHEMA_IDLE,
      ...(findings === undefined ? {} : { findings }),
    });
    this.#served = served;
    this.#unsubscribe.push(
      stream.onDigestKey((key) => served.keys.setDigestKey(key, 'operator')),
      stream.onFindings((found) => served.detection.receive(found)),
      served.host.onChange(() => standingChanged()),
    );
    served.host.startEventually();
  }

  async serve(client: AcceptedClient): Promise<void> {
    const { stream } = this.#options;
    const served = this.#served;
    if (served !== undefined) {
      // An application starts the moment that the sidecar is started: its first connection must not fail for being the first.
      await atMost(systemClock, FIRST_READING, served.host.firstReading);
      // Clients go on calling it what it was called when the pod came up, whatever it is called on the server now.
      const database = stream.current.database?.spec.endpoint.database ?? client.startup.database;
      return served.serve({ ...client, startup: { ...client.startup, database } });
    }
    const reason = denial('SLUICE-708', 'the operator has not said yet what is in force', {
      detail: stream.current.reason ?? 'The sidecar has just started.',
      hint: 'This is not caused by the statement. Try again in a moment.',
    });
    this.#options.telemetry.refusal(reason.code);
    this.#options.telemetry.refused(reason.code);
    turnAway(client.socket, reason);
  }

  async cancel(key: CancelRequest): Promise<void> {
    await this.#served?.cancel(key);
  }

  /** What has become of the last state; undefined: there is none, or it is not in force. */
  standing(): Pick<AcknowledgementFrame, 'state' | 'reason'> | undefined {
    const served = this.#served;
    if (served === undefined || this.#options.stream.current.database === undefined) return undefined;
    const { host } = served;
    if (host.engine !== undefined) return { state: 'programmed' };
    return { state: host.knowsCatalog ? 'rejected' : 'waiting', reason: host.reason };
  }

  /** The code of why statements are refused; undefined: they are not. */
  get problem(): string | undefined {
    if (this.#served === undefined) return 'SLUICE-708';
    if (this.#served.host.engine === undefined) return this.#served.host.code;
    if (this.#journal?.healthy === false || this.#journal?.isFull) return 'SLUICE-701';
    const away = this.#durability === 'Replicated' && this.#shipper?.unavailable(PATIENCE) !== undefined;
    return away ? 'SLUICE-701' : undefined;
  }

  /** Undefined until the operator has said who we are. */
  get shipper(): Shipper | undefined {
    return this.#shipper;
  }

  async drain(deadline: number): Promise<void> {
    await this.#served?.drain(deadline);
  }

  /** After `drain`: the chain has its end. */
  end(reason: string): void {
    this.#served?.close();
    this.#checkpoints?.end(reason);
  }

  /** After `end`. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#checkpoints?.close();
    await this.#journal?.close();
  }

  #access(): Access {
    const connection = this.#options.stream.connection;
    if (connection === undefined)
      throw new UpstreamError(
        'SLUICE-807',
        this.#options.stream.current.reason ?? 'the operator has sent no login for the database',
      );
    return accessFromStream(connection.state, connection.credential);
  }

  #changed(): void {
    const [place, login] = [this.#place, this.#login];
    this.#observe();
    const served = this.#served;
    if (served === undefined) return;
    if (place !== undefined && place !== this.#place) {
      this.#options.log('warn', 'database-moved', { database: this.key, sessions: served.registry.size });
      served.registry.stopAll();
      served.schema.reset();
      served.host.forgetCatalog();
    } else if (login !== this.#login) served.schema.reset();
  }

  /** What was last known stays known while nothing is in force. */
  #observe(): void {
    const { connection } = this.#options.stream;
    if (connection === undefined) return;
    const { endpoint, audit } = connection.state.object.spec;
    this.#place = JSON.stringify([endpoint.host, endpoint.port, endpoint.database]);
    this.#login = connection.credential.username;
    this.#durability = audit.durability;
  }

  #collect(journal: SegmentedJournal): Shipper {
    const { collector, key } = this.#options;
    this.#journal = journal;
    const checkpoints = (this.#checkpoints = new Checkpoints({ journal, key, clock: systemClock }));
    return (this.#shipper = collector.add({
      database: this.key,
      journal,
      onCertificate: (chain, certificate) => checkpoints.certified(chain, certificate),
      onRoom: () => this.#room(),
    }));
  }

  #refused(why: Unpromised): void {
    const { collection, log } = this.#options;
    collection.refused(why);
    if (this.#unpromised !== why) log('error', 'audit-refusing', { database: this.key, why });
    this.#unpromised = why;
  }

  /** Records were stored. */
  #room(): void {
    if (this.#unpromised === undefined || this.#journal?.isFull) return;
    this.#unpromised = undefined;
    this.#options.log('info', 'audit-accepting', { database: this.key });
  }

  #openJournal(): SegmentedJournal {
    const { auditDirectory, auditTotal, copy, identity, log, settings, stream } = this.#options;
    const environment = stream.current.database?.spec.environment;
    return openSegmentedJournal({
      directory: join(auditDirectory, `${settings.namespace}.${settings.name}`),
      segment: Math.min(SEGMENT, Math.floor(auditTotal / 4)),
      total: auditTotal,
      durability: () => (this.#durability === 'Synced' ? 'Synced' : 'Local'),
      start: {
        product: `sluice ${VERSION}`,
        identity: identity(),
        database: {
          namespace: settings.namespace,
          name: settings.name,
          ...(environment === undefined ? {} : { environment }),
        },
      },
      clock: timestamps(),
      copy: (lines) => {
        copy(lines);
        this.#shipper?.written();
        this.#checkpoints?.written();
      },
      standing: (segment, end) => {
        const shipper = this.#shipper;
        if (shipper?.isStored(segment.chain, end)) return 'stored';
        return shipper?.keeps === false ? 'lost' : 'kept';
      },
      closing: () => this.#checkpoints?.closing() ?? [],
      log: (level, event, detail) => log(level, event, { database: this.key, ...detail }),
    });
  }
}
