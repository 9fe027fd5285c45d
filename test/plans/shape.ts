/**
 * What of a plan must not change: by which index each table is read, which partitions are left out, whether rows are sorted. Join
 * methods and their order are the planner's business; a lost index shows as another access.
 */

export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Subplans Removed'?: number;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly 'Actual Rows'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Sorted: `Index Scan users_pkey`, `Seq Scan orders`, `Sort`, … */
export function shapeOf(plan: PlanNode): readonly string[] {
  const parts: string[] = [];
  const walk = (node: PlanNode): void => {
    const type = node['Node Type'];
    if (node['Index Name'] !== undefined) parts.push(`${type} ${node['Index Name']}`);
    else if (type.endsWith('Scan') && type !== 'Bitmap Heap Scan' && node['Relation Name'] !== undefined)
      parts.push(`${type} ${node['Relation Name']}`);
    else if (type === 'Sort' || type === 'Incremental Sort') parts.push(type);
    for (const index of node['Conflict Arbiter Indexes'] ?? []) parts.push(`Conflict ${index}`);
    if (node['Subplans Removed'] !== undefined) parts.push(`${node['Subplans Removed']} partitions removed`);
    for (const child of node.Plans ?? []) walk(child);
  };
  walk(plan);
  return parts.sort();
}

/** What the governed plan does that the reference does not, and the other way round; null when they are the same. */
export function differenceOf(governed: PlanNode, reference: PlanNode): string | null {
  const [ours, theirs] = [shapeOf(governed), shapeOf(reference)];
  const only = (a: readonly string[], b: readonly string[]): string => {
    const rest = [...b];
    return a
      .filter((part) => {
        const at = rest.indexOf(part);
        if (at >= 0) rest.splice(at, 1);
        return at < 0;
      })
      .join(', ');
  };
  const [more, less] = [only(ours, theirs), only(theirs, ours)];
  return more === '' && less === '' ? null : `${more || 'nothing'} instead of ${less || 'nothing'}`;
}

/** Blocks of the buffer cache that were touched: the work, whatever the machine. */
export function blocksOf(plan: PlanNode): number {
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}
