/**
 * DROP names its objects in lists without places (`List` of `String`). The names are found by reading the tokens after the
 * keywords, and compared with the tree's.
 */
import { deny } from '../../errors/denial.ts';
import type { StatementContext } from '../context.ts';

export interface NameInText {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly string[];
}

const SKIPPED: ReadonlySet<string> = new Set([
  'drop',
  'table',
  'view',
  'materialized',
  'foreign',
  'index',
  'sequence',
  'concurrently',
]);

/** The dotted names of `DROP kind [CONCURRENTLY] [IF EXISTS] a, b …`, `count` of them. Throws SLUICE-105 when they are not there. */
export function droppedNames(context: StatementContext, count: number): readonly NameInText[] {
  const { source } = context;
  let token = source.tokenAt(context.range[0]);
  // Keywords first: at most one of each can precede the first name, which a quoted or an unreserved name may repeat.
  const seen = new Set<string>();
  while (token?.kind === 'identifier' && SKIPPED.has(token.value) && !seen.has(token.value)) {
    seen.add(token.value);
    token = source.next(token);
    if (seen.has('drop') && (seen.has('table') || seen.has('view') || seen.has('sequence') || seen.has('index'))) break;
  }
  if (seen.has('index') && token?.kind === 'identifier' && token.value === 'concurrently') token = source.next(token);
  const exists = token === undefined ? undefined : source.next(token);
  if (token?.kind === 'identifier' && token.value === 'if' && exists?.kind === 'identifier' && exists.value === 'exists')
    token = source.next(exists);
  const names: NameInText[] = [];
  while (token !== undefined && names.length < count) {
    const name = source.nameAt(token.start);
    names.push(name);
    const comma = source.tokenAt(name.end);
    token = comma?.value === ',' ? source.next(comma) : undefined;
  }
  if (names.length !== count)
    deny('SLUICE-105', 'The statement could not be rewritten safely: its names were not found.', { rule: 'floor' });
  return names;
}
