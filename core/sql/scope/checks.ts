/**
 * The walker's side of the name checks: asks names/ about a call, an operator or a type, and puts what it says around the
 * expression (guards for arguments and casts that name objects, qualified names), in the text and in the tree. A prefix goes
 * in before the operand is walked and a suffix after it, so that nested ones nest in the text too.
 */
import type { FuncCall, Node, SQLValueFunction, TypeCast, TypeName } from '@pgsql/types';
import { type Catalog, quoteIdentifier } from '../../catalog/catalog.ts';
import type { FunctionData } from '../../catalog/model.ts';
import { deny } from '../../errors/denial.ts';
import { become, locationOf, namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { type CheckedFunction, checkFunction } from '../names/functions.ts';
import { checkOperator } from '../names/operators.ts';
import { checkCast, checkType } from '../names/types.ts';
import { wrapNode } from '../names/wrap.ts';
import type { RegUse, Wrap } from '../introspect/guards.ts';
import { normalType } from './operator-choice.ts';
import { callSpans, castSpans, type Span } from './spans.ts';

export interface CallFacts {
  /** Every candidate is leakproof by the catalog. */
  readonly quiet: boolean;
  /** A candidate is volatile: evaluated per row even without arguments. */
  readonly volatile: boolean;
  readonly aggregate: boolean;
  /** The one return type of all candidates, 0 when they differ or depend on the arguments. */
  readonly returnType: number;
}

/**
 * Checks a call, walks what is in it with `walkArguments`, and applies what the check asks for.
 * @throws what names/ throws.
 */
export function checkedCall(
  context: StatementContext,
  node: Node,
  call: FuncCall,
  use: RegUse,
  walkArguments: (facts: CallFacts) => readonly number[],
): CallFacts {
  const names = namesOf(call.funcname) ?? [];
  const args = [...(call.args ?? []), ...(call.agg_within_group ? (call.agg_order ?? []).map(sortedNode) : [])];
  const checked = checkFunction(context, names, args.length, locationOf(call), { arguments: args, use });
  const facts = callFacts(checked);
  for (const entry of checked.candidates)
    if (entry.schema !== 'pg_catalog') context.facts.function(`${entry.schema}.${entry.name}`);
  if (checked.sequence !== undefined) context.facts.read(checked.sequence, null);
  if (checked.guards.length === 0 && checked.result === undefined && checked.qualify === undefined) {
    const types = walkArguments(facts);
    return { ...facts, returnType: facts.returnType || returnTypeFor(context.catalog, checked.candidates, types) };
  }
  const spans = callSpans(context, call);
  if (checked.result !== undefined) insert(context, spans.call[0], checked.result.prefix);
  if (checked.qualify !== undefined) {
    const [schema, name] = checked.qualify;
    context.edit({
      start: spans.name[0],
      end: spans.name[1],
      replacement: `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
    });
    call.funcname = [{ String: { sval: schema } }, { String: { sval: name } }];
  }
  if (checked.guards.length > 0 && (call.func_variadic || call.agg_order !== undefined || call.agg_distinct)) refuseForm(call);
  for (const guard of checked.guards) insert(context, spanOf(spans.arguments, guard.argument, call)[0], guard.prefix);
  walkArguments(facts);
  for (const guard of checked.guards) {
    insert(context, spanOf(spans.arguments, guard.argument, call)[1], guard.suffix);
    const argument = call.args![guard.argument]!;
    if ('NamedArgExpr' in argument) refuseForm(call);
    wrap(context, argument, guard);
  }
  if (checked.result !== undefined) {
    insert(context, spans.call[1], checked.result.suffix);
    wrap(context, node, checked.result);
  }
  return facts;
}

function refuseForm(call: FuncCall): never {
  return deny('SLUICE-204', 'This function must be called with plain arguments here.', {
    location: locationOf(call),
    rule: 'floor',
  });
}

function spanOf(spans: readonly Span[], index: number, call: FuncCall): Span {
  return spans[index] ?? refuseForm(call);
}

function sortedNode(node: Node): Node {
  return 'SortBy' in node && node.SortBy.node !== undefined ? node.SortBy.node : node;
}

function insert(context: StatementContext, at: number, text: string): void {
  context.edit({ start: at, end: at, replacement: text });
}

function wrap(context: StatementContext, node: Node, around: Wrap): void {
  become(node, wrapNode(context.parser, around, { ...node }));
}

function callFacts(checked: CheckedFunction): CallFacts {
  const first: FunctionData | undefined = checked.candidates[0];
  const type = first?.returnType ?? 0;
  return {
    quiet: checked.leakproof,
    volatile: checked.volatile,
    aggregate: checked.candidates.length > 0 && checked.candidates.every((entry) => entry.kind === 'aggregate'),
    returnType: checked.candidates.every((entry) => entry.returnType === type) && !isPolymorphic(type) ? type : 0,
  };
}

/** What the candidates return that take exactly these types. */
function returnTypeFor(catalog: Catalog, candidates: readonly FunctionData[], types: readonly number[]): number {
  const plain = types.map((type) => (type > 0 ? normalType(catalog, type) : type));
  const exact = candidates.filter(
    (entry) =>
      entry.argumentTypes.length === plain.length &&
      entry.argumentTypes.every((type, index) => normalType(catalog, type) === plain[index]),
  );
  const first = exact[0]?.returnType ?? 0;
  return exact.every(({ returnType }) => returnType === first) && !isPolymorphic(first) ? first : 0;
}

/** anyelement and the like, record: the type depends on the arguments. */
function isPolymorphic(type: number): boolean {
  return (
    type === 2283 ||
    type === 2277 ||
    type === 2776 ||
    type === 3500 ||
    type === 3831 ||
    (type >= 5077 && type <= 5080) ||
    type === 2249
  );
}

/** `name`: one or two parts; `location`: of the operator where it is written as one. @throws SLUICE-208 */
export function checkOperatorName(
  context: StatementContext,
  name: readonly Node[] | undefined,
  location: number,
  operands: 1 | 2 = 2,
): void {
  const names = namesOf(name) ?? [];
  const key = `${operands} ${names.join('.')}`;
  if (context.plainOperators.has(key)) return;
  const checked = checkOperator(context, names, operands, location < 0 ? undefined : location);
  if (checked.qualify === undefined) {
    context.plainOperators.add(key);
    return;
  }
  const token = location < 0 ? undefined : context.source.tokenAt(location);
  if (token?.kind !== 'operator' || token.start !== location || token.value !== names[0] || !Array.isArray(name)) {
    deny('SLUICE-208', `The operator ${names.join('.')} could mean one that is not granted.`, {
      location: Math.max(0, location),
      rule: 'floor',
    });
  }
  const [schema, operator] = checked.qualify;
  context.edit({ start: token.start, end: token.end, replacement: ` OPERATOR(${quoteIdentifier(schema)}.${operator}) ` });
  name.splice(0, name.length, { String: { sval: schema } }, { String: { sval: operator } });
}

/** Checks the cast's type, walks its operand, and guards values that name objects. */
export function checkedCast<T>(context: StatementContext, node: Node, cast: TypeCast, use: RegUse, walkOperand: () => T): T {
  const { wrap: around } = checkCast(context, cast, use);
  if (around === undefined) return walkOperand();
  const spans = castSpans(context, cast);
  if (!around.replace) {
    insert(context, spans.cast[0], around.prefix);
    const result = walkOperand();
    insert(context, spans.cast[1], around.suffix);
    wrap(context, node, around);
    return result;
  }
  // The cast's own tokens (`CAST(`, `::type`, `AS type)`) give way to the guard.
  replaceTokens(context, [spans.cast[0], spans.operand[0]], around.prefix);
  const result = walkOperand();
  replaceTokens(context, [spans.operand[1], spans.cast[1]], around.suffix);
  const operand = cast.arg!;
  become(node, wrapNode(context.parser, around, operand));
  return result;
}

function replaceTokens(context: StatementContext, [start, end]: Span, replacement: string): void {
  context.edit({ start, end, replacement });
}

/** A type that stands in a definition (column list, JSON RETURNING). @throws SLUICE-207 */
export function checkTypeName(context: StatementContext, type: TypeName): void {
  checkType(context, type, 'definition');
}

/** CURRENT_DATE and the like are harmless; the type is what the tiers use. */
export function checkSqlValue(_context: StatementContext, value: SQLValueFunction): number {
  switch (value.op) {
    case 'SVFOP_CURRENT_DATE':
      return 1082;
    case 'SVFOP_CURRENT_TIMESTAMP':
    case 'SVFOP_CURRENT_TIMESTAMP_N':
      return 1184;
    case 'SVFOP_LOCALTIMESTAMP':
    case 'SVFOP_LOCALTIMESTAMP_N':
      return 1114;
    case 'SVFOP_CURRENT_TIME':
    case 'SVFOP_CURRENT_TIME_N':
      return 1266;
    case 'SVFOP_LOCALTIME':
    case 'SVFOP_LOCALTIME_N':
      return 1083;
    default:
      return 19;
  }
}
