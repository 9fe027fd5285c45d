/**
 * The expression walker: one case for every node that can stand in an expression; what has no case is denied. It resolves
 * references, checks the names of functions, operators and types, descends into sublinks, and tells the frames what may
 * raise an error. It returns the type OID of the expression where that is plain, 0 where it is not known.
 */
import type { ColumnRef, Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag, constantType, isStar, locationOf, tagOf } from '../ast/node.ts';
import type { Body, NodeTag } from '../ast/node.ts';
import type { ExpressionPlace, Scope, StatementContext } from '../context.ts';
import type { RegUse } from '../introspect/guards.ts';
import { walkCall } from './call.ts';
import { checkedCast, checkOperatorName, checkSqlValue } from './checks.ts';
import { walkOperator } from './operator.ts';
import { walkJson } from './json.ts';
import { isQuietOperand } from './constants.ts';
import { referToColumn, referToRow } from './reference.ts';
import { simpleType, UNKNOWN_TYPE } from './safety.ts';
import { at } from './scope.ts';
import { walkSubLink } from './sublink.ts';
import { checkTakenApart } from './taken-apart.ts';

/** Walks one expression that stands at `place` of `scope`'s level. */
export function walkAt(context: StatementContext, node: Node | undefined, scope: Scope, place: ExpressionPlace): number {
  return node === undefined ? 0 : at(scope, place, () => walk(context, node, scope));
}

export function walkList(context: StatementContext, list: readonly Node[] | undefined, scope: Scope): void {
  for (const node of list ?? []) walk(context, node, scope);
}

export function walk(context: StatementContext, node: Node, scope: Scope): number {
  const tag = tagOf(node);
  if (tag === undefined) return 0;
  const body = (node as Record<string, unknown>)[tag];
  context.met.add(body as object);
  const walker = WALKERS[tag] as Walker<unknown> | undefined;
  const use = context.regUse;
  context.regUse = 'text';
  if (walker !== undefined) return walker(context, body, scope, node, use);
  if (walkJson(context, node, scope, walk)) return 0;
  return deny('SLUICE-102', `The statement uses an expression (${tag}) that Sluice does not understand, so it was not run.`, {
    location: Math.max(0, locationOf(body as { location?: number })),
    rule: 'floor',
  });
}

type Walker<T> = (context: StatementContext, body: T, scope: Scope, node: Node, use: RegUse) => number;
type Walkers = { readonly [Tag in NodeTag]?: Walker<Body<Tag>> };

/** Walks an operand whose value is compared, passed on or made a number: a reg* value among them stays a number. */
export function walkAsNumber(context: StatementContext, node: Node, scope: Scope): number {
  context.regUse = 'oid';
  return walk(context, node, scope);
}

/** Walks an operand that is used as what contains it is used (an element of a list, an arm of CASE). */
function walkAs(context: StatementContext, node: Node, scope: Scope, use: RegUse): number {
  context.regUse = use;
  return walk(context, node, scope);
}

function walkAllAs(context: StatementContext, list: readonly Node[] | undefined, scope: Scope, use: RegUse): void {
  for (const node of list ?? []) walkAs(context, node, scope, use);
}

const BOOLEAN = 16;

const WALKERS: Walkers = {
  A_Const: (_context, body) => constantType(body),
  ParamRef: (context, body) => context.request.parameterTypes[(body.number ?? 0) - 1] || UNKNOWN_TYPE,
  ColumnRef: (context, body, scope, node) => walkColumnRef(context, body, scope, node),
  A_Expr: (context, body, scope, node) => walkOperator(context, body, scope, node),
  BoolExpr: (context, body, scope) => {
    walkList(context, body.args, scope);
    return BOOLEAN;
  },
  NullTest: (context, body, scope) => {
    walk(context, body.arg!, scope);
    return BOOLEAN;
  },
  BooleanTest: (context, body, scope) => {
    walk(context, body.arg!, scope);
    return BOOLEAN;
  },
  TypeCast: (context, body, scope, node, use) => {
    const quiet = isQuietOperand(context, body.arg);
    const to = simpleType(context, body.typeName);
    const from = checkedCast(context, node, body, use, () => {
      context.regUse = NUMBER_TYPES.has(to) ? 'oid' : 'text';
      return walk(context, body.arg!, scope);
    });
    if (!quiet && !(from !== 0 && from === to)) context.frames.unsafe();
    return to;
  },
  CollateClause: (context, body, scope) => walk(context, body.arg!, scope),
  FuncCall: (context, body, scope, node, use) => walkCall(context, body, scope, node, use),
  NamedArgExpr: (context, body, scope) => walk(context, body.arg!, scope),
  CaseExpr: (context, body, scope, _node, use) => {
    const compared = body.arg !== undefined;
    if (body.arg !== undefined) {
      walkAsNumber(context, body.arg, scope);
      context.frames.unsafe();
      checkOperatorName(context, [{ String: { sval: '=' } }], locationOf(body));
    }
    for (const arm of body.args ?? []) {
      const when = asTag(arm, 'CaseWhen');
      if (when === undefined) walk(context, arm, scope);
      else {
        walkAs(context, when.expr!, scope, compared ? 'oid' : 'text');
        walkAs(context, when.result!, scope, use);
      }
    }
    if (body.defresult !== undefined) walkAs(context, body.defresult, scope, use);
    return 0;
  },
  CoalesceExpr: (context, body, scope, _node, use) => {
    let type = UNKNOWN_TYPE;
    for (const argument of body.args ?? []) {
      const next = walkAs(context, argument, scope, use);
      type = type === UNKNOWN_TYPE || type === next ? next : next === UNKNOWN_TYPE ? type : 0;
    }
    return type;
  },
  MinMaxExpr: (context, body, scope, _node, use) => {
    context.frames.unsafe();
    walkAllAs(context, body.args, scope, use);
    return 0;
  },
  RowExpr: (context, body, scope, _node, use) => {
    walkAllAs(context, body.args, scope, use);
    return 0;
  },
  A_ArrayExpr: (context, body, scope, _node, use) => {
    let type = UNKNOWN_TYPE;
    for (const element of body.elements ?? []) {
      const next = walkAs(context, element, scope, use);
      type = type === UNKNOWN_TYPE || type === next ? next : next === UNKNOWN_TYPE ? type : 0;
    }
    return type;
  },
  A_Indirection: (context, body, scope) => {
    const row = asTag(body.arg, 'ColumnRef');
    if (row === undefined || isStar(row.fields?.at(-1))) {
      walk(context, body.arg!, scope);
      checkTakenApart(context, body.arg!, body.indirection);
    } else {
      context.met.add(row);
      referToColumn(context, body.arg!, row, scope, true);
    }
    for (const step of body.indirection ?? []) {
      if ('A_Indices' in step) {
        context.frames.unsafe();
        if (step.A_Indices.lidx !== undefined) walk(context, step.A_Indices.lidx, scope);
        if (step.A_Indices.uidx !== undefined) walk(context, step.A_Indices.uidx, scope);
      }
    }
    return 0;
  },
  SubLink: (context, body, scope, _node, use) => walkSubLink(context, body, scope, use),
  GroupingFunc: (context, body, scope) => {
    walkList(context, body.args, scope);
    return 23;
  },
  GroupingSet: (context, body, scope) => {
    walkList(context, body.content, scope);
    return 0;
  },
  SQLValueFunction: (context, body) => checkSqlValue(context, body),
  XmlExpr: (context, body, scope) => {
    context.frames.unsafe();
    walkList(context, body.named_args, scope);
    walkList(context, body.args, scope);
    return 142;
  },
  ResTarget: (context, body, scope) => (body.val === undefined ? 0 : walk(context, body.val, scope)),
  XmlSerialize: (context, body, scope) => {
    context.frames.unsafe();
    return walk(context, body.expr!, scope) === 0 ? 0 : simpleType(context, body.typeName);
  },
  List: (context, body, scope, _node, use) => {
    walkAllAs(context, body.items, scope, use);
    return 0;
  },
  SortBy: (context, body, scope) => {
    if (body.useOp !== undefined) checkOperatorName(context, body.useOp, locationOf(body));
    return walk(context, body.node!, scope);
  },
  SetToDefault: () => UNKNOWN_TYPE,
  MergeSupportFunc: () => 25,
  CurrentOfExpr: () => BOOLEAN,
  MultiAssignRef: (context, body, scope) => walk(context, body.source!, scope),
};

function walkColumnRef(context: StatementContext, body: ColumnRef, scope: Scope, node: Node): number {
  return isStar(body.fields?.at(-1)) ? referToRow(context, node, body, scope) : referToColumn(context, node, body, scope);
}

/** oid and the integers. */
const NUMBER_TYPES: ReadonlySet<number> = new Set([20, 21, 23, 26]);
