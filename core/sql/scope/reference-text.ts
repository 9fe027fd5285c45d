/**
 * What a reference to a replaced relation must look like: `schema.table.column` loses its schema, which a subquery does not have, a
 * table gets another name where two of one name meet, and a whole row keeps its type.
 */
import type { ColumnRef, Node } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { deny } from '../../errors/denial.ts';
import { become, isStar, locationOf } from '../ast/node.ts';
import type { Scope, ScopeSource, StatementContext } from '../context.ts';
import type { ReadSite } from '../read/site.ts';
import type { Resolution } from './resolve.ts';
import { keepRowNames } from './row-names.ts';

/**
 * `schema.table.column` and `schema.table.*`: a subquery has no schema, so the tokens before the last two are dropped, and the
 * table's name becomes the generated one where two relations of one name meet. Which one that is may turn out later in FROM,
 * so the change is made at the statement's end; until then the reference resolves as written.
 */
export function dropSchema(
  _context: StatementContext,
  reference: ColumnRef,
  names: readonly string[],
  source: ScopeSource,
): void {
  if (source.site !== undefined && names.length >= 2 && source.schema !== undefined)
    source.site.qualified.push({ reference, names });
}

/**
 * `schema.table.column` from inside a subquery that has a table of that name itself: without its schema the name would mean the
 * inner one, so the outer one gets another name.
 */
export function keepApart(
  names: readonly string[],
  from: Scope,
  found: Extract<Resolution, { readonly source: ScopeSource }>,
): void {
  const site = found.source.site;
  if (names.length < 3 || site === undefined || found.source.schema === undefined) return;
  for (let level: Scope | null = from; level !== null && level !== found.scope; level = level.parent) {
    if (level.sources.some(({ name }) => name === found.source.name))
      site.renamed ??= `${found.source.schema}.${found.source.name}`.slice(0, 40);
  }
}

/** Makes the changes that `dropSchema` has noted for one site. */
export function dropSchemas(context: StatementContext, site: ReadSite): void {
  const name = exposedName(site);
  for (const { reference, names } of site.qualified) {
    if (names.length <= 2 && site.renamed === null) continue;
    const start = locationOf(reference);
    let token = context.source.tokenAt(start);
    for (let skip = 0; skip < (names.length - 2) * 2 && token !== undefined; skip += 1) token = context.source.next(token);
    // A bare name is the whole row.
    if (token === undefined || token.value !== (names.at(-2) ?? names[0])) {
      deny('SLUICE-105', 'The statement could not be rewritten safely.', { location: Math.max(0, start), rule: 'floor' });
    }
    context.edit({ start, end: token.end, replacement: quoteIdentifier(name) });
    reference.fields = [{ String: { sval: name } }, ...(reference.fields ?? []).slice(1).slice(-1)];
  }
}

/**
 * A whole-row reference to a subquery has type record; with all columns in order it can be cast to the table's row type, which
 * is what it was. Not on a nullable side: there the cast would turn a NULL row into a row of NULLs; nor where it would put a mask
 * into a domain whose CHECK it may not satisfy.
 */
export function keepRowType(context: StatementContext, node: Node, reference: ColumnRef, source: ScopeSource): void {
  const site = source.site;
  if (node === context.comparedRow || site === undefined) return;
  context.rowsWithoutType.add(node);
  if (site.relation.schema === 'pg_catalog') return;
  if (isStar(reference.fields?.at(-1))) return;
  const masked = site.rule.columns.some(({ mask }) => mask?.ofBaseType === true);
  const whole = site.rule.columns.length === site.relation.columns.length && site.relation.rowTypeOid !== 0;
  if (site.outer || masked || !whole) {
    keepRowNames(context, node, reference, site);
    return;
  }
  const { end } = context.source.nameAt(locationOf(reference));
  const { schema, name } = site.relation;
  context.edit({ start: end, end, replacement: `::${quoteIdentifier(schema)}.${quoteIdentifier(name)}` });
  const typeName = { names: [{ String: { sval: schema } }, { String: { sval: name } }], typemod: -1 };
  become(node, { TypeCast: { arg: { ColumnRef: reference }, typeName } });
  context.rowsWithoutType.delete(node);
}

export function exposedName(site: ReadSite): string {
  return site.renamed ?? site.name;
}
