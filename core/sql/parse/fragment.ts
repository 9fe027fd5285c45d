/**
 * The tree of a piece of SQL that we splice into a statement (a mask, a filter, a replaced relation), so that the tree can be
 * changed in the same way as the text. Pieces repeat from statement to statement, so their trees are kept, bounded in number
 * and in bytes, and copied out.
 *
 * A piece must be complete in itself: `a) OR (b` or `1, 2` would be accepted by a careless splice and mean something else
 * there than here.
 */
import type { Node, SelectStmt } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { cloneTree } from './clone.ts';
import type { SqlParser } from './parser.ts';

const MAXIMUM_ENTRIES = 4_096;
const MAXIMUM_BYTES = 4 * 1024 * 1024;

export class FragmentParser {
  readonly #parser: SqlParser;
  readonly #cache = new Map<string, Node>();
  #bytes = 0;

  constructor(parser: SqlParser) {
    this.#parser = parser;
  }

  /** The node of one expression. Throws SLUICE-105 when `sql` is not exactly one. */
  expression(sql: string): Node {
    return this.#cached(`e${sql}`, () => {
      const select = this.#select(`SELECT (${sql}\n)`, 'expression');
      const target = only(select.targetList);
      const bare = this.#select(`SELECT ${sql}\n`, 'expression');
      const bareTarget = only(bare.targetList);
      if (target === undefined || bareTarget === undefined || !hasOnlyTargets(select) || !hasOnlyTargets(bare))
        return malformed('expression');
      const node = 'ResTarget' in bareTarget ? bareTarget.ResTarget : undefined;
      if (node?.val === undefined || node.name !== undefined || node.indirection !== undefined) return malformed('expression');
      return node.val;
    });
  }

  /** The node of one item of a FROM clause (relation, subquery with alias, function). */
  fromItem(sql: string): Node {
    return this.#cached(`f${sql}`, () => {
      const select = this.#select(`SELECT FROM ${sql}\n`, 'FROM item');
      const item = only(select.fromClause);
      const { fromClause: _, ...rest } = select;
      return item !== undefined && isBare(rest) ? item : malformed('FROM item');
    });
  }

  /** The node of one query, `{SelectStmt: …}`. */
  select(sql: string): Node {
    return this.#cached(`s${sql}`, () => ({ SelectStmt: this.#select(sql, 'query') }));
  }

  #select(sql: string, what: string): SelectStmt {
    const outcome = this.#parser.parse(sql);
    if (!outcome.ok) return malformed(what);
    const statement = only(outcome.tree.stmts)?.stmt;
    return statement !== undefined && 'SelectStmt' in statement ? statement.SelectStmt : malformed(what);
  }

  #cached(key: string, make: () => Node): Node {
    const known = this.#cache.get(key);
    if (known !== undefined) return cloneTree(known);
    const node = make();
    // A full cache starts again: the pieces of one policy are few, and only client-made names could ever fill it.
    if (this.#cache.size >= MAXIMUM_ENTRIES || this.#bytes > MAXIMUM_BYTES) {
      this.#cache.clear();
      this.#bytes = 0;
    }
    this.#cache.set(key, node);
    this.#bytes += key.length * 20;
    return cloneTree(node);
  }
}

function only<T>(list: readonly T[] | undefined): T | undefined {
  return list?.length === 1 ? list[0] : undefined;
}

function hasOnlyTargets(select: SelectStmt): boolean {
  const { targetList: _, ...rest } = select;
  return isBare(rest);
}

/** Nothing but the two fields that every SelectStmt carries. */
function isBare(select: Readonly<Record<string, unknown>> | SelectStmt): boolean {
  return Object.keys(select).every((key) => key === 'limitOption' || key === 'op');
}

function malformed(what: string): never {
  return deny('SLUICE-105', `The statement could not be rewritten safely: a piece of it is not one ${what}.`, { rule: 'floor' });
}
