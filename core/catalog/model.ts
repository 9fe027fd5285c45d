/**
 * Our own model of a database's schema: everything the resolver needs to know *without asking the server again*.
 * `CatalogData` is plain JSON (it travels in the bundle); `Catalog` (catalog.ts) adds the indexes. Immutable.
 *
 * Sources: System Catalogs, https://www.postgresql.org/docs/current/catalogs.html
 */

export type RelationKind =
  | 'table' // relkind r
  | 'partitioned' // p
  | 'view' // v
  | 'matview' // m
  | 'foreign' // f
  | 'sequence' // S
  | 'composite' // c
  | 'index'; // i, I: only so that a name is known to be taken

export interface ColumnData {
  readonly attnum: number;
  readonly name: string;
  readonly typeOid: number;
  /** pg_attribute.atttypmod, -1 for none. */
  readonly typmod: number;
  /** format_type(atttypid, atttypmod), safe to splice after `::`: qualified unless spelled by SQL keywords (`pg_catalog.text`, `character varying(40)`). */
  readonly type: string;
  readonly notNull: boolean;
  /** Qualified and quoted collation when it is not the type's default (a domain's base type's), e.g. `pg_catalog."C"`. */
  readonly collation?: string;
  /** '' | 's' (stored generated) | 'v' (virtual). */
  readonly generated?: 's' | 'v';
  readonly identity?: 'a' | 'd';
  readonly hasDefault?: boolean;
  /** CHECK constraints that concern this column alone, as pg_get_expr() writes them. */
  readonly checks?: readonly string[];
}

/** What makes a write to a relation do more, or show less, than it says. Absent fields: nothing of the kind. */
export interface WriteFacts {
  /** pg_trigger.tgtype of all enabled triggers of users, ORed: 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE. Functions of the server's own count for nothing: they change the new row alone. */
  readonly triggers?: number;
  /** How many rows of pg_trigger matter to a write: those triggers, and actions of foreign keys elsewhere (queries.ts, MATTERING_TRIGGERS). */
  readonly triggerCount?: number;
  /** Commands that a rule rewrites: 'I', 'U', 'D'. */
  readonly rules?: string;
  /** A foreign key elsewhere acts (CASCADE, SET NULL, SET DEFAULT) when a row goes. */
  readonly cascadesOnDelete?: true;
  /** And when one of these attnums changes. */
  readonly cascadesOnUpdate?: readonly number[];
  /** A default, generated column, constraint, index, or (of a view) its query calls a function in a language of users: it may do anything. */
  readonly callsFunctions?: true;
  /** Row security applies to the login. */
  readonly rowSecurity?: true;
  /** The login may not read all of it. Whoever may read single columns only cannot read system columns. */
  readonly unreadable?: readonly number[];
}

export interface RelationData {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** Dropped columns are absent; ordered by attnum. Empty for indexes. */
  readonly columns: readonly ColumnData[];
  /** attnums of the primary key, in key order. */
  readonly primaryKey?: readonly number[];
  /** The primary key is checked at the end of a statement or transaction: for moments it is none. */
  readonly keyDeferrable?: true;
  /** attnum sets of other unique, non-partial, non-expression, NOT NULL irrelevant indexes (ON CONFLICT inference). */
  readonly uniqueKeys?: readonly (readonly number[])[];
  /** Parents in pg_inherits (partitions and inheritance children alike). */
  readonly parents?: readonly number[];
  /** pg_class.relispartition. */
  readonly isPartition?: boolean;
  readonly rowSecurity?: boolean;
  /** pg_type.oid of the row type, 0 when none. */
  readonly rowTypeOid: number;
  readonly ownerIsLogin?: boolean;
  /** For views: (relation OID, attnum) pairs the definition depends on, from pg_depend through pg_rewrite. */
  readonly dependsOn?: readonly (readonly [oid: number, attnum: number])[];
  /** For views: attnum -> where the column is plainly taken from. A column that is not in here is an expression. */
  readonly columnOrigins?: Readonly<Record<number, readonly [oid: number, attnum: number]>>;
  /** For views: attnum -> every column that the expression is made of. A column in neither record may show anything the view uses. */
  readonly columnSources?: Readonly<Record<number, readonly (readonly [oid: number, attnum: number])[]>>;
  /** Generated column lineage: attnum -> source attnums. */
  readonly generatedFrom?: Readonly<Record<number, readonly number[]>>;
  /** Sequences: [table oid, attnum] that owns it. */
  readonly ownedBy?: readonly [oid: number, attnum: number];
  /** Indexes: the table's OID. */
  readonly indexOf?: number;
  /** Indexes: attnums of that table which keys, INCLUDE, expressions or predicate use; 0 stands for a whole-row reference. */
  readonly indexColumns?: readonly number[];
  /** Name of the extension that owns it (pg_depend deptype e), else absent. */
  readonly extension?: string;
  readonly writes?: WriteFacts;
}

export type TypeKind = 'base' | 'composite' | 'domain' | 'enum' | 'pseudo' | 'range' | 'multirange';

export interface TypeData {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: TypeKind;
  /** Domains: the base type's OID. */
  readonly baseOid?: number;
  /** Domains: format_type(typbasetype, typtypmod), qualified as ColumnData.type is. */
  readonly baseType?: string;
  /** Arrays: the element type's OID. */
  readonly elementOid?: number;
  /** Row types: the relation's OID. */
  readonly relationOid?: number;
  /** Enums: labels in sort order. */
  readonly labels?: readonly string[];
  /** pg_type.typcategory. */
  readonly category: string;
  /** Domains with constraints: a mask must give a value that satisfies them. */
  readonly domainNotNull?: boolean;
  readonly domainChecks?: number;
  /** Domains of users: the CHECKs' expressions as pg_get_expr() writes them, with VALUE in the value's place. */
  readonly checks?: readonly string[];
  readonly extension?: string;
}

export interface FunctionData {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly argumentTypes: readonly number[];
  /** Trailing arguments with defaults. */
  readonly defaults: number;
  readonly variadic: boolean;
  readonly returnType: number;
  readonly returnsSet: boolean;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly leakproof: boolean;
  readonly securityDefiner: boolean;
  readonly language: 'internal' | 'c' | 'sql' | 'other';
  readonly extension?: string;
}

export interface OperatorData {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** 0 for a prefix operator. */
  readonly left: number;
  readonly right: number;
  readonly result: number;
  /** Of its function. */
  readonly functionOid: number;
  readonly leakproof: boolean;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly extension?: string;
}

export interface ExtensionData {
  readonly name: string;
  readonly schema: string;
  readonly version: string;
}

export interface CatalogData {
  readonly formatVersion: 1;
  /** server_version_num, e.g. 150018. */
  readonly serverVersion: number;
  readonly database: string;
  /** current_user of the login that read it. */
  readonly login: string;
  /** Schemas that exist, system ones included, temporary ones left out. */
  readonly schemas: readonly string[];
  /** Schema name -> pg_namespace.oid. */
  readonly schemaOids?: Readonly<Record<string, number>>;
  /** Schemas the login has no USAGE on: the server skips them when it searches an unqualified name. */
  readonly unusableSchemas?: readonly string[];
  /** The login's own search_path setting, resolved ("$user" replaced or dropped). */
  readonly defaultSearchPath: readonly string[];
  /** All relations of user schemas, and of pg_catalog and information_schema. */
  readonly relations: readonly RelationData[];
  readonly types: readonly TypeData[];
  /** All functions, pg_catalog included. */
  readonly functions: readonly FunctionData[];
  readonly operators: readonly OperatorData[];
  readonly extensions: readonly ExtensionData[];
  /** A cast, an operator or a domain's CHECK calls a function in a language of users: any statement may do so unseen. */
  readonly hiddenFunctions?: true;
  /** What the login can do beyond what policies need: 'superuser', 'bypassrls', 'createrole', 'replication', … */
  readonly powers: readonly string[];
}
