/**
 * The write suites' laboratory: a real server, its catalog, a policy made by hand (so that a test says exactly what is granted),
 * and the engine in front of it. `run` sends what the engine made of a statement, as the session would: denied statements are
 * not sent, rows that only carry a check are swallowed, and an error with a marker is answered with its denial.
 */
import pg from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { RelationData } from '../../core/catalog/model.ts';
import type { Action, Bundle, GovernedRelation, Mask, RowFilter, SqlTemplate, WriteRule } from '../../core/policy/bundle.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import type { SessionState } from '../../core/sql/session-state.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import { rowFilterDenial } from '../../core/sql/write/markers.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';

/** What is granted on one table, by column name. */
export interface Grant {
  readonly select?: readonly string[];
  readonly insert?: readonly string[];
  readonly update?: readonly string[];
  readonly delete?: boolean;
  /** Column name -> mask SQL, `@` for the column itself. */
  readonly masks?: Readonly<Record<string, string>>;
  /** SQL over `@column` references; for all actions granted unless narrowed by `filterFor`. */
  readonly filter?: string;
  readonly filterFor?: readonly Action[];
}

export interface Policy {
  /** `schema.table` -> grant; `'all'` for everything, unmasked. */
  readonly tables: Readonly<Record<string, Grant | 'all'>>;
  readonly requireWhere?: boolean;
  readonly protectionDeny?: readonly Action[];
  readonly mode?: 'Enforce' | 'Observe';
  readonly masking?: 'Enforce' | 'Record';
  /** `schema.table` -> columns that no policy may reveal. */
  readonly protectedColumns?: Readonly<Record<string, readonly string[]>>;
  /** Default: yes. */
  readonly temporaryTables?: boolean;
}

export function makeBundle(catalog: Catalog, policy: Policy): Bundle {
  const relations = Object.entries(policy.tables).map(([name, grant]) => governed(relationOf(catalog, name), grant));
  return {
    formatVersion: 1,
    version: 'test',
    identity: { namespace: 'ai-agents', serviceAccount: 'writer' },
    database: { namespace: 'data', name: 'lab', database: catalog.data.database },
    policies: [],
    mode: policy.mode ?? 'Enforce',
    masking: policy.masking ?? 'Enforce',
    relations,
    ...(policy.mode === 'Observe' ? { effective: effective(catalog, relations, policy) } : {}),
    createIn: [],
    allowAll: false,
    transparent: false,
    functions: [],
    session: { temporaryTables: policy.temporaryTables ?? true, listen: [], notify: [], advisoryLocks: false },
    guardrails: { requireWhere: policy.requireWhere ?? false },
    limits: {},
    protectionDeny: policy.protectionDeny ?? [],
    audit: { durability: 'Local', rows: 'None' },
    usesMaskKey: false,
    protectedColumns: Object.entries(policy.protectedColumns ?? {}).flatMap(([name, columns]) => {
      const relation = relationOf(catalog, name);
      return relation.columns
        .filter((column) => columns.includes(column.name))
        .map((column) => `${relation.oid}.${column.attnum}`);
    }),
  };
}

/** What Observe applies (core/policy/observe.ts): everything is permitted, floors are masked. */
function effective(catalog: Catalog, granted: readonly GovernedRelation[], policy: Policy): GovernedRelation[] {
  return catalog.data.relations
    .filter((relation) => relation.schema === 'public')
    .map((relation) => {
      const grant = granted.find((candidate) => candidate.oid === relation.oid);
      const enforce = policy.masking === 'Enforce';
      const floors = policy.protectedColumns?.[`${relation.schema}.${relation.name}`] ?? [];
      const columns = relation.columns.map(({ attnum, name }) => {
        const mask = floors.includes(name)
          ? { kind: 'redact', template: ["('floor'::pg_catalog.text)"], rule: 'protection' }
          : enforce
            ? grant?.select?.columns.find((column) => column.attnum === attnum)?.mask
            : undefined;
        return mask === undefined ? { attnum } : { attnum, mask };
      });
      const filter = enforce && grant?.select?.filter !== undefined ? { filter: grant.select.filter } : {};
      const write = { columns: relation.columns.map((column) => column.attnum), ...filter, rules: ['observe'] };
      const unrestricted = !('filter' in filter) && columns.every((column) => !('mask' in column));
      return {
        ...governed(relation, 'all'),
        select: { columns, ...filter, unrestricted, open: unrestricted, rules: ['observe'] },
        insert: write,
        update: write,
        delete: { ...write, columns: [] },
      };
    });
}

function relationOf(catalog: Catalog, name: string): RelationData {
  const [schema, table] = name.split('.') as [string, string];
  const relation = catalog.relationNamed(schema, table);
  if (relation === undefined) throw new Error(`no relation ${name}`);
  return relation;
}

function governed(relation: RelationData, grant: Grant | 'all'): GovernedRelation {
  const base = { oid: relation.oid, schema: relation.schema, name: relation.name, actions: [], classes: {} };
  const all = relation.columns.map((column) => column.attnum);
  const rules = ['data/test'];
  if (grant === 'all') {
    const write: WriteRule = { columns: all, rules };
    return {
      ...base,
      select: { columns: all.map((attnum) => ({ attnum })), unrestricted: true, open: true, rules },
      insert: write,
      update: write,
      delete: { columns: [], rules },
    };
  }
  const attnums = (names: readonly string[]): number[] =>
    relation.columns.filter((column) => names.includes(column.name) || names.includes('*')).map((column) => column.attnum);
  const filterOf = (action: Action): { filter?: RowFilter } =>
    grant.filter === undefined || (grant.filterFor !== undefined && !grant.filterFor.includes(action))
      ? {}
      : { filter: makeFilter(relation, grant.filter) };
  const masks = grant.masks ?? {};
  const readable = attnums(grant.select ?? []).map((attnum) => {
    const column = relation.columns.find((candidate) => candidate.attnum === attnum)!;
    const mask = masks[column.name];
    return mask === undefined ? { attnum } : { attnum, mask: makeMask(attnum, mask) };
  });
  const unrestricted =
    readable.length === all.length && readable.every((column) => !('mask' in column)) && filterOf('Select').filter === undefined;
  return {
    ...base,
    ...(grant.select === undefined
      ? {}
      : { select: { columns: readable, ...filterOf('Select'), unrestricted, open: unrestricted, rules } }),
    ...(grant.insert === undefined ? {} : { insert: { columns: attnums(grant.insert), ...filterOf('Insert'), rules } }),
    ...(grant.update === undefined ? {} : { update: { columns: attnums(grant.update), ...filterOf('Update'), rules } }),
    ...(grant.delete === undefined ? {} : { delete: { columns: [], ...filterOf('Delete'), rules } }),
  };
}

function makeMask(attnum: number, sql: string): Mask {
  const template: (string | number)[] = [];
  sql.split('@').forEach((part, index) => {
    if (index > 0) template.push(attnum);
    template.push(part);
  });
  return { kind: 'constant', template, rule: 'data/test' };
}

function makeFilter(relation: RelationData, sql: string): RowFilter {
  const template: (string | number)[] = [];
  const columns: number[] = [];
  let rest = sql;
  for (let match = /@(\w+)/.exec(rest); match !== null; match = /@(\w+)/.exec(rest)) {
    const column = relation.columns.find((candidate) => candidate.name === match![1])!;
    template.push(rest.slice(0, match.index), column.attnum);
    columns.push(column.attnum);
    rest = rest.slice(match.index + match[0].length);
  }
  template.push(rest);
  return {
    template: template as SqlTemplate,
    columns,
    hasSublink: /select/i.test(sql),
    leakproof: !/select/i.test(sql),
    rules: ['data/test'],
  };
}

/** What a client would have seen. */
export type Outcome =
  | { readonly kind: 'denied'; readonly code: string; readonly sqlstate: string; readonly message: string; readonly hint: string }
  | { readonly kind: 'error'; readonly sqlstate: string; readonly message: string }
  | {
      readonly kind: 'done';
      readonly tag: string;
      readonly names: readonly string[];
      readonly rows: readonly (readonly unknown[])[];
      readonly types: readonly number[];
      readonly typmods: readonly number[];
    };

export interface Lab {
  readonly major: 15 | 18;
  readonly catalog: Catalog;
  readonly client: pg.Client;
  readonly server: LocalPostgres;
  engine(policy: Policy): SqlEngine;
  /** A session that has done nothing yet. */
  session(): SessionState;
  /** Through the engine. */
  run(engine: SqlEngine, sql: string, values?: readonly unknown[]): Promise<Outcome>;
  /** Past the engine, as the owner. */
  direct(sql: string, values?: readonly unknown[]): Promise<Outcome>;
  /** Runs `work` in a transaction that is rolled back. */
  undo<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function startLab(major: 15 | 18, schema: string): Promise<Lab> {
  const server: LocalPostgres = await startLocalPostgres({ major });
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(schema);
  const catalog = await catalogOf(server.url());
  const parser = await createWasmParser();
  let savepoints = 0;
  let inside = false;
  const send = async (sql: string, values?: readonly unknown[]): Promise<Outcome> => {
    const savepoint = `s${(savepoints += 1)}`;
    if (inside) await client.query(`SAVEPOINT ${savepoint}`);
    try {
      const result = await client.query({ text: sql, values: values === undefined ? [] : [...values], rowMode: 'array' });
      return {
        kind: 'done',
        tag: `${result.command} ${result.rowCount ?? ''}`.trim(),
        names: result.fields.map((field) => field.name),
        types: result.fields.map((field) => field.dataTypeID),
        typmods: result.fields.map((field) => field.dataTypeModifier),
        rows: result.rows as unknown[][],
      };
    } catch (error) {
      if (inside) await client.query(`ROLLBACK TO ${savepoint}`);
      const { code, message } = error as { code?: string; message: string };
      return { kind: 'error', sqlstate: code ?? '', message };
    }
  };
  return {
    major,
    catalog,
    server,
    client,
    engine: (policy) => createEngine({ catalog, bundle: makeBundle(catalog, policy), parser, salt: 'x1' }),
    session: () => createSessionState(['public']),
    async run(engine, sql, values) {
      const plan = planOf(engine, sql, values === undefined ? 'simple' : 'extended');
      if (plan.decision === 'deny') {
        const { code, sqlstate, message, hint = '' } = plan.denial!;
        return { kind: 'denied', code, sqlstate, message, hint };
      }
      const outcome = await send(plan.text, values);
      if (outcome.kind === 'error') {
        const refusal = rowFilterDenial(outcome.message);
        return refusal === undefined
          ? outcome
          : {
              kind: 'denied',
              code: refusal.code,
              sqlstate: refusal.sqlstate,
              message: refusal.message,
              hint: refusal.hint ?? '',
            };
      }
      return plan.swallowRows && outcome.kind === 'done' ? { ...outcome, names: [], types: [], typmods: [], rows: [] } : outcome;
    },
    direct: send,
    async undo(work) {
      await client.query('BEGIN');
      inside = true;
      try {
        return await work();
      } finally {
        inside = false;
        await client.query('ROLLBACK');
      }
    },
    async stop() {
      await client.end();
      await server.stop();
    },
  };
}

/** The plan of a text that holds one statement. */
export function planOf(engine: SqlEngine, sql: string, protocol: 'simple' | 'extended' = 'simple'): StatementPlan {
  const plans = engine.analyse({ sql: Buffer.from(sql), protocol, parameterTypes: [] }, createSessionState(['public']));
  if (plans.length !== 1) throw new Error(`${plans.length} plans`);
  return plans[0]!;
}
