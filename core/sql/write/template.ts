/**
 * Generated SQL and its tree. Every insertion into the text has a twin in the tree; both are made from one piece of SQL here,
 * in which numbered slots stand for the client's own expressions.
 */
import type { Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';

/** Slots are written as parameters that no client can have used: the protocol ends at $65535. */
const FIRST_SLOT = 70_001;

/** The text of slot `index` in the SQL given to `expressionTree`. */
export function slot(index: number): string {
  return `$${FIRST_SLOT + index}`;
}

/** The tree of an expression written by us; `slots` are put where `slot(i)` stands. Each slot must occur exactly once. */
export function expressionTree(context: StatementContext, sql: string, slots: readonly Node[] = []): Node {
  const holder = { expression: context.fragments.expression(sql) };
  let filled = 0;
  const fill = (parent: Record<string, unknown>): void => {
    for (const key in parent) {
      const value = parent[key];
      if (typeof value !== 'object' || value === null) continue;
      const number = asTag(value as Node, 'ParamRef')?.number;
      const content = number === undefined ? undefined : slots[number - FIRST_SLOT];
      if (content !== undefined) {
        parent[key] = content;
        filled += 1;
      } else fill(value as Record<string, unknown>);
    }
  };
  fill(holder);
  return filled === slots.length ? holder.expression : broken();
}

function broken(): never {
  return deny('SLUICE-105', 'The statement could not be rewritten safely: a mask or filter of the policy is not an expression.', {
    rule: 'floor',
    hint: 'This is not the statement’s fault; the policy or Sluice has to be corrected.',
  });
}
