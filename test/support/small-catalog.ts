/** Test support: a catalog written as a few lines, for tests of the policy core that need no server. */
import { Catalog } from '../../core/catalog/catalog.ts';
import type { ColumnData, RelationData, RelationKind, TypeData } from '../../core/catalog/model.ts';

const TYPES: Readonly<Record<string, readonly [oid: number, name: string, category: string]>> = {
  text: [25, 'text', 'S'],
  integer: [23, 'int4', 'N'],
  bigint: [20, 'int8', 'N'],
  date: [1082, 'date', 'D'],
  jsonb: [3802, 'jsonb', 'U'],
  boolean: [16, 'bool', 'B'],
};

export interface SmallRelation extends Partial<Omit<RelationData, 'columns' | 'schema' | 'name'>> {
  /** `schema.name` */
  readonly name: string;
  /** `name type`, `!` behind it for NOT NULL. */
  readonly columns: readonly string[];
}

export function smallCatalog(relations: readonly SmallRelation[]): Catalog {
  const types = Object.values(TYPES).map(
    ([oid, name, category]): TypeData => ({ oid, schema: 'pg_catalog', name, kind: 'base', category }),
  );
  const built = relations.map((relation, index) => buildRelation(relation, index));
  return new Catalog({
    formatVersion: 1,
    serverVersion: 180000,
    database: 'shop',
    login: 'app',
    schemas: [...new Set(['pg_catalog', 'information_schema', ...built.map((relation) => relation.schema)])],
    defaultSearchPath: ['public'],
    relations: built,
    types,
    functions: [],
    operators: [25, 23, 20, 16].map((oid, index) => ({
      oid: 90 + index,
      schema: 'pg_catalog',
      name: '=',
      left: oid,
      right: oid,
      result: 16,
      functionOid: 0,
      leakproof: true,
      volatility: 'immutable' as const,
    })),
    extensions: [],
    powers: [],
  });
}

function buildRelation({ name, columns, ...rest }: SmallRelation, index: number): RelationData {
  const [schema = 'public', relation = name] = name.split('.');
  const kind: RelationKind = rest.kind ?? 'table';
  return { oid: 16_000 + index, rowTypeOid: 0, ...rest, kind, schema, name: relation, columns: columns.map(buildColumn) };
}

function buildColumn(text: string, index: number): ColumnData {
  const [name = '', type = 'text'] = text.replace('!', '').split(' ');
  const entry = TYPES[type];
  if (entry === undefined) throw new Error(`no such type: ${text}`);
  return {
    attnum: index + 1,
    name,
    typeOid: entry[0],
    typmod: -1,
    type: entry[1] === 'int4' ? 'integer' : entry[1],
    notNull: text.endsWith('!'),
  };
}
