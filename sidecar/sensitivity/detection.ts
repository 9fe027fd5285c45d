/**
 * Which columns are sensitive, as far as one can tell now. What names, types, comments and keys say is known before a schema is put to use
 * (`describe`); what values say follows from samples taken in the background, a table at a time, and then the classes change
 * (`onChange`). A text or JSON column nobody has looked into yet counts as free text.
 *
 * A table is sampled once, and again when one of its columns changes. Empty columns tell nothing: their tables are looked at again, ever
 * more seldom. Nothing here ever shows a value: profiles are counts.
 */
import type { EventLog } from '../../core/event-log.ts';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Classes } from '../../core/policy/sensitivity.ts';
import { detect } from '../../core/sensitivity/detect.ts';
import { buildFacts, EMPTY_FACTS } from '../../core/sensitivity/facts-query.ts';
import type { TableFacts } from '../../core/sensitivity/facts.ts';
import { classesBy, effective, factsHash, findingOf, type Findings, grow, NO_FINDINGS } from '../../core/sensitivity/findings.ts';
import type { TableProfile } from '../../core/sensitivity/profile.ts';
import { isSampled, sampledColumns } from '../../core/sensitivity/sample-query.ts';
import type { Clock } from '../bundle/clock.ts';
import { readFacts, type SimpleQueryConnection } from '../catalog/reader.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Sample } from './sample.ts';

export interface DetectionOptions {
  /** For samples: a connection of its own while there is something to look at. Absent: others sample, and what they found is received. */
  readonly connect?: () => Promise<SimpleQueryConnection & { close(): void }>;
  readonly clock: Clock;
  /** From an earlier run. */
  readonly findings?: Findings;
  /** Keeps them. Must not reject. */
  readonly save?: (findings: Findings) => Promise<void>;
  readonly telemetry: Pick<Telemetry, 'sensitiveColumns' | 'tableSampled'>;
  readonly log: EventLog;
}

/** Milliseconds between two tables: this is never urgent enough to crowd the server. */
const PAUSE = 5;
/** What has been found so far is put to use at least this often, milliseconds. */
const INTERIM = 2_000;
/** Bounds of the pause before an empty or unreadable table is looked at again, milliseconds. */
const AGAIN: readonly [first: number, last: number] = [5_000, 3_600_000];

interface Attempt {
  /** Of all sampled columns' facts. */
  readonly facts: string;
  /** Monotonic milliseconds before which it is not looked at again, unless it changes. */
  readonly again: number;
  readonly pause: number;
}

export class Detection {
  readonly #options: DetectionOptions;
  readonly #listeners = new Set<() => void>();
  readonly #profiles = new Map<number, TableProfile>();
  readonly #attempts = new Map<number, Attempt>();
  readonly #described = new WeakMap<Catalog, readonly TableFacts[]>();
  #tables: readonly TableFacts[] = [];
  #catalog: Catalog | undefined;
  #classes: Classes = new Map();
  #findings: Findings;
  #sampling: Promise<void> | undefined;
  #cancelAgain: () => void = () => undefined;
  #closed = false;

  constructor(options: DetectionOptions) {
    this.#options = options;
    this.#findings = options.findings ?? NO_FINDINGS;
  }

  get findings(): Findings {
    return this.#findings;
  }

  /** Called when `classes` may have changed without `describe`. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What others have found, in place of what was known: they say all that there is. */
  receive(findings: Findings): void {
    this.#findings = findings;
    this.#judge();
    for (const listener of [...this.#listeners]) listener();
  }

  /** To be called with a schema before it is put to use. Never rejects: without the server's word there are still names and types. */
  async describe(catalog: Catalog, connection: SimpleQueryConnection): Promise<void> {
    let tables: readonly TableFacts[];
    try {
      tables = await readFacts(connection, catalog);
    } catch (error) {
      this.#options.log('warn', 'columns-not-described', { reason: (error as Error).message });
      tables = buildFacts(catalog, EMPTY_FACTS);
    }
    this.#described.set(catalog, tables);
    this.#adopt(catalog, tables);
  }

  /** Of this schema; one that was not described is judged by names and types at once. Two may be asked about in turn while one follows the other. */
  classes(catalog: Catalog): Classes {
    if (this.#catalog !== catalog) this.#adopt(catalog, this.#described.get(catalog) ?? buildFacts(catalog, EMPTY_FACTS));
    return this.#classes;
  }

  /** Looks into the tables that nobody has looked into as they are now. Never rejects; resolves when there is nothing left to do. */
  sample(): Promise<void> {
    if (this.#options.connect === undefined) return Promise.resolve();
    this.#sampling ??= this.#sampleAll().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  close(): void {
    this.#closed = true;
    this.#cancelAgain();
    this.#listeners.clear();
  }

  #adopt(catalog: Catalog, tables: readonly TableFacts[]): void {
    this.#catalog = catalog;
    this.#tables = tables;
    // What was seen of a column that is no longer the same says nothing of what it is now.
    const now = new Map(tables.map((table) => [table.oid, fingerprint(table)]));
    for (const [oid, { facts }] of this.#attempts) if (now.get(oid) !== facts) this.#profiles.delete(oid);
    this.#judge();
  }

  /** From all that is known to classes, and what is known for good to findings. */
  #judge(): void {
    const catalog = this.#catalog;
    if (catalog === undefined) return;
    const verdicts = detect(this.#tables, this.#profiles);
    this.#findings = grow(this.#findings, this.#tables, verdicts);
    this.#classes = classesBy(this.#tables, verdicts, catalog, (table, column, verdict) =>
      effective(findingOf(this.#findings, table, column), table, column, verdict),
    );
    const counts = new Map<string, number>();
    for (const columns of this.#classes.values())
      for (const name of columns.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
    this.#options.telemetry.sensitiveColumns(counts);
  }

  async #sampleAll(): Promise<void> {
    this.#cancelAgain();
    let connection: (SimpleQueryConnection & { close(): void }) | undefined;
    try {
      // While one round is under way a schema may arrive that needs another.
      for (let open = this.#open(); open.length > 0 && !this.#closed; open = this.#open()) {
        connection ??= await this.#options.connect!();
        await this.#round(connection, open);
      }
    } catch (error) {
      this.#options.log('warn', 'values-not-sampled', { reason: (error as Error).message });
    } finally {
      connection?.close();
    }
    this.#scheduleAgain();
  }

  async #round(connection: SimpleQueryConnection, open: readonly TableFacts[]): Promise<void> {
    const { clock, log, telemetry } = this.#options;
    const { sampleTable } = await import('./sample.ts');
    const began = clock.monotonic();
    let shown = began;
    const cost = { tables: 0, rows: 0, bytes: 0 };
    const failures: Record<string, number> = {};
    try {
      for (const table of open) {
        if (this.#closed) return;
        const sample = await sampleTable(connection, table);
        this.#remember(table, sample);
        telemetry.tableSampled(sample.failure);
        cost.tables += 1;
        cost.rows += sample.rows;
        cost.bytes += sample.bytes;
        if (sample.failure !== undefined) failures[sample.failure] = (failures[sample.failure] ?? 0) + 1;
        if (clock.monotonic() - shown > INTERIM) {
          await this.#publish();
          shown = clock.monotonic();
        }
        await new Promise<void>((resolve) => void setTimeout(resolve, PAUSE).unref());
      }
    } finally {
      if (!this.#closed && cost.tables > 0) await this.#publish();
    }
    log('info', 'values-sampled', {
      ...cost,
      milliseconds: Math.round(clock.monotonic() - began),
      ...(Object.keys(failures).length === 0 ? {} : { failures }),
    });
  }

  /** What was empty or could not be read. */
  #scheduleAgain(): void {
    if (this.#closed) return;
    const now = this.#options.clock.monotonic();
    const times = this.#pending().map((table) => this.#attempts.get(table.oid)?.again ?? now + AGAIN[1]);
    if (times.length > 0)
      this.#cancelAgain = this.#options.clock.after(Math.max(1_000, Math.min(...times) - now), () => void this.sample());
  }

  async #publish(): Promise<void> {
    this.#judge();
    for (const listener of [...this.#listeners]) listener();
    await this.#options.save?.(this.#findings);
  }

  /** Tables with a column that was not looked at as it is now. */
  #pending(): readonly TableFacts[] {
    return this.#tables.filter((table) =>
      sampledColumns(table).some((column) => findingOf(this.#findings, table, column)?.sampled !== factsHash(table, column)),
    );
  }

  /** Of those, the ones whose turn it is. */
  #open(): readonly TableFacts[] {
    const now = this.#options.clock.monotonic();
    return this.#pending().filter((table) => {
      const attempt = this.#attempts.get(table.oid);
      return attempt === undefined || attempt.facts !== fingerprint(table) || attempt.again <= now;
    });
  }

  #remember(table: TableFacts, sample: Sample): void {
    const facts = fingerprint(table);
    const current = this.#tables.find((each) => each.oid === table.oid);
    // The schema has moved on meanwhile: what was seen may be of another column.
    if (current === undefined || fingerprint(current) !== facts) return;
    if (sample.failure === undefined) this.#profiles.set(table.oid, sample.profile);
    const before = this.#attempts.get(table.oid);
    const pause = Math.min(AGAIN[1], before?.facts === facts ? before.pause * 2 : AGAIN[0]);
    this.#attempts.set(table.oid, { facts, pause, again: this.#options.clock.monotonic() + pause });
  }
}

function fingerprint(table: TableFacts): string {
  return table.columns
    .filter(isSampled)
    .map((column) => factsHash(table, column))
    .join();
}
