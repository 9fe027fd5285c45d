/**
 * Typed handling of parse-tree nodes. libpg_query wraps every node in an object with one key, its tag (`{ColumnRef: {…}}`);
 * a few fields are unwrapped because the grammar allows one type only (DML targets, aliases, WITH clauses, `larg`/`rarg`,
 * type names), and a missing list member is an empty object. Zero, false and empty values are left out.
 */
import type { A_Const, Node, SelectStmt } from '@pgsql/types';

type KeysOf<T> = T extends unknown ? keyof T : never;
export type NodeTag = KeysOf<Node>;
export type Body<Tag extends NodeTag> = Extract<Node, Record<Tag, unknown>>[Tag];

/** The node's tag, or undefined for the empty object that stands for a missing member. */
export function tagOf(node: Node | undefined): NodeTag | undefined {
  for (const key in node) return key as NodeTag;
  return undefined;
}

/** What is under the tag. The caller has looked at the tag. */
export function bodyOf<Tag extends NodeTag>(node: Node, tag: Tag): Body<Tag> {
  return (node as Record<string, unknown>)[tag] as Body<Tag>;
}

/** The body if the node has this tag. */
export function asTag<Tag extends NodeTag>(node: Node | undefined, tag: Tag): Body<Tag> | undefined {
  return node === undefined ? undefined : ((node as Record<string, unknown>)[tag] as Body<Tag> | undefined);
}

/** Turns the wrapped node into another one where it stands, so that no parent has to be known. */
export function become(node: Node, other: Node): void {
  const target = node as Record<string, unknown>;
  for (const key of Object.keys(target)) delete target[key];
  Object.assign(target, other);
}

/** Byte offset; the field is left out when it is zero, and negative where the grammar has no place for it. */
export function locationOf(body: { readonly location?: number }): number {
  return body.location ?? 0;
}

/** The text of a String node, undefined for anything else (A_Star, A_Indices). */
export function stringOf(node: Node | undefined): string | undefined {
  const body = asTag(node, 'String');
  return body === undefined ? undefined : (body.sval ?? '');
}

/** A list of String nodes as text; undefined when another node is among them. */
export function namesOf(list: readonly Node[] | undefined): string[] | undefined {
  const names: string[] = [];
  for (const node of list ?? []) {
    const name = stringOf(node);
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

export function isStar(node: Node | undefined): boolean {
  return node !== undefined && 'A_Star' in node;
}

export function columnRef(...fields: string[]): Node {
  return { ColumnRef: { fields: fields.map((sval) => ({ String: { sval } })) } };
}

export function selectOf(node: Node | undefined): SelectStmt | undefined {
  return asTag(node, 'SelectStmt');
}

/** OID of the type that PostgreSQL gives a constant: 705 (unknown) for strings and NULL. */
export function constantType(constant: A_Const): number {
  if (constant.ival !== undefined) return 23;
  if (constant.boolval !== undefined) return 16;
  if (constant.bsval !== undefined) return 1560;
  if (constant.fval === undefined) return 705;
  return /^\d{1,19}$/.test(constant.fval.fval ?? '') && BigInt(constant.fval.fval ?? '0') <= 9223372036854775807n ? 20 : 1700;
}

/**
 * Least byte offset in a subtree: its leftmost token, opening parentheses aside (many nodes are located at an operator inside).
 * Undefined when nothing in it has a place. Not for subtrees that may start at offset 0.
 */
export function leftmost(value: unknown): number | undefined {
  let least: number | undefined;
  const pending: unknown[] = [value];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (typeof item !== 'object' || item === null) continue;
    for (const key in item) {
      const inner = (item as Record<string, unknown>)[key];
      if (key === 'location' && typeof inner === 'number') {
        if (inner > 0 && (least === undefined || inner < least)) least = inner;
      } else if (typeof inner === 'object' && inner !== null) pending.push(inner);
    }
  }
  return least;
}
