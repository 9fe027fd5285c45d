/**
 * `*` over a relation whose subquery exposes system columns would show them. Such stars are spelled out: every column by its
 * qualified name (merged join columns by their bare name). Whether that is needed is known only at the statement's end,
 * because the system column may be referenced after the star.
 */
import type { ColumnRef, Node } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { deny } from '../../errors/denial.ts';
import { columnRef, locationOf } from '../ast/node.ts';
import type { ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { exposedName } from './reference-text.ts';

/** The columns that `*` shows of a source: the granted ones. */
export function starColumns(source: ScopeSource): readonly ScopeColumn[] | null {
  return source.columns?.some((column) => column.ungranted)
    ? source.columns.filter((column) => !column.ungranted)
    : source.columns;
}

export interface Star {
  /** The target list and the ResTarget in it. */
  readonly list: Node[];
  readonly item: Node;
  readonly reference: ColumnRef;
  readonly sources: readonly ScopeSource[];
}

/** Spells out every remembered star over a subquery that exposes system columns. Called once, when all references are known. */
export function spellOutStars(context: StatementContext): void {
  for (const star of context.stars) {
    if (star.sources.some((source) => exposesSystemColumns(source))) spellOut(context, star);
  }
}

/** Directly or as a member of a join: below a derived table the columns are named already. */
function exposesSystemColumns(source: ScopeSource): boolean {
  if (source.site !== undefined) return source.site.systemColumns.size > 0;
  return source.columns?.some((column) => column.behind !== undefined && exposesSystemColumns(column.behind.source)) ?? false;
}

function spellOut(context: StatementContext, star: Star): void {
  const location = locationOf(star.reference);
  const targets: { text: string; node: Node }[] = [];
  for (const source of star.sources) {
    const columns = starColumns(source);
    if (columns === null)
      deny('SLUICE-602', 'System columns cannot be read together with `*` here.', {
        location,
        hint: 'Name the columns instead of `*`.',
      });
    for (const column of columns) targets.push(reference(source, column, location));
  }
  const start = location < 0 ? undefined : context.source.tokenAt(location);
  if (start === undefined)
    deny('SLUICE-602', 'System columns cannot be read together with TABLE.', { hint: 'Name the columns.' });
  context.edit({
    start: start.start,
    end: endOfStar(context, star.reference),
    replacement: targets.map((target) => target.text).join(', '),
  });
  star.list.splice(star.list.indexOf(star.item), 1, ...targets.map((target) => ({ ResTarget: { val: target.node } })));
}

function reference(source: ScopeSource, column: ScopeColumn, location: number): { text: string; node: Node } {
  const holder = column.merged ? null : nameOf(source, column);
  if (
    holder === undefined ||
    ((source.columns?.filter((other) => other.name === column.name).length ?? 0) > 1 && holder === null)
  ) {
    deny('SLUICE-602', 'System columns cannot be read together with `*` here.', {
      location,
      hint: 'Name the columns instead of `*`.',
    });
  }
  const name = column.behind?.column.name ?? column.name;
  if (holder === null) return { text: quoteIdentifier(column.name), node: columnRef(column.name) };
  return { text: `${quoteIdentifier(holder)}.${quoteIdentifier(name)}`, node: columnRef(holder, name) };
}

function nameOf(source: ScopeSource, column: ScopeColumn): string | undefined {
  const owner = column.behind?.source ?? source;
  return owner.site === undefined ? (owner.name ?? undefined) : exposedName(owner.site);
}

function endOfStar(context: StatementContext, reference: ColumnRef): number {
  const start = locationOf(reference);
  let token = context.source.tokenAt(start);
  while (token !== undefined && token.value !== '*') token = context.source.next(token);
  return token?.end ?? start;
}
