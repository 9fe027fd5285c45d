/**
 * Which names a server's error text may show: those of the client's own statement, those granted, and PostgreSQL's own.
 */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { RelationData } from '../../core/catalog/model.ts';
import type { Bundle, GovernedRelation } from '../../core/policy/bundle.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { NameVisibility } from '../../core/wire/report-scrub.ts';

interface Granted {
  /** Single words: schemas, relations, columns, functions. */
  readonly names: ReadonlySet<string>;
  readonly relations: ReadonlyMap<string, { readonly grant: GovernedRelation; readonly relation: RelationData | undefined }>;
}

/** One per engine, made when the first error needs it. */
export class Visibility {
  readonly #granted = new WeakMap<SqlEngine, Granted>();

  /** `statement`: the text (or its normalised form) that the error is about. */
  of(engine: SqlEngine, statement: string): NameVisibility {
    let granted = this.#granted.get(engine);
    if (granted === undefined) this.#granted.set(engine, (granted = grantedNames(engine.bundle, engine.catalog)));
    const { names, relations } = granted;
    const { catalog } = engine;
    const words = identifiers(statement);
    const find = (schema: string, table: string) => relations.get(`${schema}.${table}`);
    return {
      name: (text) =>
        text.split('.').every((part) => words.has(part.toLowerCase()) || names.has(part) || isBuiltIn(catalog, part)),
      relation: (schema, table) => find(schema, table) !== undefined,
      column: (schema, table, column) => {
        const known = find(schema, table);
        const attnum = known?.relation?.columns.find((one) => one.name === column)?.attnum;
        return known !== undefined && attnum !== undefined && grantedColumns(known.grant).has(attnum);
      },
      constraint: (schema, table) => {
        const known = find(schema, table);
        if (known?.relation === undefined) return false;
        const columns = grantedColumns(known.grant);
        return known.relation.columns.every((column) => columns.has(column.attnum));
      },
    };
  }
}

function grantedNames(bundle: Bundle, catalog: Catalog): Granted {
  const names = new Set<string>();
  const relations = new Map<string, { grant: GovernedRelation; relation: RelationData | undefined }>();
  for (const grant of bundle.relations) {
    const relation = catalog.relation(grant.oid);
    names.add(grant.schema).add(grant.name);
    relations.set(`${grant.schema}.${grant.name}`, { grant, relation });
    const columns = grantedColumns(grant);
    for (const column of relation?.columns ?? []) if (columns.has(column.attnum)) names.add(column.name);
  }
  for (const grant of bundle.functions) names.add(grant.schema).add(grant.name);
  return { names, relations };
}

function grantedColumns(grant: GovernedRelation): ReadonlySet<number> {
  const columns = new Set<number>();
  for (const column of grant.select?.columns ?? []) columns.add(column.attnum);
  for (const rule of [grant.insert, grant.update]) for (const attnum of rule?.columns ?? []) columns.add(attnum);
  return columns;
}

function isBuiltIn(catalog: Catalog, name: string): boolean {
  return (
    name === 'pg_catalog' ||
    catalog.relationNamed('pg_catalog', name) !== undefined ||
    catalog.functionsNamed(name).some((entry) => entry.schema === 'pg_catalog') ||
    catalog.typesNamed(name).some((entry) => entry.schema === 'pg_catalog')
  );
}

/** Every word of a statement, in lower case: what the client wrote it may read. */
function identifiers(statement: string): ReadonlySet<string> {
  return new Set(statement.toLowerCase().match(/[\p{L}\p{N}_$]+/gu) ?? []);
}
