/**
 * Every value of a complete object, replaced by every kind of wrong (and right) value: thousands of small objects that the API server and our
 * own loader must judge alike. The probes follow the schema, so a new field is probed without a line here.
 */
import type { ArraySchema, IntegerSchema, ObjectSchema, Schema } from '../../crds/schema.ts';

export type Path = readonly (string | number)[];

export interface Probe {
  readonly path: Path;
  /** Undefined: the field is left out. */
  readonly value: unknown;
}

export function* probes(value: unknown, schema: Schema, path: Path): Generator<Probe> {
  for (const each of wrongKinds(schema)) yield { path, value: each };
  switch (schema.type) {
    case 'string':
      for (const each of [...TEXTS, ...(schema.enum ?? [])]) yield { path, value: each };
      return;
    case 'integer':
      for (const each of numbers(schema)) yield { path, value: each };
      return;
    case 'boolean':
      for (const each of [true, false]) yield { path, value: each };
      return;
    case 'array':
      yield* lists(value as readonly unknown[], schema, path);
      return;
    case 'object':
      yield* fields(value as Readonly<Record<string, unknown>>, schema, path);
  }
}

/** A copy with the value at a path replaced, or left out. */
export function replaced(root: unknown, path: Path, value: unknown): unknown {
  const copy = structuredClone(root) as Record<string | number, unknown>;
  const last = path.at(-1)!;
  const parent = path.slice(0, -1).reduce<Record<string | number, unknown>>((at, step) => at[step] as never, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

function* wrongKinds(schema: Schema): Generator<unknown> {
  if (schema.type !== 'string') yield 'text';
  if (schema.type !== 'integer') yield 7;
  if (schema.type !== 'boolean') yield true;
  if (schema.type !== 'array') yield [];
  if (schema.type !== 'object') yield {};
}

function* lists(value: readonly unknown[], schema: ArraySchema, path: Path): Generator<Probe> {
  yield { path, value: [] };
  yield { path, value: [...value, ...value] };
  const [first] = value;
  if (typeof first === 'string') {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `${first.slice(0, 40)}${index}`);
    for (const count of [schema.maxItems, schema.maxItems + 1]) yield { path, value: many(count) };
  } else if (first !== undefined) {
    yield { path, value: Array.from({ length: schema.maxItems + 1 }, () => first) };
  }
  for (const [index, item] of value.entries()) yield* probes(item, schema.items, [...path, index]);
}

function* fields(value: Readonly<Record<string, unknown>>, schema: ObjectSchema, path: Path): Generator<Probe> {
  yield { path, value: {} };
  yield { path: [...path, 'unheardOf'], value: 'x' };
  for (const [name, property] of Object.entries(schema.properties)) {
    yield { path: [...path, name], value: undefined };
    if (value[name] !== undefined) yield* probes(value[name], property.schema, [...path, name]);
  }
}

function numbers({ minimum, maximum }: IntegerSchema): readonly number[] {
  return [minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1, 0, -1, 1.5, 2 ** 31, 2 ** 53];
}

const LONG = [1, 2, 62, 63, 64, 253, 254, 261, 262, 1024, 1025, 4096, 4097];

const TEXTS: readonly string[] = [
  ...['', ' ', 'a', 'A', 'ab', 'a b', ' a', 'a ', 'a\n', '\na', 'a\nb', '\u0000', 'null', 'true', '1', '0x1', '~'],
  ...['a-b', '-a', 'a-', 'a.b', 'a..b', '.a', 'a.', 'a_b', 'A.B', 'a.b.c', 'a/b', 'a:b', '[::1]', '::1', '10.0.0.1', 'host:5432'],
  ...['*', '**', '*.*', 'a.*', '*.a', '*a.b', 'public.x', 'public.*', '"A b"."C"', '"a""b"."c"', '"a"b".c', '"".a', '"*"."*"'],
  ...['a$b', '$a.b', 'a$b.c', '1a.b', 'é', 'é.ü', '😀', '😀.😀', '"😀".a', 'none', 'Select', 'select', 'pii.email', 'secret'],
  ...['5', '1s', '5S', '10m', '1h30m', '-1s', '+1s', '1.5s', '1 s', '0s', '999999999h', '1234567890s', '1ms', '1d'],
  ...['2027-01-31T00:00:00Z', '2027-02-30T00:00:00Z', '2027-01-31', '2027-01-31 00:00:00Z', '2027-01-31t00:00:00z'],
  ...['2027-01-31T00:00:00', '2027-01-31T24:00:00Z', '2027-01-31T23:59:60Z', '2027-01-31T00:00:00+01:00'],
  ...[
    '2027-01-31T00:00:00.123456789Z',
    '2027-13-01T00:00:00Z',
    '2027-1-1T00:00:00Z',
    '2027-01-31T00:00Z',
    '0000-01-01T00:00:00Z',
  ],
  ...['2027-01-31T00:00:00+24:00', '2027-01-31T00:00:00-00:00', '2027-01-31T00:00:00,5Z', '12027-01-31T00:00:00Z'],
  ...LONG.map((length) => 'x'.repeat(length)),
  ...LONG.map((length) => `a.${'x'.repeat(length)}`),
  ...[62, 63, 64].flatMap((length) => ['é'.repeat(length), '😀'.repeat(length)]),
];
