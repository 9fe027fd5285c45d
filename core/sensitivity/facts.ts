/**
 * What detection knows of a database before it has seen a value: names, types, comments, constraints and keys. Read with one query
 * (facts-query.ts); plain data, immutable.
 */
export interface TableFacts {
  /** pg_class.oid. */
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'partitioned' | 'foreign' | 'view' | 'matview';
  readonly comment?: string;
  /** Rows as the planner estimates them (pg_class.reltuples); -1 when nobody has counted yet. */
  readonly estimatedRows: number;
  /** Pages (pg_class.relpages): how much a sample skips. */
  readonly pages: number;
  readonly columns: readonly ColumnFacts[];
}

/** What a type holds, as far as detection cares; domains and arrays are seen through. */
export type ValueKind =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'uuid'
  | 'bytes'
  | 'json'
  | 'inet'
  | 'macaddr'
  | 'enum'
  | 'point'
  | 'geometry'
  | 'money'
  | 'xml'
  | 'tsvector'
  | 'vector'
  | 'composite'
  | 'other';

export interface ColumnFacts {
  readonly attnum: number;
  readonly name: string;
  readonly kind: ValueKind;
  /** As format_type spells it, for people. */
  readonly type: string;
  /** Name of the domain, where the column's type is one. */
  readonly domain?: string;
  readonly array: boolean;
  /** varchar(n), char(n). */
  readonly maxLength?: number;
  /** Labels of an enum. */
  readonly labels?: readonly string[];
  readonly notNull: boolean;
  readonly primaryKey: boolean;
  /** Alone in a unique index. */
  readonly unique: boolean;
  /** Where a single-column foreign key points. */
  readonly references?: readonly [oid: number, attnum: number];
  readonly comment?: string;
  /** CHECK constraints that name this column alone, its domain's included, as pg_get_expr prints them. */
  readonly checks: readonly string[];
}
