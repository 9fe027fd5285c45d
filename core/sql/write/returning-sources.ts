/**
 * What a RETURNING list can speak of: the sources of its statement, PostgreSQL 18's `old` and `new`, and what `*` stands for.
 */
import type { Node, ReturningClause } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { denial, deny } from '../../errors/denial.ts';
import { asTag, isStar, namesOf } from '../ast/node.ts';
import type { GovernedRelation } from '../../policy/bundle.ts';
import type { Analyser, Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { recordRead } from '../scope/reads.ts';
import { resolveSource } from '../scope/resolve.ts';
import { starColumns } from '../scope/stars.ts';
import { appliedMask, columnText, inPlaceSource, readColumn, renderColumn } from './in-place.ts';
import type { Target } from './target.ts';
import { shown } from './display.ts';

/** PostgreSQL 18's `old` and `new`, under the names the statement gives them; a relation of that name goes before. */
function versionSources(context: StatementContext, target: Target, clause: ReturningClause, scope: Scope): ScopeSource[] {
  if (context.catalog.serverMajor < 18) {
    if ((clause.options?.length ?? 0) > 0)
      deny('SLUICE-103', `RETURNING WITH (…) needs PostgreSQL 18; the server is version ${context.catalog.serverMajor}.`, {
        rule: 'floor',
      });
    return [];
  }
  const named = new Map(
    (clause.options ?? []).map((node) => [asTag(node, 'ReturningOption')?.option, asTag(node, 'ReturningOption')?.value]),
  );
  const sources: ScopeSource[] = [];
  for (const [option, plain] of [
    ['RETURNING_OPTION_OLD', 'old'],
    ['RETURNING_OPTION_NEW', 'new'],
  ] as const) {
    const name = named.get(option) ?? plain;
    if (!named.has(option) && resolveSource(scope, name, undefined).kind !== 'missing') continue;
    const { schema: _, ...options } = target.options;
    sources.push(inPlaceSource({ ...options, name, qualifiedOnly: true }));
  }
  return sources;
}

/** The scope of a RETURNING list: the statement's, and the old and new versions of the row. */
export function returningScope(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  clause: ReturningClause,
  scope: Scope,
): Scope {
  const versions = versionSources(context, target, clause, scope);
  return versions.length === 0 ? scope : analyser.scope(scope.parent, [...scope.sources, ...versions], scope.ctes);
}

/** One column that a star stands for. */
export interface StarColumn {
  readonly sql: string;
  /** A plain reference: it needs no AS. */
  readonly plain: boolean;
  readonly column: ScopeColumn;
}

export interface Star {
  /** Null when the columns of some source are not known. */
  readonly columns: readonly StarColumn[] | null;
  /** It would show something of the target that the subject does not have, or more of a replaced relation than its columns. */
  readonly spellOut: boolean;
}

/** The sources that a `*` or `name.*` stands for; null for anything else. */
export function starSources(node: Node, scope: Scope): readonly ScopeSource[] | null {
  const reference = asTag(asTag(node, 'ResTarget')?.val, 'ColumnRef');
  if (reference === undefined || !isStar(reference.fields?.at(-1))) return null;
  const names = namesOf(reference.fields?.slice(0, -1)) ?? [];
  if (names.length === 0) return scope.sources.filter((source) => source.columnsVisible !== false);
  const found = resolveSource(scope, names.at(-1)!, names.at(-2));
  return found.kind === 'whole-row' ? [found.source] : null;
}

/** Spells out a star over these sources; what it shows of the target is recorded as read. */
export function starOf(context: StatementContext, target: Target, sources: readonly ScopeSource[], location: number): Star {
  const inPlace = sources.some((source) => source.onReference !== undefined);
  const restricted = inPlace && isRestricted(target);
  const columns: StarColumn[] = [];
  for (const source of sources) {
    const more =
      source.onReference === undefined ? otherColumns(context, source) : targetColumns(context, target, source, location);
    if (more !== null) columns.push(...more);
    else if (restricted) return refuseStar(context, target, location);
    else return { columns: null, spellOut: false };
  }
  if (restricted && columns.length === 0) refuseStar(context, target, location);
  return { columns, spellOut: restricted || sources.some((source) => (source.sites?.length ?? 0) > 0) };
}

/** Whether `*` would show anything of the target that the subject does not have. */
function isRestricted(target: Target): boolean {
  const { select } = target.applied;
  return target.relation.columns.some((column) => {
    const readable = select?.columns.find((candidate) => candidate.attnum === column.attnum);
    return readable === undefined || readable.mask !== undefined;
  });
}

function targetColumns(context: StatementContext, target: Target, source: ScopeSource, location: number): StarColumn[] {
  const row = { relation: target.relation, name: source.name ?? target.name };
  const columns: StarColumn[] = [];
  for (const column of target.relation.columns) {
    const has = (grant: GovernedRelation): boolean =>
      grant.select?.columns.some((candidate) => candidate.attnum === column.attnum) ?? false;
    if (!has(target.applied)) continue;
    if (has(target.grant)) readColumn(target.options, column.attnum, column.name, location);
    const own = { name: column.name, origin: { relation: target.relation, attnum: column.attnum }, typeOid: column.typeOid };
    const mask = appliedMask(target, column.attnum);
    if (mask !== undefined) context.facts.governed();
    target.log.entries.push({ node: {} as Node, attnum: column.attnum, masked: mask !== undefined });
    if (mask === undefined) columns.push({ sql: columnText(row, column.attnum), plain: true, column: own });
    else columns.push({ sql: renderColumn(row, mask.template), plain: false, column: { ...own, masked: true } });
  }
  return columns;
}

/** Columns of a source that was replaced or needs no replacing; those of an unnamed join are named by its members. */
function otherColumns(context: StatementContext, source: ScopeSource): StarColumn[] | null {
  const shown = starColumns(source);
  if (shown === null) return null;
  return shown.map((column) => {
    const before = context.maskedReads.length;
    recordRead(context, column.behind?.source ?? source, column.behind?.column ?? column);
    const masked = context.maskedReads.length > before;
    const { name: output, origin, typeOid } = column;
    return {
      sql: qualified(source, column),
      plain: column.merged === undefined && (column.behind?.column.name ?? column.name) === column.name,
      column: {
        name: output,
        ...(origin === undefined ? {} : { origin }),
        ...(typeOid === undefined ? {} : { typeOid }),
        ...(masked ? { masked: true as const } : {}),
      },
    };
  });
}

/** A column by the name of the source that has it; what USING has merged has no such name and is either of its members. */
function qualified(source: ScopeSource, column: ScopeColumn): string {
  if (column.merged !== undefined)
    return `COALESCE(${column.merged.map((member) => qualified(member.source, member.column)).join(', ')})`;
  if (column.behind !== undefined) return qualified(column.behind.source, column.behind.column);
  const name = source.site?.renamed ?? source.name;
  return name === null ? quoteIdentifier(column.name) : `${quoteIdentifier(name)}.${quoteIdentifier(column.name)}`;
}

function refuseStar(context: StatementContext, target: Target, location: number): Star {
  context.refuse(
    denial(
      'SLUICE-203',
      `RETURNING * cannot be shown: reading ${shown(target.relation)} is not granted, or not all of its companions are known.`,
      {
        location,
        hint: 'List the columns that are granted, or leave RETURNING out.',
      },
    ),
  );
  return { columns: null, spellOut: false };
}
