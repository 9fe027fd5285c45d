/** What a statement touched, as one list: reads are the action Select. */
import type { Statement } from './statements.ts';
import { isRelation } from './relation-name.ts';
import type { Selection } from './selection.ts';

export interface Use {
  readonly relation: string;
  readonly action: string;
  readonly columns: readonly string[];
}

export function usesOf({ intent }: Pick<Statement, 'intent'>): readonly Use[] {
  return [...intent.reads.map((use) => ({ ...use, action: 'Select' })), ...intent.writes];
}

/** What drivers and tools look up about the schema. */
export function isSystem(relation: string): boolean {
  return relation.startsWith('pg_catalog.') || relation.startsWith('information_schema.');
}

/** Those the selection is about; of all tables the system's are not. */
export function selectedUses(statement: Statement, { table }: Selection): readonly Use[] {
  return usesOf(statement).filter(({ relation }) => (table === undefined ? !isSystem(relation) : isRelation(table, relation)));
}

/** Rows that the use is about: those returned, or, where something is written, those written. */
export function rowsOf(statement: Statement, use: Use): number {
  if (statement.intent.writes.length > 0 && use.action === 'Select') return 0;
  return statement.outcome?.rows ?? 0;
}
