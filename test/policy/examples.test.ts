/** The examples are used as they stand: they load, compile against their own schema, and mean what their comments say. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { formatDiagnostic } from '../../core/policy/diagnostic.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { readPolicyFiles } from '../../sidecar/bundle/policy-files.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MAJORS } from '../support/majors.ts';

const directory = new URL('../../examples/shop/', import.meta.url);

describe.each(MAJORS)('examples/shop on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    const client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query(await readFile(new URL('schema.sql', directory), 'utf8'));
    await client.end();
    catalog = await catalogOf(server.url());
  }, 60_000);
  afterAll(() => server?.stop());

  const compile = async (namespace: string, serviceAccount: string) => {
    const documents = loadDocuments(await readPolicyFiles([directory.pathname]));
    const [database] = documents.databases;
    if (database === undefined) throw new Error('no Database');
    const result = compileBundle({
      database,
      policies: documents.policies,
      identity: { namespace, serviceAccount },
      catalog,
      detected: new Map(),
      now: Date.parse('2026-06-01'),
    });
    const problems = [...documents.diagnostics, ...result.diagnostics].filter((each) => each.severity !== 'notice');
    return { bundle: result.bundle, problems: problems.map(formatDiagnostic) };
  };
  const columns = (bundle: Awaited<ReturnType<typeof compile>>['bundle'], name: string): readonly string[] => {
    const relation = catalog.relationNamed('public', name);
    const rule = bundle?.relations.find((each) => each.name === name)?.select;
    return (rule?.columns ?? []).map(
      ({ attnum, mask }) =>
        `${relation?.columns.find((each) => each.attnum === attnum)?.name}${mask === undefined ? '' : `:${mask.kind}`}`,
    );
  };

  it('the support agent', async () => {
    const { bundle, problems } = await compile('ai-agents', 'support-agent');
    expect(problems).toEqual([]);
    expect(columns(bundle, 'customers')).toEqual(['id', 'region', 'name', 'email:hash', 'phone:partial']);
    expect(columns(bundle, 'tickets')).toEqual(['id', 'customer_id', 'subject', 'body:redact', 'status']);
    expect(bundle?.relations.map((relation) => relation.name).sort()).toEqual(['customers', 'tickets', 'tickets_id_seq']);
    expect(bundle?.functions).toMatchObject([{ schema: 'public', name: 'ticket_summary' }]);
  });

  it('everybody in analytics', async () => {
    const { bundle, problems } = await compile('analytics', 'anyone');
    expect(problems).toEqual([]);
    expect(columns(bundle, 'customers')).toEqual([
      'id',
      'tenant',
      'region',
      'name:partial',
      'email:email',
      'phone:partial',
      'ssn:redact',
      'birth_date:date',
      'card:partial',
    ]);
    expect(columns(bundle, 'events')).toEqual(['id', 'at', 'payload']);
    expect(columns(bundle, 'revenue_by_region').slice(0, 1)).toEqual(['region']);
  });

  it('the trial observes', async () => {
    const { bundle, problems } = await compile('batch', 'nightly');
    expect(problems).toEqual([]);
    expect(bundle).toMatchObject({ mode: 'Observe', masking: 'Record' });
    expect(bundle?.protectedColumns).toHaveLength(1);
  });

  it('nobody else', async () => {
    expect((await compile('ai-agents', 'other')).bundle).toBeUndefined();
  });
});
