/** Which room analyses which statement. */
import type { Node } from '@pgsql/types';
import { deny } from '../errors/denial.ts';
import { tagOf } from './ast/node.ts';
import type { OutputColumns, Scope, StatementContext } from './context.ts';
import type { StatementKind } from './plan.ts';

/** Statements on rows, by tag; everything else is a utility statement. */
export const DATA_STATEMENTS: Readonly<Record<string, StatementKind>> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
};

export function writeStatement(_context: StatementContext, node: Node, _parent: Scope | null): OutputColumns {
  return deny('SLUICE-206', `This kind of statement (${tagOf(node)}) is not granted.`, { rule: 'floor' });
}

export function utilityStatement(_context: StatementContext, node: Node): void {
  deny('SLUICE-206', `This kind of statement (${tagOf(node)}) is not granted.`, { rule: 'floor' });
}
