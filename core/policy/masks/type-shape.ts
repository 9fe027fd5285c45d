/**
 * What a mask must know of a column's type: the family that decides which expressions make sense, the exact text to cast
 * back to, and whether NULL is a value the column may have. Domains are seen through; a domain with CHECK constraints is
 * masked as its base type, since no constant can be known to satisfy an arbitrary CHECK and a failing cast would turn every
 * read into an error. (RowDescription reports a domain's base type anyway: printtup.c, SendRowDescriptionMessage.)
 */
import { type Catalog, quoteIdentifier } from '../../catalog/catalog.ts';
import type { ColumnData, TypeData } from '../../catalog/model.ts';

export type Family =
  | 'text'
  | 'char'
  | 'citext'
  | 'name'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'numeric'
  | 'float4'
  | 'float8'
  | 'money'
  | 'bool'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'time'
  | 'timetz'
  | 'interval'
  | 'uuid'
  | 'inet'
  | 'cidr'
  | 'macaddr'
  | 'macaddr8'
  | 'json'
  | 'jsonb'
  | 'xml'
  | 'bytea'
  | 'bit'
  | 'varbit'
  | 'tsvector'
  | 'tsquery'
  | 'point'
  | 'lseg'
  | 'path'
  | 'box'
  | 'polygon'
  | 'line'
  | 'circle'
  | 'array'
  | 'range'
  | 'multirange'
  | 'enum'
  | 'composite'
  | 'hstore'
  | 'ltree'
  | 'vector'
  | 'halfvec'
  | 'sparsevec'
  | 'other';

export interface TypeShape {
  readonly family: Family;
  /** For CAST(… AS type): safe under any search_path. */
  readonly type: string;
  /** Of the base type; -1 for none or not known. */
  readonly typmod: number;
  /** May the mask yield NULL? */
  readonly nullable: boolean;
  /** To be restated at the end because the expression would lose it. */
  readonly collation?: string;
  /** `type` is the base type of the column's domain, which has CHECKs. */
  readonly ofBaseType: boolean;
  /** CHECKs on the value: the column's own and those of its domains. */
  readonly checks: readonly ValueCheck[];
  /** The base type's own entry, when the catalog has it. */
  readonly data?: TypeData;
}

export interface ValueCheck {
  /** Its expression, as pg_get_expr() writes it. */
  readonly text: string;
  /** What stands for the value in it: the column's name, or `value` for a domain. */
  readonly name: string;
}

/** OIDs that never change: src/include/catalog/pg_type.dat. */
const FAMILY_BY_OID: Readonly<Record<number, Family>> = {
  16: 'bool',
  17: 'bytea',
  19: 'name',
  20: 'int8',
  21: 'int2',
  23: 'int4',
  25: 'text',
  114: 'json',
  142: 'xml',
  600: 'point',
  601: 'lseg',
  602: 'path',
  603: 'box',
  604: 'polygon',
  628: 'line',
  650: 'cidr',
  700: 'float4',
  701: 'float8',
  718: 'circle',
  774: 'macaddr8',
  790: 'money',
  829: 'macaddr',
  869: 'inet',
  1042: 'char',
  1043: 'text',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamptz',
  1186: 'interval',
  1266: 'timetz',
  1560: 'bit',
  1562: 'varbit',
  1700: 'numeric',
  2950: 'uuid',
  3614: 'tsvector',
  3615: 'tsquery',
  3802: 'jsonb',
};

/** Types of extensions, by name: their OIDs differ from database to database. */
const FAMILY_BY_NAME: Readonly<Record<string, Family>> = {
  citext: 'citext',
  hstore: 'hstore',
  ltree: 'ltree',
  vector: 'vector',
  halfvec: 'halfvec',
  sparsevec: 'sparsevec',
};

/** Names that the grammar itself maps to pg_catalog, in the spelling of format_type(): gram.y, SimpleTypename. */
const GRAMMAR_TYPES =
  /^(bit( varying)?|boolean|character( varying)?|double precision|integer|bigint|smallint|real|numeric|interval|time(stamp)? with(out)? time zone|time(stamp)?\([0-9]\) with(out)? time zone)\b/;

/** The column as masks see it. Never fails: what the catalog does not know is family 'other'. */
export function shapeOf(column: ColumnData, catalog: Catalog): TypeShape {
  const checks = (column.checks ?? []).map((text): ValueCheck => ({ text, name: column.name }));
  return describe(catalog, column.typeOid, column.type, column.typmod, !column.notNull, column.collation, checks);
}

/** A value of this type with no column around it (attributes of composites): NULL is fine unless a domain forbids it. */
export function shapeOfType(catalog: Catalog, column: ColumnData): TypeShape {
  return describe(catalog, column.typeOid, column.type, column.typmod, true, undefined, []);
}

function describe(
  catalog: Catalog,
  oid: number,
  text: string,
  typmod: number,
  mayBeNull: boolean,
  collation: string | undefined,
  ofColumn: readonly ValueCheck[],
): TypeShape {
  const declared = catalog.type(oid);
  let base = declared;
  let nullable = mayBeNull;
  let checked = false;
  const checks = [...ofColumn];
  let baseText: string | undefined;
  // Domains over domains are legal; the bound is only there so that a lying catalog cannot hang us.
  for (let depth = 0; base?.kind === 'domain' && depth < 32; depth += 1) {
    if (base.domainNotNull === true) nullable = false;
    if ((base.domainChecks ?? 0) > 0) checked = true;
    for (const text of base.checks ?? []) checks.push({ text, name: 'value' });
    // One that the catalog only counts: nobody may be sure of satisfying it.
    if ((base.domainChecks ?? 0) > (base.checks?.length ?? 0)) checks.push({ text: '', name: 'value' });
    baseText = base.baseType ?? baseText;
    base = base.baseOid === undefined ? undefined : catalog.type(base.baseOid);
  }
  const family = familyOf(base);
  const isDomain = declared?.kind === 'domain';
  const ofBaseType = isDomain && checked && base !== undefined;
  const type = base !== undefined && ofBaseType ? (baseText ?? typeText(catalog, base)) : qualify(catalog, declared, text);
  return {
    family,
    type,
    typmod: isDomain ? modifierOf(baseText) : typmod,
    nullable,
    ofBaseType,
    checks,
    // name is the one character type whose own collation is not the database's.
    ...(collation === undefined ? (family === 'name' ? { collation: 'pg_catalog."C"' } : {}) : { collation }),
    ...(base === undefined ? {} : { data: base }),
  };
}

/** The typmod behind format_type()'s spelling, for the types whose masks depend on it: numeric.c, varchar.c, varbit.c. */
function modifierOf(text: string | undefined): number {
  const [, name = '', first = '', second = '0'] = /^(?:pg_catalog\.)?([a-z ]+)\((\d+)(?:,(-?\d+))?\)$/.exec(text ?? '') ?? [];
  if (name === 'numeric') return ((Number(first) << 16) | (Number(second) & 0x7ff)) + 4;
  if (name === 'character varying' || name === 'character') return Number(first) + 4;
  return name === 'bit' ? Number(first) : -1;
}

function familyOf(type: TypeData | undefined): Family {
  if (type === undefined) return 'other';
  if (type.kind === 'enum' || type.kind === 'composite' || type.kind === 'range' || type.kind === 'multirange') return type.kind;
  if (type.elementOid !== undefined && type.elementOid !== 0 && type.category === 'A') return 'array';
  if (type.schema === 'pg_catalog') return FAMILY_BY_OID[type.oid] ?? 'other';
  return FAMILY_BY_NAME[type.name] ?? 'other';
}

/** format_type() leaves pg_catalog out; a search_path that puts another schema first would then find another type. */
function qualify(catalog: Catalog, type: TypeData | undefined, text: string): string {
  if (type === undefined || type.schema !== 'pg_catalog' || GRAMMAR_TYPES.test(text)) return text;
  return typeText(catalog, type);
}

/** A type without modifier, qualified. */
export function typeText(catalog: Catalog, type: TypeData): string {
  if (type.elementOid !== undefined && type.elementOid !== 0 && type.category === 'A') {
    const element = catalog.type(type.elementOid);
    if (element !== undefined) return `${typeText(catalog, element)}[]`;
  }
  return `${quoteIdentifier(type.schema)}.${quoteIdentifier(type.name)}`;
}

/** Length limit in characters of varchar(n) and char(n); undefined without one. */
export function characterLimit(shape: TypeShape): number | undefined {
  return (shape.family === 'text' || shape.family === 'char') && shape.typmod >= 4 ? shape.typmod - 4 : undefined;
}

/** Precision and scale of numeric(p,s): numeric.c, make_numeric_typmod. Scale is 11 bits, signed. */
export function numericModifier(shape: TypeShape): { readonly precision: number; readonly scale: number } | undefined {
  if (shape.family !== 'numeric' || shape.typmod < 4) return undefined;
  const packed = shape.typmod - 4;
  const low = packed & 0x7ff;
  return { precision: (packed >> 16) & 0xffff, scale: low >= 0x400 ? low - 0x800 : low };
}

export function isTextual(shape: TypeShape): boolean {
  return shape.family === 'text' || shape.family === 'char' || shape.family === 'citext' || shape.family === 'name';
}

/** Character types as text. The "C" collation where the column has one of its own: some cannot search for substrings. */
export function asText(column: string, shape: TypeShape): string {
  const text = `CAST(${column} AS pg_catalog.text)`;
  return shape.collation === undefined ? text : `(${text} COLLATE pg_catalog."C")`;
}
