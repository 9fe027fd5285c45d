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
      if (READING.has(key) || key === 'larg' || key === 'rarg') note(found, key, inner as Fields);
      pending.push(inner);
    }
  }
  return found;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * `larg` and `rarg` are bodies in set operations and wrapped nodes in joins. A star is spelled out by whoever walks the list, and
 * VALUES of an INSERT belong to its target; what stands in them is held to account by itself.
 */
function note(found: object[], key: string, inner: Fields): void {
  const isQuery = key === 'SelectStmt' || 'op' in inner || 'targetList' in inner;
  if (key === 'larg' || key === 'rarg' || key === 'SelectStmt') {
    if (isQuery && inner['valuesLists'] === undefined) found.push(inner);
  } else if (key !== 'ColumnRef' || !endsWithStar(inner['fields'])) found.push(inner);
}

function endsWithStar(fields: unknown): boolean {
  const last: unknown = Array.isArray(fields) ? fields.at(-1) : undefined;
  return typeof last === 'object' && last !== null && 'A_Star' in last;
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
