/** The SQL core over a real server's catalog, with a policy made by hand: for tests of rewriting that need no proxy. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { RelationData } from '../../core/catalog/model.ts';
import type {
  Bundle,
  GovernedRelation,
  Mask,
  ReadableColumn,
  ReadRule,
  RowFilter,
  SqlTemplate,
} from '../../core/policy/bundle.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SqlParser } from '../../core/sql/parse/parser.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import type { SessionView } from '../../core/sql/session-state.ts';

export interface TableRule {
  /** Default: all. */
  readonly columns?: readonly string[];
  /** Column -> mask; 'identity' and 'null' are masks that are easy to compare. */
  readonly masks?: Readonly<Record<string, 'identity' | 'null'>>;
  /** SQL over `{column}` references. */
  readonly filter?: string;
  readonly leakproof?: boolean;
  readonly write?: boolean;
}

/** `{name}` becomes the column's attnum. */
export function template(relation: RelationData, sql: string): SqlTemplate {
  return sql.split(/(\{[^{}]+\})/).map((part) => {
    if (!part.startsWith('{') || part.length < 3) return part;
    const column = relation.columns.find((candidate) => candidate.name === part.slice(1, -1));
    if (column === undefined) throw new Error(`no column ${part} in ${relation.name}`);
    return column.attnum;
  });
}

function maskOf(relation: RelationData, name: string, kind: 'identity' | 'null'): Mask {
  const column = relation.columns.find((candidate) => candidate.name === name)!;
  const collation = column.collation === undefined ? '' : ` COLLATE ${column.collation}`;
  const body =
    kind === 'null'
      ? `(CASE WHEN true THEN NULL ELSE {${name}} END)::${column.type}${collation}`
      : `CASE WHEN true THEN {${name}} ELSE {${name}} END`;
  return { kind: kind === 'null' ? 'nullify' : 'redact', template: template(relation, body), rule: 'test/policy' };
}

export function readRule(relation: RelationData, rule: TableRule): ReadRule {
  const columns: ReadableColumn[] = relation.columns
    .filter((column) => rule.columns === undefined || rule.columns.includes(column.name))
    .map((column) => {
      const mask = rule.masks?.[column.name];
      return { attnum: column.attnum, ...(mask === undefined ? {} : { mask: maskOf(relation, column.name, mask) }) };
    });
  const filter: RowFilter | undefined =
    rule.filter === undefined
      ? undefined
      : {
          template: template(relation, `(${rule.filter})`),
          columns: [],
          hasSublink: /\bselect\b/i.test(rule.filter),
          leakproof: rule.leakproof ?? false,
          rules: ['test/policy'],
        };
  const unrestricted =
    columns.length === relation.columns.length && filter === undefined && columns.every((column) => column.mask === undefined);
  return { columns, unrestricted, open: unrestricted, rules: ['test/policy'], ...(filter === undefined ? {} : { filter }) };
}

export interface CoreOptions {
  /** `schema.table` -> rule. */
  readonly tables: Readonly<Record<string, TableRule>>;
  readonly mode?: 'Enforce' | 'Observe';
  readonly overrides?: Partial<Bundle>;
}

export function bundleFor(catalog: Catalog, options: CoreOptions): Bundle {
  const relations: GovernedRelation[] = Object.entries(options.tables).map(([name, rule]) => {
    const [schema, table] = name.split('.') as [string, string];
    const relation = catalog.relationNamed(schema, table);
    if (relation === undefined) throw new Error(`no relation ${name}`);
    const all = relation.columns.map((column) => column.attnum);
    const write = { columns: all, rules: ['test/policy'] };
    return {
      oid: relation.oid,
      schema,
      name: table,
      select: readRule(relation, rule),
      ...(rule.write ? { insert: write, update: write, delete: { columns: [], rules: ['test/policy'] } } : {}),
      actions: [],
      classes: {},
    };
  });
  const mode = options.mode ?? 'Enforce';
  return {
    formatVersion: 1,
    version: 'test',
    identity: { namespace: 'ai', serviceAccount: 'agent' },
    database: { namespace: 'data', name: 'db', database: catalog.data.database },
    policies: [{ namespace: 'test', name: 'policy', generation: 1 }],
    mode,
    masking: mode === 'Enforce' ? 'Enforce' : 'Record',
    relations,
    createIn: [],
    allowAll: false,
    transparent: false,
    functions: [],
    session: { temporaryTables: false, listen: [], notify: [], advisoryLocks: false },
    guardrails: { requireWhere: false },
    limits: {},
    protectionDeny: [],
    audit: { durability: 'Local', rows: 'None' },
    usesMaskKey: false,
    protectedColumns: [],
    ...options.overrides,
  };
}

export const emptySession: SessionView = {
  searchPath: ['public'],
  prepared: new Map(),
  cursors: new Map(),
  temporary: new Map(),
  epoch: 0,
};

export function engineFor(catalog: Catalog, parser: SqlParser, options: CoreOptions): SqlEngine {
  return createEngine({ catalog, bundle: bundleFor(catalog, options), parser, salt: '7f' });
}

/** Analyses one statement. */
export function planOf(
  engine: SqlEngine,
  sql: string,
  parameterTypes: readonly number[] = [],
  session: SessionView = emptySession,
): StatementPlan {
  const plans = engine.analyse({ sql: Buffer.from(sql), protocol: 'simple', parameterTypes }, session);
  if (plans.length !== 1) throw new Error(`${plans.length} plans`);
  return plans[0]!;
}
