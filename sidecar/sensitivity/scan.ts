/** A whole database classified at once, over one connection: for `sluice classify` and `sluice check`. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import { detect } from '../../core/sensitivity/detect.ts';
import type { TableFacts } from '../../core/sensitivity/facts.ts';
import type { TableProfile } from '../../core/sensitivity/profile.ts';
import type { Verdict } from '../../core/sensitivity/verdict.ts';
import { readFacts, type SimpleQueryConnection } from '../catalog/reader.ts';
import { sampleTable } from './sample.ts';

export interface ScanCost {
  readonly queries: number;
  readonly milliseconds: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface Scan {
  readonly tables: readonly TableFacts[];
  readonly verdicts: readonly Verdict[];
  readonly cost: ScanCost;
  /** Tables that could not be read: OID → SQLSTATE. Their columns are judged without values. */
  readonly failures: ReadonlyMap<number, string>;
}

export interface ScanOptions {
  readonly catalog: Catalog;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** False: names, types, comments and keys alone. */
  readonly sample?: boolean;
  readonly progress?: (done: number, of: number, table: TableFacts) => void;
}

/** Rejects when the connection is lost. */
export async function scanDatabase(connection: SimpleQueryConnection, options: ScanOptions): Promise<Scan> {
  const began = options.now();
  const tables = await readFacts(connection, options.catalog);
  const profiles = new Map<number, TableProfile>();
  const failures = new Map<number, string>();
  const cost = { queries: 1, rows: 0, bytes: 0 };
  for (const [done, table] of (options.sample === false ? [] : tables).entries()) {
    options.progress?.(done, tables.length, table);
    const sample = await sampleTable(connection, table);
    cost.queries += sample.queries;
    cost.rows += sample.rows;
    cost.bytes += sample.bytes;
    if (sample.failure === undefined) profiles.set(table.oid, sample.profile);
    else failures.set(table.oid, sample.failure);
  }
  const verdicts = detect(tables, profiles);
  return { tables, verdicts, failures, cost: { ...cost, milliseconds: options.now() - began } };
}
