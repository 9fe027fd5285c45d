/** References to columns and rows: what they resolve to, and what follows from it. */
import type { ColumnRef, Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag, isStar, locationOf, namesOf } from '../ast/node.ts';
import type { Scope, ScopeSource, StatementContext } from '../context.ts';
import { keepAllColumns } from '../read/site.ts';
import { noteColumn, noteOtherwise, noteRow, noteSystemColumn, noteUnknown, SYSTEM_TYPES } from './reads.ts';
import { dropSchema, keepApart, keepRowType } from './reference-text.ts';
import { type Resolution, resolveMember, resolveName, resolveSource } from './resolve.ts';
import { refuseColumn, refuseUncertain, uncertain, unknownColumn, unknownName } from './unknown-names.ts';

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
