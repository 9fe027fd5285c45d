/** What a statement has done to the session, once the server said so. */
import type { TransactionStatus } from '../../core/wire/server-messages.ts';
import type { SessionCore } from './core.ts';
import type { Inbound } from './inbound.ts';
import { changesMeaning, type Execution } from './pipeline.ts';
import { noteAltered } from './stepwise.ts';

/** CommandComplete of this statement arrived. */
export function applyEffect(core: SessionCore, inbound: Inbound, execution: Execution): void {
  const { plan, policyVersion } = execution;
  const { effect } = plan;
  if (effect.kind === 'none') return;
  core.state.apply(effect, policyVersion);
  if (changesMeaning(plan)) core.dirty = true;
  switch (effect.kind) {
    case 'deallocate':
      core.statements.sqlDeallocated(effect.name);
      if (effect.name === null) inbound.affected.forget();
      break;
    case 'discard-all':
      core.statements.sqlDeallocated(null);
      core.statements.sqlClosed(null);
      inbound.affected.forget();
      break;
    case 'close-cursor':
      core.statements.sqlClosed(effect.name);
      break;
    case 'declare-cursor':
      core.statements.cursorDeclared(effect.name, policyVersion);
      break;
    case 'commit':
    case 'rollback':
      core.statements.transactionEnded();
      if (effect.kind === 'commit') core.audit.open.committed();
      else core.audit.open.rolledBack();
      break;
    case 'begin':
      core.audit.open.blockBegun();
      break;
    case 'schema-change':
      core.catalogStale = true;
      core.unseenChanges += 1;
      noteAltered(plan, core.altered);
      break;
    default:
  }
}

/** ReadyForQuery arrived. */
export function transactionReady(core: SessionCore, status: TransactionStatus): void {
  core.status = status;
  core.audit.open.ready(status);
  core.state.ready(status);
  if (status !== 'I') return;
  core.statements.transactionEnded();
  core.dirty = false;
  // Labels of evidence depend on the schema even where no decision does.
  if (core.unseenChanges > 0 && core.engine !== undefined && core.engine.bundle.audit.rows !== 'None') void core.seeChanges();
  core.altered.clear();
  core.governed = false;
}
