/**
 * What makes a YAML document no plain tree of fields: keys that stand twice or are no words, tags that make something else of a value than the
 * kinds that JSON has, aliases that lead nowhere or to themselves. Found in one pass: the library compares every key of a map with every other
 * one, and looks for each alias's anchor from the top.
 */
import { type Document, isScalar, type Node, visit } from 'yaml';

export interface StructureProblem {
  /** Offset in the text. */
  readonly at: number;
  readonly message: string;
}

/** Resolving many is what makes a small text expensive. */
const MOST_ALIASES = 500;

/** `!!set` and `!!omap` are collections without fields of their own, so all that stands in them would be taken for left out. */
const PLAIN_TAGS: ReadonlySet<string> = new Set(
  ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** In the order in which they stand. `document` has been parsed with `uniqueKeys: false` and without errors. */
export function structureProblems(document: Document): readonly StructureProblem[] {
  const problems: StructureProblem[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  const tagged = ({ tag, range }: Node): void => {
    if (tag === undefined || PLAIN_TAGS.has(tag)) return;
    const name = tag.replace(/^tag:yaml\.org,2002:/, '!!').slice(0, 80);
    problems.push({ at: range?.[0] ?? 0, message: `the tag ${name} has no meaning here; leave it out` });
  };
  visit(document, {
    Alias(_key, node, path) {
      const at = node.range?.[0] ?? 0;
      const alias = node.source;
      aliases += 1;
      if (aliases === MOST_ALIASES + 1) problems.push({ at, message: `more than ${MOST_ALIASES} aliases in one document` });
      if (aliases > MOST_ALIASES) return visit.BREAK;
      const own = path.some((ancestor) => 'anchor' in ancestor && ancestor.anchor === alias);
      if (own) problems.push({ at, message: `"*${alias}" stands inside of what it refers to` });
      else if (!anchors.has(alias)) {
        // `*.*` without quotes is the mistake everyone makes once: YAML reads it as an alias.
        const message = `"*${alias}" begins with * and so refers to an anchor that does not exist; put it in quotes`;
        problems.push({ at, message });
      }
      return undefined;
    },
    Map(_key, node) {
      tagged(node);
      if (node.anchor !== undefined) anchors.add(node.anchor);
      const seen = new Set<string>();
      for (const { key } of node.items) {
        const at = offsetOf(key) ?? node.range?.[0] ?? 0;
        if (!isScalar(key)) {
          problems.push({ at, message: 'a key must be a word; this one is a list, fields or an alias' });
          continue;
        }
        // As in the object that is made of it: 1 and "1" are the same key.
        const name = String(key.value);
        if (seen.has(name)) problems.push({ at, message: `the key ${JSON.stringify(name.slice(0, 80))} stands twice` });
        seen.add(name);
      }
    },
    Seq(_key, node) {
      tagged(node);
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
    Scalar(_key, node) {
      tagged(node);
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return problems;
}

function offsetOf(node: unknown): number | undefined {
  return typeof node === 'object' && node !== null && 'range' in node
    ? (node.range as readonly number[] | undefined)?.[0]
    : undefined;
}
