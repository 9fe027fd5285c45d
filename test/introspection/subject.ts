/** A subject that is granted a part of schema.sql, as a bundle made by hand: the rules are tested without the policy compiler. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { RelationData } from '../../core/catalog/model.ts';
import type { Action, Bundle, GovernedRelation } from '../../core/policy/bundle.ts';

function named(catalog: Catalog, schema: string, name: string): RelationData {
  const relation = catalog.relationNamed(schema, name);
  if (relation === undefined) throw new Error(`no relation ${schema}.${name}`);
  return relation;
}

export function grant(relation: RelationData, actions: readonly Action[], hidden: readonly string[] = []): GovernedRelation {
  const columns = relation.columns.filter((column) => !hidden.includes(column.name)).map((column) => column.attnum);
  const write = { columns, rules: ['test'] };
  const may = (action: Action): boolean => actions.includes(action);
  return {
    oid: relation.oid,
    schema: relation.schema,
    name: relation.name,
    ...(may('Select')
      ? {
          select: {
            columns: columns.map((attnum) => ({ attnum })),
            unrestricted: hidden.length === 0,
            open: hidden.length === 0,
            rules: ['test'],
          },
        }
      : {}),
    ...(may('Insert') ? { insert: write } : {}),
    ...(may('Update') ? { update: write } : {}),
    ...(may('Delete') ? { delete: { columns: [], rules: ['test'] } } : {}),
    actions: [],
    classes: {},
  };
}

export function subjectBundle(catalog: Catalog, overrides: Partial<Bundle> = {}): Bundle {
  return {
    formatVersion: 1,
    version: 'test',
    identity: { namespace: 'ai-agents', serviceAccount: 'introspector' },
    database: { namespace: 'data', name: 'shop', database: catalog.data.database },
    policies: [],
    mode: 'Enforce',
    masking: 'Enforce',
    relations: overrides.relations ?? [
      grant(named(catalog, 'public', 'customers_shown'), ['Select'], ['ssn_secret']),
      grant(named(catalog, 'shop_shown', 'orders_shown'), ['Select', 'Insert', 'Update']),
      grant(named(catalog, 'public', 'events_shown'), ['Select']),
      grant(named(catalog, 'public', 'view_shown'), ['Select']),
      grant(named(catalog, 'public', 'leaky_shown'), ['Select']),
      ...catalog.data.relations
        .filter((relation) => relation.kind === 'table' && /^extra_\d+_shown$/.test(relation.name))
        .map((relation) => grant(relation, ['Select', 'Insert'])),
    ],
    createIn: [],
    allowAll: false,
    transparent: false,
    functions: [{ schema: 'public', name: 'summary_shown', rule: 'test' }],
    session: { temporaryTables: false, listen: [], notify: [], advisoryLocks: false },
    guardrails: { requireWhere: false },
    limits: {},
    protectionDeny: [],
    audit: { durability: 'Local', rows: 'None' },
    usesMaskKey: false,
    protectedColumns: [],
    ...overrides,
  };
}

/** What must never be seen, in any case of letters. */
export const HIDDEN = /hidden|_secret|secret_/i;
