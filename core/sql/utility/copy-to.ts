/**
 * COPY … TO STDOUT. A query is analysed where it stands. A relation that is not wholly visible becomes a query over it: the name
 * keeps its place in the text, `(SELECT … FROM` and `)` go around it, and from there on it is a relation in a FROM clause.
 * https://www.postgresql.org/docs/current/sql-copy.html
 */
import type { CopyStmt, Node } from '@pgsql/types';
import { qualifiedName, quoteIdentifier } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import { deny } from '../../errors/denial.ts';
import type { GovernedRelation } from '../../policy/bundle.ts';
import { columnRef, stringOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { resolveRelation } from '../names/relations.ts';
import { analyseCopyFrom } from '../write/copy-from.ts';
import { qualifyRangeVar } from './relation-target.ts';

export function analyseCopy(context: StatementContext, body: CopyStmt): undefined {
  if (body.is_from) {
    analyseCopyFrom(context.analyser, context, body);
    return;
  }
  context.kind = 'copy-to';
  context.returnsRows = true;
  if (body.is_program || body.filename !== undefined) {
    deny('SLUICE-206', 'COPY to a file or program of the database server is not possible.', {
      rule: 'floor',
      hint: 'Use COPY … TO STDOUT.',
    });
  }
  if (body.query !== undefined) {
    if ('SelectStmt' in body.query) context.analyser.select(context, body.query, null);
    else context.analyser.query(context, body.query, null);
  } else copyRelation(context, body);
}

function copyRelation(context: StatementContext, body: CopyStmt): undefined {
  const rangeVar = body.relation!;
  const resolved = resolveRelation(context, rangeVar, 'Select');
  if (resolved.kind === 'temporary') return qualifyRangeVar(context, rangeVar, 'pg_temp', resolved.name);
  if (resolved.kind === 'system')
    return copyQuery(
      context,
      body,
      systemColumns(
        resolved.relation,
        resolved.rule.columns.map((column) => column.attnum),
      ),
    );
  const { relation, grant } = resolved;
  if (grant.select?.open) {
    for (const node of body.attlist ?? []) context.facts.read(relation, stringOf(node) ?? '', 'Select');
    if (body.attlist === undefined) context.facts.read(relation, '*', 'Select');
    return qualifyRangeVar(context, rangeVar, relation.schema, relation.name);
  }
  if (relation.kind === 'table' && context.catalog.children(relation.oid).length > 0) {
    deny('SLUICE-602', `COPY ${qualifiedName(relation)} TO leaves out its child tables and cannot be masked.`, {
      rule: 'floor',
      hint: `Use COPY (SELECT … FROM ONLY ${qualifiedName(relation)}) TO STDOUT.`,
    });
  }
  copyQuery(context, body, visibleColumns(relation, grant));
}

/** What COPY takes without a column list: all granted columns but generated ones. */
function visibleColumns(relation: RelationData, grant: GovernedRelation): readonly string[] {
  const granted = new Set(grant.select?.columns.map((column) => column.attnum));
  return relation.columns
    .filter((column) => granted.has(column.attnum) && column.generated === undefined)
    .map((column) => column.name);
}

function systemColumns(relation: RelationData, attnums: readonly number[]): readonly string[] {
  return relation.columns.filter((column) => attnums.includes(column.attnum)).map((column) => column.name);
}

function copyQuery(context: StatementContext, body: CopyStmt, all: readonly string[]): undefined {
  const rangeVar = body.relation!;
  const location = rangeVar.location ?? 0;
  const { start, end } = context.source.nameAt(location);
  const named = body.attlist?.map((node) => stringOf(node) ?? '');
  const columns = named ?? all;
  const targets: Node[] = columns.map((name, index) => {
    const at = named === undefined ? location : listedAt(context, end, index);
    const val = columnRef(name);
    if ('ColumnRef' in val) val.ColumnRef.location = at;
    return { ResTarget: { val, location: at } };
  });
  const query = {
    SelectStmt: {
      targetList: targets,
      fromClause: [{ RangeVar: rangeVar }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  } as Node;
  const list = columns.map((name) => quoteIdentifier(name)).join(', ');
  context.edit({ start, end: start, replacement: `(SELECT ${list} FROM ` });
  context.edit({ start: end, end: body.attlist === undefined ? end : afterList(context, end), replacement: ')' });
  delete body.relation;
  delete body.attlist;
  body.query = query;
  context.analyser.select(context, query, null);
}

/** The byte offset of the index-th name in the column list that follows the relation's name. */
function listedAt(context: StatementContext, after: number, index: number): number {
  const open = context.source.tokenAt(after);
  let token = open === undefined ? undefined : context.source.next(open);
  for (let skipped = 0; skipped < index * 2 && token !== undefined; skipped += 1) token = context.source.next(token);
  return token?.start ?? after;
}

function afterList(context: StatementContext, after: number): number {
  const open = context.source.tokenAt(after);
  return open === undefined ? after : context.source.closing(open.start) + 1;
}
