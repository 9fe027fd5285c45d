/** The columns an INSERT without a column list means: those that exist for the subject, in the table's order. */
import type { WriteRule } from '../../policy/bundle.ts';
import type { Target } from './target.ts';

/** True when Insert is granted for all columns: then the statement may stay without a list. */
export function coversAll(target: Target, rule: WriteRule): boolean {
  return target.relation.columns.every((column) => rule.columns.includes(column.attnum));
}

/** `values`: how many values there are, null when that is not known. */
export function implicitColumns(target: Target, rule: WriteRule, values: number | null): string[] {
  const names = target.relation.columns.filter((column) => rule.columns.includes(column.attnum)).map((column) => column.name);
  return values === null ? names : names.slice(0, values);
}
