/**
 * What a CHECK constraint says about one value, as far as that can be told here for certain: comparisons with constants, IN, BETWEEN,
 * lengths, IS [NOT] NULL, AND, OR, NOT. Everything else (patterns, functions, arithmetic) is `undefined`: not known. The text is
 * pg_get_expr()'s, which writes IN as `= ANY (ARRAY[…])`, BETWEEN as two comparisons and puts casts around constants.
 */
import { type Expr, type ExprBinary, type ExprCall, type ExprCast, parse } from 'pgsql-ast-parser';

/** How constants of a column's type compare: `text` for what is equal only when it is the same text. */
export type Comparison = 'text' | 'blank-padded' | 'citext' | 'number' | 'boolean' | 'time';

/** A value as the evaluator sees it. Times are milliseconds since 1970 in UTC, ±Infinity included. */
export type Value = string | number | boolean | null;

/** True, false, null as SQL has it (a CHECK lets it pass); undefined when it cannot be told. */
export type Truth = boolean | null | undefined;

export interface Condition {
  truth(value: Value): Truth;
  /** The constants in it, in their order: what a value that satisfies it may be made of. */
  readonly constants: readonly Exclude<Value, null>[];
}

/** @param name the column's, or `value` for a domain's CHECK. Never throws; what cannot be read says nothing about any value. */
export function readCondition(text: string, name: string, comparison: Comparison): Condition {
  const unknown: Condition = { truth: () => undefined, constants: [] };
  if (text === '') return unknown;
  try {
    const tree: Expr = parse(text, 'expr');
    const constants: Exclude<Value, null>[] = [];
    collect(tree, constants, comparison);
    return { truth: (value) => truthOf(new Reading(name, comparison, value).evaluate(tree)), constants };
  } catch {
    return unknown;
  }
}

/** A constant of the column's type as it is written in SQL, as a value that compares. */
export function comparableOf(literal: string, comparison: Comparison): Value | undefined {
  if (comparison === 'number') return numberOf(literal);
  if (comparison === 'boolean')
    return literal === 'true' || literal === 't' ? true : literal === 'false' || literal === 'f' ? false : undefined;
  return comparison === 'time' ? timeOf(literal) : literal;
}

function truthOf(value: Value | undefined): Truth {
  return typeof value === 'boolean' || value === null ? value : undefined;
}

const TEXT_TYPES: ReadonlySet<string> = new Set(['text', 'character varying', 'varchar', 'bpchar', 'character', 'char', 'name']);
const NUMBER_TYPES: ReadonlySet<string> = new Set([
  ...['integer', 'int', 'bigint', 'smallint', 'numeric', 'double precision', 'real'],
  ...['int2', 'int4', 'int8', 'float4', 'float8'],
]);
const WHOLE_TYPES: ReadonlySet<string> = new Set(['integer', 'int', 'bigint', 'smallint', 'int2', 'int4', 'int8']);
const TIME_TYPES: ReadonlySet<string> = new Set([
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
  'timestamp',
  'timestamptz',
]);

/** One evaluation: the tree with one value in the column's place. */
class Reading {
  readonly #name: string;
  readonly #comparison: Comparison;
  readonly #value: Value;

  constructor(name: string, comparison: Comparison, value: Value) {
    this.#name = name;
    this.#comparison = comparison;
    this.#value = value;
  }

  evaluate(node: Expr): Value | undefined {
    switch (node.type) {
      case 'ref':
        return node.table === undefined && node.name === this.#name ? this.#value : undefined;
      case 'integer':
      case 'numeric':
        return Number.isFinite(node.value) && Math.abs(node.value) <= Number.MAX_SAFE_INTEGER ? node.value : undefined;
      case 'string':
      case 'boolean':
        return node.value;
      case 'null':
        return null;
      case 'cast':
        return this.#cast(node);
      case 'unary': {
        const operand = this.evaluate(node.operand);
        if (operand === undefined) return undefined;
        if (node.op === 'IS NULL') return operand === null;
        if (node.op === 'IS NOT NULL') return operand !== null;
        if (node.op === 'NOT') return typeof operand === 'boolean' ? !operand : operand === null ? null : undefined;
        return node.op === '-' && typeof operand === 'number' ? -operand : undefined;
      }
      case 'binary':
        return this.#binary(node);
      case 'call':
        return this.#call(node);
      default:
        return undefined;
    }
  }

  #cast(node: ExprCast): Value | undefined {
    const value = this.evaluate(node.operand);
    return value === undefined ? undefined : cast(value, node);
  }

  #binary(node: ExprBinary): Truth {
    if (node.op === 'AND') return conjunction([this.#truth(node.left), this.#truth(node.right)]);
    if (node.op === 'OR') return disjunction([this.#truth(node.left), this.#truth(node.right)]);
    // An operator that had to be written with its schema is an extension's; citext's mean what they look like.
    if (node.opSchema !== undefined && this.#comparison !== 'citext') return undefined;
    const left = this.evaluate(node.left);
    const members = node.right.type === 'call' ? elements(node.right) : undefined;
    if (members === undefined) return this.#compare(node.op, left, this.evaluate(node.right));
    const each = members.map((member) => this.#compare(node.op, left, this.evaluate(member)));
    return (node.right as ExprCall).function.name === 'any' ? disjunction(each) : conjunction(each);
  }

  #truth(node: Expr): Truth {
    return truthOf(this.evaluate(node));
  }

  #compare(operator: string, a: Value | undefined, b: Value | undefined): Truth {
    if (a === undefined || b === undefined) return undefined;
    if (a === null || b === null) return null;
    const order = compare(a, b, this.#comparison);
    // Text that differs has an order, but the collation's.
    if (operator === '=') return order === undefined ? undefined : order === 0;
    if (operator === '!=' || operator === '<>') return order === undefined ? undefined : order !== 0;
    if (order === undefined || Number.isNaN(order)) return undefined;
    if (operator === '<') return order < 0;
    if (operator === '<=') return order <= 0;
    if (operator === '>') return order > 0;
    return operator === '>=' ? order >= 0 : undefined;
  }

  #call({ function: called, args }: ExprCall): Value | undefined {
    const [first] = args;
    if (called.schema !== undefined || args.length !== 1 || first === undefined) return undefined;
    const text = this.evaluate(first);
    if (text === null) return null;
    if (typeof text !== 'string') return undefined;
    const ascii = /^[\x20-\x7e]*$/.test(text);
    switch (called.name) {
      case 'length':
      case 'char_length':
      case 'character_length':
        return [...text].length;
      case 'octet_length':
        return ascii ? text.length : undefined;
      case 'lower':
        return ascii ? text.toLowerCase() : undefined;
      case 'upper':
        return ascii ? text.toUpperCase() : undefined;
      case 'btrim':
        return text.replace(/^ +| +$/g, '');
      default:
        return undefined;
    }
  }
}

/** Only casts that keep the value. Types that users have made are enums here: a label stays what it is. */
function cast(value: Exclude<Value, undefined>, { to }: ExprCast): Value | undefined {
  if (value === null) return null;
  if (to.kind === 'array' || ('config' in to && to.config !== undefined)) return undefined;
  const name = 'name' in to ? to.name : '';
  const own = !('schema' in to) || to.schema === undefined;
  if (own && NUMBER_TYPES.has(name)) {
    const number = typeof value === 'string' ? numberOf(value) : value;
    return typeof number !== 'number' || (WHOLE_TYPES.has(name) && !Number.isInteger(number)) ? undefined : number;
  }
  if (own && TIME_TYPES.has(name)) return typeof value === 'string' ? timeOf(value) : undefined;
  if (own && name === 'boolean') return typeof value === 'boolean' ? value : undefined;
  return typeof value === 'string' && (TEXT_TYPES.has(name) || !own) ? value : undefined;
}

/** The members of `ANY (ARRAY[…])` or `ALL ('{…}'::type[])`. */
function elements({ function: called, args }: ExprCall): readonly Expr[] | undefined {
  if (called.name !== 'any' && called.name !== 'all') return undefined;
  let [list] = args;
  const to = list?.type === 'cast' && list.to.kind === 'array' ? list.to.arrayOf : undefined;
  while (list?.type === 'cast') list = list.operand;
  if (list?.type === 'array') return list.expressions;
  if (list?.type !== 'string' || to === undefined || !/^\{[\w.-]+(?:,[\w.-]+)*\}$/.test(list.value)) return undefined;
  return list.value
    .slice(1, -1)
    .split(',')
    .map((value): Expr => (value === 'NULL' ? { type: 'null' } : { type: 'cast', operand: { type: 'string', value }, to }));
}

/** Zero when equal, NaN when they differ by an order that is not known, undefined when not even that is. */
function compare(a: Exclude<Value, null>, b: Exclude<Value, null>, comparison: Comparison): number | undefined {
  if (typeof a !== typeof b) return undefined;
  if (typeof a === 'string' && typeof b === 'string') {
    if (a === b) return 0;
    if (comparison === 'blank-padded') return a.trimEnd() === b.trimEnd() ? 0 : Number.NaN;
    if (comparison !== 'citext') return Number.NaN;
    return a.toLowerCase() === b.toLowerCase() ? 0 : Number.NaN;
  }
  return a === b ? 0 : Number(a) - Number(b);
}

function conjunction(parts: readonly Truth[]): Truth {
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : parts.includes(null) ? null : true;
}

function disjunction(parts: readonly Truth[]): Truth {
  if (parts.includes(true)) return true;
  return parts.includes(undefined) ? undefined : parts.includes(null) ? null : false;
}

function numberOf(text: string): number | undefined {
  const number = /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
  return number !== undefined && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined;
}

/** ISO dates and timestamps, as DateStyle ISO writes them; without a zone they count as UTC. */
function timeOf(text: string): number | undefined {
  if (text === 'infinity' || text === '-infinity') return text === 'infinity' ? Infinity : -Infinity;
  const parts = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d{1,3})?)([+-]\d\d(?::\d\d)?)?)?$/.exec(text);
  if (parts === null) return undefined;
  const zone = parts[3] === undefined ? 'Z' : parts[3].length === 3 ? `${parts[3]}:00` : parts[3];
  const time = Date.parse(`${parts[1]}T${parts[2] ?? '00:00:00'}${zone}`);
  return Number.isNaN(time) ? undefined : time;
}

function collect(node: Expr, into: Exclude<Value, null>[], comparison: Comparison): void {
  const reading = new Reading('', comparison, null);
  const visit = (each: Expr): void => {
    const value = reading.evaluate(each);
    if (value !== undefined && value !== null && each.type !== 'binary' && each.type !== 'unary') {
      into.push(value);
      return;
    }
    if (each.type === 'unary') visit(each.operand);
    else if (each.type === 'cast') visit(each.operand);
    else if (each.type === 'binary') {
      visit(each.left);
      for (const member of (each.right.type === 'call' ? elements(each.right) : undefined) ?? [each.right]) visit(member);
    } else if (each.type === 'call') each.args.forEach(visit);
  };
  visit(node);
}
