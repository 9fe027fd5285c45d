/**
 * A relation name in FROM: a CTE, a temporary relation, or a governed one, which becomes a source and (unless everything of it is
 * granted unmasked and unfiltered) a site to be replaced.
 */
import type { Node, RangeTableSample, RangeVar } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import { deny } from '../../errors/denial.ts';
import type { Bundle, GovernedRelation, ReadRule } from '../../policy/bundle.ts';
import { asTag, locationOf, namesOf } from '../ast/node.ts';
import type { OutputColumns, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { memoise } from '../names/name-context.ts';
import { resolveRelation } from '../names/relations.ts';
import { walkAt } from '../scope/expression.ts';
import { findCte } from '../scope/scope.ts';
import { type FromState, type Position, renameColumns } from './from.ts';
import type { ReadSite } from './site.ts';

/** Joins cost the product of their number and their columns to analyse; no honest statement comes near this. */
const MAXIMUM_SITES = 200;

const SYSTEM_COLUMN_KINDS: ReadonlySet<string> = new Set(['table', 'partitioned', 'matview', 'foreign', 'sequence']);

export function relationSource(
  state: FromState,
  node: Node,
  rangeVar: RangeVar,
  position: Position,
  sample?: RangeTableSample,
): ScopeSource {
  const { context } = state;
  const name = rangeVar.relname ?? '';
  context.met.add(rangeVar);
  if (rangeVar.schemaname === undefined && rangeVar.catalogname === undefined) {
    const cte = findCte(state.level.parent, name);
    if (cte !== undefined) {
      for (const site of cte.sites ?? []) {
        context.cteUses.push(site);
        // The planner may put its query where the reference stands.
        if (position.nullable) site.nullable = true;
      }
      const columns = renameColumns(cte.columns, rangeVar.alias);
      return {
        name: rangeVar.alias?.aliasname ?? name,
        kind: 'cte',
        columns,
        ...(cte.sites === undefined ? {} : { sites: cte.sites }),
        ...(cte.masked === undefined ? {} : { masked: cte.masked }),
      };
    }
  }
  if (context.sites.length >= MAXIMUM_SITES) {
    deny('SLUICE-104', `The statement reads from more than ${MAXIMUM_SITES} governed relations.`, {
      location: locationOf(rangeVar),
      rule: 'floor',
    });
  }
  const resolved = resolveRelation(context, rangeVar, 'Select');
  if (resolved.kind === 'temporary') return temporarySource(context, rangeVar, resolved.columns);
  const { relation } = resolved;
  const intended = resolved.kind === 'system' ? resolved.rule : selectRule(resolved.grant, rangeVar);
  const rule = resolved.kind === 'system' ? intended : effectiveRule(context, relation, intended);
  record(context, relation, intended, rule);
  const alias = rangeVar.alias;
  const shared = {
    name: alias?.aliasname ?? relation.name,
    ...(alias === undefined ? { schema: relation.schema } : {}),
    kind: 'relation' as const,
    relation,
    rule: intended,
    systemColumns: SYSTEM_COLUMN_KINDS.has(relation.kind),
  };
  if (rule.open) {
    qualify(context, rangeVar, relation);
    return { ...shared, columns: renameColumns(relationColumns(relation, rule), alias) };
  }
  const site = createSite(context, node, rangeVar, relation, rule, position, sample);
  context.sites.push(site);
  const columns = relationColumns(relation, rule).map((column) => withReach(column, site));
  return { ...shared, columns: renameGranted(columns, rangeVar), site, sites: [site] };
}

function selectRule(grant: GovernedRelation, rangeVar: RangeVar): ReadRule {
  if (grant.select === undefined)
    return deny('SLUICE-203', `Select on ${grant.schema}.${grant.name} is not granted.`, { location: locationOf(rangeVar) });
  return grant.select;
}

/** In Observe what is applied is another rule than the granted one, which is recorded: it permits all and masks floors at least. */
function effectiveRule(context: StatementContext, relation: RelationData, rule: ReadRule): ReadRule {
  if (context.bundle.effective === undefined) return rule;
  const effective = effectiveOf(context.bundle).get(relation.oid)?.select;
  return effective ?? deny('SLUICE-201', `Relation ${relation.name} does not exist or is not granted.`, { rule: 'floor' });
}

const effectiveOf = memoise((bundle: Bundle) => new Map((bundle.effective ?? []).map((relation) => [relation.oid, relation])));

function record(context: StatementContext, relation: RelationData, intended: ReadRule, rule: ReadRule): void {
  context.facts.read(relation, null);
  for (const name of intended.rules) context.facts.rule(name);
  if (intended.filter !== undefined) context.facts.filter(relation, intended.filter);
  if (!rule.unrestricted) context.facts.governed();
}

/** All columns of the relation, those that are not granted marked: they must not resolve to an outer level instead. */
function relationColumns(relation: RelationData, rule: ReadRule): readonly ScopeColumn[] {
  const granted = new Map(rule.columns.map((column) => [column.attnum, column]));
  return relation.columns.map((column) => ({
    name: column.name,
    origin: { relation, attnum: column.attnum },
    typeOid: column.typeOid,
    ...(rule.unrestricted || granted.has(column.attnum) ? {} : { ungranted: true }),
    ...(granted.get(column.attnum)?.mask === undefined ? {} : { masked: true }),
  }));
}

function withReach(column: ScopeColumn, site: ReadSite): ScopeColumn {
  return column.ungranted || site.rule.filter === undefined
    ? column
    : { ...column, reaches: [{ site, attnum: column.origin!.attnum }] };
}

/** An alias list renames what the subquery shows, so it skips the columns that are not granted (and those vanish under it). */
function renameGranted(columns: readonly ScopeColumn[], rangeVar: RangeVar): readonly ScopeColumn[] {
  if ((rangeVar.alias?.colnames?.length ?? 0) === 0) return columns;
  return (
    renameColumns(
      columns.filter((column) => !column.ungranted),
      rangeVar.alias,
    ) ?? []
  );
}

function temporarySource(context: StatementContext, rangeVar: RangeVar, columns: readonly string[] | null): ScopeSource {
  if (rangeVar.schemaname === undefined) {
    const { start, end } = context.source.nameAt(locationOf(rangeVar));
    context.edit({ start, end, replacement: `pg_temp.${quoteIdentifier(rangeVar.relname ?? '')}` });
    rangeVar.schemaname = 'pg_temp';
  }
  const known: OutputColumns = columns?.map((name) => ({ name })) ?? null;
  return {
    name: rangeVar.alias?.aliasname ?? rangeVar.relname ?? '',
    kind: 'relation',
    columns: renameColumns(known, rangeVar.alias),
    systemColumns: true,
  };
}

/** Names the schema where the bare name could mean another relation, now or by the time the statement runs. */
function qualify(context: StatementContext, rangeVar: RangeVar, relation: RelationData): void {
  if (rangeVar.schemaname !== undefined) return;
  const { catalog, bundle, session } = context;
  const others = catalog.data.schemas.some(
    (schema) => schema !== relation.schema && catalog.relationNamed(schema, relation.name) !== undefined,
  );
  // A schema searched before may get a relation of that name at any time, and the catalog hears of it later.
  const first = relation.schema === 'pg_catalog' || session.searchPath[0] === relation.schema;
  if (first && !others && !bundle.session.temporaryTables && session.temporary.size === 0) return;
  const start = locationOf(rangeVar);
  context.edit({ start, end: start, replacement: `${quoteIdentifier(relation.schema)}.` });
  rangeVar.schemaname = relation.schema;
}

function createSite(
  context: StatementContext,
  node: Node,
  rangeVar: RangeVar,
  relation: RelationData,
  rule: ReadRule,
  position: Position,
  sample: RangeTableSample | undefined,
): ReadSite {
  const alias = rangeVar.alias;
  return {
    relation,
    rule,
    node,
    rangeVar,
    range: sample === undefined ? relationExtent(context, rangeVar) : sampleExtent(context, rangeVar),
    ...(sample === undefined ? {} : { sample: { node: sample, text: sampleText(context, sample) } }),
    only: !rangeVar.inh,
    name: alias?.aliasname ?? relation.name,
    aliased: alias !== undefined,
    renamed: null,
    region: position.region,
    nullable: position.nullable,
    systemColumns: new Set(),
    guarded: new Set(),
    guardAll: false,
    fence: false,
    locked: false,
    wholeRow: false,
    late: new Set(),
    lateSystem: new Set(),
    lateRow: false,
    used: new Set(),
    useAll: (alias?.colnames?.length ?? 0) > 0,
    conjuncts: [],
    qualified: [],
    positional: false,
    outer: position.region.id !== 0,
  };
}

/** `[ONLY] [(] name [)] [*]`: everything before the alias. */
function relationExtent(context: StatementContext, rangeVar: RangeVar): readonly [number, number] {
  const { source } = context;
  const name = source.nameAt(locationOf(rangeVar));
  let { start, end } = name;
  const before = source.tokenAt(start);
  let previous = before === undefined ? undefined : source.previous(before);
  if (!rangeVar.inh && previous !== undefined) {
    if (previous.value === '(' && previous.kind === 'punctuation') {
      end = source.closing(previous.start) + 1;
      previous = source.previous(previous);
    }
    if (previous?.value === 'only') start = previous.start;
  }
  const next = source.tokenAt(end);
  if (rangeVar.inh && next?.value === '*' && next.start === source.next(source.tokenAt(lastNamePart(context, rangeVar))!)?.start)
    end = next.end;
  return [start, end];
}

/** Offset of the last token of the name. */
function lastNamePart(context: StatementContext, rangeVar: RangeVar): number {
  const { source } = context;
  const name = source.nameAt(locationOf(rangeVar));
  let token = source.tokenAt(name.start)!;
  for (let next = source.next(token); next !== undefined && next.end <= name.end; next = source.next(token)) token = next;
  return token.start;
}

/** `t [AS] x [(…)] TABLESAMPLE m (…) [REPEATABLE (…)]`: the alias stands before the sample, so all of it is replaced. */
function sampleExtent(context: StatementContext, rangeVar: RangeVar): readonly [number, number] {
  const [start, end] = relationExtent(context, rangeVar);
  const keyword = sampleKeyword(context, end);
  return [start, sampleEnd(context, keyword)];
}

function sampleKeyword(context: StatementContext, from: number): number {
  let token = context.source.tokenAt(from);
  while (token !== undefined && !(token.kind === 'identifier' && token.value === 'tablesample'))
    token = context.source.next(token);
  return token?.start ?? deny('SLUICE-105', 'The statement could not be rewritten safely.', { location: from, rule: 'floor' });
}

function sampleEnd(context: StatementContext, keyword: number): number {
  const { source } = context;
  const method = source.next(source.tokenAt(keyword)!)!;
  const open = source.tokenAt(source.nameAt(method.start).end)!;
  const close = source.closing(open.start);
  const repeatable = source.tokenAt(close + 1);
  if (repeatable?.kind !== 'identifier' || repeatable.value !== 'repeatable') return close + 1;
  return source.closing(source.next(repeatable)!.start) + 1;
}

function sampleText(context: StatementContext, sample: RangeTableSample): string {
  const rangeVar = asTag(sample.relation, 'RangeVar')!;
  const keyword = sampleKeyword(context, relationExtent(context, rangeVar)[1]);
  return context.source.slice(keyword, sampleEnd(context, keyword));
}

/** TABLESAMPLE moves inside the subquery, where its arguments see nothing of what stands before it in FROM. */
export function sampledSource(state: FromState, node: Node, body: RangeTableSample, position: Position): ScopeSource {
  const { context, level } = state;
  const rangeVar = asTag(body.relation, 'RangeVar');
  if (rangeVar === undefined) return deny('SLUICE-102', 'TABLESAMPLE is understood on tables only.', { rule: 'floor' });
  const source = relationSource(state, node, rangeVar, position, body);
  const arguments_ = [...(body.args ?? []), ...(body.repeatable === undefined ? [] : [body.repeatable])];
  const plain = (): void => {
    if (source.site === undefined || arguments_.every(namesNothing)) return;
    deny('SLUICE-602', 'The arguments of TABLESAMPLE must not refer to columns or name objects here.', {
      location: locationOf(body),
      rule: 'floor',
    });
  };
  plain();
  for (const argument of arguments_) walkAt(context, argument, level, 'from');
  // A guard is a subquery.
  plain();
  return source;
}

/** Made of constants and parameters, by operators, casts (but to types that name objects) and functions. */
function namesNothing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if ('ColumnRef' in value || 'SubLink' in value) return false;
  // A cast to regclass and its like names what the text says.
  if (
    'names' in value &&
    namesOf(value.names as Node[])
      ?.at(-1)
      ?.startsWith('reg') === true
  )
    return false;
  return Object.values(value).every(namesNothing);
}

/** Two relations of one name without aliases: PostgreSQL tells relations apart by schema, but not subqueries. */
export function distinguish(sources: readonly ScopeSource[]): void {
  for (const [index, source] of sources.entries()) {
    const site = source.site;
    if (site === undefined || site.aliased || source.schema === undefined) continue;
    const twin = sources.some(
      (other, at) => at !== index && other.name === source.name && other.schema !== undefined && other.schema !== source.schema,
    );
    if (twin) site.renamed = `${source.schema}.${source.name}`.slice(0, 40);
  }
}
