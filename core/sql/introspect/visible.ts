/**
 * Which objects of the database a subject may know of: what its grants name, and what hangs on that (columns, indexes, sequences,
 * types, schemas). Everything that initdb made is common knowledge and always visible; it is told apart by its OID alone
 * (FIRST_USER_OID), so these sets hold user objects only.
 *
 * Computed once per bundle and catalog.
 */
import type { Catalog } from '../../catalog/catalog.ts';
import type { FunctionData, RelationData } from '../../catalog/model.ts';
import type { Bundle, GovernedRelation } from '../../policy/bundle.ts';
import { isTrustedExtensionFunction } from '../names/extensions.ts';
import { memoisePair } from '../names/name-context.ts';

export interface Visible {
  /** Nothing is hidden: everything is granted, or the policy only observes. */
  readonly all: boolean;
  /** Tables, views, sequences and indexes. */
  readonly relations: ReadonlySet<number>;
  /** Of those, tables and views all of whose columns are visible. */
  readonly complete: ReadonlySet<number>;
  /** Tables and views with hidden columns: OID -> visible attnums. */
  readonly partial: ReadonlyMap<number, readonly number[]>;
  /** Relations all of whose ancestors in pg_inherits are visible. */
  readonly rooted: ReadonlySet<number>;
  /** Relations whose rows are all readable and unmasked: their size tells nothing new. */
  readonly measurable: ReadonlySet<number>;
  /** Views whose definition names visible relations and columns only. */
  readonly definitions: ReadonlySet<number>;
  /** Sequences that may be advanced: owned by a column of a table with Insert, or granted themselves. */
  readonly sequences: ReadonlySet<number>;
  /** [table OID, attnum] whose default would name a hidden column. */
  readonly hiddenDefaults: readonly (readonly [number, number])[];
  readonly functions: ReadonlySet<number>;
  readonly types: ReadonlySet<number>;
  /** Names; system schemas are not in here. */
  readonly schemas: ReadonlySet<string>;
  readonly schemaOids: ReadonlySet<number>;
}

export const visibleTo: (bundle: Bundle, catalog: Catalog) => Visible = memoisePair(compute);

/** Whether the policies grant this function by name. `functions: ['*']` covers everything outside the system schemas. */
export function isGrantedFunction(bundle: Bundle, entry: FunctionData): boolean {
  return bundle.functions.some(
    (grant) =>
      (grant.schema === entry.schema || (grant.schema === '*' && entry.schema !== 'pg_catalog')) &&
      (grant.name === entry.name || grant.name === '*'),
  );
}

function compute(bundle: Bundle, catalog: Catalog): Visible {
  const all = bundle.allowAll || bundle.mode === 'Observe';
  const relations = new Set<number>();
  const complete = new Set<number>();
  const partial = new Map<number, readonly number[]>();
  const measurable = new Set<number>();
  for (const grant of bundle.relations) {
    const relation = catalog.relation(grant.oid);
    if (relation === undefined) continue;
    relations.add(grant.oid);
    const attnums = visibleAttnums(grant);
    if (relation.columns.every((column) => attnums.has(column.attnum))) complete.add(grant.oid);
    else
      partial.set(
        grant.oid,
        [...attnums].sort((a, b) => a - b),
      );
    if (grant.select?.unrestricted === true) measurable.add(grant.oid);
  }
  const shows = (oid: number, attnum: number): boolean => complete.has(oid) || (partial.get(oid)?.includes(attnum) ?? false);
  const sequences = new Set<number>();
  for (const relation of catalog.data.relations) {
    if (relation.indexOf !== undefined && relations.has(relation.indexOf)) {
      const table = relation.indexOf;
      if (complete.has(table) || (relation.indexColumns ?? [0]).every((attnum) => shows(table, attnum)))
        relations.add(relation.oid);
    } else if (relation.kind === 'sequence') {
      addSequence(relation);
    }
  }

  function addSequence(sequence: RelationData): void {
    if (relations.has(sequence.oid)) sequences.add(sequence.oid);
    if (sequence.ownedBy === undefined || !shows(...sequence.ownedBy)) return;
    relations.add(sequence.oid);
    complete.add(sequence.oid);
    if (bundle.relations.some((grant) => grant.oid === sequence.ownedBy?.[0] && grant.insert !== undefined))
      sequences.add(sequence.oid);
  }

  const functions = new Set<number>();
  for (const entry of catalog.data.functions) {
    if (entry.schema !== 'pg_catalog' && (isGrantedFunction(bundle, entry) || isTrustedExtensionFunction(entry)))
      functions.add(entry.oid);
  }
  const schemas = new Set<string>(['public', ...bundle.createIn]);
  for (const oid of relations) schemas.add(catalog.relation(oid)?.schema ?? 'public');
  for (const oid of functions) schemas.add(catalog.function(oid)?.schema ?? 'public');
  const types = visibleTypes(catalog, relations, shows);
  for (const oid of types) schemas.add(catalog.type(oid)?.schema ?? 'public');
  const oids = catalog.data.schemaOids ?? {};
  return {
    all,
    relations,
    complete,
    partial,
    rooted: new Set([...relations].filter((oid) => isRooted(catalog, relations, oid))),
    measurable,
    sequences,
    functions,
    types,
    schemas,
    definitions: visibleDefinitions(catalog, relations, shows),
    hiddenDefaults: hiddenDefaults(catalog, relations, shows),
    schemaOids: new Set([...schemas].flatMap((name) => (oids[name] === undefined ? [] : [oids[name]]))),
  };
}

function isRooted(catalog: Catalog, relations: ReadonlySet<number>, oid: number): boolean {
  return (catalog.relation(oid)?.parents ?? []).every((parent) => relations.has(parent) && isRooted(catalog, relations, parent));
}

function visibleAttnums(grant: GovernedRelation): ReadonlySet<number> {
  return new Set([
    ...(grant.select?.columns ?? []).map((column) => column.attnum),
    ...(grant.insert?.columns ?? []),
    ...(grant.update?.columns ?? []),
  ]);
}

type Shows = (oid: number, attnum: number) => boolean;

/** Types of visible columns with what they are made of and their arrays; row types of visible relations; extensions' types. */
function visibleTypes(catalog: Catalog, relations: ReadonlySet<number>, shows: Shows): ReadonlySet<number> {
  const types = new Set<number>();
  const add = (oid: number | undefined): void => {
    if (oid === undefined || oid === 0 || types.has(oid)) return;
    const type = catalog.type(oid);
    if (type === undefined) return;
    if (
      type.relationOid !== undefined &&
      catalog.relation(type.relationOid)?.kind !== 'composite' &&
      !relations.has(type.relationOid)
    )
      return;
    types.add(oid);
    add(type.baseOid);
    add(type.elementOid);
  };
  for (const oid of relations) {
    const relation = catalog.relation(oid);
    if (relation === undefined) continue;
    add(relation.rowTypeOid);
    for (const column of relation.columns) if (shows(oid, column.attnum)) add(column.typeOid);
  }
  for (const type of catalog.data.types) if (type.extension !== undefined) add(type.oid);
  for (const type of catalog.data.types) if (type.elementOid !== undefined && types.has(type.elementOid)) types.add(type.oid);
  return types;
}

function visibleDefinitions(catalog: Catalog, relations: ReadonlySet<number>, shows: Shows): ReadonlySet<number> {
  const definitions = new Set<number>();
  for (const oid of relations) {
    const relation = catalog.relation(oid);
    if (relation?.kind !== 'view' && relation?.kind !== 'matview') continue;
    const known = (relation.dependsOn ?? []).every(([source, attnum]) => {
      const from = catalog.relation(source);
      if (from === undefined) return false;
      if (from.schema === 'pg_catalog' || from.schema === 'information_schema') return true;
      return (
        relations.has(source) &&
        (attnum === 0 ? from.columns.every((column) => shows(source, column.attnum)) : shows(source, attnum))
      );
    });
    if (known) definitions.add(oid);
  }
  return definitions;
}

function hiddenDefaults(catalog: Catalog, relations: ReadonlySet<number>, shows: Shows): readonly (readonly [number, number])[] {
  const hidden: (readonly [number, number])[] = [];
  for (const oid of relations) {
    for (const [attnum, sources] of Object.entries(catalog.relation(oid)?.generatedFrom ?? {})) {
      if (!sources.every((source) => shows(oid, source))) hidden.push([oid, Number(attnum)]);
    }
  }
  return hidden;
}
