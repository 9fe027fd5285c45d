/** YAML as a tree that may be wrong: keys twice, keys that are no keys, anchors anywhere. Written in flow style. */
import { parse, parseAllDocuments } from 'yaml';
import type { Random } from './random.ts';

export type Tree =
  | { readonly kind: 'map'; readonly entries: (readonly [key: string, value: Tree])[] }
  | { readonly kind: 'list'; readonly items: Tree[] }
  /** As it stands in the text. */
  | { readonly kind: 'scalar'; text: string };

export type TreeMap = Extract<Tree, { kind: 'map' }>;

/** One tree a document. */
export function trees(yaml: string): readonly Tree[] {
  const documents = parseAllDocuments(yaml);
  return (Array.isArray(documents) ? documents : []).map((document) => treeOf(document.toJS()));
}

function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(treeOf) };
  if (typeof value === 'object' && value !== null)
    return { kind: 'map', entries: Object.entries(value).map(([key, each]) => [JSON.stringify(key), treeOf(each)] as const) };
  return { kind: 'scalar', text: JSON.stringify(value) };
}

export function write(documents: readonly Tree[]): string {
  return documents.map((document) => `${text(document)}\n`).join('---\n');
}

function text(tree: Tree): string {
  if (tree.kind === 'scalar') return tree.text;
  if (tree.kind === 'list') return `[${tree.items.map(text).join(', ')}]`;
  return `{${tree.entries.map(([key, value]) => `${key}: ${text(value)}`).join(', ')}}`;
}

/** All maps below `spec` of the objects that are policy (not Secrets, not metadata). */
export function specMaps(documents: readonly Tree[]): readonly TreeMap[] {
  return documents.flatMap((document) => {
    if (document.kind !== 'map') return [];
    const kind = document.entries.find(([key]) => key === '"kind"')?.[1];
    if (kind?.kind !== 'scalar' || kind.text === '"Secret"') return [];
    const spec = document.entries.find(([key]) => key === '"spec"')?.[1];
    return spec === undefined ? [] : maps(spec);
  });
}

function maps(tree: Tree): readonly TreeMap[] {
  if (tree.kind === 'scalar') return [];
  if (tree.kind === 'list') return tree.items.flatMap(maps);
  return [tree, ...tree.entries.flatMap(([, value]) => maps(value))];
}

const ODD_SCALARS = [
  'null',
  '~',
  '',
  'true',
  'false',
  '"true"',
  '0',
  '-1',
  '1e400',
  '.inf',
  '.nan',
  '9007199254740993',
  '0x10',
  '0o7',
  '1_000',
  '""',
  '"\\0"',
  '"\\u200b"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '"*"',
  "'*.*'",
  '"public.customers "',
  '"PUBLIC.CUSTOMERS"',
  '"public.customers\\u0000"',
  '!!binary "AAAA"',
  '!!set {a}',
  '!foo x',
  '2001-01-01',
  '"\\ud800"',
  '"é"',
  '"true\\n"',
  '{"nullify": {}}',
  '"Enforce\\u00a0"',
  '"__proto__"',
  'y',
  'Yes',
  'off',
];

/**
 * A change after which the policy must not say more than before without a word: a key misspelt, twice, unknown, in the wrong place, a value
 * of another type. `columns: null` and the like are such, leaving `columns` out is not: that is how all columns are asked for.
 */
export function mistake(documents: readonly Tree[], random: Random): void {
  const all = specMaps(documents).filter(({ entries }) => entries.length > 0);
  if (all.length === 0) return;
  const map = random.pick(all);
  const at = random.below(map.entries.length);
  const [key, value] = map.entries[at]!;
  switch (random.below(7)) {
    case 0:
      map.entries[at] = [misspelt(key, random), value];
      return;
    case 1:
      map.entries.splice(random.below(map.entries.length + 1), 0, [key, random.once(2) ? value : scalar(random)]);
      return;
    case 2:
      map.entries.push([
        random.pick(['"<<"', '<<', '"__proto__"', '"constructor"', '"x"', '""', '? [a]', '!!str a', '1', 'null']),
        value,
      ]);
      return;
    case 3: {
      // Not into itself: that would only leave it out.
      const below = new Set(maps(value));
      const other = random.pick(all.filter((each) => !below.has(each)));
      map.entries.splice(at, 1);
      other.entries.push([key, value]);
      return;
    }
    case 4:
      map.entries[at] = [key, otherScalar(random, value)];
      // An empty list is what a person writes who means none.
      if (/^[[{][\]}]$/.test(text(map.entries[at][1]))) map.entries[at] = [key, { kind: 'scalar', text: '-1' }];
      return;
    case 5:
      map.entries[at] = [key, { kind: 'list', items: [value] }];
      return;
    default:
      map.entries[at] = [key, { kind: 'scalar', text: random.pick(['null', '~', '', '!!null ""', '[null]', '""']) }];
  }
}

function scalar(random: Random): Tree {
  return { kind: 'scalar', text: random.pick(ODD_SCALARS) };
}

/** Another number, the other truth value, another name or mask may be what is wanted: only what does not fit in that place is a mistake. */
function otherScalar(random: Random, than: Tree): Tree {
  const wanted = sort(text(than));
  for (;;) {
    const drawn = random.pick(ODD_SCALARS);
    if (sort(drawn) !== wanted) return { kind: 'scalar', text: drawn };
  }
}

/** What fits where something of the same sort stands; a sort of its own for what fits nowhere. */
function sort(value: string): string {
  const parsed: unknown = parse(value, { logLevel: 'silent' });
  if (value.startsWith('!') || parsed === null) return value;
  if (typeof parsed === 'string') return /[\s\p{C}]/u.test(parsed) && ODD_SCALARS.includes(value) ? value : 'string';
  if (typeof parsed === 'number') return Number.isSafeInteger(parsed) && parsed >= 0 ? 'number' : value;
  return Array.isArray(parsed) ? 'list' : typeof parsed;
}

function misspelt(key: string, random: Random): string {
  const name = JSON.parse(key.startsWith('"') ? key : '"x"') as string;
  const at = random.below(name.length);
  const forms = [
    name.toUpperCase(),
    `${name} `,
    ` ${name}`,
    `${name}\u200b`,
    `${name}s`,
    name.slice(0, -1),
    name.slice(0, at) + name.slice(at + 1),
    name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`),
    name.replace('o', '\u043e'),
    `${name}\u0000`,
    `${name}\u0301`,
    `"${name}"`,
  ];
  return JSON.stringify(random.pick(forms));
}

/** Any change to the tree, for what must only not break anything. */
export function disturb(documents: readonly Tree[], random: Random): void {
  const all = specMaps(documents);
  if (all.length === 0) return;
  const map = random.pick(all);
  if (map.entries.length === 0) return;
  const at = random.below(map.entries.length);
  const [key, value] = map.entries[at]!;
  const deep = '['.repeat(random.pick([10, 200, 3_000]));
  const changes: (() => void)[] = [
    () => map.entries.splice(at, 1),
    () => void (map.entries[at] = [key, scalar(random)]),
    () => void (map.entries[at] = [key, { kind: 'scalar', text: `&a ${text(value)}` }]),
    () => void (map.entries[at] = [key, { kind: 'scalar', text: '*a' }]),
    () => void (map.entries[at] = [key, { kind: 'scalar', text: deep + deep.replaceAll('[', ']') }]),
    () => void (map.entries[at] = [key, { kind: 'scalar', text: JSON.stringify('x'.repeat(random.pick([64, 5_000, 60_000]))) }]),
    () => void (map.entries[at] = [key, structuredClone(random.pick(all))]),
    () => {
      if (value.kind === 'list') value.items.push(...value.items, ...value.items);
    },
  ];
  random.pick(changes)();
}
