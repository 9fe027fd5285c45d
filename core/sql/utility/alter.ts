/**
 * ALTER TABLE, RENAME, CREATE INDEX and sequences: need Alter on the relation (Create in the schema for a new sequence), on tables
 * of which nothing is protected. The kinds of change are an allowlist; owners, triggers, row security, inheritance and storage are
 * for the people who run the database.
 */
import type { AlterSeqStmt, AlterTableCmd, AlterTableStmt, CreateSeqStmt, IndexStmt, Node, RenameStmt } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag } from '../ast/node.ts';
import type { Scope, StatementContext } from '../context.ts';
import { checkProtection } from '../write/guardrails.ts';
import { checkColumn, checkConstraint, tableScope } from './create-table.ts';
import { openRelation, qualifyRangeVar, requireCreate, requirePlain, type UtilityTarget } from './relation-target.ts';

const ALLOWED: ReadonlySet<string> = new Set([
  ...[
    'AT_AddColumn',
    'AT_DropColumn',
    'AT_ColumnDefault',
    'AT_DropNotNull',
    'AT_SetNotNull',
    'AT_AlterColumnType',
    'AT_SetStatistics',
  ],
  ...[
    'AT_AddConstraint',
    'AT_DropConstraint',
    'AT_ValidateConstraint',
    'AT_DropExpression',
    'AT_AddIdentity',
    'AT_SetIdentity',
    'AT_DropIdentity',
  ],
]);

export function analyseAlterTable(context: StatementContext, body: AlterTableStmt): undefined {
  context.kind = 'alter';
  if (body.objtype !== 'OBJECT_TABLE') {
    deny('SLUICE-206', 'Only tables can be altered here.', { rule: 'floor', detail: 'No policy can grant it.' });
  }
  const target = openRelation(context, body.relation!, 'Alter');
  requirePlain(context, target, 'ALTER TABLE');
  const scope = scopeOf(context, target);
  for (const node of body.cmds ?? []) checkCommand(context, target, asTag(node, 'AlterTableCmd') ?? {}, scope);
  context.effect = afterChange(target);
}

function checkCommand(context: StatementContext, target: UtilityTarget, command: AlterTableCmd, scope: Scope): undefined {
  if (!ALLOWED.has(command.subtype ?? '')) {
    deny('SLUICE-206', 'This kind of ALTER TABLE is not possible here.', {
      rule: 'floor',
      detail: 'No policy can grant it.',
      hint: 'Columns, defaults, NOT NULL, types and constraints can be changed.',
    });
  }
  if (command.subtype === 'AT_DropColumn' && target.kind === 'governed') checkProtection(context, 'Drop');
  if (command.behavior === 'DROP_CASCADE' && !context.bundle.allowAll) {
    deny('SLUICE-206', 'CASCADE would drop objects that the statement does not name.', { rule: 'floor' });
  }
  const definition = command.def;
  if (definition === undefined) return;
  if ('ColumnDef' in definition) checkColumn(context, definition.ColumnDef, scope);
  else if ('Constraint' in definition) checkConstraint(context, definition.Constraint, scope);
  else if (!('List' in definition) && !('Integer' in definition))
    context.analyser.expression(context, definition, scope, 'other');
}

export function analyseRename(context: StatementContext, body: RenameStmt): undefined {
  context.kind = 'alter';
  const renamesTable = body.renameType === 'OBJECT_TABLE' && (body.relationType ?? 'OBJECT_TABLE') !== 'OBJECT_VIEW';
  const renamesColumn = body.renameType === 'OBJECT_COLUMN' && body.relationType === 'OBJECT_TABLE';
  if (body.relation === undefined || !(renamesTable || renamesColumn)) {
    return deny('SLUICE-206', 'Only tables and their columns can be renamed here.', {
      rule: 'floor',
      detail: 'No policy can grant it.',
    });
  }
  const target = openRelation(context, body.relation, 'Alter');
  requirePlain(context, target, 'RENAME');
  if (target.kind === 'temporary' && renamesTable && !context.bundle.transparent) {
    deny('SLUICE-206', 'A temporary table cannot be renamed here.', { rule: 'floor', hint: 'Create it under the other name.' });
  }
  context.effect = afterChange(target);
}

export function analyseIndex(context: StatementContext, body: IndexStmt): undefined {
  context.kind = 'create';
  const target = openRelation(context, body.relation!, 'Alter');
  requirePlain(context, target, 'CREATE INDEX');
  if (body.tableSpace !== undefined) deny('SLUICE-206', 'TABLESPACE is not possible here.', { rule: 'floor' });
  const scope = scopeOf(context, target);
  for (const node of [...(body.indexParams ?? []), ...(body.indexIncludingParams ?? [])]) {
    const expression = asTag(node, 'IndexElem')?.expr;
    if (expression !== undefined) context.analyser.expression(context, expression, scope, 'other');
  }
  if (body.whereClause !== undefined) context.analyser.expression(context, body.whereClause, scope, 'other');
  if (target.kind === 'governed' || target.unknown) context.effect = { kind: 'schema-change' };
}

export function analyseCreateSequence(context: StatementContext, body: CreateSeqStmt): undefined {
  const rangeVar = body.sequence!;
  context.kind = 'create';
  checkOwnedBy(body.options);
  if (rangeVar.relpersistence === 't')
    deny('SLUICE-206', 'Temporary sequences are not possible here.', {
      rule: 'floor',
      hint: 'Use a column GENERATED … AS IDENTITY.',
    });
  const schema = requireCreate(context, rangeVar, 'CREATE SEQUENCE');
  if (rangeVar.schemaname === undefined) qualifyRangeVar(context, rangeVar, schema, rangeVar.relname ?? '');
  context.effect = { kind: 'schema-change' };
}

export function analyseAlterSequence(context: StatementContext, body: AlterSeqStmt): undefined {
  context.kind = 'alter';
  checkOwnedBy(body.options);
  openRelation(context, body.sequence!, 'Alter');
  context.effect = { kind: 'schema-change' };
}

/** OWNED BY names another table. */
function checkOwnedBy(options: readonly Node[] | undefined): undefined {
  if (!(options ?? []).some((node) => asTag(node, 'DefElem')?.defname === 'owned_by')) return;
  deny('SLUICE-206', 'OWNED BY is not possible here.', { rule: 'floor', hint: 'Use a column GENERATED … AS IDENTITY.' });
}

function scopeOf(context: StatementContext, target: UtilityTarget): Scope {
  if (target.kind === 'temporary') return tableScope(context, target.name, target.columns);
  return tableScope(
    context,
    target.relation.name,
    target.relation.columns.map((column) => column.name),
  );
}

/** The columns of a temporary table are not known after a change: it is forgotten and remembered without them. */
function afterChange(target: UtilityTarget): StatementContext['effect'] {
  return target.kind === 'temporary' && !target.unknown
    ? { kind: 'create-temporary', name: target.name, columns: null }
    : { kind: 'schema-change' };
}
