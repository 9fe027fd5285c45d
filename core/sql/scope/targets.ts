/**
 * Target lists: `*` and `t.*` are expanded for the audit and for the columns a derived table has; where the subquery of a
 * replaced relation exposes system columns, the star itself is spelled out at the end of the statement (stars.ts).
 */
import type { ColumnRef, Node, ResTarget } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { deny } from '../../errors/denial.ts';
import { asTag, isStar, locationOf, namesOf } from '../ast/node.ts';
import type { OutputColumns, Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { walk } from './expression.ts';
import { keepAllColumns } from '../read/site.ts';
import { outputName } from './output-name.ts';
import { noteColumn, noteRow, recordMembers, recordRead } from './reads.ts';
import { referToColumn, resolveFields } from './reference.ts';
import { dropSchema } from './reference-text.ts';
import { targetEnd } from './spans.ts';
import { starColumns } from './stars.ts';
import { resolveSource } from './resolve.ts';
import { at, isLate, sitesOf } from './scope.ts';

/** MaxTupleAttributeNumber: the server takes no more, and twenty WITH queries that each double the last would make a million. */
const MAXIMUM_COLUMNS = 1_664;

function tooManyColumns(): never {
  return deny('SLUICE-104', `target lists can have at most ${MAXIMUM_COLUMNS} entries`, { sqlstate: '54011', rule: 'floor' });
}

/** Walks a target list at its level and gives the columns that come out; null when they cannot be known. */
export function walkTargets(context: StatementContext, list: readonly Node[] | undefined, scope: Scope): OutputColumns {
  return at(scope, 'target', () => {
    const columns: ScopeColumn[] = [];
    let known = true;
    for (const item of list ?? []) {
      const target = asTag(item, 'ResTarget');
      if (target === undefined) continue;
      const star = starOf(target);
      if (star !== undefined) context.met.add(star.reference);
      if (star !== undefined) known = expandStar(context, star, list as Node[], item, scope, columns) && known;
      else if (isRowExpansion(target)) known = expandRow(context, target, scope, columns) && known;
      else columns.push(walkTarget(context, target, scope));
      if (columns.length > MAXIMUM_COLUMNS) tooManyColumns();
    }
    return known ? columns : null;
  });
}

function starOf(target: ResTarget): { node: Node; reference: ColumnRef } | undefined {
  const reference = asTag(target.val, 'ColumnRef');
  return reference !== undefined && isStar(reference.fields?.at(-1)) ? { node: target.val!, reference } : undefined;
}

/** `(t).*`, `(f(x)).*` */
function isRowExpansion(target: ResTarget): boolean {
  const body = asTag(target.val, 'A_Indirection');
  return body !== undefined && isStar(body.indirection?.at(-1));
}

function walkTarget(context: StatementContext, target: ResTarget, scope: Scope): ScopeColumn {
  const name = target.name ?? outputName(target.val);
  const before = context.maskedReads.length;
  if (scope.nested) context.frames.enter();
  context.regUse = context.outputUse;
  const typeOid = target.val === undefined ? 0 : walk(context, target.val, scope);
  const reaches = scope.nested ? context.frames.touched() : [];
  if (scope.nested) context.frames.leave(true, sitesOf(scope.sources));
  keepName(context, target, name);
  return {
    name,
    ...plainOrigin(context, target.val, scope),
    typeOid,
    ...(reaches.length > 0 ? { reaches } : {}),
    ...(context.maskedReads.length > before ? { masked: true } : {}),
  };
}

/** A guard around the whole target would change its name. */
function keepName(context: StatementContext, target: ResTarget, name: string): void {
  const now = target.name ?? outputName(target.val);
  if (now === name) return;
  const end = targetEnd(context, locationOf(target));
  context.edit({ start: end, end, replacement: ` AS ${quoteIdentifier(name)}` });
  target.name = name;
}

/** The relation column that a plain reference passes on. */
function plainOrigin(context: StatementContext, node: Node | undefined, scope: Scope): Pick<ScopeColumn, 'origin'> {
  const reference = asTag(node, 'ColumnRef');
  const names = namesOf(reference?.fields);
  if (reference === undefined || names === undefined) return {};
  const found = resolveFields(context, scope, names, reference);
  return found.kind === 'column' && found.column.origin !== undefined ? { origin: found.column.origin } : {};
}

function expandStar(
  context: StatementContext,
  { node, reference }: { node: Node; reference: ColumnRef },
  list: Node[],
  item: Node,
  scope: Scope,
  columns: ScopeColumn[],
): boolean {
  const names = namesOf(reference.fields?.slice(0, -1)) ?? [];
  const sources =
    names.length === 0
      ? scope.sources.filter((source) => source.columnsVisible !== false)
      : namedSource(context, reference, names, scope);
  if (sources === undefined) {
    referToColumn(context, node, { ...reference, fields: reference.fields?.slice(0, -1) ?? [] }, scope);
    return false;
  }
  let known = true;
  for (const source of sources) known = expandSource(context, node, reference, source, scope, columns) && known;
  if (sources.some((source) => (source.sites?.length ?? 0) > 0)) context.stars.push({ list, item, reference, sources });
  return known;
}

function namedSource(
  context: StatementContext,
  reference: ColumnRef,
  names: readonly string[],
  scope: Scope,
): readonly ScopeSource[] | undefined {
  const found = resolveSource(scope, names.at(-1)!, names.length > 1 ? names.at(-2) : undefined);
  if (found.kind !== 'whole-row') return undefined;
  dropSchema(context, reference, [...names, '*'], found.source);
  return [found.source];
}

function expandSource(
  context: StatementContext,
  node: Node,
  reference: ColumnRef,
  source: ScopeSource,
  scope: Scope,
  columns: ScopeColumn[],
): boolean {
  if (source.onReference !== undefined) {
    noteRow(context, source, scope, node, reference);
    return source.columns !== null;
  }
  const expanded = starColumns(source);
  if (expanded === null) {
    keepAllColumns(source.sites);
    recordMembers(context, source);
    return false;
  }
  const late = isLate(scope);
  for (const column of expanded) {
    const before = context.maskedReads.length;
    if (column.behind !== undefined) noteColumn(context, node, reference, scope, column.behind.source, column.behind.column);
    if (source.relation === undefined && column.masked) context.maskedReads.push(column.name);
    recordRead(context, source, column);
    const masked = context.maskedReads.length > before;
    if (source.site !== undefined && column.origin !== undefined) source.site.late.add(column.origin.attnum);
    if (!late) for (const reach of column.reaches ?? []) context.frames.touch(reach);
    const shown = column.behind === undefined && column.merged === undefined ? column : strip(column);
    columns.push(masked ? { ...shown, masked: true } : shown);
  }
  return true;
}

/** What leaves the level has no join behind it any more. */
function strip(column: ScopeColumn): ScopeColumn {
  const { name, origin, typeOid, reaches, masked } = column;
  return {
    name,
    ...(origin === undefined ? {} : { origin }),
    ...(typeOid === undefined ? {} : { typeOid }),
    ...(reaches === undefined ? {} : { reaches }),
    ...(masked === undefined ? {} : { masked }),
  };
}

/** `(t).*` yields t's columns; any other composite's are not known here. */
function expandRow(context: StatementContext, target: ResTarget, scope: Scope, columns: ScopeColumn[]): boolean {
  const body = asTag(target.val, 'A_Indirection')!;
  const names = body.indirection?.length === 1 ? namesOf(asTag(body.arg, 'ColumnRef')?.fields) : undefined;
  walk(context, target.val!, scope);
  if (names?.length !== 1) return false;
  const found = resolveSource(scope, names[0]!, undefined);
  const expanded = found.kind === 'whole-row' ? starColumns(found.source) : null;
  if (expanded === null) return false;
  columns.push(...expanded.map(strip));
  return true;
}
