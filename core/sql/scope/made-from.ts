/**
 * What a value is made from, for the rule that no mask is stored as if it were data. FROM, conditions, grouping and order decide
 * which rows there are and in which order; only a target list makes values.
 */
import type { ScopeColumn, ScopeSource, StatementContext } from '../context.ts';

/** Runs `walk` and forgets the masked columns it has read; gives the first of them, too. */
export function apart<T>(context: StatementContext, walk: () => T): { readonly result: T; readonly masked: string | undefined } {
  const before = context.maskedReads.length;
  const result = walk();
  const masked = context.maskedReads[before];
  context.maskedReads.length = before;
  return { result, masked };
}

/** A source whose columns are made from `masked`, all of them. */
export function madeFrom(
  columns: readonly ScopeColumn[] | null,
  masked: string | undefined,
): Pick<ScopeSource, 'columns' | 'masked'> {
  if (masked === undefined) return { columns };
  return columns === null ? { columns, masked } : { columns: columns.map((column) => ({ ...column, masked: true })) };
}
