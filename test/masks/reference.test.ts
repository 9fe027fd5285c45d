/** docs/reference/masks.md is what the compiler makes of a real server's types, its examples are what real servers answer, and `sluice check` shows the expressions. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { renderTemplate } from '../../core/policy/bundle.ts';
import { compileClassMask } from '../../core/policy/masks/compile-mask.ts';
import { CLASSES } from '../../crds/meta.ts';
import { runSluice } from '../cli/support.ts';
import { catalogOf } from '../support/catalog.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { EXAMPLES } from './examples.ts';
import { REFERENCE, ROWS, cell, columnOf, listedTypes, render } from './table.ts';

it('is in step with the masks', () => {
  expect(readFileSync(REFERENCE, 'utf8'), 'npm run generate').toBe(render());
});

describe.each(MAJORS)('on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    client = new pg.Client({ connectionString: server.url(), types: { getTypeParser: () => (value: string) => value } });
    await client.connect();
    await client.query(`CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE SCHEMA sample;
      CREATE TYPE sample.colour AS ENUM ('red', 'green'); CREATE TYPE sample.pair AS (a text);
      CREATE DOMAIN sample.positive AS int CHECK (VALUE > 0); CREATE DOMAIN sample.given AS int CHECK (VALUE IS NOT NULL);
      CREATE DOMAIN sample.odd AS int CHECK (VALUE % 2 = 1 AND VALUE IS NOT NULL);
      CREATE TYPE sample.lenient AS (a sample.positive, b text); CREATE TYPE sample.demanding AS (a sample.given); CREATE TYPE sample.unclear AS (a sample.odd);
      CREATE TABLE sample.rows (v sample.lenient NOT NULL, w sample.demanding NOT NULL, x sample.unclear NOT NULL);
      INSERT INTO sample.rows VALUES ('(7,x)', '(7)', '(7)');
      SET lc_monetary = 'C'; SET TimeZone = 'UTC'`);
    for (const [index, { type, column }] of ROWS.entries())
      await client.query(`CREATE TABLE sample.row_${index} (${column ?? 'v'} ${type})`);
    for (const [index, each] of EXAMPLES.entries()) {
      const check = each.check === undefined ? '' : ` CHECK (${each.check})`;
      const notNull = each.notNull === true ? ' NOT NULL' : '';
      await client.query(`CREATE TABLE sample.example_${index} (${each.column ?? 'v'} ${each.type}${notNull}${check})`);
      await client.query(`INSERT INTO sample.example_${index} VALUES ($1)`, [each.value]);
    }
    catalog = await catalogOf(server.url());
  }, 120_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });
  const columnIn = (table: string) => catalog.relationNamed('sample', table)!.columns[0]!;

  it.each(CLASSES)('the table says what becomes of %s', (name) => {
    const listed = listedTypes();
    for (const [index, row] of ROWS.entries())
      expect(cell(name, columnIn(`row_${index}`), catalog), row.label).toBe(cell(name, columnOf(row, listed), listed));
  });

  it('the CHECK of a domain inside a composite type cannot make a mask raise', async () => {
    const columns = catalog.relationNamed('sample', 'rows')!.columns;
    const masks = columns.map((column) =>
      renderTemplate(compileClassMask('secret', column, catalog).template, () => `t.${column.name}`),
    );
    const { rows } = await client.query(
      `SELECT ${masks.map((mask, index) => `${mask} AS c${index}`).join(', ')} FROM sample.rows t`,
    );
    expect(rows).toEqual([{ c0: '(,)', c1: null, c2: null }]);
  });

  it.each(EXAMPLES.map((each, index) => [each.class, each.type, each.value, each.becomes, index] as const))(
    '%s in %s: %s becomes %s',
    async (name, _type, _value, becomes, index) => {
      const column = columnIn(`example_${index}`);
      const mask = renderTemplate(compileClassMask(name, column, catalog).template, () => `t.${column.name}`);
      const { rows } = await client.query(`SELECT ${mask} AS masked FROM sample.example_${index} t`);
      expect((rows[0] as { masked: string | null }).masked?.trimEnd() ?? null).toBe(becomes);
    },
  );
});

it('sluice check shows the masked expression of every class', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-masks-'));
  const column = (name: string): string => `c_${name.replaceAll(/\W/g, '_')}`;
  const policy = readFileSync(new URL('matrix.yaml', import.meta.url), 'utf8').replace(
    "sensitivity: {detection: 'Off'}",
    `sensitivity:\n    columns:\n${CLASSES.map((name) => `      - {table: odd.people, column: ${column(name)}, class: ${name}}`).join('\n')}`,
  );
  const definition = CLASSES.map(
    (name) => `${column(name)} ${name === 'pii.birth-date' ? 'date' : name === 'financial.salary' ? 'numeric' : 'text'}`,
  );
  writeFileSync(join(directory, 'policy.yaml'), policy);
  writeFileSync(join(directory, 'schema.sql'), `CREATE SCHEMA odd; CREATE TABLE odd.people (${definition.join(', ')})`);
  try {
    const { code, stdout } = await runSluice([
      ...['check', '--policy', join(directory, 'policy.yaml'), '--as', 'ai/agent', '--database', 'platform/odd'],
      ...['--schema', join(directory, 'schema.sql'), CLASSES.map((name) => `SELECT ${column(name)} FROM odd.people`).join('; ')],
    ]);
    expect(code, stdout).toBe(0);
    const shown = stdout.split('\n').filter((line) => line.startsWith('  becomes: '));
    expect(shown).toHaveLength(CLASSES.length);
    for (const [index, name] of CLASSES.entries())
      expect(shown[index]).toMatch(
        new RegExp(`^  becomes: SELECT ${column(name)} FROM \\(SELECT .*CAST\\(.* AS "${column(name)}"`),
      );
    expect(stdout).toContain('masked: odd.people.c_pii_birth_date by date');
    expect(stdout).toContain('masked: odd.people.c_secret by nullify');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
