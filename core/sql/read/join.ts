/**
 * What a join adds to the namespace: with an alias only itself; without one a nameless source with all columns (merged ones
 * once), beside its members, which remain reachable by qualified names only (transformFromClauseItem).
 */
import type { JoinExpr } from '@pgsql/types';
import { denial } from '../../errors/denial.ts';
import { stringOf } from '../ast/node.ts';
import type { Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { checkOperatorName } from '../scope/checks.ts';
import { columnHint } from '../scope/hints.ts';
import { recordRead } from '../scope/reads.ts';
import { safeOperator } from '../scope/safety.ts';
import { at, sitesOf } from '../scope/scope.ts';
import { renameColumns } from './from.ts';
import { distinctReaches, keepAllColumns, type ReadSite } from './site.ts';

interface Member {
  readonly source: ScopeSource;
  readonly column: ScopeColumn;
}

/** Both sides of one join while it is built. */
interface Sides {
  readonly context: StatementContext;
  readonly kind: string;
  readonly left: readonly Member[] | null;
  readonly right: readonly Member[] | null;
  readonly level: Scope;
  readonly sites: readonly ReadSite[];
}

export function joinSources(
  context: StatementContext,
  body: JoinExpr,
  left: readonly ScopeSource[],
  right: readonly ScopeSource[],
  level: Scope,
): readonly ScopeSource[] {
  const both = [...left, ...right];
  const sites = sitesOf(both);
  const kind = body.jointype ?? 'JOIN_INNER';
  const sides: Sides = { context, kind, left: visibleColumns(left), right: visibleColumns(right), level, sites };
  if (sides.left === null || body.isNatural) keepAllColumns(sitesOf(left));
  if (sides.right === null || body.isNatural) keepAllColumns(sitesOf(right));
  if (body.isNatural) for (const source of both) if (source.site !== undefined) source.site.positional = true;
  const merged = mergedNames(body, sides.left, sides.right)?.map((name) => merge(sides, name)) ?? null;
  const columns =
    merged === null || sides.left === null || sides.right === null ? null : joinColumns(merged, sides.left, sides.right);
  if (body.alias !== undefined) {
    // Names are given by position: every column must stay where the client counts it, and what is not granted is not counted.
    const renames = (body.alias.colnames?.length ?? 0) > 0;
    if (renames) {
      keepAllColumns(sites);
      for (const site of sites) site.positional = true;
    }
    const counted = renames ? (columns?.filter((column) => !column.ungranted) ?? null) : columns;
    const name = body.alias.aliasname ?? null;
    const shown = renameColumns(counted, body.alias);
    return [{ name, kind: 'derived', columns: shown, sites, members: both, ...(renames ? { renames } : {}) }];
  }
  // What has no name and shows its columns no more (the joins below this one) cannot be reached at all.
  const members = both
    .filter((source) => source.name !== null)
    .map((source) => (source.columnsVisible === false ? source : { ...source, columnsVisible: false }));
  const joined: ScopeSource = { name: null, kind: 'derived', columns, sites, members: both };
  const usingAlias = body.join_using_alias?.aliasname;
  const aliased: readonly ScopeSource[] =
    usingAlias === undefined
      ? []
      : [{ name: usingAlias, kind: 'derived', columns: merged, columnsVisible: false, sites, members: both }];
  return [joined, ...members, ...aliased];
}

/** The columns that `*` over one side shows. Null when one of its sources is opaque. */
function visibleColumns(sources: readonly ScopeSource[]): readonly Member[] | null {
  const members: Member[] = [];
  for (const source of sources) {
    if (source.columnsVisible === false) continue;
    if (source.columns === null) return null;
    for (const column of source.columns) members.push({ source, column });
  }
  return members;
}

/** USING's names; NATURAL's are those both sides have. Null: not known. */
function mergedNames(body: JoinExpr, left: readonly Member[] | null, right: readonly Member[] | null): readonly string[] | null {
  if (!body.isNatural) return (body.usingClause ?? []).map((node) => stringOf(node) ?? '');
  if (left === null || right === null) return null;
  const names = new Set(right.filter((member) => !member.column.ungranted).map((member) => member.column.name));
  return [...new Set(left.filter((member) => !member.column.ungranted).map((member) => member.column.name))].filter((name) =>
    names.has(name),
  );
}

/** USING compares: it reads both columns, with an equality that must be as safe as one in ON. */
function merge(sides: Sides, name: string): ScopeColumn {
  const { context, kind, level, sites } = sides;
  const a = findMember(context, name, sides.left);
  const b = findMember(context, name, sides.right);
  checkOperatorName(context, [{ String: { sval: '=' } }], -1);
  context.frames.enter();
  at(level, 'join', () => {
    for (const member of [a, b]) {
      if (member === undefined) continue;
      // A merged column's parts were recorded when it was merged.
      if (member.column.merged === undefined) for (const leaf of leaves(member)) recordRead(context, leaf.source, leaf.column);
      for (const reach of member.column.reaches ?? []) context.frames.touch(reach);
    }
  });
  if (a === undefined || b === undefined) for (const site of sites) context.frames.touch({ site, attnum: 'all' });
  if (!safeOperator(context, '=', a?.column.typeOid ?? 0, b?.column.typeOid ?? 0, undefined)) context.frames.unsafe();
  context.frames.leave(true, sites);
  const parts = [a, b].filter((member): member is Member => member !== undefined).flatMap(leaves);
  const reaches = distinctReaches([...(a?.column.reaches ?? []), ...(b?.column.reaches ?? [])]);
  const origin = kind === 'JOIN_FULL' ? undefined : (kind === 'JOIN_RIGHT' ? b : a)?.column.origin;
  const typeOid = a !== undefined && a.column.typeOid === b?.column.typeOid ? a.column.typeOid : undefined;
  return {
    name,
    merged: parts,
    ...(origin === undefined ? {} : { origin }),
    ...(typeOid === undefined ? {} : { typeOid }),
    ...(reaches.length === 0 ? {} : { reaches }),
    ...(parts.some((part) => part.column.masked) ? { masked: true } : {}),
  };
}

/** A name that is on neither list may still belong to a source whose columns are not known. */
function findMember(context: StatementContext, name: string, members: readonly Member[] | null): Member | undefined {
  const found = members?.find((member) => member.column.name === name && !member.column.ungranted);
  const hidden = members?.find((member) => member.column.name === name);
  if (found === undefined && hidden !== undefined) {
    context.refuse(
      denial('SLUICE-202', `column "${name}" does not exist or is not granted`, {
        hint: columnHint(context, hidden.source, name),
        rule: 'grants',
      }),
    );
  }
  return found;
}

function leaves(member: Member): readonly Member[] {
  if (member.column.behind !== undefined) return leaves(member.column.behind);
  return member.column.merged ?? [member];
}

function joinColumns(merged: readonly ScopeColumn[], left: readonly Member[], right: readonly Member[]): readonly ScopeColumn[] {
  const names = new Set(merged.map((column) => column.name));
  const rest = [...left, ...right].filter((member) => !names.has(member.column.name)).map(passOn);
  return [...merged, ...rest];
}

function passOn(member: Member): ScopeColumn {
  if (member.column.behind !== undefined || member.column.merged !== undefined) return member.column;
  return { ...member.column, behind: member };
}
