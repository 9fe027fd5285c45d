/**
 * Which source a name in an expression means, by PostgreSQL's rules (transformColumnRef, colNameToVar,
 * refnameNamespaceItem in src/backend/parser/parse_expr.c and parse_relation.c). A one-part name is a column of the
 * innermost level that has one, else a whole row; a qualified name finds its source first and then the column, which may
 * also be a function applied to the row.
 */
import type { Scope, ScopeColumn, ScopeSource } from '../context.ts';

export type Resolution =
  | { readonly kind: 'column'; readonly scope: Scope; readonly source: ScopeSource; readonly column: ScopeColumn }
  | { readonly kind: 'system'; readonly scope: Scope; readonly source: ScopeSource; readonly name: string }
  | { readonly kind: 'whole-row'; readonly scope: Scope; readonly source: ScopeSource }
  /** `t.f` where t has no column f: a function on the row, or an error. */
  | { readonly kind: 'attribute'; readonly scope: Scope; readonly source: ScopeSource; readonly name: string }
  /** May be a column of `source`, whose columns are not known. `otherwise` is what it means if not. */
  | { readonly kind: 'opaque'; readonly scope: Scope; readonly source: ScopeSource; readonly otherwise: Resolution }
  | { readonly kind: 'ungranted'; readonly scope: Scope; readonly source: ScopeSource; readonly column: ScopeColumn }
  /** Two candidates on one level: the server will refuse it, whichever is meant. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly ScopeSource[] }
  | { readonly kind: 'missing' };

export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

const MISSING: Resolution = { kind: 'missing' };

/** `name`: a column of the nearest level, else a whole row. */
export function resolveName(scope: Scope, name: string): Resolution {
  const column = resolveColumn(scope, name);
  if (column.kind !== 'missing') return column;
  return resolveSource(scope, name, undefined);
}

function resolveColumn(start: Scope | null, name: string): Resolution {
  for (let scope = start; scope !== null; scope = scope.parent) {
    let found: { source: ScopeSource; column: ScopeColumn } | undefined;
    let hidden: { source: ScopeSource; column: ScopeColumn } | undefined;
    let opaque: ScopeSource | undefined;
    let system: ScopeSource | undefined;
    for (const source of scope.sources) {
      if (source.columnsVisible === false) continue;
      if (source.columns === null) opaque ??= source;
      else {
        for (const column of source.columns) {
          if (column.name !== name) continue;
          if (column.ungranted) hidden ??= { source, column };
          else if (found !== undefined) return { kind: 'ambiguous', candidates: [found.source, source] };
          else found = { source, column };
        }
      }
      if (source.systemColumns && SYSTEM_COLUMNS.has(name)) {
        if (system !== undefined) return { kind: 'ambiguous', candidates: [system, source] };
        system = source;
      }
    }
    if (found !== undefined) return { kind: 'column', scope, ...found };
    if (system !== undefined) return { kind: 'system', scope, source: system, name };
    if (opaque !== undefined) {
      const outer = hidden !== undefined ? ({ kind: 'ungranted', scope, ...hidden } as const) : resolveColumn(scope.parent, name);
      const otherwise = outer.kind === 'missing' ? resolveSource(start!, name, undefined) : outer;
      return { kind: 'opaque', scope, source: opaque, otherwise };
    }
    if (hidden !== undefined) return { kind: 'ungranted', scope, ...hidden };
  }
  return MISSING;
}

/** The source that `name` or `schema.name` stands for, as a whole row. */
export function resolveSource(start: Scope, name: string, schema: string | undefined): Resolution {
  for (let scope: Scope | null = start; scope !== null; scope = scope.parent) {
    let found: ScopeSource | undefined;
    for (const source of scope.sources) {
      if (source.name !== name || (schema !== undefined && source.schema !== schema)) continue;
      if (found !== undefined) return { kind: 'ambiguous', candidates: [found, source] };
      found = source;
    }
    if (found !== undefined) return { kind: 'whole-row', scope, source: found };
  }
  return MISSING;
}

/** `source.name` */
export function resolveMember(scope: Scope, source: ScopeSource, name: string): Resolution {
  let hidden: ScopeColumn | undefined;
  let found: ScopeColumn | undefined;
  for (const column of source.columns ?? []) {
    if (column.name !== name) continue;
    if (column.ungranted) hidden ??= column;
    else if (found !== undefined) return { kind: 'ambiguous', candidates: [source, source] };
    else found = column;
  }
  if (found !== undefined) return { kind: 'column', scope, source, column: found };
  if (source.systemColumns && SYSTEM_COLUMNS.has(name)) return { kind: 'system', scope, source, name };
  if (hidden !== undefined) return { kind: 'ungranted', scope, source, column: hidden };
  if (source.columns === null) return { kind: 'opaque', scope, source, otherwise: { kind: 'attribute', scope, source, name } };
  return { kind: 'attribute', scope, source, name };
}
