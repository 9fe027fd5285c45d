/** The columns of a function in FROM, where they are written down; otherwise they are not known. */
import type { Node, RangeFunction } from '@pgsql/types';
import { asTag, namesOf } from '../ast/node.ts';
import type { OutputColumns, ScopeColumn, StatementContext } from '../context.ts';
import { checkTypeName } from '../scope/checks.ts';
import { simpleType } from '../scope/safety.ts';

export function functionColumns(context: StatementContext, body: RangeFunction, calls: readonly Node[]): OutputColumns {
  const defined = definitions(context, body.coldeflist);
  for (const entry of body.functions ?? []) definitions(context, asTag(asTag(entry, 'List')?.items?.[1], 'List')?.items);
  if (defined !== null) return body.ordinality ? null : rename(defined, namesOf(body.alias?.colnames) ?? []);
  const own = calls.length === 1 ? knownColumns(context, body, calls[0]!) : null;
  if (own === null) return null;
  const columns = body.ordinality ? [...own, { name: 'ordinality', typeOid: 20 }] : own;
  return rename(columns, namesOf(body.alias?.colnames) ?? []);
}

/** Pairs that built-in functions yield. */
const PAIRS: ReadonlySet<string> = new Set(['json_each', 'json_each_text', 'jsonb_each', 'jsonb_each_text']);
/** Built-in functions that yield one plain value and have no OUT parameter, whose name would be the column's. */
const PLAIN: ReadonlySet<string> = new Set([
  'generate_series',
  'regexp_split_to_table',
  'string_to_table',
  'generate_subscripts',
]);

/** Plain too, and of a type that decides whether `@@` may stand before a row filter (ADR 13). */
const QUERIES = /^(?:plain|phrase|websearch_)?to_tsquery$/;
const TSQUERY = 3615;

/**
 * What a column is called must be certain: a name that the source does not have means a column of an outer level, which may be a
 * protected one. With an alias list it is; without one, only for functions of the server that are known here.
 */
function knownColumns(context: StatementContext, body: RangeFunction, call: Node): readonly ScopeColumn[] | null {
  const name = namesOf(asTag(call, 'FuncCall')?.funcname)?.at(-1);
  if (name === undefined) return null;
  const listed = namesOf(body.alias?.colnames) ?? [];
  const builtIn = context.catalog.functionsNamed(name).every(({ schema }) => schema === 'pg_catalog');
  const query = builtIn && QUERIES.test(name);
  if (isScalar(context, call) && (listed.length > 0 || query || (builtIn && PLAIN.has(name))))
    return [{ name: body.alias?.aliasname ?? name, ...(query ? { typeOid: TSQUERY } : {}) }];
  return PAIRS.has(name) && builtIn ? [{ name: 'key' }, { name: 'value' }] : null;
}

function rename(columns: readonly ScopeColumn[], names: readonly string[]): readonly ScopeColumn[] {
  return columns.map((column, index) => (index < names.length ? { ...column, name: names[index]! } : column));
}

/** A column definition list names types, which are checked like any other. */
function definitions(context: StatementContext, list: readonly Node[] | undefined): readonly ScopeColumn[] | null {
  if (list === undefined || list.length === 0) return null;
  return list.map((node) => {
    const column = asTag(node, 'ColumnDef');
    if (column?.typeName !== undefined) checkTypeName(context, column.typeName);
    return { name: column?.colname ?? '', typeOid: simpleType(context, column?.typeName) };
  });
}

/** Every candidate returns one plain value: not a record, a row or whatever it is given. */
function isScalar(context: StatementContext, call: Node): boolean {
  const name = namesOf(asTag(call, 'FuncCall')?.funcname)?.at(-1);
  const candidates = name === undefined ? [] : context.catalog.functionsNamed(name);
  return (
    candidates.length > 0 &&
    candidates.every((entry) => {
      const kind = context.catalog.type(entry.returnType)?.kind;
      return kind === 'base' || kind === 'enum' || kind === 'range';
    })
  );
}
