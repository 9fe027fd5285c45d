/**
 * Row filters: a small part of SQL that a person can review and that cannot surprise. Columns of the table, constants,
 * `identity.namespace` and `identity.serviceAccount`; = <> < <= > >=, IN, BETWEEN, LIKE with a constant pattern, IS [NOT]
 * NULL, IS [NOT] TRUE/FALSE, AND, OR, NOT; `now()` and `current_date` (the date in UTC).
 *
 * What comes out never depends on search_path or on a setting of the session: every operator is written
 * OPERATOR(schema.name), every constant is cast to the column's type and has been checked to be valid for it. The compiled
 * text is built from the tree, never from the policy's text.
 */
import { type Expr, type ExprBinary, type ExprTernary, parse } from 'pgsql-ast-parser';
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import type { Identity } from '../identity/identity.ts';
import type { RowFilter, SqlTemplate } from './bundle.ts';
import { FilterError, Operands, type Operand } from './row-filter-operands.ts';

export type CompiledFilter = Omit<RowFilter, 'rules'>;

export type FilterResult =
  | { readonly ok: true; readonly filter: CompiledFilter }
  /** `offset`: characters into the filter's text, where one place is at fault. */
  | { readonly ok: false; readonly message: string; readonly offset?: number };

/** A filter's text, parsed once for all tables of its grant. */
export type ParsedFilter =
  | { readonly ok: true; readonly text: string; readonly expression: Expr }
  | { readonly ok: false; readonly message: string; readonly offset?: number };

export function compileRowFilter(
  parsed: ParsedFilter,
  relation: RelationData,
  catalog: Catalog,
  identity: Identity,
): FilterResult {
  if (!parsed.ok) return parsed;
  try {
    const operands = new Operands(parsed.text, relation, catalog, identity);
    const template = merge(new Compiler(operands).condition(parsed.expression, 0));
    return {
      ok: true,
      filter: {
        template,
        columns: [...operands.columns].sort((a, b) => a - b),
        hasSublink: false,
        leakproof: operands.leakproof,
      },
    };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return {
      ok: false,
      message: error.offset === undefined ? error.message : `${error.message} (at character ${error.offset + 1})`,
      ...(error.offset === undefined ? {} : { offset: error.offset }),
    };
  }
}

/** OR of filters that grant the same columns; each must keep its rows. */
export function anyOf(filters: readonly RowFilter[]): RowFilter | undefined {
  const [first] = filters;
  if (first === undefined || filters.length === 1) return first;
  const template = filters.flatMap((filter, index) => [index === 0 ? '(' : ' OR ', ...filter.template]);
  return {
    template: merge([...template, ')']),
    columns: [...new Set(filters.flatMap((filter) => filter.columns))].sort((a, b) => a - b),
    hasSublink: filters.some((filter) => filter.hasSublink),
    leakproof: filters.every((filter) => filter.leakproof),
    rules: [...new Set(filters.flatMap((filter) => filter.rules))].sort(),
  };
}

export function parseRowFilter(text: string): ParsedFilter {
  try {
    const found: unknown = parse(text, { entry: 'expr', locationTracking: true });
    const list = (Array.isArray(found) ? found : [found]) as Expr[];
    const [expression] = list;
    if (expression === undefined || list.length !== 1) return { ok: false, message: 'a row filter is one condition' };
    return { ok: true, text, expression };
  } catch (error) {
    return { ok: false, ...syntaxError(text, error) };
  }
}

/** The parser reports line and column; its list of what it expected helps nobody here. */
function syntaxError(text: string, error: unknown): { readonly message: string; readonly offset?: number } {
  const where = /line ([0-9]+) col ([0-9]+)/.exec(error instanceof Error ? error.message : '');
  if (where === null) return { message: 'the row filter is not a condition that Sluice understands' };
  const before = text.split('\n').slice(0, Number(where[1]) - 1);
  const offset = before.reduce((sum, line) => sum + line.length + 1, 0) + Number(where[2]) - 1;
  return { message: `the row filter is not a condition that Sluice understands (at character ${offset + 1})`, offset };
}

const COMPARISONS: Readonly<Record<string, string>> = { '=': '=', '!=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };
const TRUTH_TESTS: ReadonlySet<string> = new Set(['IS TRUE', 'IS FALSE', 'IS NOT TRUE', 'IS NOT FALSE']);

class Compiler {
  readonly #operands: Operands;

  constructor(operands: Operands) {
    this.#operands = operands;
  }

  /** A boolean expression, always in parentheses or atomic. */
  condition(node: Expr, depth: number): SqlTemplate {
    if (depth > 64) throw this.#error(node, 'the row filter is nested too deeply');
    switch (node.type) {
      case 'binary':
        return this.#binary(node, depth);
      case 'ternary':
        return this.#between(node);
      case 'unary':
        return this.#unary(node, depth);
      case 'boolean':
        return [node.value ? 'true' : 'false'];
      case 'ref':
        return this.#booleanColumn(node);
      default:
        throw this.#error(node, `${node.type} is not a condition that a row filter may contain`);
    }
  }

  #binary(node: ExprBinary, depth: number): SqlTemplate {
    if (node.opSchema !== undefined) throw this.#error(node, 'operators are written plainly in a row filter');
    if (node.op === 'AND' || node.op === 'OR') {
      return ['(', ...this.condition(node.left, depth + 1), ` ${node.op} `, ...this.condition(node.right, depth + 1), ')'];
    }
    if (node.op === 'IN' || node.op === 'NOT IN') return this.#membership(node);
    if (node.op === 'LIKE' || node.op === 'NOT LIKE') return this.#operands.like(node.left, node.right, node.op === 'NOT LIKE');
    const operator = COMPARISONS[node.op];
    if (operator === undefined) throw this.#error(node, `operator ${node.op} is not allowed in a row filter`);
    const [left, right] = this.#operands.pair(node.left, node.right);
    return ['(', ...this.#operands.compare(left, operator, right, node), ')'];
  }

  /** `= ANY (ARRAY[…])` keeps the operator explicit, which IN cannot, and uses the same index. */
  #membership(node: ExprBinary): SqlTemplate {
    const items = node.right.type === 'list' ? node.right.expressions : [node.right];
    const column = this.#operands.column(node.left);
    const values = items.map((item) => this.#operands.constant(item, column));
    const list = values.flatMap((value, index) => (index === 0 ? value.template : [', ', ...value.template]));
    const equals = this.#operands.operator('=', column, node);
    const test: SqlTemplate = [...column.template, ` ${equals} ANY (ARRAY[`, ...list, '])'];
    return node.op === 'IN' ? ['(', ...test, ')'] : ['(NOT (', ...test, '))'];
  }

  #between(node: ExprTernary): SqlTemplate {
    const column = this.#operands.column(node.value);
    const bounds = [this.#operands.constant(node.lo, column), this.#operands.constant(node.hi, column)] as const;
    const low = this.#operands.compare(column, '>=', bounds[0], node);
    const high = this.#operands.compare(column, '<=', bounds[1], node);
    const both: SqlTemplate = ['(', ...low, ' AND ', ...high, ')'];
    return node.op === 'BETWEEN' ? both : ['(NOT ', ...both, ')'];
  }

  #unary(node: Extract<Expr, { type: 'unary' }>, depth: number): SqlTemplate {
    if (node.op === 'NOT') return ['(NOT ', ...this.condition(node.operand, depth + 1), ')'];
    if (node.op === 'IS NULL' || node.op === 'IS NOT NULL') {
      return ['(', ...this.#operands.anyColumn(node.operand), ` ${node.op})`];
    }
    if (TRUTH_TESTS.has(node.op)) return ['(', ...this.condition(node.operand, depth + 1), ` ${node.op})`];
    throw this.#error(node, `${node.op} is not allowed in a row filter`);
  }

  #booleanColumn(node: Expr): SqlTemplate {
    const column: Operand = this.#operands.column(node);
    if (column.family !== 'bool') throw this.#error(node, 'a column alone is a condition only if it is a boolean');
    return column.template;
  }

  #error(node: Expr, message: string): FilterError {
    return this.#operands.error(node, message);
  }
}

/** Adjacent pieces of text become one. */
function merge(template: SqlTemplate): SqlTemplate {
  const merged: (string | number)[] = [];
  for (const part of template) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else merged.push(part);
  }
  return merged;
}
