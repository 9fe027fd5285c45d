/** The two bundles that the oracle asks: everything granted, and every column of every relation masked by a constant NULL. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { RelationData } from '../../core/catalog/model.ts';
import type { Bundle, GovernedRelation } from '../../core/policy/bundle.ts';
import { bundleFor } from '../support/sql-core.ts';

const SYSTEM: ReadonlySet<string> = new Set(['pg_catalog', 'information_schema']);
const READ_KINDS: ReadonlySet<string> = new Set(['table', 'partitioned', 'view', 'matview', 'foreign', 'sequence']);

export function userRelations(catalog: Catalog): readonly RelationData[] {
  return catalog.data.relations.filter(({ schema, kind }) => !SYSTEM.has(schema) && READ_KINDS.has(kind));
}

export function allowAll(catalog: Catalog): Bundle {
  return bundle(catalog, true, (relation) => ({
    columns: relation.columns.map(({ attnum }) => ({ attnum })),
    unrestricted: true,
    open: true,
    rules: ['test/policy'],
  }));
}

export function maskAll(catalog: Catalog): Bundle {
  return bundle(catalog, false, (relation) => ({
    columns: relation.columns.map(({ attnum, type, collation }) => ({
      attnum,
      mask: {
        kind: 'nullify',
        template: [`(NULL::${type}${collation === undefined ? '' : ` COLLATE ${collation}`})`],
        rule: 'test/policy',
      },
    })),
    unrestricted: relation.columns.length === 0,
    open: relation.columns.length === 0,
    rules: ['test/policy'],
  }));
}

function bundle(
  catalog: Catalog,
  everything: boolean,
  select: (relation: RelationData) => NonNullable<GovernedRelation['select']>,
): Bundle {
  const relations = userRelations(catalog).map((relation): GovernedRelation => {
    const write = { columns: relation.columns.map(({ attnum }) => attnum), rules: ['test/policy'] };
    return {
      oid: relation.oid,
      schema: relation.schema,
      name: relation.name,
      select: select(relation),
      insert: write,
      update: write,
      delete: { columns: [], rules: ['test/policy'] },
      actions: ['Explain'],
      classes: {},
    };
  });
  return bundleFor(catalog, {
    tables: {},
    overrides: {
      relations,
      allowAll: everything,
      functions: [{ schema: '*', name: '*', rule: 'test/policy' }],
      session: { temporaryTables: false, listen: ['*'], notify: ['*'], advisoryLocks: true },
    },
  });
}
