/**
 * The query that takes a sample of a table: at most SAMPLE_ROWS rows, each value as text and cut, within SAMPLE_MILLISECONDS.
 *
 * Large tables are sampled by page (TABLESAMPLE SYSTEM), so that little more is read than is looked at. Small tables, and those nobody has counted, are read from the start.
 * https://www.postgresql.org/docs/current/sql-select.html#SQL-FROM
 */
import { qualifiedName, quoteIdentifier } from '../catalog/catalog.ts';
import type { ColumnFacts, TableFacts, ValueKind } from './facts.ts';
import { SAMPLE_CHARACTERS, SAMPLE_ROWS } from './profile.ts';

/** For one table, the server's time. */
export const SAMPLE_MILLISECONDS = 2_000;
/** Characters of one sample, all columns together: what a wide table's values are cut to. */
const CHARACTERS = 8_000_000;
const LEAST_CHARACTERS = 64;

/**
 * Kinds whose values say nothing (what they hold is known by name and type alone), and types of users, whose cast to text could be a function
 * of a user's.
 */
const SILENT: ReadonlySet<ValueKind> = new Set([
  'boolean',
  'time',
  'uuid',
  'bytes',
  'enum',
  'tsvector',
  'vector',
  'geometry',
  'money',
  'other',
]);

export function isSampled(column: ColumnFacts): boolean {
  return !SILENT.has(column.kind);
}

/** Views follow their lineage; their definition could do anything, so they are never run. A materialized view is stored like a table. */
export function sampledColumns(table: TableFacts): readonly ColumnFacts[] {
  return table.kind === 'view' ? [] : table.columns.filter(isSampled);
}

export type SampleEffort = 'full' | 'little';

/**
 * One simple Query. `little`: for a table that took too long, the first few rows. READ ONLY and a narrowed search_path: nothing of a user's
 * can stand for a function or cast used here, and nothing can be written.
 */
export function sampleQuery(table: TableFacts, columns: readonly ColumnFacts[], effort: SampleEffort = 'full'): string {
  const rows = effort === 'full' ? SAMPLE_ROWS : 50;
  const characters = Math.max(LEAST_CHARACTERS, Math.min(SAMPLE_CHARACTERS, Math.floor(CHARACTERS / (rows * columns.length))));
  const values = columns.map((column) => `left(${quoteIdentifier(column.name)}::text, ${characters})`);
  const timeout = `SET LOCAL statement_timeout = ${SAMPLE_MILLISECONDS}; SET LOCAL lock_timeout = 500`;
  return [
    'BEGIN READ ONLY',
    `SET LOCAL search_path = pg_catalog; SET LOCAL jit = off; ${timeout}`,
    `SELECT ${values.join(', ')} FROM ${qualifiedName(table)}${effort === 'full' ? tablesample(table) : ''} LIMIT ${rows}`,
    'COMMIT',
  ].join('; ');
}

/** Below this, pages are read from the start. */
const FEW_PAGES = 64;

function tablesample(table: TableFacts): string {
  if (table.kind === 'foreign' || table.estimatedRows < SAMPLE_ROWS * 2 || (table.pages < FEW_PAGES && table.kind === 'table'))
    return '';
  const percent = Math.min(100, Math.max(0.0001, (100 * SAMPLE_ROWS * 2) / table.estimatedRows));
  return ` TABLESAMPLE SYSTEM (${percent.toFixed(6)})`;
}
