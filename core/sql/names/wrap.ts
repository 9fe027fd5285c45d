/** The tree of a wrap: what the parser would make of `prefix + expression + suffix`. */
import type { Node } from '@pgsql/types';
import type { Wrap } from '../introspect/guards.ts';
import type { SqlParser } from '../parse/parser.ts';

/**
 * @param inner the node of the wrapped expression; it is put in place as it is.
 * @throws Error if the wrap is no expression (a bug of ours: the statement is denied).
 */
export function wrapNode(parser: SqlParser, wrap: Wrap, inner: Node): Node {
  const outcome = parser.parse(`SELECT ${wrap.prefix}$1${wrap.suffix}`);
  if (!outcome.ok) throw new Error(`a guard does not parse: ${outcome.message}`);
  const statement = outcome.tree.stmts?.[0]?.stmt;
  const target = statement !== undefined && 'SelectStmt' in statement ? statement.SelectStmt.targetList?.[0] : undefined;
  const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined;
  if (value === undefined) throw new Error('a guard is no expression');
  return replaceParameter(value, inner) as Node;
}

/** Guards contain exactly one parameter: the place of the expression. */
function replaceParameter(node: unknown, inner: Node): unknown {
  if (Array.isArray(node)) return node.map((entry) => replaceParameter(entry, inner));
  if (typeof node !== 'object' || node === null) return node;
  if ('ParamRef' in node) return inner;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replaceParameter(value, inner)]));
}
