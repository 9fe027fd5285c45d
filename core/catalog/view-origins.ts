/**
 * Which columns of a view are plain columns of a relation, as the server's own analyser noted it when the view was made:
 * resorigtbl and resorigcol of the target list in pg_rewrite.ev_action (a pg_node_tree, nodes/outfuncs.c: `{NODE :field value …}`,
 * special characters in values escaped by a backslash). What is not noted there is an expression, whatever its name is; the Vars in it say
 * what it is made of.
 */

import { FIRST_USER_OID } from './queries.ts';

type Source = readonly [oid: number, attnum: number];

export interface ViewColumns {
  /** View column number -> the column that it plainly is. */
  readonly origins: Readonly<Record<number, Source>>;
  /**
   * View column number -> all columns that its expression is made of, where that is certain: it refers to columns of relations in the view's
   * own FROM and to nothing else (no whole row, no subquery, no column of one, no function that may read tables).
   */
  readonly sources: Readonly<Record<number, readonly Source[]>>;
}

/** Both are empty for set operations, whose columns come from several places. */
export function viewColumns(action: string): ViewColumns {
  const query = new NodeText(action).topQuery();
  if (query === undefined || query.get('setOperations') !== '<>') return { origins: {}, sources: {} };
  const origins: Record<number, Source> = {};
  const sources: Record<number, readonly Source[]> = {};
  const relations = nodesIn(query.get('rtable') ?? '').map(relationOf);
  for (const entry of nodesIn(query.get('targetList') ?? '')) {
    const fields = new NodeText(entry).fields();
    const [column, oid, attnum] = ['resno', 'resorigtbl', 'resorigcol'].map((name) => Number(fields.get(name)));
    if (column === undefined || oid === undefined || attnum === undefined || !(column > 0)) continue;
    if (fields.get('resjunk') !== 'false') continue;
    if (oid > 0 && attnum > 0) origins[column] = [oid, attnum];
    else {
      const found = sourcesOf(fields.get('expr') ?? '', relations);
      if (found !== undefined) sources[column] = found;
    }
  }
  return { origins, sources };
}

/** RTE_RELATION is 0 (nodes/parsenodes.h, RTEKind). Undefined: a subquery, join, function, group … */
function relationOf(entry: string): number | undefined {
  const fields = new NodeText(entry).fields();
  return fields.get('rtekind') === '0' ? Number(fields.get('relid')) : undefined;
}

/** Nodes that bring in what no Var of the view's own FROM stands for. */
const OPAQUE = /(?<!\\)\{(?:SUBLINK|SUBPLAN|ALTERNATIVESUBPLAN|PARAM|CURRENTOFEXPR|QUERY)\b/;
const VAR = /(?<!\\)\{VAR :varno (\d+) :varattno (-?\d+) [^{}]*?:varlevelsup (\d+)/g;

/** Functions and operators, by OID: those of users may read anything, and so may what runs SQL from text (…_to_xml, ts_rewrite, ts_stat). */
const CALL = /(?<!\\):(?:funcid|opno|opfuncid|aggfnoid|winfnoid) (\d+)/g;

function mayReadTables(oid: number): boolean {
  return oid >= FIRST_USER_OID || (oid >= 2923 && oid <= 2938) || (oid >= 3684 && oid <= 3690);
}

function sourcesOf(expression: string, relations: readonly (number | undefined)[]): readonly Source[] | undefined {
  if (expression === '' || OPAQUE.test(expression)) return undefined;
  for (const [, oid] of expression.matchAll(CALL)) if (mayReadTables(Number(oid))) return undefined;
  const vars = [...expression.matchAll(VAR)];
  // Each Var must have been read, whatever a future release writes between its fields.
  if (vars.length !== [...expression.matchAll(/(?<!\\)\{VAR\b/g)].length) return undefined;
  const sources: Source[] = [];
  for (const [, varno, varattno, levelsup] of vars) {
    const oid = relations[Number(varno) - 1];
    if (oid === undefined || !(oid > 0) || Number(varattno) === 0 || Number(levelsup) !== 0) return undefined;
    if (Number(varattno) > 0) sources.push([oid, Number(varattno)]);
  }
  return sources;
}

class NodeText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The fields of the first node, a query, of a list. */
  topQuery(): ReadonlyMap<string, string> | undefined {
    const first = nodesIn(this.#text)[0];
    return first?.startsWith('{QUERY ') === true ? new NodeText(first).fields() : undefined;
  }

  /** Field name -> its text, nested nodes whole. */
  fields(): ReadonlyMap<string, string> {
    const fields = new Map<string, string>();
    let name: string | undefined;
    let start = 0;
    const finish = (end: number): void => {
      if (name !== undefined) fields.set(name, this.#text.slice(start, end).trim());
    };
    const end = scan(this.#text, (at, depth) => {
      if (depth !== 1 || this.#text[at] !== ':' || this.#text[at - 1] !== ' ') return;
      finish(at);
      start = at + 1;
      while (start < this.#text.length && this.#text[start] !== ' ') start += 1;
      name = this.#text.slice(at + 1, start);
    });
    finish(end);
    return fields;
  }
}

/** The nodes directly inside a list. */
function nodesIn(list: string): readonly string[] {
  const nodes: string[] = [];
  let start = -1;
  scan(list, (at, depth) => {
    if (list[at] === '{' && depth === 2) start = at;
    if (list[at] === '}' && depth === 2 && start >= 0) nodes.push(list.slice(start, at + 1));
  });
  return nodes;
}

/**
 * Visits every character that is not escaped, with the depth of brackets it stands in (an opening and a closing bracket count
 * themselves in). Returns where the outermost bracket closes.
 */
function scan(text: string, visit: (at: number, depth: number) => void): number {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') {
      at += 1;
      continue;
    }
    const opens = character === '{' || character === '(';
    const closes = character === '}' || character === ')';
    if (opens) depth += 1;
    visit(at, depth);
    if (closes) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return text.length;
}
