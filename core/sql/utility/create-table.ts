/**
 * CREATE TABLE, temporary and permanent. A temporary table belongs to the session and nothing in it is governed, so its name must
 * not be one that means something governed: if the server and we ever disagreed about whether it still exists (ON COMMIT DROP, a
 * rollback), the same name would read another table.
 */
import type { ColumnDef, Constraint, CreateStmt, IntoClause, Node, RangeVar } from '@pgsql/types';
import { denial, deny } from '../../errors/denial.ts';
import { asTag, namesOf } from '../ast/node.ts';
import type { OutputColumns, Scope, StatementContext } from '../context.ts';
import { displayName } from '../names/hints.ts';
import { resolveRelation } from '../names/relations.ts';
import { checkType } from '../names/types.ts';
import { isPlain, qualifyRangeVar, requireCreate } from './relation-target.ts';

export function analyseCreateTable(context: StatementContext, body: CreateStmt): undefined {
  const rangeVar = body.relation!;
  context.kind = 'create';
  checkForm(body);
  const columns = (body.tableElts ?? []).flatMap((node) => asTag(node, 'ColumnDef') ?? []);
  const names = columns.map((column) => column.colname ?? '');
  const likes = (body.tableElts ?? []).flatMap((node) => asTag(node, 'TableLikeClause') ?? []);
  const temporary = isTemporary(rangeVar);
  if (temporary) openTemporary(context, rangeVar);
  else qualifyCreated(context, rangeVar, requireCreate(context, rangeVar, 'CREATE TABLE'));
  for (const like of likes) checkLike(context, like.relation!);
  const scope = tableScope(context, rangeVar.relname ?? '', likes.length > 0 ? null : names);
  for (const column of columns) checkColumn(context, column, scope);
  for (const node of [...(body.tableElts ?? []), ...(body.constraints ?? [])]) {
    const constraint = asTag(node, 'Constraint');
    if (constraint !== undefined) checkConstraint(context, constraint, scope);
  }
  for (const node of body.partspec?.partParams ?? []) {
    const expression = asTag(node, 'PartitionElem')?.expr;
    if (expression !== undefined) context.analyser.expression(context, expression, scope, 'other');
  }
  context.effect = temporary
    ? {
        kind: 'create-temporary',
        name: rangeVar.relname ?? '',
        columns: likes.length > 0 ? null : names,
        dropOnCommit: body.oncommit === 'ONCOMMIT_DROP',
      }
    : { kind: 'schema-change' };
}

/** Tables that take part in another one's rows, or live elsewhere, are for the people who run the database. */
function checkForm(body: CreateStmt): undefined {
  const form =
    (body.inhRelations ?? []).length > 0
      ? body.partbound === undefined
        ? 'INHERITS'
        : 'PARTITION OF'
      : body.ofTypename !== undefined
        ? 'OF type'
        : body.tablespacename !== undefined
          ? 'TABLESPACE'
          : body.accessMethod !== undefined
            ? 'USING access method'
            : undefined;
  if (form !== undefined)
    deny('SLUICE-206', `CREATE TABLE … ${form} is not possible here.`, { rule: 'floor', hint: 'Create a plain table.' });
}

export function isTemporary(rangeVar: RangeVar): boolean {
  return rangeVar.relpersistence === 't' || rangeVar.schemaname === 'pg_temp';
}

/** Needs session.temporaryTables (SLUICE-209) and a name that no relation of the database has. */
export function openTemporary(context: StatementContext, rangeVar: RangeVar): undefined {
  const name = rangeVar.relname ?? '';
  const located = rangeVar.location === undefined ? {} : { location: rangeVar.location };
  if (!context.bundle.session.temporaryTables) {
    context.refuse(
      denial('SLUICE-209', 'Temporary tables are not granted.', {
        ...located,
        hint: 'Use WITH in the query, or ask for session.temporaryTables.',
      }),
    );
  }
  // Where nothing is governed a name cannot hide anything, and the server says itself where a temporary table may live.
  if (context.bundle.transparent) return;
  if (rangeVar.schemaname !== undefined && rangeVar.schemaname !== 'pg_temp') {
    deny('SLUICE-206', 'A temporary table lives in pg_temp.', { ...located, rule: 'floor' });
  }
  // The server looks into pg_temp first for relations and for types, and a table is a type, too: `text` would take over every cast.
  const taken = context.catalog.data.schemas.some((schema) => context.catalog.relationNamed(schema, name) !== undefined);
  if (taken || context.catalog.typesNamed(name).length > 0) {
    deny('SLUICE-206', `A temporary table cannot be called ${displayName(name)} here.`, {
      ...located,
      rule: 'floor',
      detail: 'Names that a temporary table would hide are not available.',
      hint: `Choose another name, for example ${displayName(`tmp_${name}`)}.`,
    });
  }
}

function qualifyCreated(context: StatementContext, rangeVar: RangeVar, schema: string): undefined {
  if (rangeVar.schemaname === undefined) qualifyRangeVar(context, rangeVar, schema, rangeVar.relname ?? '');
}

/** LIKE copies names, defaults and comments. */
function checkLike(context: StatementContext, rangeVar: RangeVar): undefined {
  const resolved = resolveRelation(context, rangeVar, 'Select');
  if (resolved.kind === 'governed' && isPlain(resolved.grant)) {
    context.facts.read(resolved.relation, '*', 'Select');
    return qualifyRangeVar(context, rangeVar, resolved.relation.schema, resolved.relation.name);
  }
  if (resolved.kind === 'temporary') return qualifyRangeVar(context, rangeVar, 'pg_temp', resolved.name);
  deny('SLUICE-602', 'LIKE is possible only for tables of which nothing is protected.', {
    ...(rangeVar.location === undefined ? {} : { location: rangeVar.location }),
    rule: 'floor',
    hint: 'List the columns.',
  });
}

/** A scope that holds the columns of the table being made; null: unknown ones. */
export function tableScope(context: StatementContext, name: string, columns: readonly string[] | null): Scope {
  return context.analyser.scope(null, [{ name, kind: 'derived', columns: columns?.map((column) => ({ name: column })) ?? null }]);
}

export function checkColumn(context: StatementContext, column: ColumnDef, scope: Scope): undefined {
  if (column.typeName !== undefined) checkType(context, column.typeName, 'definition');
  if (column.raw_default !== undefined) context.analyser.expression(context, column.raw_default, scope, 'other');
  for (const node of column.constraints ?? []) {
    const constraint = asTag(node, 'Constraint');
    if (constraint !== undefined) checkConstraint(context, constraint, scope);
  }
}

export function checkConstraint(context: StatementContext, constraint: Constraint, scope: Scope): undefined {
  for (const expression of [constraint.raw_expr, constraint.where_clause]) {
    if (expression !== undefined) context.analyser.expression(context, expression, scope, 'other');
  }
  if (constraint.pktable !== undefined) checkReferenced(context, constraint.pktable);
  if (context.bundle.transparent) return checkExclusions(context, constraint.exclusions ?? [], scope);
  if ((constraint.exclusions ?? []).length > 0)
    deny('SLUICE-206', 'EXCLUDE constraints are not possible here.', { rule: 'floor' });
  if (constraint.indexspace !== undefined) deny('SLUICE-206', 'USING INDEX TABLESPACE is not possible here.', { rule: 'floor' });
}

/** Pairs of an index element and an operator. */
function checkExclusions(context: StatementContext, exclusions: readonly Node[], scope: Scope): undefined {
  for (const pair of exclusions) {
    const expression = asTag(asTag(pair, 'List')?.items?.[0], 'IndexElem')?.expr;
    if (expression !== undefined) context.analyser.expression(context, expression, scope, 'other');
  }
}

/** A foreign key tells whether a value exists in the other table. */
function checkReferenced(context: StatementContext, rangeVar: RangeVar): undefined {
  const resolved = resolveRelation(context, rangeVar, 'Select');
  if (resolved.kind === 'temporary') return qualifyRangeVar(context, rangeVar, 'pg_temp', resolved.name);
  if (resolved.kind === 'governed' && isPlain(resolved.grant)) {
    return qualifyRangeVar(context, rangeVar, resolved.relation.schema, resolved.relation.name);
  }
  deny('SLUICE-602', 'A foreign key may refer only to tables of which nothing is protected.', {
    ...(rangeVar.location === undefined ? {} : { location: rangeVar.location }),
    rule: 'floor',
    detail: 'It would tell which values exist there.',
  });
}

/** What CREATE TABLE AS and SELECT INTO make of a query's result. Call it after the query has been analysed. */
export function analyseInto(context: StatementContext, into: IntoClause, output: OutputColumns): undefined {
  const rangeVar = into.rel!;
  context.kind = 'create';
  context.returnsRows = false;
  if (into.tableSpaceName !== undefined || into.accessMethod !== undefined) {
    deny('SLUICE-206', 'TABLESPACE and USING access method are not possible here.', {
      rule: 'floor',
      hint: 'Create a plain table.',
    });
  }
  if (!isTemporary(rangeVar)) {
    qualifyCreated(context, rangeVar, requireCreate(context, rangeVar, 'CREATE TABLE AS'));
    context.effect = { kind: 'schema-change' };
    return;
  }
  openTemporary(context, rangeVar);
  const given = namesOf(into.colNames) ?? [];
  const columns = output?.map((column, index) => given[index] ?? column.name) ?? null;
  context.effect = {
    kind: 'create-temporary',
    name: rangeVar.relname ?? '',
    columns,
    dropOnCommit: into.onCommit === 'ONCOMMIT_DROP',
  };
}

/** CREATE TABLE AS; of a query only. */
export function analyseCreateTableAs(
  context: StatementContext,
  body: { query?: Node; into?: IntoClause; objtype?: string },
): undefined {
  if (body.objtype === 'OBJECT_MATVIEW') {
    deny('SLUICE-206', 'Creating a materialised view is not possible here.', {
      rule: 'floor',
      hint: 'Use CREATE TEMPORARY TABLE … AS where it is granted.',
    });
  }
  const query = body.query!;
  if (!('SelectStmt' in query)) {
    deny('SLUICE-206', 'CREATE TABLE AS is possible for queries only.', {
      rule: 'floor',
      hint: 'Write the query instead of EXECUTE.',
    });
  }
  analyseInto(context, body.into!, context.analyser.select(context, query, null));
}

/** SELECT … INTO as a statement of its own: the tree keeps its clause, the query is analysed without it. */
export function analyseSelectInto(context: StatementContext, node: Node): undefined {
  const body = asTag(node, 'SelectStmt')!;
  const into = body.intoClause!;
  delete body.intoClause;
  try {
    const output = context.analyser.select(context, node, null);
    analyseInto(context, into, output);
  } finally {
    body.intoClause = into;
  }
}
