/**
 * The whole row under an alias list. `row_to_json(t)` over `FROM table AS t(a, b)` shows the table's own names, because the row's
 * type is the table's; a row of the subquery in its place would show `a` and `b`. So the names are put back around it.
 */
import type { ColumnRef, Node } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { become, locationOf, namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import type { ReadSite } from '../read/site.ts';

export function keepRowNames(context: StatementContext, node: Node, reference: ColumnRef, site: ReadSite): void {
  const listed = namesOf(site.rangeVar.alias?.colnames) ?? [];
  if (listed.length === 0) return;
  const own = site.rule.columns.flatMap(({ attnum }) => {
    const column = site.relation.columns.find((candidate) => candidate.attnum === attnum);
    return column === undefined ? [] : [column.name];
  });
  const shown = own.map((name, at) => listed[at] ?? name);
  // A name twice cannot be referred to, nor can more names than columns stand in the list: the server says so.
  if (new Set(shown).size < shown.length || listed.length > own.length) return;
  const row = quoteIdentifier(site.name);
  const holder = quoteIdentifier(unusedName('row', own));
  const columns = own.map((name, at) => `${row}.${quoteIdentifier(shown[at]!)} AS ${quoteIdentifier(name)}`).join(', ');
  const named = `(SELECT ${holder} FROM (SELECT ${columns}) AS ${holder})`;
  // A row that an outer join has made of nothing is NULL, not a row of NULLs.
  const replacement = site.outer ? `(CASE WHEN ${row} IS DISTINCT FROM NULL THEN ${named} END)` : named;
  const { start, end } = context.source.nameAt(locationOf(reference));
  context.edit({ start, end, replacement });
  become(node, context.fragments.expression(replacement));
}

function unusedName(stem: string, taken: readonly string[]): string {
  let name = stem;
  for (let n = 2; taken.includes(name); n += 1) name = `${stem} ${n}`;
  return name;
}
