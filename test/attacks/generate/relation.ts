/** A relation in the making: something that may stand behind FROM, and how its columns are named from outside. */
import type { Draw } from './draw.ts';
import { quoted, type Column, type Table } from './tables.ts';

export interface Field {
  /** How an expression over the relation names it. */
  readonly sql: string;
  /** Its name when the relation is read with a star; unquoted. */
  readonly name: string;
  readonly column: Column;
}

export interface Relation {
  /** Common table expressions that must stand before the SELECT: `name AS (…)`. */
  readonly ctes: readonly string[];
  readonly recursive: boolean;
  /** One item of FROM: joins, but no comma at the top. */
  readonly from: string;
  readonly fields: readonly Field[];
  /** A whole number that tells the rows apart, and that may be shown. */
  readonly key: Field;
  /** Names the whole row; null where nothing does. */
  readonly row: string | null;
  /** A star yields the fields, in order, and nothing else. */
  readonly star: boolean;
  /** Whose row type the row has. */
  readonly base: Table | null;
  /** Its row differs from one session to the next: nothing is made of it that does not show by what. */
  readonly fleeting?: true;
}

/** What a form may draw on while it is built. */
export interface Maker {
  readonly draw: Draw;
  /** Only what the policy grants and an honest client would write: must work, and give the reference's answer. */
  readonly honest: boolean;
  readonly major: 15 | 18;
  /** What is read will be stored somewhere: an honest client stores no masks. */
  readonly stores: boolean;
  /** A name that nothing else has. */
  fresh(stem: string): string;
}

export interface RelationForm {
  readonly name: string;
  readonly honest: boolean;
  readonly since?: 18;
  /** Null where it cannot be built over this relation. */
  build(inner: Relation, maker: Maker): Relation | null;
}

export function allowed(maker: Maker): (form: { readonly honest: boolean; readonly since?: 18 }) => boolean {
  return ({ honest, since }) => (honest || !maker.honest) && (since === undefined || maker.major >= since);
}

/** `SELECT … FROM …` over the relation, with what it needs before it. */
export function selectFrom(relation: Relation, list: string, tail = ''): string {
  return `${withClause(relation)}SELECT ${list} FROM ${relation.from}${tail}`;
}

export function withClause({ ctes, recursive }: Pick<Relation, 'ctes' | 'recursive'>): string {
  return ctes.length === 0 ? '' : `WITH ${recursive ? 'RECURSIVE ' : ''}${ctes.join(', ')} `;
}

/** Fields under their own names: `x.a AS a, x.b AS b`. */
export function listOf(fields: readonly Field[]): string {
  return fields.map(({ sql, name }) => `${sql} AS ${quoted(name)}`).join(', ');
}

/** The key and some of the others, each name once. */
export function someFields(relation: Relation, maker: Maker, count: number): readonly Field[] {
  const others = relation.fields.filter(({ name }) => name !== relation.key.name);
  return [relation.key, ...maker.draw.some(worthwhile(others, maker), count)];
}

/** The fields as `alias` names them. */
export function renamed(fields: readonly Field[], alias: string, names?: readonly string[]): readonly Field[] {
  return fields.map(({ name, column }, at) => {
    const own = names?.[at] ?? name;
    return { sql: `${alias}.${quoted(own)}`, name: own, column };
  });
}

/** A relation that is nothing but `alias` over these fields; the key must be among them. */
export function derived(
  inner: Pick<Relation, 'key' | 'ctes' | 'recursive'>,
  from: string,
  alias: string,
  fields: readonly Field[],
  names?: readonly string[],
): Relation {
  const own = renamed(fields, alias, names);
  const at = fields.findIndex(({ name }) => name === inner.key.name);
  return {
    ctes: [],
    recursive: false,
    from,
    fields: own,
    key: own[Math.max(at, 0)] as Field,
    row: alias,
    star: true,
    base: null,
  };
}

/** What is protected, mostly: an attack on columns that are shown anyway is none. */
export function worthwhile(fields: readonly Field[], maker: Maker): readonly Field[] {
  const dice = maker.draw.chance(0.8);
  if (maker.honest || !dice) return fields;
  const secret = fields.filter(({ column }) => column.guard !== 'clear');
  return secret.length === 0 ? fields : secret;
}
