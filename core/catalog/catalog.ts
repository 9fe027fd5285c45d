/** Indexes over CatalogData. Built once per catalog version; look-ups are by folded name exactly as PostgreSQL stores it. */
import type { CatalogData, ColumnData, ExtensionData, FunctionData, OperatorData, RelationData, TypeData } from './model.ts';

export class Catalog {
  readonly data: CatalogData;
  readonly serverMajor: number;
  readonly #relationsByOid = new Map<number, RelationData>();
  readonly #relationsByName = new Map<string, Map<string, RelationData>>();
  readonly #typesByOid = new Map<number, TypeData>();
  readonly #typesByName = new Map<string, TypeData[]>();
  readonly #functionsByOid = new Map<number, FunctionData>();
  readonly #functionsByName = new Map<string, FunctionData[]>();
  readonly #operatorsByName = new Map<string, OperatorData[]>();
  readonly #children = new Map<number, RelationData[]>();
  readonly #extensions = new Map<string, ExtensionData>();
  readonly #schemas: ReadonlySet<string>;
  readonly #unusable: ReadonlySet<string>;

  constructor(data: CatalogData) {
    this.data = data;
    this.serverMajor = Math.floor(data.serverVersion / 10_000);
    this.#schemas = new Set(data.schemas);
    this.#unusable = new Set(data.unusableSchemas ?? []);
    for (const relation of data.relations) {
      this.#relationsByOid.set(relation.oid, relation);
      let schema = this.#relationsByName.get(relation.schema);
      if (schema === undefined) this.#relationsByName.set(relation.schema, (schema = new Map()));
      schema.set(relation.name, relation);
      for (const parent of relation.parents ?? []) append(this.#children, parent, relation);
    }
    for (const type of data.types) {
      this.#typesByOid.set(type.oid, type);
      append(this.#typesByName, type.name, type);
    }
    for (const entry of data.functions) {
      this.#functionsByOid.set(entry.oid, entry);
      append(this.#functionsByName, entry.name, entry);
    }
    for (const entry of data.operators) append(this.#operatorsByName, entry.name, entry);
    for (const entry of data.extensions) this.#extensions.set(entry.name, entry);
  }

  hasSchema(name: string): boolean {
    return this.#schemas.has(name);
  }

  relation(oid: number): RelationData | undefined {
    return this.#relationsByOid.get(oid);
  }

  /** Exactly this schema, no search. */
  relationNamed(schema: string, name: string): RelationData | undefined {
    return this.#relationsByName.get(schema)?.get(name);
  }

  /**
   * As the server searches an unqualified name, temporary relations aside: pg_catalog first unless the path names it.
   * https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH
   */
  findRelation(name: string, searchPath: readonly string[]): RelationData | undefined {
    for (const schema of this.searched(searchPath)) {
      const found = this.relationNamed(schema, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The schemas the server really searches: it skips those that do not exist and those the login may not use. */
  searched(searchPath: readonly string[]): readonly string[] {
    return effectivePath(searchPath).filter((schema) => this.#schemas.has(schema) && !this.#unusable.has(schema));
  }

  /** Inheritance children and partitions, direct ones only. */
  children(oid: number): readonly RelationData[] {
    return this.#children.get(oid) ?? [];
  }

  column(relation: RelationData, attnum: number): ColumnData | undefined {
    return relation.columns.find((column) => column.attnum === attnum);
  }

  columnNamed(relation: RelationData, name: string): ColumnData | undefined {
    return relation.columns.find((column) => column.name === name);
  }

  type(oid: number): TypeData | undefined {
    return this.#typesByOid.get(oid);
  }

  /** In every schema. */
  typesNamed(name: string): readonly TypeData[] {
    return this.#typesByName.get(name) ?? [];
  }

  function(oid: number): FunctionData | undefined {
    return this.#functionsByOid.get(oid);
  }

  /** In every schema. */
  functionsNamed(name: string): readonly FunctionData[] {
    return this.#functionsByName.get(name) ?? [];
  }

  /** In every schema. */
  operatorsNamed(name: string): readonly OperatorData[] {
    return this.#operatorsByName.get(name) ?? [];
  }

  extension(name: string): ExtensionData | undefined {
    return this.#extensions.get(name);
  }
}

/** The schemas searched, in order: pg_catalog is searched first unless the path lists it. */
export function effectivePath(searchPath: readonly string[]): readonly string[] {
  return searchPath.includes('pg_catalog') ? searchPath : ['pg_catalog', ...searchPath];
}

/** An identifier as SQL text: quoted always, so that no keyword or case rule matters. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string constant as SQL text, valid whatever standard_conforming_strings says. */
export function quoteLiteral(value: string): string {
  const doubled = value.replaceAll("'", "''");
  return value.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

export function qualifiedName(relation: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.name)}`;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
