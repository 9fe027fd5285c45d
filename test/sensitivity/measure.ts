/** One server, a database per schema, one scan each, compared with the labels. */
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MissingError } from '../scoreboard/suite.ts';
import { openClient } from './client.ts';
import { createDatabase } from './databases.ts';
import { type Concluded, type Judged, judge } from './evaluate.ts';
import { type LabelledSchema, type SetName, labelledSchemas } from './labels.ts';
import type { SimpleQueryConnection } from '../../sidecar/catalog/reader.ts';

export interface Cost {
  readonly queries: number;
  readonly milliseconds: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What is measured: reads a database over one connection and concludes. */
export type Detector = (connection: SimpleQueryConnection) => Promise<Scanned>;

export interface Scanned extends Concluded {
  readonly cost: Cost;
  /** Tables that could not be read: OID → SQLSTATE. */
  readonly failures?: ReadonlyMap<number, string>;
}

export interface Measured {
  readonly schema: LabelledSchema;
  readonly judged: readonly Judged[];
  readonly cost: Cost;
  readonly rows: number;
  /** Tables that could not be read, and why: their columns were judged without values. */
  readonly unsampled: readonly string[];
}

export interface MeasureOptions {
  readonly sets: readonly SetName[];
  /** Names of schemas; empty: all. */
  readonly only: readonly string[];
  readonly seed: number;
  /** Rows a table, at most. */
  readonly cap?: number;
  readonly say: (line: string) => void;
}

export interface Measurement {
  readonly measured: readonly Measured[];
  /** Schemas whose package could not be had, and why. */
  readonly missing: readonly string[];
}

export async function measure(detector: Detector, options: MeasureOptions): Promise<Measurement> {
  const server = await startLocalPostgres();
  try {
    return await measureOn(server, detector, options);
  } finally {
    await server.stop();
  }
}

async function measureOn(server: LocalPostgres, detector: Detector, options: MeasureOptions): Promise<Measurement> {
  const measured: Measured[] = [];
  const missing: string[] = [];
  for (const schema of options.sets.flatMap(labelledSchemas)) {
    if (options.only.length > 0 && !options.only.includes(schema.name)) continue;
    try {
      const loaded = await createDatabase(server, schema, {
        seed: options.seed,
        ...(options.cap === undefined ? {} : { cap: options.cap }),
      });
      const concluded = await scan(server.url(schema.name), detector);
      const unsampled = [...(concluded.failures ?? [])].map(([oid, sqlstate]) => {
        const table = concluded.tables.find((each) => each.oid === oid);
        return `${schema.name}.${table?.name}: not sampled (${sqlstate})`;
      });
      measured.push({ schema, judged: judge(schema, concluded), cost: concluded.cost, rows: loaded.rows, unsampled });
      const without = loaded.dropped.length === 0 ? '' : `; without ${loaded.dropped.join(', ')}`;
      options.say(`${schema.name}: ${loaded.tables} tables, ${loaded.rows} rows, ${summary(concluded.cost)}${without}`);
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
      missing.push(`${schema.name}: ${error.message}`);
    }
  }
  return { measured, missing };
}

/** Over a connection as the proxy opens them. */
export async function scan(url: string, detector: Detector): Promise<Scanned> {
  const client = await openClient(url);
  try {
    return await detector(client);
  } finally {
    client.close();
  }
}

export function summary(cost: Cost): string {
  return `${Math.round(cost.milliseconds)} ms, ${cost.queries} queries, ${cost.rows} rows and ${(cost.bytes / 1024).toFixed(0)} KiB read`;
}
