/**
 * Which columns of a view are plain columns of a relation, as the server's own analyser noted it when the view was made:
 * resorigtbl and resorigcol of the target list in pg_rewrite.ev_action (a pg_node_tree, nodes/outfuncs.c: `{NODE :field value …}`,
 * special characters in values escaped by a backslash). What is not noted there is an expression, whatever its name is.
 */

/** View column number -> [relation OID, attnum]. Empty for set operations, whose columns come from several places. */
export function viewOrigins(action: string): Readonly<Record<number, readonly [oid: number, attnum: number]>> {
  const query = new NodeText(action).topQuery();
  if (query === undefined || query.get('setOperations') !== '<>') return {};
  const origins: Record<number, readonly [number, number]> = {};
  for (const entry of nodesIn(query.get('targetList') ?? '')) {
    const fields = new NodeText(entry).fields();
    const [column, oid, attnum] = ['resno', 'resorigtbl', 'resorigcol'].map((name) => Number(fields.get(name)));
    if (column === undefined || oid === undefined || attnum === undefined || !(column > 0 && oid > 0 && attnum > 0)) continue;
    if (fields.get('resjunk') === 'false') origins[column] = [oid, attnum];
  }
  return origins;
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
