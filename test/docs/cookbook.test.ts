/**
 * docs/guides/policies-cookbook.md cannot rot: its policies are read and compiled against the database it speaks of, every verdict in its tables is asked
 * of the engine, and its pods of the injector.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createShop } from '../../cli/demo/story.ts';
import { withUpstream } from '../../cli/server.ts';
import { Catalog } from '../../core/catalog/catalog.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { type Documents, loadDocuments } from '../../core/policy/documents.ts';
import type { Classes } from '../../core/policy/sensitivity.ts';
import { detectedClasses } from '../../core/sensitivity/findings.ts';
import { denialDetail } from '../../core/wire/write.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SqlParser } from '../../core/sql/parse/parser.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { accessFromUrl } from '../../sidecar/proxy/access.ts';
import { scanDatabase } from '../../sidecar/sensitivity/scan.ts';
import { parseUpstreamUrl } from '../../sidecar/upstream/upstream-url.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { fencedBlocks } from './markdown.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/guides/policies-cookbook.md'), 'utf8');
const ROOT = join(import.meta.dirname, '../..');
/** Before `validUntil` of every recipe. */
const NOW = Date.parse('2026-11-28T12:00:00Z');

interface Verdict {
  readonly statement: string;
  readonly outcome: string;
}

interface Recipe {
  readonly title: string;
  readonly objects: string;
  readonly identity: { readonly namespace: string; readonly serviceAccount: string };
  readonly verdicts: readonly Verdict[];
}

const [introduction = '', ...sections] = page.split(/^## /m);
const yamlOf = (text: string): readonly string[] =>
  fencedBlocks(text).flatMap((each) => (each.language === 'yaml' ? [each.text] : []));
const recipes = sections.map((text): Recipe => {
  const [, namespace = '', serviceAccount = ''] = /^\| as `([^/`]+)\/([^`]+)` \| \|$/m.exec(text) ?? [];
  const verdicts = [...text.matchAll(/^\| `([^|]+)` \| (allowed|denied|observed)(.*) \|$/gm)];
  return {
    title: text.slice(0, text.indexOf('\n')),
    objects: [...yamlOf(introduction), ...yamlOf(text)].join('---\n'),
    identity: { namespace, serviceAccount },
    verdicts: verdicts.map(([, statement, decision, more]) => ({ statement: statement!, outcome: `${decision}${more}` })),
  };
});
const kinds = (text: string): readonly string[] =>
  parseAllDocuments(text).map((document) => String((document.toJS() as { kind?: unknown }).kind));

describe('docs/guides/policies-cookbook.md', () => {
  let server: LocalPostgres;
  let catalog: Catalog;
  let detected: Classes;
  let parser: SqlParser;

  beforeAll(async () => {
    server = await startLocalPostgres({ major: 18 });
    await createShop(server, 'login');
    const client = new pg.Client({ connectionString: server.url('shop') });
    await client.connect();
    for (const { language, text } of fencedBlocks(page)) if (language === 'sql') await client.query(text);
    await client.end();
    const [database] = loadDocuments([{ name: 'introduction', text: yamlOf(introduction).join('---\n') }]).databases;
    await withUpstream(accessFromUrl(parseUpstreamUrl(server.url('shop')), database!), async (connection) => {
      catalog = new Catalog(await readCatalog(connection));
      const { tables, verdicts } = await scanDatabase(connection, { catalog, now: () => performance.now() });
      detected = detectedClasses(catalog, tables, verdicts);
    });
    parser = await createWasmParser();
  });
  afterAll(() => server?.stop());

  it('has a dozen recipes, each in the table at the top', () => {
    expect(recipes.length).toBeGreaterThanOrEqual(12);
    expect([...introduction.matchAll(/^\| \[([^\]]+)\]\(#/gm)].map(([, title]) => title)).toEqual(
      recipes.map(({ title }) => title),
    );
  });

  describe.each(recipes)('$title', (recipe) => {
    const documents: Documents = loadDocuments([{ name: recipe.title, text: recipe.objects }]);
    let engine: SqlEngine | undefined;

    it('is read and compiled without a word of complaint', () => {
      expect(documents.diagnostics.filter(({ severity }) => severity !== 'notice')).toEqual([]);
      const { bundle, diagnostics } = compiled(NOW);
      expect(diagnostics.filter(({ severity }) => severity !== 'notice')).toEqual([]);
      expect(bundle).toBeDefined();
    });

    it('shows what is allowed and what is denied', () => {
      expect(recipe.verdicts.filter(({ outcome }) => /^(allowed|observed)/.test(outcome))).not.toEqual([]);
      expect(recipe.verdicts.filter(({ outcome }) => outcome.startsWith('denied'))).not.toEqual([]);
    });

    it.each(recipe.verdicts)('$statement: $outcome', ({ statement, outcome }) => {
      expect(said(planOf(statement), outcome)).toBe(outcome);
    });

    if (recipe.objects.includes('validUntil'))
      it('ends when it says', () => {
        const end = Math.max(...documents.policies.map(({ spec }) => Date.parse(spec.validUntil ?? '')));
        expect(compiled(end + 1).bundle).toBeUndefined();
      });

    if (kinds(recipe.objects).includes('Deployment'))
      it('its pods are injected', () => {
        const directory = mkdtempSync(join(tmpdir(), 'sluice-cookbook-'));
        try {
          const [policies, workload] = ['policies.yaml', 'workload.yaml'].map((name) => join(directory, name)) as [
            string,
            string,
          ];
          const parts = recipe.objects.split(/^---\n/m);
          const ours = (text: string): boolean => text.includes('apiVersion: sluice.dev/');
          writeFileSync(policies, parts.filter(ours).join('---\n'));
          writeFileSync(workload, parts.filter((text) => !ours(text)).join('---\n'));
          const result = spawnSync(join(ROOT, 'bin/sluice'), ['inject', '-f', workload, '--policy', policies], {
            encoding: 'utf8',
          });
          expect(result.stderr).toBe('');
          expect(result.status).toBe(0);
          expect(result.stdout).toContain('127.77.0.2');
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      });

    function compiled(now: number) {
      const { databases, policies } = documents;
      return compileBundle({ database: databases[0]!, policies, identity: recipe.identity, catalog, detected, now });
    }

    function planOf(statement: string): StatementPlan {
      engine ??= createEngine({ catalog, bundle: compiled(NOW).bundle!, parser, salt: 'cookbook' });
      const state = createSessionState(catalog.data.defaultSearchPath);
      const plans = engine.analyse({ sql: Buffer.from(statement), protocol: 'simple', parameterTypes: [] }, state);
      expect(plans).toHaveLength(1);
      return plans[0]!;
    }
  });

  it('quotes a denial as it is', () => {
    const { title, objects, identity } = recipes.at(-1)!;
    const before = loadDocuments([{ name: title, text: objects.replace('[id, region, credit]', '[id, region]') }]);
    const sql = Buffer.from('SELECT region, avg(credit) FROM customers GROUP BY 1');
    const { databases, policies } = before;
    const { bundle } = compileBundle({ database: databases[0]!, policies, identity, catalog, detected, now: NOW });
    const engine = createEngine({ catalog, bundle: bundle!, parser, salt: 'cookbook' });
    const [plan] = engine.analyse(
      { sql, protocol: 'simple', parameterTypes: [] },
      createSessionState(catalog.data.defaultSearchPath),
    );
    const { message, hint } = plan!.denial!;
    expect(page).toContain(`shop=> ${sql.toString()};\nERROR:  ${message}\n`);
    expect(page).toContain(`\nDETAIL:  ${denialDetail(plan!.denial!)}\nHINT:  ${hint}\n`);
  });

  /** A plan in the words of the table. `wanted` decides which columns are worth a word. */
  function said({ decision, denial, observed, facts }: StatementPlan, wanted: string): string {
    if (decision === 'deny') return `denied, \`${denial?.code}\``;
    if (observed !== undefined && observed.length > 0) return `observed, \`${observed[0]!.code}\``;
    const masked = new Set(Object.keys(facts.masks).map((column) => column.slice(column.lastIndexOf('.') + 1)));
    const named = [...wanted.matchAll(/`(\w+)`/g)].map(([, column]) => column!);
    const others = [...masked].filter((column) => !named.includes(column));
    const words = [...named, ...others].map((column) => `\`${column}\` ${masked.has(column) ? 'masked' : 'in clear'}`);
    const filtered = Object.keys(facts.filters).length > 0 ? ['filtered'] : [];
    return ['allowed', ...words, ...filtered].join(', ');
  }
});
