/** Operators: their operands, the check of the name, whether they may raise an error on some rows only, and what they give. */
import type { Node } from '@pgsql/types';
import { asTag, become, isStar, locationOf, namesOf } from '../ast/node.ts';
import type { Body } from '../ast/node.ts';
import type { Scope, StatementContext } from '../context.ts';
import { regName } from '../introspect/guards.ts';
import { wrapNode } from '../names/wrap.ts';
import { checkOperatorName } from './checks.ts';
import { isRecentTime } from './constants.ts';
import { walk, walkAsNumber } from './expression.ts';
import { keepLoneOperand } from './lone-operand.ts';
import { arrayOf, TEXT } from './operator-choice.ts';
import { operatorResult, safeOperator, UNKNOWN_TYPE } from './safety.ts';

const BOOLEAN = 16;
const DATE = 1082;
const TIMESTAMP = 1114;

const COMPARISONS: ReadonlySet<string> = new Set([
  ...['=', '<>', '<', '<=', '>', '>=', '~~', '!~~', '~~*', '!~~*', '~', '~*', '!~', '!~*', '@>', '<@', '@@', '&&'],
]);

/** Gives the type's OID, 0 when it is not known. */
export function walkOperator(context: StatementContext, body: Body<'A_Expr'>, scope: Scope, node: Node): number {
  const row = rowOperand(body.lexpr);
  if (row !== undefined && comparesRows(context, body, row, scope)) return BOOLEAN;
  const named = [regType(body.lexpr), regType(body.rexpr)];
  const compares = COMPARISONS.has(namesOf(body.name)?.at(-1) ?? '') || (body.kind?.includes('BETWEEN') ?? false);
  const operand = compares ? walkAsNumber : walk;
  const left = body.lexpr === undefined ? undefined : operand(context, body.lexpr, scope);
  const list = body.rexpr !== undefined && 'List' in body.rexpr ? (body.rexpr.List.items ?? []) : undefined;
  const right =
    list === undefined ? operand(context, body.rexpr!, scope) : common(list.map((item) => operand(context, item, scope)));
  for (const item of list ?? [body.rexpr]) nameLiteral(context, item, named[0]);
  nameLiteral(context, body.lexpr, named[1]);
  if (isRecentTime(context, node)) {
    checkOperatorName(context, body.name, locationOf(body));
    return left === DATE ? TIMESTAMP : (left ?? 0);
  }
  const type = checkOperatorUse(context, body, left, right);
  keepLoneOperand(context, body);
  return type;
}

/** The name of the reg* type that an operand is cast to. */
function regType(node: Node | undefined): string | undefined {
  const type = asTag(node, 'TypeCast')?.typeName;
  const name = namesOf(type?.names)?.at(-1);
  return name?.startsWith('reg') && (type?.arrayBounds?.length ?? 0) === 0 ? name : undefined;
}

/** `oid::regclass = 'orders'`: a literal that the server would have taken for a name of the other side's type. */
function nameLiteral(context: StatementContext, node: Node | undefined, type: string | undefined): void {
  const literal = asTag(node, 'A_Const');
  if (type === undefined || literal?.sval === undefined) return;
  const around = regName(context.bundle, context.catalog, type, locationOf(literal));
  const token = context.source.tokenAt(locationOf(literal));
  if (around === undefined || token === undefined) return;
  context.pinLiteral(locationOf(literal));
  if (/^\d+$/.test(literal.sval.sval ?? '')) return;
  context.edit({ start: token.start, end: token.start, replacement: around.prefix });
  context.edit({ start: token.end, end: token.end, replacement: around.suffix });
  become(node!, wrapNode(context.parser, around, { ...node! }));
}

/** The type that the items of a list agree on, untyped ones aside; -1 when they do not. */
function common(types: readonly number[]): number {
  let seen = UNKNOWN_TYPE;
  for (const type of types) {
    if (type === UNKNOWN_TYPE) continue;
    if (seen !== UNKNOWN_TYPE && seen !== type) return -1;
    seen = type;
  }
  return seen;
}

type Row = readonly Node[];

/** The members of a row constructor that are written down. */
function rowOperand(node: Node | undefined): Row | undefined {
  const members = asTag(node, 'RowExpr')?.args;
  const known = members?.every((member) => !isStar(asTag(member, 'ColumnRef')?.fields?.at(-1)));
  return known ? members : undefined;
}

/** `(a, b) > (1, 2)`, `(a, b) IN ((1, 2), (3, 4))`: member by member; an order also compares for equality. */
function comparesRows(context: StatementContext, body: Body<'A_Expr'>, left: Row, scope: Scope): boolean {
  const list = asTag(body.rexpr, 'List');
  const rights = (list?.items ?? [body.rexpr]).map(rowOperand);
  if (body.kind !== 'AEXPR_OP' && body.kind !== 'AEXPR_IN') return false;
  if (rights.some((right) => right?.length !== left.length)) return false;
  for (const node of [body.lexpr, ...(list?.items ?? [body.rexpr])]) context.met.add(asTag(node, 'RowExpr')!);
  if (list !== undefined) context.met.add(list);
  const types = (row: Row): readonly number[] =>
    row.map((member) => operandType(context, member, walkAsNumber(context, member, scope)));
  const ours = types(left);
  const name = namesOf(body.name)?.at(-1) ?? '';
  checkOperatorName(context, body.name, locationOf(body));
  if (name !== '=') checkOperatorName(context, [{ String: { sval: '=' } }], -1);
  for (const right of rights) {
    types(right!).forEach((theirs, index) => {
      const safe = ['=', name].every((each) => safeOperator(context, each, ours[index], theirs, undefined));
      if (!safe) context.frames.unsafe();
    });
  }
  return true;
}

/** Arrays that are written down tell their element's type, which ANY and ALL compare with. */
function operandType(context: StatementContext, node: Node | undefined, type: number): number {
  if (!isArray(node)) return type;
  return type > 0 ? arrayOf(context.catalog, type === UNKNOWN_TYPE ? TEXT : type) : 0;
}

function isArray(node: Node | undefined): boolean {
  return node !== undefined && ('A_ArrayExpr' in node || ('SubLink' in node && node.SubLink.subLinkType === 'ARRAY_SUBLINK'));
}

/** ARRAY[…] and ARRAY(SELECT …) give their element's type already; a parameter or constant takes the other side's; else the array type's element. */
function elementOf(context: StatementContext, node: Node | undefined, type: number): number {
  if (isArray(node)) return type;
  return type === UNKNOWN_TYPE ? type : (context.catalog.type(type)?.elementOid ?? 0);
}

/** Checks the operator's name and whether using it on these types may raise an error. Gives the result type. */
function checkOperatorUse(context: StatementContext, body: Body<'A_Expr'>, leftType: number | undefined, right: number): number {
  const left = leftType === undefined ? undefined : operandType(context, body.lexpr, leftType);
  switch (body.kind) {
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      for (const name of body.kind.startsWith('AEXPR_NOT') ? ['<', '>'] : ['>=', '<=']) {
        checkOperatorName(context, [{ String: { sval: name } }], locationOf(body));
        if (!safeOperator(context, name, left, right, body.rexpr)) context.frames.unsafe();
      }
      return BOOLEAN;
    default: {
      checkOperatorName(context, body.name, locationOf(body), left === undefined ? 1 : 2);
      const name = namesOf(body.name)?.at(-1) ?? '';
      const overElements = body.kind === 'AEXPR_OP_ANY' || body.kind === 'AEXPR_OP_ALL';
      const other = overElements ? elementOf(context, body.rexpr, right) : operandType(context, body.rexpr, right);
      if (!safeOperator(context, name, left, other, body.rexpr)) context.frames.unsafe();
      if (body.kind === 'AEXPR_NULLIF') return left ?? 0;
      if (body.kind !== 'AEXPR_OP') return BOOLEAN;
      return operatorResult(context.catalog, name, left, other) || (COMPARISONS.has(name) ? BOOLEAN : 0);
    }
  }
}
