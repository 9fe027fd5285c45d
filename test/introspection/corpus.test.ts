/**
 * Statements with which clients look around, and attempts to see more than that, through the SQL core on real servers: what it lets
 * through is run as it was rewritten. No hidden name appears in any answer, error texts included, and what clients ordinarily ask works.
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { simpleQueryOver } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { planOf } from '../support/sql-core.ts';
import { grant, HIDDEN, subjectBundle } from './subject.ts';
import { MAJORS } from '../support/majors.ts';

interface Statement {
  readonly title: string;
  readonly sql: string;
}

/** `-- title`, then one statement up to the `;` at a line's end. */
async function statements(name: string): Promise<readonly Statement[]> {
  const text = await readFile(new URL(name, import.meta.url), 'utf8');
  return text
    .split(/\n\n+/)
    .slice(1)
    .map((block) => {
      const end = block.indexOf('\n');
      return { title: block.slice(3, end).trim(), sql: block.slice(end + 1).replace(/;\s*$/, '') };
    });
}

/** Every relation, whole. */
function everything(catalog: Catalog): Bundle['relations'] {
  return catalog.data.relations
    .filter(
      (relation) => relation.schema !== 'pg_catalog' && relation.schema !== 'information_schema' && relation.kind !== 'index',
    )
    .map((relation) => grant(relation, ['Select', 'Insert', 'Update', 'Delete']));
}

interface Answer {
  readonly allowed: boolean;
  readonly code: string | undefined;
  /** Rows or error, as text. */
  readonly text: string;
  readonly rows: number;
}

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;
  let engine: SqlEngine;

  beforeAll(async () => {
    server = await startLocalPostgres({ major, settings: { 'sluice.mask_key_inner': 'key_secret' } });
    client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query(await readFile(new URL('schema.sql', import.meta.url), 'utf8'));
    await client.query('SET search_path = public');
    catalog = new Catalog(await readCatalog(simpleQueryOver(client)));
    engine = createEngine({ catalog, bundle: subjectBundle(catalog), parser: await createWasmParser(), salt: '7f' });
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  function withOids(sql: string): string {
    return sql.replace(/@(\w+)@/g, (_match, name: string) => {
      const relation = catalog.data.relations.find((entry) => entry.name === name);
      if (relation === undefined) throw new Error(`no relation ${name}`);
      return String(relation.oid);
    });
  }

  async function answer(sql: string): Promise<Answer> {
    const plan = planOf(engine, withOids(sql));
    if (plan.decision === 'deny') {
      const { denial } = plan;
      return { allowed: false, code: denial?.code, text: `${denial?.message} ${denial?.detail ?? ''}`, rows: 0 };
    }
    await client.query('BEGIN');
    try {
      const result = await client.query({ text: plan.text, rowMode: 'array', types: { getTypeParser: () => String } as never });
      const fields = result.fields.map((field) => field.name);
      return { allowed: true, code: undefined, text: JSON.stringify([fields, result.rows]), rows: result.rows.length };
    } catch (cause) {
      return { allowed: true, code: (cause as { code?: string }).code, text: `error: ${(cause as Error).message}`, rows: 0 };
    } finally {
      await client.query('ROLLBACK');
    }
  }

  async function direct(sql: string): Promise<string | undefined> {
    await client.query('BEGIN');
    try {
      await client.query(withOids(sql));
      return undefined;
    } catch (cause) {
      return (cause as { code?: string }).code;
    } finally {
      await client.query('ROLLBACK');
    }
  }

  /** Nothing hidden in the answer; where the statement itself names something hidden, the answer is as for a name that does not exist. */
  async function leakOf(statement: Statement): Promise<string | undefined> {
    const got = await answer(statement.sql);
    if (!/hidden|secret/i.test(statement.sql.replace(/@\w+@/g, ''))) {
      return HIDDEN.test(got.text)
        ? `${statement.title}: ${got.text.slice(Math.max(0, got.text.search(HIDDEN) - 150)).slice(0, 300)}`
        : undefined;
    }
    const rename = (text: string): string =>
      text
        .replaceAll('hidden', 'nosuch')
        .replaceAll('secret', 'public')
        .replace(/\b\d{5}\b/g, 'N');
    const twin = await answer(
      statement.sql.replace(/@\w+@|hidden|secret/g, (word) =>
        word === 'hidden' ? 'nosuch' : word === 'secret' ? 'public' : word,
      ),
    );
    return rename(got.text) === rename(twin.text)
      ? undefined
      : `${statement.title}: ${got.text.slice(0, 200)} / ${twin.text.slice(0, 200)}`;
  }

  it.each(['psql.sql', 'orms.sql', 'attempts.sql'])('shows nothing hidden: %s', async (name) => {
    const leaks: string[] = [];
    for (const statement of await statements(name)) {
      const leak = await leakOf(statement);
      if (leak !== undefined) leaks.push(leak);
    }
    expect(leaks.join('\n')).toBe('');
  });

  it.each(['psql.sql', 'orms.sql'])('lets clients look around: %s', async (name) => {
    const broken: string[] = [];
    for (const statement of await statements(name)) {
      if ((await direct(statement.sql)) !== undefined) continue;
      const got = await answer(statement.sql);
      if (!got.allowed || got.code !== undefined) broken.push(`${statement.title}: ${got.code} ${got.text.slice(0, 250)}`);
    }
    expect(broken.join('\n')).toBe('');
  });

  it.each(['psql.sql', 'orms.sql', 'attempts.sql'])('changes nothing where everything is granted: %s', async (name) => {
    const open = createEngine({
      catalog,
      bundle: subjectBundle(catalog, {
        allowAll: true,
        relations: everything(catalog),
        functions: [{ schema: '*', name: '*', rule: 'test' }],
      }),
      parser: await createWasmParser(),
      salt: '7f',
    });
    const changed: string[] = [];
    for (const statement of await statements(name)) {
      const sql = withOids(statement.sql);
      const plan = planOf(open, sql);
      const never = plan.decision === 'deny' && /never available|syntax .* of PostgreSQL/.test(plan.denial?.message ?? '');
      if (!never && (plan.decision === 'deny' || plan.rewritten))
        changed.push(`${statement.title}: ${plan.denial?.message ?? plan.text.slice(0, 200)}`);
    }
    expect(changed.join('\n')).toBe('');
  });

  it.each(['psql.sql', 'orms.sql'])('changes nothing where the policy observes: %s', async (name) => {
    const bundle = subjectBundle(catalog, { mode: 'Observe', masking: 'Record' });
    const observing = createEngine({ catalog, bundle, parser: await createWasmParser(), salt: '7f' });
    const changed: string[] = [];
    for (const statement of await statements(name)) {
      const plan = planOf(observing, withOids(statement.sql));
      if (plan.decision === 'deny' || plan.rewritten)
        changed.push(`${statement.title}: ${plan.denial?.message ?? plan.text.slice(0, 200)}`);
    }
    expect(changed.join('\n')).toBe('');
  });
});
