/**
 * COPY … FROM STDIN: rows as data. Columns are checked like those of INSERT. There is no RETURNING to carry a check, so a table
 * with a row filter is refused, as PostgreSQL refuses it under row security.
 * https://www.postgresql.org/docs/current/sql-copy.html
 */
import type { CopyStmt } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { stringOf } from '../ast/node.ts';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { Analyser, StatementContext } from '../context.ts';
import { inPlaceSource } from './in-place.ts';
import { coversAll, implicitColumns } from './insert-columns.ts';
import { assignColumn, openTarget, type Target, writeRule } from './target.ts';
import { shown } from './display.ts';

/** The statement's plan says that CopyData follows (`copyIn`). */
export function analyseCopyFrom(analyser: Analyser, context: StatementContext, body: CopyStmt): void {
  if (body.filename !== undefined || body.is_program) {
    deny('SLUICE-206', 'COPY from a file or program of the database server is not possible.', {
      rule: 'floor',
      hint: 'Use COPY … FROM STDIN.',
    });
  }
  context.kind = 'copy-from';
  context.writesRows = true;
  context.copyIn = true;
  const opened = openTarget(context, body.relation!, body, 'Insert');
  if (opened.kind === 'temporary') {
    if (body.whereClause !== undefined)
      analyser.expression(context, body.whereClause, analyser.scope(null, [opened.source]), 'other');
    return;
  }
  const { target } = opened;
  const rule = writeRule(context, target, 'Insert', body.relation?.location ?? 0);
  if (rule.filter !== undefined) context.facts.filter(target.relation, rule.filter);
  if (target.applied.insert?.filter !== undefined) refuseFiltered(target, target.applied.insert.filter.rules[0]);
  const named = body.attlist?.map((node) => stringOf(node) ?? '') ?? null;
  const names = named ?? implicitColumns(target, rule, null);
  for (const name of names) assignColumn(context, target, rule, 'Insert', name, body.relation?.location ?? 0);
  if (named === null && !coversAll(target, rule)) writeColumnList(context, body, names);
  if (body.whereClause !== undefined) {
    const source = inPlaceSource({ ...target.options, values: 'proposed' });
    analyser.expression(context, body.whereClause, analyser.scope(null, [source]), 'other');
  }
}

function refuseFiltered(target: Target, rule: string | undefined): never {
  return deny(
    'SLUICE-603',
    `COPY FROM into ${shown(target.relation)} is not possible: its row filter has to check each new row.`,
    {
      ...(rule === undefined ? {} : { rule }),
      hint: 'Use INSERT; many rows can be given in one statement.',
    },
  );
}

function writeColumnList(context: StatementContext, body: CopyStmt, names: readonly string[]): void {
  const { end } = context.source.nameAt(body.relation?.location ?? 0);
  context.edit({ start: end, end, replacement: ` (${names.map(quoteIdentifier).join(', ')})` });
  body.attlist = names.map((sval) => ({ String: { sval } }));
}
