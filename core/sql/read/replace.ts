/**
 * The replacement itself: `(SELECT "x"."id", mask AS "email" FROM "s"."t" AS "x" WHERE filter) AS "x"`, written when the whole
 * statement has been walked. How the filter is kept ahead of the client's expressions is decided per site (rewrite-facts
 * section 5):
 *
 *   tier 1  nothing unsafe reaches the relation        plain filter, pulled up by the planner
 *   tier 2  something does, no outer join              reached columns are guarded: CASE WHEN filter THEN column END
 *   tier 3  something does, on a nullable side          OFFSET 0, with the client's safe conjuncts copied inside
 */
import type { Node } from '@pgsql/types';
import { quoteIdentifier, qualifiedName } from '../../catalog/catalog.ts';
import type { ColumnData } from '../../catalog/model.ts';
import { deny } from '../../errors/denial.ts';
import { type ReadableColumn, type ReadRule, type RowFilter, renderTemplate, type SqlTemplate } from '../../policy/bundle.ts';
import { asTag, become, columnRef } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { spellOutStars } from '../scope/stars.ts';
import { dropSchemas, exposedName } from '../scope/reference-text.ts';
import { renderConjunct } from './conjunct.ts';
import type { ReadSite } from './site.ts';

/** Writes all replacements. Called once per statement, after everything has been walked. */
export function replaceSites(context: StatementContext): void {
  spellOutStars(context);
  for (const site of context.sites) replaceSite(context, site);
}

type Tier = 'plain' | 'guarded' | 'fenced';

function tierOf(site: ReadSite): Tier {
  if (site.rule.filter === undefined) return 'plain';
  if (site.fence) return 'fenced';
  if (!site.guardAll && site.guarded.size === 0) return 'plain';
  return site.nullable ? 'fenced' : 'guarded';
}

function replaceSite(context: StatementContext, site: ReadSite): void {
  if (site.systemColumns.size > 0 && site.wholeRow) {
    deny('SLUICE-602', `A whole-row reference to ${exposedName(site)} cannot stand beside its system columns here.`, {
      hint: 'Name the columns instead of the whole row, or leave the system column out.',
    });
  }
  if (site.systemColumns.size > 0 && site.positional) {
    deny(
      'SLUICE-602',
      `System columns of ${exposedName(site)} cannot be read in a NATURAL JOIN or below a join's alias list here.`,
      {
        hint: 'Write JOIN … USING (…), and give the join an alias without a column list.',
      },
    );
  }
  dropSchemas(context, site);
  const { text: query, tree } = subquery(context, site, tierOf(site));
  const [start, end] = site.range;
  const name = exposedName(site);
  const alias = site.rangeVar.alias;
  const text = `(${query}) `;
  if (site.sample === undefined) {
    context.edit({ start, end, replacement: site.aliased ? text : `${text}AS ${quoteIdentifier(name)}` });
  } else {
    const columns = (alias?.colnames ?? []).map((node) => quoteIdentifier(asTag(node, 'String')?.sval ?? '')).join(', ');
    context.edit({ start, end, replacement: `${text}AS ${quoteIdentifier(name)}${columns === '' ? '' : ` (${columns})`}` });
  }
  tableKeyword(context, site);
  become(site.node, { RangeSubselect: { subquery: tree, alias: alias ?? { aliasname: name } } });
}

/** Text and tree of the subquery for one site. Everything in it is ours, except constants of copied conjuncts. */
function subquery(context: StatementContext, site: ReadSite, tier: Tier): { readonly text: string; readonly tree: Node } {
  const { relation, rule } = site;
  const inner = innerAlias(context, site);
  const column = (attnum: number): string => {
    const found = relation.columns.find((candidate) => candidate.attnum === attnum);
    if (found === undefined)
      deny('SLUICE-105', 'The policy speaks of a column that the catalog does not have.', { rule: 'floor' });
    return `${quoteIdentifier(inner)}.${quoteIdentifier(found.name)}`;
  };
  const render = (template: SqlTemplate): string => renderTemplate(template, column);
  const filter = rule.filter === undefined ? undefined : render(rule.filter.template);
  const targets = shownColumns(site).map((readable) => target(context, site, readable, inner, tier, filter, render));
  for (const name of site.systemColumns) targets.push(systemTarget(site, name, inner, tier, filter));
  const from = `${site.only ? 'ONLY ' : ''}${qualifiedName(relation)} AS ${quoteIdentifier(inner)}${site.sample === undefined ? '' : ` ${site.sample.text}`}`;
  const condition = where(context, site, tier, rule.filter, filter, column);
  const text = `SELECT ${targets.map((item) => item.text).join(', ')} FROM ${from}${condition}`;
  const trees = targets.map((item) => item.tree);
  if (tier !== 'plain' || site.sample !== undefined || trees.includes(undefined))
    return { text, tree: context.fragments.select(text) };
  return { text, tree: plainTree(context, site, inner, trees as Node[], filter) };
}

/** What the parser makes of a plain subquery; known pieces need not be parsed for every new set of columns. */
function plainTree(
  context: StatementContext,
  site: ReadSite,
  inner: string,
  targetList: Node[],
  filter: string | undefined,
): Node {
  const { schema, name } = site.relation;
  const relation = { schemaname: schema, relname: name, inh: !site.only, relpersistence: 'p', alias: { aliasname: inner } };
  return {
    SelectStmt: {
      targetList,
      fromClause: [{ RangeVar: relation }],
      ...(filter === undefined ? {} : { whereClause: context.fragments.expression(filter) }),
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
}

/** The granted columns that the statement names. A column the catalog does not have is never shown. */
function shownColumns(site: ReadSite): readonly { readonly readable: ReadableColumn; readonly data: ColumnData }[] {
  const shown: { readable: ReadableColumn; data: ColumnData }[] = [];
  for (const readable of site.rule.columns) {
    if (!site.useAll && !site.used.has(readable.attnum)) continue;
    const data = site.relation.columns.find((candidate) => candidate.attnum === readable.attnum);
    if (data !== undefined) shown.push({ readable, data });
  }
  return shown;
}

interface Target {
  readonly text: string;
  /** Undefined: only parsing the text tells. */
  readonly tree: Node | undefined;
}

function target(
  context: StatementContext,
  site: ReadSite,
  { readable, data }: { readonly readable: ReadableColumn; readonly data: ColumnData },
  inner: string,
  tier: Tier,
  filter: string | undefined,
  render: (template: SqlTemplate) => string,
): Target {
  const name = quoteIdentifier(data.name);
  const plain = `${quoteIdentifier(inner)}.${name}`;
  const value = readable.mask === undefined ? plain : render(readable.mask.template);
  if (tier === 'guarded' && filter !== undefined && (site.guardAll || site.guarded.has(readable.attnum))) {
    const guarded = `CASE WHEN ${filter} THEN ${value} END`;
    return { text: data.typmod === -1 ? `${guarded} AS ${name}` : `(${guarded})::${data.type} AS ${name}`, tree: undefined };
  }
  if (readable.mask === undefined) return { text: value, tree: { ResTarget: { val: columnRef(inner, data.name) } } };
  if (tier !== 'plain') return { text: `${value} AS ${name}`, tree: undefined };
  return { text: `${value} AS ${name}`, tree: { ResTarget: { name: data.name, val: context.fragments.expression(value) } } };
}

function systemTarget(site: ReadSite, name: string, inner: string, tier: Tier, filter: string | undefined): Target {
  const plain = `${quoteIdentifier(inner)}.${name}`;
  if (tier === 'guarded' && filter !== undefined && site.guardAll)
    return { text: `CASE WHEN ${filter} THEN ${plain} END AS ${name}`, tree: undefined };
  return { text: plain, tree: { ResTarget: { val: columnRef(inner, name) } } };
}

function where(
  context: StatementContext,
  site: ReadSite,
  tier: Tier,
  rule: RowFilter | undefined,
  filter: string | undefined,
  column: (attnum: number) => string,
): string {
  if (rule === undefined || filter === undefined) return '';
  if (tier === 'plain') return ` WHERE ${filter}`;
  // A sublink at top level would become a join and run above the guards: inside CASE it stays a filter of the scan.
  const kept = rule.hasSublink ? `CASE WHEN ${filter} THEN true ELSE false END` : filter;
  if (tier === 'guarded') return ` WHERE ${kept}`;
  const copies = site.conjuncts.map((conjunct) => renderConjunct(context, conjunct, column)).filter((text) => text !== null);
  if (site.locked && copies.length === 0) {
    deny(
      'SLUICE-603',
      `Rows of ${site.name} cannot be locked in this form: every row that the row filter passes would be locked.`,
      {
        hint: 'Select by key (for example WHERE id = …) and keep expressions that can fail out of the same query.',
        rule: rule.rules[0] ?? 'row filter',
      },
    );
  }
  return ` WHERE ${[filter, ...copies].map((text) => `(${text})`).join(' AND ')} OFFSET 0`;
}

/** The client's alias, so that plans read as written; a generated one where a template has names of its own to protect. */
function innerAlias(context: StatementContext, site: ReadSite): string {
  return hasOwnNames(site.rule) ? `sluice_${context.salt}` : exposedName(site);
}

const SUBLINK = /\bselect\b/i;

function hasOwnNames(rule: ReadRule): boolean {
  if (rule.filter?.hasSublink) return true;
  const templates = rule.columns.map((column) => column.mask?.template);
  return [...templates, rule.filter?.template].some((template) =>
    template?.some((part) => typeof part === 'string' && SUBLINK.test(part)),
  );
}

/** `TABLE t` has no place for a subquery: the keyword becomes `SELECT * FROM`, which is what the parser made of it. */
function tableKeyword(context: StatementContext, site: ReadSite): void {
  const first = context.source.tokenAt(site.range[0]);
  const before = first === undefined ? undefined : context.source.previous(first);
  if (before?.kind === 'identifier' && before.value === 'table')
    context.edit({ start: before.start, end: before.end, replacement: 'SELECT * FROM' });
}
