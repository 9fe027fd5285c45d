/** Which room analyses which statement. */
import type { Node } from '@pgsql/types';
import { deny } from '../errors/denial.ts';
import { tagOf } from './ast/node.ts';
import type { OutputColumns, Scope, StatementContext } from './context.ts';
import type { StatementKind } from './plan.ts';
import { analyseDelete } from './write/delete.ts';
import { analyseInsert } from './write/insert.ts';
import { analyseMerge } from './write/merge.ts';
import { analyseUpdate } from './write/update.ts';

/** Statements on rows, by tag; everything else is a utility statement. */
export const DATA_STATEMENTS: Readonly<Record<string, StatementKind>> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
};

export function writeStatement(context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  switch (tagOf(node)) {
    case 'InsertStmt':
      return analyseInsert(context.analyser, context, node, parent);
    case 'UpdateStmt':
      return analyseUpdate(context.analyser, context, node, parent);
    case 'DeleteStmt':
      return analyseDelete(context.analyser, context, node, parent);
    case 'MergeStmt':
      return analyseMerge(context.analyser, context, node, parent);
    default:
      break;
  }
  return deny('SLUICE-206', `This kind of statement (${tagOf(node)}) is not granted.`, { rule: 'floor' });
}
