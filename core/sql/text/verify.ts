/**
 * The rewriter's own check. Every change is made twice, as an edit of the text and as the same change of the tree; here the
 * edited text is parsed again and must give the changed tree. Whatever the splice got wrong (a string that was not where we
 * thought, a comment, a precedence), the two differ and the statement is denied.
 */
import type { Node } from '@pgsql/types';
import type { SqlParser } from '../parse/parser.ts';

/** Places in the text: fields of which two equal statements may differ. */
const LOCATIONS: ReadonlySet<string> = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'name_location',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
]);

/**
 * Deep equality of two parse trees, places in the text aside. libpg_query leaves out zero, false and empty values, so absent
 * equals those; an empty *object* is a node or a value and equals only another one.
 */
export function sameTree(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) ? sameList(a, b) : a.length === 0 && isAbsent(b);
  if (Array.isArray(b)) return b.length === 0 && isAbsent(a);
  if (isObject(a) && isObject(b)) return sameFields(a, b);
  return isAbsent(a) && isAbsent(b);
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => sameTree(item, b[index]));
}

function sameFields(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  for (const key in a) if (!LOCATIONS.has(key) && !sameTree(a[key], b[key])) return false;
  for (const key in b) if (!(key in a) && !LOCATIONS.has(key) && !sameTree(undefined, b[key])) return false;
  return true;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === 0 || value === '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type Verification = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** Whether `text` is exactly one statement whose tree is `intended` (a statement node such as `{SelectStmt: …}`). */
export function verifyRewrite(parser: SqlParser, text: string, intended: Node): Verification {
  const outcome = parser.parse(text);
  if (!outcome.ok) return { ok: false, why: `${outcome.reason}: ${outcome.message}` };
  const statements = outcome.tree.stmts ?? [];
  if (statements.length !== 1) return { ok: false, why: `${statements.length} statements instead of one` };
  return sameTree(statements[0]?.stmt, intended) ? { ok: true } : { ok: false, why: 'another tree than intended' };
}
