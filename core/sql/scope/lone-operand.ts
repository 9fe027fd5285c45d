/**
 * `IN (x)` and `= ANY (x)` take a subquery in their parentheses for a set of rows, a value for a value. Where a guard has made a scalar
 * subquery of the value, it is put into an expression that is none.
 */
import type { Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { become, locationOf } from '../ast/node.ts';
import type { Body } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { wrapNode } from '../names/wrap.ts';

const BEFORE = 'CASE WHEN true THEN ';
const AFTER = ' END';
const WORDS: ReadonlySet<string> = new Set(['in', 'any', 'some', 'all']);

/** To be called once the operands have been walked. */
export function keepLoneOperand(context: StatementContext, body: Body<'A_Expr'>): void {
  const operand = loneOperand(body);
  if (operand === undefined || !('SubLink' in operand) || operand.SubLink.subLinkType !== 'EXPR_SUBLINK') return;
  const { source } = context;
  let word = source.tokenAt(locationOf(body));
  while (word !== undefined && !(word.kind === 'identifier' && WORDS.has(word.value))) word = source.next(word);
  const open = word === undefined ? undefined : source.next(word);
  if (open?.value !== '(') {
    deny('SLUICE-105', 'The statement could not be rewritten safely: an operand was not found in the text.', {
      location: Math.max(0, locationOf(body)),
      rule: 'floor',
    });
  }
  const close = source.closing(open.start);
  context.edit({ start: open.start, end: open.end, replacement: `(${BEFORE}` });
  context.edit({ start: close, end: close + 1, replacement: `${AFTER})` });
  become(operand, wrapNode(context.parser, { prefix: BEFORE, suffix: AFTER }, { ...operand }));
}

function loneOperand({ kind, rexpr }: Body<'A_Expr'>): Node | undefined {
  if (rexpr === undefined) return undefined;
  if (kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_OP_ALL') return rexpr;
  const items = kind === 'AEXPR_IN' && 'List' in rexpr ? rexpr.List.items : undefined;
  return items?.length === 1 ? items[0] : undefined;
}
