/**
 * FROM: each item yields the sources that the level's expressions may name (PostgreSQL's namespace). Items are walked in
 * order, so that LATERAL sees what stands before it; joins tell which side may be made of NULLs, because a row filter
 * there needs more than a guard.
 */
import type { Alias, JoinExpr, Node, RangeFunction, RangeSubselect } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { deny } from '../../errors/denial.ts';
import { asTag, namesOf, tagOf } from '../ast/node.ts';
import type { OutputColumns, Scope, ScopeSource, StatementContext } from '../context.ts';
import { fromColumn } from '../names/functions.ts';
import { walk } from '../scope/expression.ts';
import { apart, madeFrom } from '../scope/made-from.ts';
import { at, createScope, type ScopeOptions, sitesOf } from '../scope/scope.ts';
import { callSpans } from '../scope/spans.ts';
import { functionColumns } from './function-source.ts';
import { joinSources } from './join.ts';
import { walkPredicate } from './predicate.ts';
import { distinguish, relationSource, sampledSource } from './relation.ts';
import { selectBelow } from './select.ts';
import { type Region, siteMark, sitesSince } from './site.ts';
import { jsonTable, xmlTable } from './table-functions.ts';

/** One FROM list while it is walked. */
export interface FromState {
  readonly context: StatementContext;
  /** The level being built; its sources grow, so it is also what LATERAL sees. */
  readonly level: Scope;
  readonly visible: ScopeSource[];
  regions: number;
}

/** Where an item stands. */
export interface Position {
  readonly region: Region;
  readonly nullable: boolean;
}

export function fromItems(
  context: StatementContext,
  items: readonly Node[] | undefined,
  parent: Scope | null,
  options: ScopeOptions = {},
): Scope {
  const visible: ScopeSource[] = [];
  const level = createScope(parent, visible, options);
  const state: FromState = { context, level, visible, regions: 0 };
  const position: Position = { region: { id: 0 }, nullable: level.nullable };
  apart(context, () => {
    for (const item of items ?? []) visible.push(...fromItem(state, item, position));
  });
  distinguish(visible);
  return level;
}

export function fromItem(state: FromState, item: Node, position: Position): readonly ScopeSource[] {
  const { context } = state;
  if ('RangeVar' in item) return [relationSource(state, item, item.RangeVar, position)];
  if ('JoinExpr' in item) return join(state, item.JoinExpr, position);
  if ('RangeSubselect' in item) return [subselect(state, item.RangeSubselect, position)];
  if ('RangeFunction' in item) return [rangeFunction(state, item.RangeFunction)];
  if ('RangeTableSample' in item) return [sampledSource(state, item, item.RangeTableSample, position)];
  if ('RangeTableFunc' in item) return [xmlTable(context, item.RangeTableFunc, state.level)];
  if ('JsonTable' in item) return [jsonTable(context, item.JsonTable, state.level)];
  return deny('SLUICE-102', `The statement has something in FROM (${tagOf(item)}) that Sluice does not understand.`, {
    rule: 'floor',
  });
}

/** Renames the first columns as an alias list does. */
export function renameColumns(columns: OutputColumns, alias: Alias | undefined): OutputColumns {
  const names = namesOf(alias?.colnames) ?? [];
  if (names.length === 0 || columns === null) return columns;
  return columns.map((column, index) => (index < names.length ? { ...column, name: names[index]! } : column));
}

function subselect(state: FromState, body: RangeSubselect, position: Position): ScopeSource {
  const { context, level } = state;
  const mark = siteMark(context);
  const inner = createScope(body.lateral ? level : level.parent, [], { nested: true, nullable: position.nullable });
  const { result: columns, masked } = apart(context, () => at(level, 'from', () => selectBelow(context, body.subquery!, inner)));
  return {
    name: body.alias?.aliasname ?? null,
    kind: 'derived',
    columns: renameColumns(columns, body.alias),
    sites: sitesSince(context, mark),
    ...(columns === null && masked !== undefined ? { masked } : {}),
  };
}

/** Functions see what stands before them whether LATERAL is written or not; what they compute on is reached by them. */
function rangeFunction(state: FromState, body: RangeFunction): ScopeSource {
  const { context, level } = state;
  const calls: Node[] = [];
  const walkCalls = (): void => {
    for (const entry of body.functions ?? []) {
      const call = asTag(entry, 'List')?.items?.[0];
      if (call === undefined) continue;
      calls.push(call);
      const name = functionName(call);
      context.frames.enter();
      const tag = tagOf(call);
      const cast = asTag(call, 'TypeCast');
      walk(context, call, level);
      context.frames.leave(true, sitesOf(state.visible));
      if (tagOf(call) !== tag || asTag(call, 'TypeCast') !== cast) cannotStandHere(name);
      if (name !== null && name !== functionName(call)) keepFunctionName(context, body, call, name);
    }
  };
  const { masked } = apart(context, () => at(level, 'from', walkCalls));
  return {
    name: body.alias?.aliasname ?? functionName(calls[0]),
    kind: 'function',
    ...madeFrom(functionColumns(context, body, calls), masked),
  };
}

/** What its result would have to be put into is no function any more, and nothing else may stand in FROM as one. */
function cannotStandHere(name: string | null): never {
  return deny('SLUICE-204', `${name === null ? 'This cast' : `Function ${name}`} cannot be called in FROM here.`, {
    rule: 'floor',
    hint: 'Call it in a target list: its result is checked there.',
  });
}

/** A call that was replaced by another keeps its name, and its column's, in FROM. */
function keepFunctionName(context: StatementContext, body: RangeFunction, call: Node, name: string): void {
  const column = fromColumn(name);
  const inner = asTag(call, 'FuncCall');
  if (body.alias !== undefined || column === undefined || inner === undefined || body.ordinality) return;
  const [, end] = callSpans(context, inner).call;
  context.edit({ start: end, end, replacement: ` AS ${quoteIdentifier(name)}(${quoteIdentifier(column)})` });
  body.alias = { aliasname: name, colnames: [{ String: { sval: column } }] };
}

function functionName(call: Node | undefined): string | null {
  return namesOf(asTag(call, 'FuncCall')?.funcname)?.at(-1) ?? null;
}

function join(state: FromState, body: JoinExpr, position: Position): readonly ScopeSource[] {
  const { context, level, visible } = state;
  const kind = body.jointype ?? 'JOIN_INNER';
  const leftPosition = kind === 'JOIN_RIGHT' || kind === 'JOIN_FULL' ? nullableSide(state) : position;
  const rightPosition = kind === 'JOIN_LEFT' || kind === 'JOIN_FULL' ? nullableSide(state) : position;
  const left = fromItem(state, body.larg!, leftPosition);
  const mark = visible.length;
  visible.push(...left);
  const right = fromItem(state, body.rarg!, rightPosition);
  visible.length = mark;
  if (body.quals !== undefined) {
    const both = createScope(level.parent, [...left, ...right]);
    walkPredicate(context, body.quals, both, 'join', onRegion(kind, leftPosition, rightPosition));
  }
  return joinSources(context, body, left, right, level);
}

function nullableSide(state: FromState): Position {
  state.regions += 1;
  return { region: { id: state.regions }, nullable: true };
}

/** The region in which an ON condition holds before NULL rows are made. FULL: none. */
function onRegion(kind: string, left: Position, right: Position): Region {
  if (kind === 'JOIN_FULL') return { id: -1 };
  return kind === 'JOIN_RIGHT' ? left.region : right.region;
}
