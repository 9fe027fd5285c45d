/**
 * Fills a database that has the tables of a labelled schema: parents first, so that foreign keys point at rows that are there.
 * Where a foreign schema's constraints contradict each other or its own labels, they are dropped for the load, and the answer
 * says which.
 */
import type pg from 'pg';
import type { Label, LabelledSchema } from '../labels.ts';
import { contextFor, start } from './context.ts';
import { arrayOf } from './documents.ts';
import { generator, parseGenerator } from './generators.ts';
import { type ForeignKey, type Table, readTables } from './tables.ts';
import { Random, hashOf } from './random.ts';

export interface LoadOptions {
  /** Rows a table, unless its labels say otherwise; also the most where `cap` is set. */
  readonly rows?: number;
  /** No table gets more. */
  readonly cap?: number;
  readonly seed?: number;
}

export interface Loaded {
  readonly tables: number;
  readonly rows: number;
  /** `table: constraint` that had to be dropped. */
  readonly dropped: readonly string[];
}

const BATCH = 200;

export async function load(client: pg.Client, schema: LabelledSchema, options: LoadOptions = {}): Promise<Loaded> {
  const tables = inOrder(await readTables(client));
  const labels = new Map<string, Label>(schema.labels.map((each) => [`${each.table}.${each.column}`, each]));
  const dropped: string[] = [];
  let rows = 0;
  for (const table of tables) {
    const wanted = Math.min(schema.rows.get(table.name) ?? options.rows ?? 400, options.cap ?? Number.POSITIVE_INFINITY);
    if (wanted === 0) continue;
    const parents: (readonly (readonly string[])[])[] = [];
    for (const key of table.keys) parents.push(await valuesOf(client, key));
    const lines = draw(schema, table, labels, parents, wanted, options.seed ?? 1);
    rows += await insert(client, table, lines, dropped);
  }
  await client.query('ANALYZE');
  return { tables: tables.length, rows, dropped };
}

/** Rows of SQL literals. */
function draw(
  schema: LabelledSchema,
  table: Table,
  labels: ReadonlyMap<string, Label>,
  parents: readonly (readonly (readonly string[])[])[],
  count: number,
  seed: number,
): readonly string[] {
  const random = new Random(hashOf(`${schema.name}.${table.name}`) ^ seed);
  const columns = table.columns.map((column) => {
    const label = labels.get(`${table.name}.${column.name}`);
    if (label === undefined) throw new Error(`${schema.name}: ${table.name}.${column.name} has no label`);
    const { name, nulls } = parseGenerator(label.generator);
    const key = table.keys.findIndex((each) => each.columns.includes(column.name));
    const context = contextFor(schema.locale, `${schema.name}.${table.name}.${column.name}`, seed);
    if (name === 'fk' && key < 0) throw new Error(`${schema.name}: ${table.name}.${column.name} is no foreign key`);
    start(context);
    const dirt = column.text && !column.notNull && !CLEAN.test(name) && context.style > 0.5 ? context.random.int(1, 4) / 100 : 0;
    return { column, nulls, dirt, key, context, generate: key < 0 ? generator(name) : undefined };
  });
  // Column by column: each has its own stream, and faker's instances are shared.
  const cells = columns.map(({ column, nulls, dirt, context, generate }) => {
    if (generate === undefined) return [];
    context.faker.seed(context.random.int(0, 2 ** 31));
    return Array.from({ length: count }, (_, row) => {
      context.row = row;
      if (!column.notNull && context.random.chance(nulls)) return 'NULL';
      if (context.random.chance(dirt))
        return context.random.chance(0.3) ? 'NULL' : literal(context.random.pick(DIRT), column.maxLength);
      const value = column.array && !ARRAY_GENERATORS.test(labels.get(`${table.name}.${column.name}`)!.generator);
      const text = generate(context);
      return literal(value ? arrayOf([text]) : text, column.maxLength);
    });
  });
  return Array.from({ length: count }, (_, row) => {
    const picked = parents.map((values) => (values.length === 0 ? undefined : random.pick(values)));
    const line = columns.map(({ column, key }, index) => {
      if (key < 0) return cells[index]![row]!;
      const at = table.keys[key]!.columns.indexOf(column.name);
      const value = picked[key]?.[at];
      return value === undefined ? (column.notNull ? '0' : 'NULL') : literal(value, undefined);
    });
    return `(${line.join(',')})`;
  });
}

/** What stands in columns of real databases for want of a value; half of the columns have a few. */
const DIRT = ['', '-', 'n/a', '?'];
/** Keys and words of a closed list have none. */
const CLEAN = /^(id\.|uuid|slug|code\.|enum\.|one-of|sku)/;

/** Generators that write an array by themselves. */
const ARRAY_GENERATORS = /^(tags|enum\.scopes|token\.codes)\b/;

function literal(value: string, maxLength: number | undefined): string {
  const cut = maxLength === undefined ? value : [...value].slice(0, maxLength).join('');
  return `'${cut.replace(/'/g, "''")}'`;
}

async function insert(client: pg.Client, table: Table, lines: readonly string[], dropped: string[]): Promise<number> {
  const names = table.columns.map((column) => quoted(column.name)).join(', ');
  const head = `INSERT INTO ${quoted(table.name)} (${names}) OVERRIDING SYSTEM VALUE VALUES `;
  let rows = 0;
  for (let from = 0; from < lines.length; from += BATCH) {
    const sql = `${head}${lines.slice(from, from + BATCH).join(',\n')} ON CONFLICT DO NOTHING`;
    for (;;) {
      try {
        rows += (await client.query(sql)).rowCount ?? 0;
        break;
      } catch (error) {
        const constraint = violated(error);
        if (constraint === undefined) throw new Error(`${table.name}: ${(error as Error).message}`, { cause: error });
        await client.query(`ALTER TABLE ${quoted(table.name)} DROP CONSTRAINT ${quoted(constraint)} CASCADE`);
        dropped.push(`${table.name}: ${constraint}`);
      }
    }
  }
  return rows;
}

/** Name of the CHECK or foreign key that a row does not meet. */
function violated(error: unknown): string | undefined {
  const { code, constraint } = error as { readonly code?: string; readonly constraint?: string };
  return code === '23514' || code === '23503' ? constraint : undefined;
}

/** What a foreign key may point at; none where the parent is empty or not loaded yet. */
async function valuesOf(client: pg.Client, key: ForeignKey): Promise<readonly (readonly string[])[]> {
  const names = key.referenced.map((name) => `${quoted(name)}::text`).join(', ');
  const { rows } = await client.query<string[]>({
    text: `SELECT ${names} FROM ${quoted(key.table)} LIMIT 2000`,
    rowMode: 'array',
  });
  return rows;
}

/** Parents before children; of a circle, whoever comes first by name. */
function inOrder(tables: readonly Table[]): readonly Table[] {
  const left = new Map(tables.map((table) => [table.name, table]));
  const ordered: Table[] = [];
  while (left.size > 0) {
    const waits = (table: Table): boolean => table.keys.some((key) => key.table !== table.name && left.has(key.table));
    const ready = [...left.values()].filter((table) => !waits(table));
    for (const table of ready.length > 0 ? ready : [...left.values()].slice(0, 1)) {
      ordered.push(table);
      left.delete(table.name);
    }
  }
  return ordered;
}

export function quoted(name: string): string {
  return `"${name.replace(/"/g, '""')}"`;
}
