/** A statement around a query, and how one is made. */
import type { Shape } from '../attack.ts';
import type { Maker } from './relation.ts';

export interface Statement {
  readonly steps: readonly string[];
  readonly shape: Shape;
  /** It changes something (in a transaction that is rolled back). */
  readonly writes: boolean;
  /** It ends or needs transactions of its own: nothing may be put around it. */
  readonly own: boolean;
}

export interface StatementForm {
  readonly name: string;
  readonly honest: boolean;
  readonly since?: 18;
  /** What is read is stored: an honest client does not store masks. */
  readonly stores: boolean;
  build(query: string, maker: Maker): Statement;
}

interface Options {
  readonly honest?: boolean;
  readonly stores?: boolean;
  readonly writes?: boolean;
  readonly own?: boolean;
  readonly since?: 18;
}

export function form(
  name: string,
  shape: Shape,
  steps: (query: string, maker: Maker) => readonly string[],
  options: Options = {},
): StatementForm {
  return {
    name,
    honest: options.honest ?? true,
    stores: options.stores ?? false,
    ...(options.since === undefined ? {} : { since: options.since }),
    build: (query, maker) => ({ steps: steps(query, maker), shape, writes: options.writes ?? false, own: options.own ?? false }),
  };
}

/** One text for all rows of the query: what goes into one cell. */
export const folded = (query: string): string => `(SELECT max(g::text) AS v FROM (${query}) AS g)`;
export const rowsOf = (query: string): string => `(SELECT g::text AS v FROM (${query}) AS g)`;
