/**
 * A statement whose index a governed plan must keep, with the reference that a person would write: the same statement and the filter.
 * A comment `and u` stands where the reference says ` AND u.tenant = 't7'`, `where u` where it says ` WHERE …`.
 */
import { filters, type Mode, masks } from './modes.ts';

export interface PlanCase {
  readonly name: string;
  readonly sql: string;
  /** Type and literal of `$1`, `$2`, … */
  readonly values?: readonly (readonly [type: string, literal: string])[];
  /** Writes: run inside a transaction that is rolled back. */
  readonly writes?: true;
  /** Why the index cannot be kept there, by a fact that is written down; undefined where it can. */
  readonly cannot?: (mode: Mode, generic: boolean) => Fact | undefined;
}

/** The facts by which an index may be lost. */
export const FACTS = {
  'masked-column': 'a masked column cannot use its index: the value that is compared is the mask',
  'not-total': 'an operator or function that can raise an error on a row sees its columns behind the row filter only',
  'pattern-parameter': 'a pattern that is not known may be broken, and a broken one raises on some rows only',
} as const;
export type Fact = keyof typeof FACTS;

/** A user of the tenant's. */
export const ID = [['int', '27']] as const;
/** An order of user 267, who is one of the tenant's. */
export const ORDER = [['int', '38']] as const;
export const hidden = (mode: Mode): Fact | undefined => (masks(mode) ? 'masked-column' : undefined);
export const partial = (mode: Mode): Fact | undefined => (filters(mode) ? 'not-total' : undefined);
export const pattern = (mode: Mode, generic: boolean): Fact | undefined =>
  filters(mode) && generic ? 'pattern-parameter' : undefined;

/** The statement as the client sends it: the reference's marks gone. */
export function governedText({ sql }: PlanCase): string {
  return sql.replace(MARK, '');
}

/** As a person would write it who knows the filter. */
export function referenceText({ sql }: PlanCase, mode: Mode, tenant: string): string {
  return sql.replace(MARK, (_mark, word: string, name: string) =>
    filters(mode) ? ` ${word.toUpperCase()} ${name}.tenant = '${tenant}'` : '',
  );
}

const MARK = / ?\/\*(and|where) (\w+)\*\//g;
