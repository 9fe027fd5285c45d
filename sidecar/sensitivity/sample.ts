/**
 * One table's sample over a connection: values go into profiles (counts) as they arrive and are forgotten. What goes wrong is known by
 * SQLSTATE alone, since a server's message may quote a value.
 */
import type { ColumnFacts, TableFacts } from '../../core/sensitivity/facts.ts';
import type { TableProfile } from '../../core/sensitivity/profile.ts';
import { ColumnProfiler } from '../../core/sensitivity/profiler.ts';
import { type SampleEffort, sampleQuery, sampledColumns } from '../../core/sensitivity/sample-query.ts';
import { QueryError, type SimpleQueryConnection } from '../catalog/reader.ts';

export interface Sample {
  readonly profile: TableProfile;
  readonly rows: number;
  /** Of the values as text. */
  readonly bytes: number;
  readonly queries: number;
  /** SQLSTATE: the table could not be read, or not in time; `profile` is then empty. */
  readonly failure?: string;
}

const NONE: TableProfile = new Map();

/** Rejects when the connection is lost. */
export async function sampleTable(connection: SimpleQueryConnection, table: TableFacts): Promise<Sample> {
  const columns = sampledColumns(table);
  if (columns.length === 0) return { profile: NONE, rows: 0, bytes: 0, queries: 0 };
  const first = await attempt(connection, table, columns, 'full');
  // A page sample of a table that shrank may be empty, and a slow table may still show its first rows.
  const again = first.failure === TIMEOUT || (first.failure === undefined && first.rows === 0 && table.estimatedRows > 0);
  if (!again) return first;
  const second = await attempt(
    connection,
    { ...table, estimatedRows: -1 },
    columns,
    first.failure === undefined ? 'full' : 'little',
  );
  return { ...second, queries: 2, bytes: first.bytes + second.bytes };
}

/** query_canceled: statement_timeout. */
const TIMEOUT = '57014';

async function attempt(
  connection: SimpleQueryConnection,
  table: TableFacts,
  columns: readonly ColumnFacts[],
  effort: SampleEffort,
): Promise<Sample> {
  const profilers = columns.map((column) => new ColumnProfiler(column));
  let rows = 0;
  let bytes = 0;
  try {
    await connection.simpleQuery(sampleQuery(table, columns, effort), (row) => {
      rows += 1;
      for (let index = 0; index < profilers.length; index += 1) {
        const value = row[index] ?? null;
        if (value !== null) bytes += value.length;
        profilers[index]!.add(value);
      }
    });
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    await connection.simpleQuery('ROLLBACK');
    return { profile: NONE, rows: 0, bytes, queries: 1, failure: error.sqlstate };
  }
  return {
    profile: new Map(columns.map((column, index) => [column.attnum, profilers[index]!.profile()])),
    rows,
    bytes,
    queries: 1,
  };
}
