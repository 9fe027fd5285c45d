/**
 * What a stored rule reads, as the server's own analyser noted it: pg_rewrite.ev_action as text (nodes/outfuncs.c) with every Var
 * followed to the relation column it stands for. pg_depend says the same except for whole rows and for pinned catalogs, so the
 * two check each other.
 */

/** `{TAG :field value …}`; a field may have several values (a constant's bytes). */
export interface TreeNode {
  readonly tag: string;
  readonly fields: ReadonlyMap<string, readonly TreeValue[]>;
}
export type TreeValue = string | TreeNode | readonly TreeValue[];

export function parseNodeTree(text: string): TreeValue {
  const tokens = tokenize(text);
  let at = 0;
  const value = (): TreeValue => {
    const token = tokens[at++];
    if (token === '(') return list();
    if (token === '{') return node();
    if (token === undefined) throw new Error('the node tree ends too early');
    return token;
  };
  const list = (): TreeValue[] => {
    const items: TreeValue[] = [];
    while (tokens[at] !== ')') items.push(value());
    at += 1;
    return items;
  };
  const node = (): TreeNode => {
    const tag = tokens[at++] ?? '';
    const fields = new Map<string, TreeValue[]>();
    let current: TreeValue[] = [];
    while (tokens[at] !== '}') {
      const next = tokens[at];
      if (next?.startsWith(':')) {
        at += 1;
        fields.set(next.slice(1), (current = []));
      } else current.push(value());
    }
    at += 1;
    return { tag, fields };
  };
  return value();
}

/** Escaped characters keep their backslash, so that none of them is taken for structure. */
function tokenize(text: string): readonly string[] {
  return text.match(/[(){}]|(?:\\[\s\S]|[^\s(){}\\])+/g) ?? [];
}

/** access/transam.h: what initdb made before is never dropped, so nothing is noted to depend on it. */
export const FIRST_UNPINNED = 12_000;

/** What a query reads. */
export interface Lineage {
  /** OIDs of the relations in its range tables. */
  readonly relations: ReadonlySet<number>;
  /** `oid.attnum`; negative attnums are system columns. */
  readonly columns: ReadonlySet<string>;
  /** Relations referenced by whole-row Vars. */
  readonly wholeRows: ReadonlySet<number>;
  /** Columns read through the whole row of a join; pg_depend does not have these either. */
  readonly rowColumns: ReadonlySet<string>;
}

/** @param self OID of the view itself, whose OLD and NEW entries stand in its range table. */
export function lineageOf(action: string, self: number): Lineage {
  const relations = new Set<number>();
  const columns = new Set<string>();
  const wholeRows = new Set<number>();
  const rowColumns = new Set<string>();
  let inRow = 0;

  const walk = (value: TreeValue, levels: readonly (readonly TreeNode[])[]): void => {
    if (typeof value === 'string') return;
    if (isList(value)) {
      for (const item of value) walk(item, levels);
      return;
    }
    if (value.tag === 'VAR') {
      follow(value, levels);
      return;
    }
    const own = value.tag === 'QUERY' ? [nodes(value, 'rtable'), ...levels] : levels;
    if (value.tag === 'QUERY') for (const entry of own[0]!) noteEntry(entry);
    for (const [name, values] of value.fields) {
      // The columns of a join are read where they are referenced, and merged ones in its condition.
      if (name === 'joinaliasvars') continue;
      for (const inner of values) walk(inner, own);
    }
  };

  const noteEntry = (entry: TreeNode): void => {
    const relid = relationOf(entry);
    if (relid !== undefined && relid !== self) relations.add(relid);
  };

  const follow = (variable: TreeNode, levels: readonly (readonly TreeNode[])[]): void => {
    const up = number(variable, 'varlevelsup');
    const entry = levels[up]?.[number(variable, 'varno') - 1];
    if (entry === undefined) throw new Error(`a Var of no range table entry: ${number(variable, 'varno')} up ${up}`);
    const attnum = number(variable, 'varattno');
    const relid = relationOf(entry);
    if (relid !== undefined) {
      if (attnum === 0) wholeRows.add(relid);
      else (inRow > 0 ? rowColumns : columns).add(`${relid}.${attnum}`);
      return;
    }
    if (atom(entry, 'rtekind') !== JOIN) return;
    const outer = levels.slice(up);
    const behind = entry.fields.get('joinaliasvars')?.[0];
    if (behind === undefined || !isList(behind)) return;
    if (attnum === 0) inRow += 1;
    for (const [index, part] of behind.entries()) if (attnum === 0 || index === attnum - 1) walk(part, outer);
    if (attnum === 0) inRow -= 1;
  };

  walk(parseNodeTree(action), []);
  return { relations, columns, wholeRows, rowColumns };
}

/** RTEKind values as outfuncs.c writes them. */
const RELATION = '0';
const JOIN = '2';

function relationOf(entry: TreeNode): number | undefined {
  return atom(entry, 'rtekind') === RELATION ? number(entry, 'relid') : undefined;
}

function nodes(node: TreeNode, field: string): readonly TreeNode[] {
  const value = node.fields.get(field)?.[0];
  return value !== undefined && isList(value) ? value.filter((item): item is TreeNode => isNode(item)) : [];
}

function atom(node: TreeNode, field: string): string | undefined {
  const value = node.fields.get(field)?.[0];
  return typeof value === 'string' ? value : undefined;
}

function number(node: TreeNode, field: string): number {
  return Number(atom(node, field));
}

function isList(value: TreeValue): value is readonly TreeValue[] {
  return Array.isArray(value);
}

function isNode(value: TreeValue): value is TreeNode {
  return typeof value === 'object' && !isList(value);
}
