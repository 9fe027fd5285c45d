/**
 * What follows from a resolved reference: the in-place source hears of it, an ungranted column is refused, the audit learns
 * what was read, the row-filter tiers learn what is reached, and two repairs are made that a replaced relation needs:
 * `schema.table.column` loses its schema, and a referenced system column is exposed by the subquery.
 */
import type { ColumnRef, Node } from '@pgsql/types';
import { denial, deny } from '../../errors/denial.ts';
import { asTag, become, isStar, locationOf, namesOf } from '../ast/node.ts';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { keepAllColumns, type ReadSite } from '../read/site.ts';
import { columnHint, nearest } from './hints.ts';
import { type Resolution, resolveMember, resolveName, resolveSource } from './resolve.ts';
import { keepRowNames } from './row-names.ts';
import { isLate } from './scope.ts';

/** Type OIDs of the system columns. */
const SYSTEM_TYPES: Readonly<Record<string, number>> = { tableoid: 26, xmin: 28, cmin: 29, xmax: 28, cmax: 29, ctid: 27 };

/**
 * Resolves a ColumnRef (not ending in `*`) and does what follows. Returns the type OID, 0 when not known.
 *
 * @param selected a field or all fields of it are taken at once, by the names that the subquery's columns have here.
 */
export function referToColumn(
  context: StatementContext,
  node: Node,
  reference: ColumnRef,
  scope: Scope,
  selected = false,
): number {
  const names = namesOf(reference.fields);
  if (names === undefined) return referToRow(context, node, reference, scope);
  return follow(context, node, reference, resolveFields(context, scope, names, reference), names, scope, selected);
}

/** `t.*` outside a target list (ROW(t.*), f(t.*), count(t.*)): the whole row. */
export function referToRow(context: StatementContext, node: Node, reference: ColumnRef, scope: Scope): number {
  const names = namesOf(reference.fields?.filter((field) => !isStar(field))) ?? [];
  if (names.length === 0) {
    for (let level: Scope | null = scope; level !== null; level = level.parent)
      for (const source of level.sources) noteRow(context, source, level, node, reference);
    return 0;
  }
  const name = names.at(-1)!;
  const schema = names.length > 1 ? names.at(-2)! : undefined;
  checkDatabase(context, names.length > 2 ? names[0]! : undefined, reference);
  follow(context, node, reference, resolveSource(scope, name, schema), [...names, '*'], scope);
  return 0;
}

/** 1 to 4 fields; a longer name is left to the server, which refuses it. */
export function resolveFields(
  context: StatementContext,
  scope: Scope,
  names: readonly string[],
  reference: ColumnRef,
): Resolution {
  if (names.length === 1) return resolveName(scope, names[0]!);
  if (names.length > 3) checkDatabase(context, names.at(-4), reference);
  const row = resolveSource(scope, names.at(-2)!, names.length > 2 ? names.at(-3) : undefined);
  return row.kind === 'whole-row' ? resolveMember(row.scope, row.source, names.at(-1)!) : row;
}

function checkDatabase(context: StatementContext, name: string | undefined, reference: ColumnRef): void {
  if (name === undefined || name === context.catalog.data.database || context.bundle.transparent) return;
  deny('SLUICE-102', 'A reference to another database is not possible.', { sqlstate: '0A000', location: locationOf(reference) });
}

function follow(
  context: StatementContext,
  node: Node,
  reference: ColumnRef,
  found: Resolution,
  names: readonly string[],
  scope: Scope,
  selected = false,
): number {
  switch (found.kind) {
    case 'column':
      noteColumn(context, node, reference, found.scope, found.source, found.column);
      keepApart(names, scope, found);
      dropSchema(context, reference, names, found.source);
      return found.column.typeOid ?? 0;
    case 'system':
      noteSystemColumn(context, node, reference, found.scope, found.source, found.name);
      keepApart(names, scope, found);
      dropSchema(context, reference, names, found.source);
      return SYSTEM_TYPES[found.name] ?? 0;
    case 'whole-row':
    case 'attribute':
      if (found.kind === 'attribute' && found.source.onReference === undefined)
        unknownColumn(context, found.name, [found.source], reference);
      noteRow(context, found.source, found.scope, node, reference);
      keepApart(names, scope, found);
      dropSchema(context, reference, names, found.source);
      if (found.kind === 'whole-row' && names.length === 1) {
        found.source.site?.qualified.push({ reference, names });
        if (!selected) keepRowType(context, node, reference, found.source);
      }
      return 0;
    case 'opaque':
      refuseUncertain(context, found.otherwise, names.at(-1)!, reference);
      noteOtherwise(context, node, reference, found.otherwise);
      noteUnknown(context, found.source, found.scope, names.at(-1)!);
      dropSchema(context, reference, names, found.source);
      return 0;
    case 'ungranted':
      refuseColumn(context, found.column.name, found.source, reference);
      return 0;
    case 'ambiguous':
      for (const candidate of found.candidates) keepAllColumns(candidate.sites);
      if (found.candidates.some((source) => source.onReference !== undefined)) uncertain(context, names.at(-1)!, reference);
      return 0;
    case 'missing':
      if (names.length === 1) unknownName(context, names[0]!, scope, reference);
      return 0;
  }
}

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
    source.onReference({
      context,
      source,
      column,
      node,
      replace: (other) => become(node, other),
      range: rangeOf(context, reference),
    });
    return;
  }
  recordRead(context, source, column);
  const late = isLate(scope);
  for (const reach of column.reaches ?? NONE) if (!late) context.frames.touch(reach);
  noteLate(source, column, scope);
}

/** What GROUP BY of the primary key must carry: everything used outside WHERE, ON and aggregates. */
function noteLate(source: ScopeSource, column: ScopeColumn, scope: Scope): void {
  const site = source.site;
  if (
    site !== undefined &&
    column.origin !== undefined &&
    scope.place !== 'where' &&
    scope.place !== 'join' &&
    scope.place !== 'aggregate'
  ) {
    site.late.add(column.origin.attnum);
  }
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

function noteSystemColumn(
  context: StatementContext,
  node: Node,
  reference: ColumnRef,
  scope: Scope,
  source: ScopeSource,
  name: string,
): void {
  if (source.onReference !== undefined) {
    const column: ScopeColumn = { name, typeOid: SYSTEM_TYPES[name] ?? 0 };
    source.onReference({
      context,
      source,
      column,
      node,
      replace: (other) => become(node, other),
      range: rangeOf(context, reference),
    });
    return;
  }
  const site = source.site;
  if (site === undefined) return;
  site.systemColumns.add(name);
  if (!isLate(scope)) context.frames.touch({ site, attnum: 'all' });
}

/** What the name means if the opaque source has no such column: it must stay available. */
function noteOtherwise(context: StatementContext, node: Node, reference: ColumnRef, otherwise: Resolution): void {
  if (otherwise.kind === 'column') noteColumn(context, node, reference, otherwise.scope, otherwise.source, otherwise.column);
  else if (otherwise.kind === 'opaque') noteOtherwise(context, node, reference, otherwise.otherwise);
  else if (otherwise.kind === 'whole-row') noteRow(context, otherwise.source, otherwise.scope, node, reference);
  if ('source' in otherwise) keepAllColumns(otherwise.source.sites);
}

/** A column of a source whose columns are not known may be any column of the relations below it. */
function noteUnknown(context: StatementContext, source: ScopeSource, scope: Scope, name: string): void {
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
  if (source.site !== undefined) source.site.wholeRow = true;
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

/**
 * `schema.table.column` and `schema.table.*`: a subquery has no schema, so the tokens before the last two are dropped, and the
 * table's name becomes the generated one where two relations of one name meet. Which one that is may turn out later in FROM,
 * so the change is made at the statement's end; until then the reference resolves as written.
 */
export function dropSchema(
  _context: StatementContext,
  reference: ColumnRef,
  names: readonly string[],
  source: ScopeSource,
): void {
  if (source.site !== undefined && names.length >= 2 && source.schema !== undefined)
    source.site.qualified.push({ reference, names });
}

/**
 * `schema.table.column` from inside a subquery that has a table of that name itself: without its schema the name would mean the
 * inner one, so the outer one gets another name.
 */
function keepApart(names: readonly string[], from: Scope, found: Extract<Resolution, { readonly source: ScopeSource }>): void {
  const site = found.source.site;
  if (names.length < 3 || site === undefined || found.source.schema === undefined) return;
  for (let level: Scope | null = from; level !== null && level !== found.scope; level = level.parent) {
    if (level.sources.some(({ name }) => name === found.source.name))
      site.renamed ??= `${found.source.schema}.${found.source.name}`.slice(0, 40);
  }
}

/** Makes the changes that `dropSchema` has noted for one site. */
export function dropSchemas(context: StatementContext, site: ReadSite): void {
  const name = exposedName(site);
  for (const { reference, names } of site.qualified) {
    if (names.length <= 2 && site.renamed === null) continue;
    const start = locationOf(reference);
    let token = context.source.tokenAt(start);
    for (let skip = 0; skip < (names.length - 2) * 2 && token !== undefined; skip += 1) token = context.source.next(token);
    // A bare name is the whole row.
    if (token === undefined || token.value !== (names.at(-2) ?? names[0])) {
      deny('SLUICE-105', 'The statement could not be rewritten safely.', { location: Math.max(0, start), rule: 'floor' });
    }
    context.edit({ start, end: token.end, replacement: quoteIdentifier(name) });
    reference.fields = [{ String: { sval: name } }, ...(reference.fields ?? []).slice(1).slice(-1)];
  }
}

/**
 * A whole-row reference to a subquery has type record; with all columns in order it can be cast to the table's row type, which
 * is what it was. Not on a nullable side: there the cast would turn a NULL row into a row of NULLs; nor where it would put a mask
 * into a domain whose CHECK it may not satisfy.
 */
function keepRowType(context: StatementContext, node: Node, reference: ColumnRef, source: ScopeSource): void {
  const site = source.site;
  if (node === context.comparedRow || site === undefined || site.relation.schema === 'pg_catalog') return;
  if (isStar(reference.fields?.at(-1))) return;
  const masked = site.rule.columns.some(({ mask }) => mask?.ofBaseType === true);
  const whole = site.rule.columns.length === site.relation.columns.length && site.relation.rowTypeOid !== 0;
  if (site.outer || masked || !whole) {
    keepRowNames(context, node, reference, site);
    return;
  }
  const { end } = context.source.nameAt(locationOf(reference));
  const { schema, name } = site.relation;
  context.edit({ start: end, end, replacement: `::${quoteIdentifier(schema)}.${quoteIdentifier(name)}` });
  const typeName = { names: [{ String: { sval: schema } }, { String: { sval: name } }], typemod: -1 };
  become(node, { TypeCast: { arg: { ColumnRef: reference }, typeName } });
}

export function exposedName(site: ReadSite): string {
  return site.renamed ?? site.name;
}

function refuseUncertain(context: StatementContext, otherwise: Resolution, name: string, reference: ColumnRef): void {
  if ('source' in otherwise && otherwise.source.onReference !== undefined) uncertain(context, name, reference);
}

function uncertain(context: StatementContext, name: string, reference: ColumnRef): void {
  // Where nothing is masked the server says which it means, or that it is ambiguous.
  if (context.bundle.transparent) return;
  deny('SLUICE-602', `It is not certain which column "${name}" means, and one candidate is masked.`, {
    location: locationOf(reference),
    hint: 'Qualify the column with the name of its table.',
    rule: 'floor',
  });
}

function refuseColumn(context: StatementContext, name: string, source: ScopeSource, reference: ColumnRef): void {
  context.refuse(
    denial('SLUICE-202', `column "${name}" does not exist or is not granted`, {
      location: locationOf(reference),
      hint: columnHint(context, source, name),
      rule: 'grants',
    }),
  );
}

/** Where everything is known and something is governed, we can say more than the server; otherwise the server answers. */
function unknownColumn(context: StatementContext, name: string, sources: readonly ScopeSource[], reference: ColumnRef): void {
  const governed = sources.find((source) => source.site !== undefined);
  if (governed === undefined || governed.columns === null || context.catalog.functionsNamed(name).length > 0) return;
  refuseColumn(context, name, governed, reference);
}

function unknownName(context: StatementContext, name: string, scope: Scope, reference: ColumnRef): void {
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const strict = level.sources.find((source) => source.strict);
    if (strict !== undefined) {
      refuseColumn(context, name, strict, reference);
      return;
    }
  }
  const sources = scope.sources.filter((source) => source.site !== undefined);
  if (sources.length === 0) return;
  const best = nearest(
    name,
    sources.flatMap((source) => (source.columns ?? []).filter((column) => !column.ungranted).map((column) => column.name)),
  );
  const source = sources.find((candidate) => candidate.columns?.some((column) => column.name === best[0])) ?? sources[0]!;
  refuseColumn(context, name, source, reference);
}

/** The source whose whole row an argument names, for functional notation `f(t)`. */
export function rowArgument(context: StatementContext, node: Node | undefined, scope: Scope): ScopeSource | undefined {
  const reference = asTag(node, 'ColumnRef');
  const names = namesOf(reference?.fields);
  if (names === undefined || names.length === 0 || names.length > 2) return undefined;
  const found = names.length === 1 ? resolveName(scope, names[0]!) : resolveSource(scope, names[1]!, names[0]);
  if (found.kind === 'whole-row') return found.source;
  // A function in FROM whose columns are not known might bring a column of the row's name: both meanings are provided for.
  if (found.kind !== 'opaque' || found.otherwise.kind !== 'whole-row' || found.otherwise.source.site === undefined)
    return undefined;
  noteUnknown(context, found.source, found.scope, names.at(-1)!);
  return found.otherwise.source;
}
