/** The relations that policies can be about: everything a person made, in no schema of the system's. */
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';

const GRANTABLE: ReadonlySet<string> = new Set(['table', 'partitioned', 'view', 'matview', 'foreign', 'sequence']);

/** `pg_` is reserved for the system: CREATE SCHEMA refuses it. */
export function isSystemSchema(schema: string): boolean {
  return schema === 'information_schema' || schema.startsWith('pg_');
}

export function isGrantable(relation: RelationData): boolean {
  return GRANTABLE.has(relation.kind) && !isSystemSchema(relation.schema);
}

/** Ordered by OID. */
export function userRelations(catalog: Catalog): readonly RelationData[] {
  return catalog.data.relations.filter(isGrantable).toSorted((a, b) => a.oid - b.oid);
}
