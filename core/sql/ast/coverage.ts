/**
 * The last part of default deny: whatever could read something (a query, a relation, a column, a call) must have been met by the
 * walk. What is collected before the walk and not met after it stands in a field that nobody looked at, and the statement is
 * denied. Nodes may be replaced in between, so they are known by their bodies.
 */
import { deny } from '../../errors/denial.ts';

const READING: ReadonlySet<string> = new Set(['SelectStmt', 'RangeVar', 'ColumnRef', 'FuncCall', 'SubLink', 'TypeCast']);

/** Bodies of the nodes under `tree` that the walk must meet. FOR UPDATE OF names aliases, which is no reading. */
export function readingNodes(tree: object): readonly object[] {
  const found: object[] = [];
  const pending: object[] = [tree];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    for (const key in value) {
      const inner = (value as Record<string, unknown>)[key];
      if (typeof inner !== 'object' || inner === null || key === 'lockedRels') continue;
      if (READING.has(key) || key === 'larg' || key === 'rarg') note(found, key, inner);
      pending.push(inner);
    }
  }
  return found;
}

/** `larg` and `rarg` are bodies in set operations and wrapped nodes in joins. */
function note(found: object[], key: string, inner: object): void {
  if (key !== 'larg' && key !== 'rarg') found.push(inner);
  else if ('op' in inner || 'targetList' in inner) found.push(inner);
}

/** Throws SLUICE-102 when one of them was not met. */
export function checkCoverage(found: readonly object[], met: ReadonlySet<object>): void {
  for (const body of found) {
    if (met.has(body)) continue;
    const location = (body as { location?: unknown }).location;
    deny('SLUICE-102', 'The statement has an expression in a place that Sluice does not understand, so it was not run.', {
      rule: 'floor',
      ...(typeof location === 'number' && location >= 0 ? { location } : {}),
    });
  }
}
