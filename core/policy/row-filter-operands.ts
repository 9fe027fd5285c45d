/** The leaves of a row filter: columns, constants cast to a column's type, and the operators between them. */
import type { Expr } from 'pgsql-ast-parser';
import { type Catalog, quoteIdentifier, quoteLiteral } from '../catalog/catalog.ts';
import type { ColumnData, OperatorData, RelationData } from '../catalog/model.ts';
import type { Identity } from '../identity/identity.ts';
import type { SqlTemplate } from './bundle.ts';
import { constantProblem } from './masks/literal.ts';
import { type Family, type TypeShape, shapeOf } from './masks/type-shape.ts';
import { displayName } from './name-pattern.ts';
import { didYouMean } from './nearest.ts';

export class FilterError extends Error {
  /** Characters into the filter's text. */
  readonly offset: number | undefined;
  constructor(message: string, offset: number | undefined) {
    super(message);
    this.name = 'FilterError';
    this.offset = offset;
  }
}

export interface Operand {
  readonly template: SqlTemplate;
  readonly family: Family;
  /** Of constants: the column's they are compared with. */
  readonly shape: TypeShape;
}

/** The types whose operators compare; OIDs of the operand type from pg_type.dat. 0: look the operator up by name. */
const COMPARABLE: Readonly<Partial<Record<Family, number>>> = {
  text: 25,
  char: 1042,
  name: 19,
  citext: 0,
  int2: 21,
  int4: 23,
  int8: 20,
  numeric: 1700,
  float4: 700,
  float8: 701,
  bool: 16,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  uuid: 2950,
  inet: 869,
  enum: 3500,
};

/** Where `identity.…` may stand. */
const TEXTUAL: ReadonlySet<Family> = new Set(['text', 'char', 'name', 'citext']);

/** Spellings of types in casts of constants. */
const CAST_FAMILIES: Readonly<Record<string, Family>> = {
  text: 'text',
  varchar: 'text',
  'character varying': 'text',
  char: 'char',
  character: 'char',
  bpchar: 'char',
  citext: 'citext',
  smallint: 'int2',
  int2: 'int2',
  int: 'int4',
  integer: 'int4',
  int4: 'int4',
  bigint: 'int8',
  int8: 'int8',
  numeric: 'numeric',
  decimal: 'numeric',
  real: 'float4',
  float4: 'float4',
  'double precision': 'float8',
  float8: 'float8',
  bool: 'bool',
  boolean: 'bool',
  date: 'date',
  timestamp: 'timestamp',
  'timestamp without time zone': 'timestamp',
  timestamptz: 'timestamptz',
  'timestamp with time zone': 'timestamptz',
  uuid: 'uuid',
  inet: 'inet',
};

export class Operands {
  readonly columns = new Set<number>();
  /** As long as every operator used so far is. */
  leakproof = true;
  readonly #text: string;
  readonly #relation: RelationData;
  readonly #catalog: Catalog;
  readonly #identity: Identity;

  constructor(text: string, relation: RelationData, catalog: Catalog, identity: Identity) {
    this.#text = text;
    this.#relation = relation;
    this.#catalog = catalog;
    this.#identity = identity;
  }

  error(node: Expr, message: string): FilterError {
    return new FilterError(message, node._location?.start);
  }

  /** Two sides of a comparison, at least one of them a column. */
  pair(left: Expr, right: Expr): readonly [Operand, Operand] {
    if (this.#isColumn(left)) {
      const column = this.column(left);
      return [column, this.#isColumn(right) ? this.#sameType(column, right) : this.constant(right, column)];
    }
    if (!this.#isColumn(right)) throw this.error(left, 'a comparison needs a column of the table on one side');
    const column = this.column(right);
    return [this.constant(left, column), column];
  }

  compare(left: Operand, operator: string, right: Operand, node: Expr): SqlTemplate {
    return [...left.template, ` ${this.operator(operator, left, node)} `, ...right.template];
  }

  /** `OPERATOR(schema.name)` between two operands of this one's type. */
  operator(name: string, operand: Operand, node: Expr): string {
    const found = this.#findOperator(name, operand);
    if (found === undefined && (operand.family === 'citext' || COMPARABLE[operand.family] === undefined)) {
      throw this.error(node, `${name} does not compare values of type ${operand.shape.type}`);
    }
    if (found?.leakproof !== true) this.leakproof = false;
    return `OPERATOR(${quoteIdentifier(found?.schema ?? 'pg_catalog')}.${name})`;
  }

  /** A column as an operand of comparisons. */
  column(node: Expr): Operand {
    const column = this.#resolve(node);
    const shape = shapeOf(column, this.#catalog);
    if (COMPARABLE[shape.family] === undefined)
      throw this.error(node, `columns of type ${column.type} cannot be compared in a row filter`);
    return { template: [column.attnum], family: shape.family, shape };
  }

  /** A column of any type, for IS NULL. */
  anyColumn(node: Expr): SqlTemplate {
    return [this.#resolve(node).attnum];
  }

  /** A constant as a value of the column's type. */
  constant(node: Expr, column: Operand): Operand {
    return { template: [this.#constantText(node, column)], family: column.family, shape: column.shape };
  }

  /** LIKE never raises for a pattern without a dangling escape, and is not leakproof. */
  like(left: Expr, pattern: Expr, negated: boolean): SqlTemplate {
    const column = this.column(left);
    if (column.family !== 'text' && column.family !== 'char' && column.family !== 'name') {
      throw this.error(left, 'LIKE needs a column of a character type');
    }
    if (pattern.type !== 'string') throw this.error(pattern, 'LIKE needs a constant pattern');
    const value = this.#plainString(pattern);
    if (/(?:^|[^\\])(?:\\\\)*\\$/.test(value)) throw this.error(pattern, 'the LIKE pattern ends in an escape character');
    this.leakproof = false;
    const operator = `OPERATOR(pg_catalog.${negated ? '!~~' : '~~'})`;
    return ['(', ...column.template, ` ${operator} CAST(${quoteLiteral(value)} AS pg_catalog.text))`];
  }

  #isColumn(node: Expr): boolean {
    return node.type === 'ref' && node.table?.name !== 'identity';
  }

  #sameType(column: Operand, node: Expr): Operand {
    const other = this.column(node);
    const same = other.family === column.family && other.shape.data?.oid === column.shape.data?.oid;
    const bothText = other.family === 'text' && column.family === 'text';
    if (!same && !bothText)
      throw this.error(node, `${other.shape.type} is not compared with ${column.shape.type} in a row filter`);
    return other;
  }

  #resolve(node: Expr): ColumnData {
    if (node.type !== 'ref')
      throw this.error(node, `expected a column of ${displayName(this.#relation.schema, this.#relation.name)}`);
    if (node.table !== undefined && node.table !== null)
      throw this.error(node, 'columns are written by their plain name in a row filter');
    const column = this.#catalog.columnNamed(this.#relation, node.name);
    if (column === undefined) {
      const names = this.#relation.columns.map((each) => each.name);
      const table = displayName(this.#relation.schema, this.#relation.name);
      throw this.error(node, `${table} has no column "${node.name}"${didYouMean(node.name, names)}`);
    }
    this.columns.add(column.attnum);
    return column;
  }

  #constantText(node: Expr, column: Operand): string {
    if (node.type === 'cast') {
      const target = 'name' in node.to ? CAST_FAMILIES[node.to.name] : undefined;
      if (target !== column.family) throw this.error(node, `expected a constant of type ${column.shape.type}`);
      return this.#constantText(node.operand, column);
    }
    if (node.type === 'call' || node.type === 'keyword') return this.#clock(node, column);
    if (node.type === 'ref') return this.#identityText(node, column);
    const value = this.#literal(node, column);
    const problem = constantProblem(value, column.shape);
    if (problem !== undefined) throw this.error(node, `${quoteLiteral(value)} is not valid here: expected ${problem}`);
    return this.#cast(quoteLiteral(value), column);
  }

  #literal(node: Expr, column: Operand): string {
    if (node.type === 'string') return this.#plainString(node);
    if (node.type === 'boolean' && column.family === 'bool') return String(node.value);
    const numeric = column.family.startsWith('int') || column.family.startsWith('float') || column.family === 'numeric';
    // From the text, not from the tree: the tree holds a double, which has forgotten digits.
    if ((node.type === 'integer' || node.type === 'numeric') && numeric) return this.#slice(node).replace(/\s/g, '');
    throw this.error(node, `expected a constant of type ${column.shape.type}`);
  }

  /** Only the plain form: what E'…' escapes mean is better not guessed by two parsers. */
  #plainString(node: Extract<Expr, { type: 'string' }>): string {
    if (!this.#slice(node).startsWith("'")) throw this.error(node, "write strings plainly: 'text'");
    if (node.value.includes('\0')) throw this.error(node, 'strings cannot contain the character NUL');
    return node.value;
  }

  #identityText(node: Extract<Expr, { type: 'ref' }>, column: Operand): string {
    const values: Readonly<Record<string, string>> = {
      namespace: this.#identity.namespace,
      serviceaccount: this.#identity.serviceAccount,
    };
    const value = values[node.name.toLowerCase()];
    if (value === undefined)
      throw this.error(node, `identity.${node.name} does not exist; there are identity.namespace and identity.serviceAccount`);
    if (!TEXTUAL.has(column.family))
      throw this.error(node, `identity.${node.name} is text and is not compared with ${column.shape.type}`);
    // Without the length limit: cutting the name to varchar(n) would make two identities equal.
    return column.family === 'citext'
      ? this.#cast(quoteLiteral(value), column)
      : `CAST(${quoteLiteral(value)} AS pg_catalog.text)`;
  }

  /** The session's time zone is the client's to choose, so nothing here may depend on it. */
  #clock(node: Expr, column: Operand): string {
    const now =
      node.type === 'call' && node.args.length === 0 && node.function.schema === undefined && node.function.name === 'now';
    const keyword = node.type === 'keyword' ? node.keyword : undefined;
    if ((now || keyword === 'current_timestamp') && column.family === 'timestamptz') return 'pg_catalog.now()';
    const today = "CAST(pg_catalog.timezone('UTC', pg_catalog.now()) AS pg_catalog.date)";
    if (keyword === 'current_date' && column.family === 'date') return today;
    const hint =
      'now() for columns of type timestamp with time zone and current_date for dates are the only functions in a row filter';
    throw this.error(node, hint);
  }

  /** Comparing cuts nothing: a constant longer than varchar(n) was refused before, so the modifier is left out. */
  #cast(literal: string, column: Operand): string {
    const plain: Readonly<Partial<Record<Family, string>>> = {
      text: 'pg_catalog.text',
      char: 'pg_catalog.bpchar',
      numeric: 'pg_catalog.numeric',
    };
    return `CAST(${literal} AS ${plain[column.family] ?? this.#baseType(column.shape)})`;
  }

  #baseType(shape: TypeShape): string {
    const data = shape.data;
    return data === undefined ? shape.type : `${quoteIdentifier(data.schema)}.${quoteIdentifier(data.name)}`;
  }

  #slice(node: Expr): string {
    const location = node._location;
    return location === undefined ? '' : this.#text.slice(location.start, location.end);
  }

  #findOperator(name: string, operand: Operand): OperatorData | undefined {
    const oid = COMPARABLE[operand.family];
    const wanted = oid === 0 ? operand.shape.data?.oid : oid;
    return this.#catalog
      .operatorsNamed(name)
      .find((each) => each.left === wanted && each.right === wanted && (oid === 0 || each.schema === 'pg_catalog'));
  }
}
