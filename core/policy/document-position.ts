/** Where in a YAML text a field stands, found again through the parsed document's own ranges. */
import { type Document, type LineCounter, isAlias, isMap, isPair, isScalar } from 'yaml';
import type { Path } from './validate.ts';

export interface Place {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** Of the value at a path, or of its key; of the nearest ancestor that stands in the text when the value does not. */
export function position(
  place: Place,
  path: Path,
  atKey: boolean,
): { readonly file: string; readonly line: number; readonly column: number } {
  let offset = place.document.contents?.range?.[0] ?? place.document.range?.[0] ?? 0;
  let node: unknown = place.document.contents;
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(place.document);
    const last = depth === path.length - 1;
    const child = step(node, part);
    if (child === undefined) break;
    if (child.key !== undefined) offset = child.key;
    if (child.value !== undefined && !(last && atKey)) offset = child.value;
    node = child.node;
  }
  const { line, col } = place.lines.linePos(offset);
  return { file: place.file, line, column: col };
}

function step(
  node: unknown,
  part: string | number,
): { readonly node: unknown; readonly key?: number; readonly value?: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part));
    if (pair === undefined) return undefined;
    return { node: pair.value, ...start('key', pair.key), ...start('value', pair.value) };
  }
  if (typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items) && typeof part === 'number') {
    const item: unknown = node.items[part];
    return item === undefined ? undefined : { node: item, ...start('value', item) };
  }
  return undefined;
}

function start<K extends 'key' | 'value'>(name: K, node: unknown): { readonly [P in K]?: number } {
  const range =
    typeof node === 'object' && node !== null && 'range' in node ? (node.range as readonly number[] | undefined) : undefined;
  return (range?.[0] === undefined ? {} : { [name]: range[0] }) as { readonly [P in K]?: number };
}

/** The inverse of formatPath, for field names without dots and brackets: all of ours. */
export function parsePath(text: string): Path {
  return [...text.matchAll(/([^.[\]]+)|\[([0-9]+)\]/g)].map((match) =>
    match[2] === undefined ? (match[1] ?? '') : Number(match[2]),
  );
}
