/**
 * Which literals of a statement can have another value without any decision changing: only those in places where nothing but the
 * server ever looks at the value, listed here. The analyser pins what it has read; this list is the second, independent line: a
 * literal is replaced only if it stands in a listed place *and* has not been pinned.
 */
import type { ParseTree } from '../parse/parser.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Byte offsets (as the tree gives them) of the literals in listed places. */
export function freeLiterals(tree: ParseTree): ReadonlySet<number> {
  const search = new Search();
  search.visit(tree.stmts);
  for (const location of search.bound) search.free.delete(location);
  return search.free;
}

/** Comparisons (BETWEEN under its grammar's names) and arithmetic. Not `->`, `->>`, `@>` and the like: their constants name parts of documents. */
const OPERATORS: ReadonlySet<string> = new Set([
  ...['=', '<>', '!=', '<', '>', '<=', '>=', '+', '-', '*', '/', '%', '||', '~~', '!~~', '~~*', '!~~*'],
  ...['BETWEEN', 'NOT BETWEEN', 'BETWEEN SYMMETRIC', 'NOT BETWEEN SYMMETRIC'],
]);
const KINDS: ReadonlySet<unknown> = new Set([
  ...['AEXPR_OP', 'AEXPR_IN', 'AEXPR_LIKE', 'AEXPR_ILIKE', 'AEXPR_DISTINCT', 'AEXPR_NOT_DISTINCT'],
  ...['AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN', 'AEXPR_BETWEEN_SYM', 'AEXPR_NOT_BETWEEN_SYM'],
]);
/** Types whose literals name nothing. */
const PLAIN_TYPES: ReadonlySet<string> = new Set([
  ...['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'text', 'varchar', 'bpchar', 'uuid'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'],
]);

class Search {
  readonly free = new Set<number>();
  /** Those that stand anywhere else. */
  readonly bound = new Set<number>();
  readonly #listed = new Set<unknown>();

  visit(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item);
      return;
    }
    if (!isFields(value)) return;
    for (const key in value) {
      const inner = value[key];
      if (key === 'A_Const' && isFields(inner)) this.#constant(inner);
      else {
        if (isFields(inner)) this.#place(key, inner);
        this.visit(inner);
      }
    }
  }

  #constant(body: Fields): void {
    const location = body['location'];
    if (typeof location !== 'number' || location <= 0) return;
    (this.#listed.has(body) ? this.free : this.bound).add(location);
  }

  #place(tag: string, body: Fields): void {
    switch (tag) {
      case 'A_Expr':
        this.#expression(body);
        break;
      case 'InsertStmt':
        for (const row of listOf(at(body, 'selectStmt', 'SelectStmt', 'valuesLists'))) {
          for (const item of listOf(at(row, 'List', 'items'))) this.#list(item);
        }
        break;
      case 'UpdateStmt':
        for (const target of listOf(body['targetList'])) this.#list(at(target, 'ResTarget', 'val'));
        break;
      case 'SelectStmt':
        this.#list(body['limitCount']);
        this.#list(body['limitOffset']);
        break;
      default:
    }
  }

  #expression(body: Fields): void {
    if (!KINDS.has(body['kind']) || !listOf(body['name']).every((name) => OPERATORS.has(String(at(name, 'String', 'sval')))))
      return;
    const { lexpr, rexpr } = body;
    // Between two constants the outcome itself is constant (1 = 1).
    if (constantIn(lexpr) !== undefined && constantIn(rexpr) !== undefined) return;
    this.#list(lexpr);
    this.#list(rexpr);
    for (const item of listOf(at(rexpr, 'List', 'items'))) this.#list(item);
  }

  #list(node: unknown): void {
    const constant = constantIn(node);
    if (constant !== undefined) this.#listed.add(constant);
  }
}

/** The constant that a node is, bare or under a cast to a plain type. */
function constantIn(node: unknown): Fields | undefined {
  const bare = at(node, 'A_Const');
  if (isFields(bare)) return bare;
  const cast = at(node, 'TypeCast');
  if (!isFields(cast)) return undefined;
  const names = listOf(at(cast, 'typeName', 'names')).map((name) => String(at(name, 'String', 'sval')));
  const plain = names.length <= 2 && (names.length === 1 || names[0] === 'pg_catalog') && PLAIN_TYPES.has(names.at(-1) ?? '');
  return plain && at(cast, 'typeName', 'arrayBounds') === undefined ? constantIn(cast['arg']) : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  for (const key of path) value = isFields(value) ? value[key] : undefined;
  return value;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
