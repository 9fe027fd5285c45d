/**
 * Row filters in the condition of UPDATE, DELETE and MERGE. PostgreSQL evaluates cheap predicates first, wherever they come
 * from, so a plain `filter AND predicate` would let the client's predicate see (and, by failing, tell about) hidden rows.
 * Predicates that can do neither stay as they are, where they can use an index; every other one is guarded:
 *
 *     WHERE id = $1 AND note::int > 3
 *     WHERE filter AND (id = $1 AND CASE WHEN filter THEN (note::int > 3) ELSE false END)
 *
 * Which predicates are harmless is decided where reads decide it (scope/frames.ts): operators that are leakproof by the
 * catalog over plain columns, constants and parameters.
 */
import type { Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import type { GovernedRelation, RowFilter } from '../../policy/bundle.ts';
import type { Analyser, ExpressionPlace, Scope, StatementContext } from '../context.ts';
import { asTag, become } from '../ast/node.ts';
import { type Clauses, type Extent, inside } from './anatomy.ts';
import { renderColumn } from './in-place.ts';
import type { Splices } from './splices.ts';
import { ruleFor, type Target, type WriteAction } from './target.ts';
import { expressionTree, slot } from './template.ts';
import { shownColumn } from './display.ts';

/** A boolean expression over the target's columns. */
export interface FilterText {
  readonly text: string;
  /** It contains a subquery: as a bare conjunct it would become a join, below which other predicates run. */
  readonly hasSublink: boolean;
}

export type FilterAction = WriteAction | 'Select';

/**
 * The filters of these actions as one condition, identical ones once; null when there is none. `Select` belongs to them when the
 * statement reads the target.
 */
export function filterText(context: StatementContext, target: Target, actions: readonly FilterAction[]): FilterText | null {
  const texts = new Set<string>();
  let hasSublink = false;
  for (const action of actions) {
    const granted = filterOf(target.grant, action);
    if (granted !== undefined) context.facts.filter(target.relation, granted);
    const filter = filterOf(target.applied, action);
    if (filter === undefined) continue;
    context.facts.governed();
    refuseCapture(filter, target.name);
    hasSublink ||= filter.hasSublink;
    texts.add(`(${renderColumn(target, filter.template)})`);
  }
  return texts.size === 0 ? null : { text: [...texts].join(' AND '), hasSublink };
}

function filterOf(grant: GovernedRelation, action: FilterAction): RowFilter | undefined {
  return action === 'Select' ? grant.select?.filter : ruleFor(grant, action)?.filter;
}

/** A subquery inside the filter could use the client's alias for one of its own tables and then speak of that one. */
function refuseCapture(filter: RowFilter, name: string): void {
  if (!filter.hasSublink) return;
  const written = filter.template.filter((part) => typeof part === 'string').join(' ');
  if (!written.includes(name)) return;
  deny('SLUICE-603', `The name ${shownColumn(name)} cannot be used for this table here: its row filter uses it too.`, {
    ...(filter.rules[0] === undefined ? {} : { rule: filter.rules[0] }),
    hint: 'Give the table another alias in this statement.',
  });
}

/** One conjunct of a condition: where it stands in the text and in the tree. */
interface Conjunct {
  readonly extent: Extent;
  readonly node: Node;
  unsafe: boolean;
}

/** A condition of the client's, analysed. */
export interface Condition {
  readonly extent: Extent;
  readonly node: Node;
  readonly conjuncts: readonly Conjunct[];
}

/** Analyses items [from, to) of `clauses`, whose tree is `node`, conjunct by conjunct. */
export function analyseCondition(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  node: Node,
  where: { readonly clauses: Clauses; readonly from: number; readonly to: number },
  scope: Scope,
  place: ExpressionPlace,
): Condition {
  const extent = where.clauses.extent(where.from, where.to);
  const nodes = conjunctsOf(node);
  const extents = textConjuncts(context, where.clauses, where.from, where.to);
  const conjuncts: Conjunct[] =
    nodes.length === extents.length
      ? nodes.map((part, index) => ({ node: part, extent: extents[index]!, unsafe: false }))
      : [{ node, extent, unsafe: false }];
  for (const conjunct of conjuncts) {
    const mark = target.log.mark;
    context.frames.enter();
    analyser.expression(context, conjunct.node, scope, place);
    // What does not depend on the target says nothing of its rows, unless it counts them.
    conjunct.unsafe = context.frames.unsafeSoFar && (target.log.mark > mark || context.frames.volatileSoFar);
    context.frames.leave(false, []);
  }
  return { extent, node, conjuncts };
}

function conjunctsOf(node: Node): Node[] {
  const bool = asTag(node, 'BoolExpr');
  return bool?.boolop === 'AND_EXPR' ? (bool.args ?? []).flatMap(conjunctsOf) : [node];
}

/** The text split at its ANDs, parentheses that hold nothing but ANDs opened. */
function textConjuncts(context: StatementContext, clauses: Clauses, from: number, to: number): Extent[] {
  const parts: [number, number][] = [];
  let begin = from;
  let betweens = 0;
  for (let index = from; index < to; index += 1) {
    const { word } = clauses.items[index]!;
    if (word === 'or') return [clauses.extent(from, to)];
    if (word === 'between') betweens += 1;
    else if (word === 'and' && betweens > 0) betweens -= 1;
    else if (word === 'and') {
      parts.push([begin, index]);
      begin = index + 1;
    }
  }
  parts.push([begin, to]);
  if (parts.length > 1) return parts.flatMap(([start, end]) => textConjuncts(context, clauses, start, end));
  const only = clauses.items[from];
  if (to - from === 1 && only?.word === '(') {
    const group = inside(context, only);
    if (!['select', 'with', 'values', 'table'].includes(group.items[0]?.word ?? ''))
      return textConjuncts(context, group, 0, group.items.length);
  }
  return [clauses.extent(from, to)];
}

/**
 * Puts the filter before the condition, in the text and in the tree. Gives the new tree, which the caller stores where the
 * old one was.
 */
export function guardCondition(context: StatementContext, splices: Splices, condition: Condition, filter: FilterText): Node {
  let guarded = false;
  for (const conjunct of condition.conjuncts) {
    if (!conjunct.unsafe) continue;
    guarded = true;
    const inner = { ...conjunct.node };
    become(conjunct.node, expressionTree(context, `CASE WHEN ${filter.text} THEN (${slot(0)}) ELSE false END`, [inner]));
    splices.wrap(conjunct.extent, `CASE WHEN ${filter.text} THEN (`, ') ELSE false END');
  }
  if (filter.hasSublink && guarded) return condition.node;
  const before = `${scanFilter(filter)} AND (`;
  splices.wrap(condition.extent, before, ')');
  return expressionTree(context, `${before}${slot(0)})`, [{ ...condition.node }]);
}

/** The filter alone, as a condition that stays a filter of the scan. */
export function scanFilter(filter: FilterText): string {
  return filter.hasSublink ? `CASE WHEN ${filter.text} THEN true ELSE false END` : filter.text;
}
