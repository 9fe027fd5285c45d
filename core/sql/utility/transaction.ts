/**
 * Transaction control: passed on as written. Two-phase commit is not: a prepared transaction outlives the session and its locks
 * and its rows outlive our bookkeeping.
 */
import type { TransactionStmt } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import type { StatementContext } from '../context.ts';

export function analyseTransaction(context: StatementContext, body: TransactionStmt): undefined {
  const name = body.savepoint_name ?? '';
  const chain = body.chain ?? false;
  switch (body.kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      context.kind = 'begin';
      context.effect = { kind: 'begin' };
      return;
    case 'TRANS_STMT_COMMIT':
      context.kind = 'commit';
      context.effect = { kind: 'commit', chain };
      return;
    case 'TRANS_STMT_ROLLBACK':
      context.kind = 'rollback';
      context.effect = { kind: 'rollback', chain };
      return;
    case 'TRANS_STMT_SAVEPOINT':
      context.kind = 'savepoint';
      context.effect = { kind: 'savepoint', name };
      return;
    case 'TRANS_STMT_RELEASE':
      context.kind = 'release';
      context.effect = { kind: 'release', name };
      return;
    case 'TRANS_STMT_ROLLBACK_TO':
      context.kind = 'rollback-to';
      context.effect = { kind: 'rollback-to', name };
      return;
    default:
      deny('SLUICE-206', 'Two-phase commit is not possible here.', {
        rule: 'floor',
        detail: 'A prepared transaction outlives the session that the policy governs.',
        hint: 'Use COMMIT.',
      });
  }
}
