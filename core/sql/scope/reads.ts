/**
 * What a reference reads: the in-place source hears of it, the audit learns it, the row-filter tiers learn what is reached, and
 * whoever stores a value learns whether it is made from a masked column.
 */
import type { ColumnRef, Node } from '@pgsql/types';
import { denial } from '../../errors/denial.ts';
import { become, isStar, locationOf } from '../ast/node.ts';
import type { Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { keepAllColumns } from '../read/site.ts';
import { columnHint } from './hints.ts';
import type { Resolution } from './resolve.ts';
import { isLate } from './scope.ts';

/** Type OIDs of the system columns. */
export const SYSTEM_TYPES: Readonly<Record<string, number>> = { tableoid: 26, xmin: 28, cmin: 29, xmax: 28, cmax: 29, ctid: 27 };

/** A column of a known source. Also for merged join columns and functional notation. */
export function noteColumn(
  context: StatementContext,
  node: Node,
  reference: ColumnRef,
  scope: Scope,
  source: ScopeSource,
  column: ScopeColumn,
): void {
  const behind = column.behind;
  if (behind !== undefined) {
    noteColumn(context, node, reference, scope, behind.source, behind.column);
    return;
  }
  for (const part of column.merged ?? NONE) noteLate(part.source, part.column, scope);
  if (source.onReference !== undefined) {
    handOver(context, node, reference, source, column);
    return;
  }
  recordRead(context, source, column);
  const late = isLate(scope);
  for (const reach of column.reaches ?? NONE) if (!late) context.frames.touch(reach);
  noteLate(source, column, scope);
}

/** To the source's own handler: a DML target edits or denies each reference to it. */
function handOver(context: StatementContext, node: Node, reference: ColumnRef, source: ScopeSource, column: ScopeColumn): void {
  source.onReference?.({
    context,
    source,
    column,
    node,
    replace: (other) => become(node, other),
    range: rangeOf(context, reference),
  });
}

/** What GROUP BY of the primary key must carry: everything used outside WHERE, ON and aggregates. */
function noteLate(source: ScopeSource, column: ScopeColumn, scope: Scope): void {
  const site = source.site;
  if (site !== undefined && column.origin !== undefined && isGrouped(scope)) site.late.add(column.origin.attnum);
}

function isGrouped({ place }: Scope): boolean {
  return place !== 'where' && place !== 'join' && place !== 'aggregate';
}

const NONE: readonly never[] = [];

/** Facts for one column of a relation source. */
export function recordRead(context: StatementContext, source: ScopeSource, column: ScopeColumn): void {
  const relation = source.relation;
  if (column.masked) context.maskedReads.push(column.name);
  if (relation === undefined || column.origin === undefined) return;
  const own = relation.columns.find((candidate) => candidate.attnum === column.origin?.attnum);
  if (own === undefined) return;
  source.site?.used.add(own.attnum);
  context.facts.read(relation, own.name);
  const granted = source.rule?.columns.find((candidate) => candidate.attnum === own.attnum);
  if (granted === undefined && source.rule !== undefined && context.bundle.mode === 'Observe') {
    context.refuse(
      denial('SLUICE-202', `column "${own.name}" does not exist or is not granted`, {
        hint: columnHint(context, source, own.name),
        rule: 'grants',
      }),
    );
  }
  if (granted?.mask !== undefined) context.facts.mask(relation, own.name, granted.mask);
  const applied = source.site?.rule.columns.find((candidate) => candidate.attnum === own.attnum);
  if (applied?.mask !== undefined) context.maskedReads.push(`${relation.schema}.${relation.name}.${own.name}`);
}

export function noteSystemColumn(
  context: StatementContext,
  node: Node,
  reference: ColumnRef,
  scope: Scope,
  source: ScopeSource,
  name: string,
): void {
  if (source.onReference !== undefined) {
    handOver(context, node, reference, source, { name, typeOid: SYSTEM_TYPES[name] ?? 0 });
    return;
  }
  const site = source.site;
  if (site === undefined) return;
  site.systemColumns.add(name);
  if (isGrouped(scope)) site.lateSystem.add(name);
  if (!isLate(scope)) context.frames.touch({ site, attnum: 'all' });
}

/** What the name means if the opaque source has no such column: it must stay available. */
export function noteOtherwise(context: StatementContext, node: Node, reference: ColumnRef, otherwise: Resolution): void {
  if (otherwise.kind === 'column') noteColumn(context, node, reference, otherwise.scope, otherwise.source, otherwise.column);
  else if (otherwise.kind === 'opaque') noteOtherwise(context, node, reference, otherwise.otherwise);
  else if (otherwise.kind === 'whole-row') noteRow(context, otherwise.source, otherwise.scope, node, reference);
  if ('source' in otherwise) keepAllColumns(otherwise.source.sites);
}

/** A column of a source whose columns are not known may be any column of the relations below it. */
export function noteUnknown(context: StatementContext, source: ScopeSource, scope: Scope, name: string): void {
  const late = isLate(scope);
  keepAllColumns(source.sites);
  recordMembers(context, source, name);
  for (const site of source.sites ?? []) if (!late) context.frames.touch({ site, attnum: 'all' });
}

/** A whole-row reference reads everything the subject has of the source. */
export function noteRow(context: StatementContext, source: ScopeSource, scope: Scope, node: Node, reference: ColumnRef): void {
  if (source.onReference !== undefined) {
    source.onReference({
      context,
      source,
      column: 'whole-row',
      node,
      replace: (other) => become(node, other),
      range: rangeOf(context, reference),
    });
    return;
  }
  const late = isLate(scope);
  for (const site of source.sites ?? []) if (!late) context.frames.touch({ site, attnum: 'all' });
  for (const column of source.columns ?? []) {
    if (column.ungranted) continue;
    if (source.relation === undefined && column.masked) context.maskedReads.push(column.name);
    for (const part of partsOf({ source, column })) {
      recordRead(context, part.source, part.column);
      const site = part.source.site;
      if (site === undefined) continue;
      if (part.column.origin !== undefined) site.late.add(part.column.origin.attnum);
      site.wholeRow = true;
    }
  }
  if (source.columns === null) recordMembers(context, source);
  if (source.site !== undefined) {
    source.site.wholeRow = true;
    source.site.lateRow ||= isGrouped(scope);
  }
}

interface Part {
  readonly source: ScopeSource;
  readonly column: ScopeColumn;
}

/** The relations' own columns behind a join's column. */
function partsOf(part: Part): readonly Part[] {
  if (part.column.behind !== undefined) return partsOf(part.column.behind);
  return part.column.merged?.flatMap(partsOf) ?? [part];
}

/**
 * A source whose columns are not known: what is read of it may be made from what all of them are, and of a join it is a column
 * of its members, of that name if there is one.
 */
export function recordMembers(context: StatementContext, source: ScopeSource, name?: string): void {
  if (source.masked !== undefined) context.maskedReads.push(source.masked);
  const wanted = source.renames ? undefined : name;
  for (const member of source.members ?? []) {
    if (member.columns === null) recordMembers(context, member, wanted);
    for (const column of member.columns ?? []) {
      if (column.ungranted || (wanted !== undefined && column.name !== wanted)) continue;
      for (const part of partsOf({ source: member, column })) recordRead(context, part.source, part.column);
    }
  }
}

/** Byte range of the reference's own tokens, a final `.*` included. */
function rangeOf(context: StatementContext, reference: ColumnRef): readonly [number, number] {
  const start = locationOf(reference);
  const name = context.source.nameAt(start);
  if (!isStar(reference.fields?.at(-1))) return [start, name.end];
  const dot = context.source.tokenAt(name.end);
  const star = dot === undefined ? undefined : context.source.next(dot);
  return [start, star?.end ?? name.end];
}
