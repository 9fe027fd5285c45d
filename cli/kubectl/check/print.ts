/** The results for people, as linkerd's check lays them out, and for programs. */
import { printable } from '../../table.ts';
import type { CheckResult } from './result.ts';

const MARKS = { ok: '✓', warning: '‼', failed: '×' } as const;
/** A list longer than this says how many more there are. */
const MOST_ITEMS = 20;

export function asText(results: readonly CheckResult[]): string {
  const lines: string[] = [];
  let category: string | undefined;
  for (const result of results) {
    if (result.category !== category) {
      if (category !== undefined) lines.push('');
      category = result.category;
      lines.push(category, '-'.repeat(category.length));
    }
    lines.push(`${MARKS[result.outcome]} ${printable(result.message)}`);
    const { items = [] } = result;
    for (const item of items.slice(0, MOST_ITEMS)) lines.push(`    ${printable(item)}`);
    if (items.length > MOST_ITEMS) lines.push(`    and ${items.length - MOST_ITEMS} more (--output json lists all)`);
    if (result.hint !== undefined) lines.push(`    hint: ${printable(result.hint)}`);
  }
  lines.push('', `The result is ${MARKS[worst(results)]}`);
  return `${lines.join('\n')}\n`;
}

export function asJson(results: readonly CheckResult[]): string {
  return `${JSON.stringify({ result: worst(results), checks: results }, undefined, 2)}\n`;
}

export function worst(results: readonly CheckResult[]): CheckResult['outcome'] {
  if (results.some((each) => each.outcome === 'failed')) return 'failed';
  return results.some((each) => each.outcome === 'warning') ? 'warning' : 'ok';
}
