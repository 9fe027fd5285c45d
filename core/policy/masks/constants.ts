/**
 * A constant for every type: what `redact` shows, and what `nullify` shows where NULL is impossible. Each literal is valid
 * for its type under any DateStyle, IntervalStyle, lc_monetary and search_path, and fits the type's modifier.
 */
import { type Catalog, quoteLiteral } from '../../catalog/catalog.ts';
import { constantProblem } from './literal.ts';
import { plausibilityOf } from './plausible.ts';
import { type Family, type TypeShape, characterLimit, shapeOfType } from './type-shape.ts';

/** Shown instead of text wherever it fits. */
export const REDACTED_TEXT = '[redacted]';

const LITERALS: Readonly<Partial<Record<Family, string>>> = {
  int2: '0',
  int4: '0',
  int8: '0',
  numeric: '0',
  float4: '0',
  float8: '0',
  money: '0',
  bool: 'false',
  date: '1970-01-01',
  timestamp: '1970-01-01 00:00:00',
  timestamptz: '1970-01-01 00:00:00+00',
  time: '00:00:00',
  timetz: '00:00:00+00',
  interval: 'PT0S',
  uuid: '00000000-0000-0000-0000-000000000000',
  inet: '0.0.0.0',
  cidr: '0.0.0.0/0',
  macaddr: '00:00:00:00:00:00',
  macaddr8: '00:00:00:00:00:00:00:00',
  json: '{}',
  jsonb: '{}',
  xml: '<redacted/>',
  bytea: '',
  varbit: '',
  tsvector: '',
  tsquery: '',
  point: '(0,0)',
  lseg: '[(0,0),(0,0)]',
  path: '[(0,0)]',
  box: '(0,0),(0,0)',
  polygon: '((0,0))',
  line: '{1,0,0}',
  circle: '<(0,0),0>',
  array: '{}',
  range: 'empty',
  multirange: '{}',
  hstore: '',
  ltree: 'redacted',
};

/** Types no kind but nullify, redact and constant applies to, by OID. The reg* types print 0 as "-". */
const SYSTEM_LITERALS: Readonly<Record<number, string>> = {
  18: '*', // "char"
  22: '', // int2vector
  24: '0', // regproc
  26: '0', // oid
  27: '(0,0)', // tid
  28: '0', // xid
  29: '0', // cid
  30: '', // oidvector
  2202: '0', // regprocedure
  2203: '0', // regoper
  2204: '0', // regoperator
  2205: '0', // regclass
  2206: '0', // regtype
  3220: '0/0', // pg_lsn
  3734: '0', // regconfig
  3769: '0', // regdictionary
  4072: '$', // jsonpath
  4089: '0', // regnamespace
  4096: '0', // regrole
  4191: '0', // regcollation
  5038: '1:1:', // pg_snapshot
  5069: '0', // xid8
};

/**
 * SQL text of a constant of the type, already cast, or undefined when none is known to be valid. Composite types get a row
 * of constants, so that attributes whose domain forbids NULL are satisfied. `text` stands for `[redacted]` where it fits.
 */
export function typeConstant(shape: TypeShape, catalog: Catalog, text?: string): string | undefined {
  return constantAt(shape, catalog, 0, text);
}

function constantAt(shape: TypeShape, catalog: Catalog, depth: number, text?: string): string | undefined {
  if (shape.family === 'composite') return rowConstant(shape, catalog, depth);
  const usual = literalFor(shape, text ?? REDACTED_TEXT);
  if (usual === undefined) return undefined;
  const valid = (literal: string): boolean => constantProblem(literal, shape) === undefined;
  const literal = plausibilityOf(shape, catalog)?.choose(usual, shape.data?.labels ?? [], valid) ?? usual;
  return `CAST(${quoteLiteral(literal)} AS ${shape.type})`;
}

function literalFor(shape: TypeShape, text: string): string | undefined {
  switch (shape.family) {
    case 'text':
    case 'char':
      return fitting(text, characterLimit(shape));
    case 'citext':
    case 'name':
      return text;
    case 'bit':
      return '0'.repeat(shape.typmod > 0 ? Math.min(shape.typmod, 8192) : 1);
    case 'enum':
      return shape.data?.labels?.[0];
    case 'vector':
    case 'halfvec':
      return shape.typmod > 0 ? `[${Array.from({ length: shape.typmod }, () => '0').join(',')}]` : undefined;
    case 'sparsevec':
      return shape.typmod > 0 ? `{}/${shape.typmod}` : undefined;
    case 'other':
      return shape.data?.schema === 'pg_catalog' ? SYSTEM_LITERALS[shape.data.oid] : undefined;
    default:
      return LITERALS[shape.family];
  }
}

/** The text, or as many asterisks as fit. */
export function fitting(text: string, limit: number | undefined): string {
  return limit === undefined || limit >= text.length ? text : '*'.repeat(limit);
}

function rowConstant(shape: TypeShape, catalog: Catalog, depth: number): string | undefined {
  const relation = shape.data?.relationOid === undefined ? undefined : catalog.relation(shape.data.relationOid);
  if (relation === undefined || depth > 8) return undefined;
  const fields: string[] = [];
  for (const attribute of relation.columns) {
    const field = shapeOfType(catalog, attribute);
    // The cast to the row type would apply the domain's CHECKs: only what certainly passes them may stand here.
    if (field.ofBaseType && !(field.nullable && plausibilityOf(field, catalog)?.verdict(null) === true)) return undefined;
    const text = field.nullable ? 'NULL' : constantAt(field, catalog, depth + 1);
    if (text === undefined) return undefined;
    fields.push(text);
  }
  return `CAST(ROW(${fields.join(', ')}) AS ${shape.type})`;
}
