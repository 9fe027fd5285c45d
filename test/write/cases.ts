/** Table-driven cases: a statement, what the client sees, and what the database holds afterwards. */
import { expect } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { Lab, Outcome } from './support.ts';

export interface Case {
  readonly name: string;
  /** Done by the owner first. */
  readonly before?: string;
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** A code (`SLUICE-601`), an SQLSTATE, or the command tag and, where there are any, the rows. */
  readonly sees:
    | string
    | { readonly tag?: string; readonly names?: readonly string[]; readonly rows?: readonly (readonly unknown[])[] };
  /** A query of the owner's after the statement, and its rows. */
  readonly state?: readonly [query: string, rows: readonly (readonly unknown[])[]];
  /** Servers older than this are not asked. */
  readonly since?: number;
}

export async function check(lab: Lab, engine: SqlEngine, { before, sql, values, sees, state }: Case): Promise<void> {
  await lab.undo(async () => {
    if (before !== undefined) await lab.client.query(before);
    const outcome: Outcome = await lab.run(engine, sql, values);
    const told = JSON.stringify(outcome);
    if (typeof sees === 'string') {
      const code = outcome.kind === 'denied' ? outcome.code : outcome.kind === 'error' ? outcome.sqlstate : 'done';
      expect(code, told).toBe(sees);
    } else {
      expect(outcome.kind, told).toBe('done');
      if (outcome.kind !== 'done') return;
      if (sees.tag !== undefined) expect(outcome.tag, told).toBe(sees.tag);
      if (sees.names !== undefined) expect(outcome.names, told).toEqual(sees.names);
      if (sees.rows !== undefined) expect(outcome.rows, told).toEqual(sees.rows);
    }
    if (state !== undefined) {
      const after = await lab.direct(state[0]);
      expect(after.kind === 'done' ? after.rows : after, `state after ${told}`).toEqual(state[1]);
    }
  });
}
