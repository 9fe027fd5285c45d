/**
 * `GROUP BY primary key`: PostgreSQL then lets every other column of the table be used bare, but a subquery has no primary key.
 * What is used of it (columns, system columns, the whole row) is added to GROUP BY, which does not change the groups: it depends on the key.
 */
import type { ColumnRef, Node, SelectStmt } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { asTag, columnRef, leftmost, namesOf } from '../ast/node.ts';
import type { Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { hasOwnOperator } from '../scope/own-operator.ts';
import { resolveFields } from '../scope/reference.ts';
import { exposedName } from '../scope/reference-text.ts';
import type { ReadSite } from './site.ts';

export function repairGroupBy(context: StatementContext, body: SelectStmt, scope: Scope): void {
  const groups = body.groupClause;
  if (groups === undefined || groups.length === 0) return;
  const grouped = groupedColumns(context, body, scope);
  const added: { readonly text: string; readonly node: Node }[] = [];
  for (const source of scope.sources) added.push(...dependents(context, source, grouped));
  if (added.length === 0) return;
  const place = afterGroupBy(context, groups);
  if (place === undefined) return;
  context.edit({ start: place, end: place, replacement: ` ${added.map((column) => column.text).join(', ')}, ` });
  body.groupClause = [...added.map((column) => column.node), ...groups];
}

/** What is grouped by plainly, as `site -> attnums`; grouping sets do not make a key. */
function groupedColumns(context: StatementContext, body: SelectStmt, scope: Scope): ReadonlyMap<object, ReadonlySet<number>> {
  const grouped = new Map<object, Set<number>>();
  for (const item of body.groupClause ?? []) {
    const starred = columnAt(body, item, scope);
    if (starred !== undefined) note(grouped, starred.source, starred.column);
    const node = outputTarget(body, item, scope);
    const reference: ColumnRef | undefined = asTag(node, 'ColumnRef');
    const names = namesOf(reference?.fields);
    if (reference === undefined || names === undefined) continue;
    const found = resolveFields(context, scope, names, reference);
    if (found.kind === 'column' && found.scope === scope) note(grouped, found.source, found.column);
  }
  return grouped;
}

function note(grouped: Map<object, Set<number>>, source: ScopeSource, column: ScopeColumn): void {
  for (const part of column.merged ?? [column.behind ?? { source, column }]) {
    const site = part.source.site;
    if (site === undefined || part.column.origin === undefined) continue;
    const attnums = grouped.get(site);
    if (attnums === undefined) grouped.set(site, new Set([part.column.origin.attnum]));
    else attnums.add(part.column.origin.attnum);
  }
}

/** The column of a star that `GROUP BY 1` means. Stars over several relations are left alone: what they merge and leave out is another story. */
function columnAt(
  body: SelectStmt,
  item: Node,
  scope: Scope,
): { readonly source: ScopeSource; readonly column: ScopeColumn } | undefined {
  let left = asTag(item, 'A_Const')?.ival?.ival;
  for (const target of left === undefined ? [] : (body.targetList ?? [])) {
    const fields = asTag(asTag(target, 'ResTarget')?.val, 'ColumnRef')?.fields ?? [];
    if (asTag(fields.at(-1), 'A_Star') === undefined) {
      left! -= 1;
      if (left === 0) return undefined;
      continue;
    }
    const name = namesOf(fields.slice(0, -1));
    const sources = name?.length === 1 ? scope.sources.filter((source) => source.name === name[0]) : scope.sources;
    const source = sources.length === 1 ? sources[0]! : undefined;
    if (source?.columns === undefined || source.columns === null || (name?.length ?? 0) > 1) return undefined;
    const columns = source.columns.filter((column) => !column.ungranted);
    const column = columns[left! - 1];
    if (column !== undefined) return { source, column };
    left! -= columns.length;
  }
  return undefined;
}

/** `GROUP BY 1` and output names mean the target. */
function outputTarget(body: SelectStmt, item: Node, scope: Scope): Node | undefined {
  const position = asTag(item, 'A_Const')?.ival?.ival;
  if (position !== undefined) return asTag(body.targetList?.[position - 1], 'ResTarget')?.val;
  const names = namesOf(asTag(item, 'ColumnRef')?.fields);
  if (names?.length !== 1) return item;
  const isInput = scope.sources.some(
    (source) =>
      source.columnsVisible !== false && source.columns?.some((column) => column.name === names[0] && !column.ungranted),
  );
  if (isInput) return item;
  for (const target of body.targetList ?? []) {
    const body_ = asTag(target, 'ResTarget');
    if (body_?.name === names[0]) return body_?.val;
  }
  return item;
}

function dependents(
  context: StatementContext,
  source: ScopeSource,
  grouped: ReadonlyMap<object, ReadonlySet<number>>,
): { text: string; node: Node }[] {
  const site = source.site;
  const key = site?.relation.primaryKey;
  if (site === undefined || key === undefined) return [];
  const attnums = grouped.get(site);
  const raw = (attnum: number): boolean =>
    site.rule.columns.some((column) => column.attnum === attnum && column.mask === undefined);
  if (attnums === undefined || !key.every((attnum) => attnums.has(attnum) && raw(attnum))) return [];
  const names = new Map<number, string>();
  for (const column of source.columns ?? [])
    if (column.origin !== undefined && !column.ungranted) names.set(column.origin.attnum, column.name);
  const exposed = exposedName(site);
  const columns = [...site.late]
    .filter((attnum) => !attnums.has(attnum) && names.has(attnum))
    .sort((a, b) => a - b)
    .map((attnum) => names.get(attnum)!);
  const added = [...columns, ...site.lateSystem].map((name) => ({
    text: `${quoteIdentifier(exposed)}.${quoteIdentifier(name)}`,
    node: columnRef(exposed, name),
  }));
  if (!site.lateRow || !canBeSorted(context, site)) return added;
  const fields: Node[] = [{ String: { sval: exposed } }, { A_Star: {} }];
  return [...added, { text: `${quoteIdentifier(exposed)}.*`, node: { ColumnRef: { fields } } }];
}

/** The server sorts rows whose type it does not know; one with a column that cannot be, it refuses. */
function canBeSorted(context: StatementContext, site: ReadSite): boolean {
  const shown = new Set(site.rule.columns.map(({ attnum }) => attnum));
  return site.relation.columns
    .filter(({ attnum }) => shown.has(attnum))
    .every(({ typeOid }) => hasOwnOperator(context.catalog, typeOid, '<'));
}

/** Byte offset right after `GROUP BY [ALL | DISTINCT]`. */
function afterGroupBy(context: StatementContext, groups: readonly Node[]): number | undefined {
  const first = leftmost(groups[0]);
  let token = first === undefined ? undefined : context.source.tokenAt(first);
  while (token !== undefined) {
    const previous = context.source.previous(token);
    if (token.kind === 'identifier' && token.value === 'by' && previous?.value === 'group') {
      const next = context.source.next(token);
      return next?.kind === 'identifier' && (next.value === 'all' || next.value === 'distinct') ? next.end : token.end;
    }
    token = previous;
  }
  return undefined;
}
