/**
 * Every statement that is neither a query nor DML. A statement has a case here or it is denied; utility statements are rare, so
 * none of them is reused for another literal (the plan cache keys on the whole text).
 */
import type { Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag, tagOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { analyseAlterSequence, analyseAlterTable, analyseCreateSequence, analyseIndex, analyseRename } from './alter.ts';
import { analyseCall } from './call.ts';
import { analyseListen, analyseNotify, analyseUnlisten } from './channel.ts';
import { analyseCopy } from './copy-to.ts';
import { analyseCreateTable, analyseCreateTableAs, analyseSelectInto } from './create-table.ts';
import { analyseDrop } from './drop.ts';
import { analyseExplain } from './explain.ts';
import { analyseLock, analyseTruncate } from './lock.ts';
import {
  analyseClose,
  analyseDeallocate,
  analyseDeclareCursor,
  analyseExecute,
  analyseFetch,
  analysePrepare,
} from './prepared.ts';
import { refuseStatement } from './refused.ts';
import { analyseDiscard, analyseSet, analyseShow } from './setting.ts';
import { analyseTransaction } from './transaction.ts';

/** Fills kind, effect and flags of `context`; throws a DenialError for what is not granted. */
export function analyseUtility(context: StatementContext, node: Node): undefined {
  context.pinAll();
  if ('TransactionStmt' in node) return analyseTransaction(context, node.TransactionStmt);
  if ('VariableSetStmt' in node) return analyseSet(context, node.VariableSetStmt);
  if ('VariableShowStmt' in node) return analyseShow(context, node.VariableShowStmt);
  if ('DiscardStmt' in node) return analyseDiscard(context, node.DiscardStmt);
  if ('PrepareStmt' in node) return analysePrepare(context, node.PrepareStmt);
  if ('ExecuteStmt' in node) return analyseExecute(context, node.ExecuteStmt);
  if ('DeallocateStmt' in node) return analyseDeallocate(context, node.DeallocateStmt);
  if ('DeclareCursorStmt' in node) return analyseDeclareCursor(context, node.DeclareCursorStmt);
  if ('FetchStmt' in node) return analyseFetch(context, node.FetchStmt);
  if ('ClosePortalStmt' in node) return analyseClose(context, node.ClosePortalStmt);
  if ('CopyStmt' in node) return analyseCopy(context, node.CopyStmt);
  if ('ExplainStmt' in node) return analyseExplain(context, node.ExplainStmt);
  if ('ListenStmt' in node) return analyseListen(context, node.ListenStmt.conditionname ?? '');
  if ('UnlistenStmt' in node) return analyseUnlisten(context);
  if ('NotifyStmt' in node) return analyseNotify(context, node.NotifyStmt.conditionname ?? '');
  if ('LockStmt' in node) return analyseLock(context, node.LockStmt);
  if ('TruncateStmt' in node) return analyseTruncate(context, node.TruncateStmt);
  if ('CallStmt' in node) return analyseCall(context, node.CallStmt);
  return analyseDefinition(context, node);
}

/** DDL, and the rest. */
function analyseDefinition(context: StatementContext, node: Node): undefined {
  if ('CreateStmt' in node) return analyseCreateTable(context, node.CreateStmt);
  if ('CreateTableAsStmt' in node) return analyseCreateTableAs(context, node.CreateTableAsStmt);
  if (asTag(node, 'SelectStmt')?.intoClause !== undefined) return analyseSelectInto(context, node);
  if ('AlterTableStmt' in node) return analyseAlterTable(context, node.AlterTableStmt);
  if ('RenameStmt' in node) return analyseRename(context, node.RenameStmt);
  if ('IndexStmt' in node) return analyseIndex(context, node.IndexStmt);
  if ('CreateSeqStmt' in node) return analyseCreateSequence(context, node.CreateSeqStmt);
  if ('AlterSeqStmt' in node) return analyseAlterSequence(context, node.AlterSeqStmt);
  if ('DropStmt' in node) return analyseDrop(context, node.DropStmt);
  if ('ConstraintsSetStmt' in node) {
    context.kind = 'set';
    return;
  }
  const tag = tagOf(node);
  if (tag === undefined) return deny('SLUICE-102', 'An empty statement where one was expected.', { rule: 'floor' });
  return refuseStatement(context, tag);
}
