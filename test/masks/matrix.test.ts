/**
 * Every class on every type, nullable and NOT NULL, plain, as a domain, as an array and under CHECKs, on real servers, through the
 * real rewriting: the statement runs, clients are told the column's own type, NOT NULL columns hold no NULL, constants are the
 * same for every row and pass the CHECKs, and what is computed shows no more than its kind says.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { MASK_KEY_SETTINGS, type Bundle, type Mask } from '../../core/policy/bundle.ts';
import { maskKeyBlocks } from '../../core/policy/masks/hash.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import { CLASSES, type SensitivityClass } from '../../crds/meta.ts';
import { SCHEMA } from '../policy/odd-values.ts';
import { catalogOf } from '../support/catalog.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type Subject, createTable, subjects } from './matrix.ts';

const SUBJECTS = subjects();
const policy = readFileSync(new URL('matrix.yaml', import.meta.url), 'utf8');

/** What a computed mask may show of a value. */
const SHOWN: Readonly<Record<string, (original: string, masked: string) => boolean>> = {
  partial: (_original, masked) => masked.includes('*') || /^\d{1,4}(?:\.0+)?$/.test(masked),
  email: (original, masked) => {
    const letter = [...original][0] ?? '';
    return [`***@masked.invalid`, `${letter}***@masked.invalid`].some((full) => full.startsWith(masked.trimEnd()));
  },
  date: (original, masked) =>
    ['[redacted]', '**', '*', '***', '0'].includes(masked.trimEnd()) ||
    /^(?:\d{4}([-/.])01\1|\d{4}0101 *$|01?([-/.])01?\2\d{4} *$)/.test(masked) ||
    (Number(masked) % 31_556_952 === 0 && Math.abs(Number(masked)) <= Math.abs(Number(original))),
  number: (_original, masked) =>
    masked.includes('$')
      ? BigInt(masked.replaceAll(/[$,.]/g, '')) % 1_000_000n === 0n
      : /[e]/.test(masked) || BigInt(masked.replace(/\..*/, '')) % 10_000n === 0n,
};

describe.each(MAJORS)('class masks on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  /** Without anything odd in its session. */
  let judge: pg.Client;
  let catalog: Catalog;
  const engines = new Map<SensitivityClass, SqlEngine>();

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    const { inner, outer } = maskKeyBlocks(Buffer.from('a key of the test'));
    const options = `-c ${MASK_KEY_SETTINGS.inner}=${inner} -c ${MASK_KEY_SETTINGS.outer}=${outer}`;
    client = new pg.Client({ connectionString: server.url(), options, types: { getTypeParser: () => (value: string) => value } });
    await client.connect();
    judge = new pg.Client({ connectionString: server.url() });
    await judge.connect();
    await client.query(SCHEMA);
    for (const subject of SUBJECTS) {
      await client.query(createTable(subject));
      for (const [id, value] of subject.values.entries())
        await client.query(`INSERT INTO odd.${subject.table} VALUES (${id}, $1, $1)`, [value]);
      // Where neither the type nor a CHECK is against it.
      await client.query(`INSERT INTO odd.${subject.table} VALUES (-1, NULL, $1)`, [subject.values[0]]).catch(() => {});
    }
    // Only `v` and `n` are declared: lineage gives their class to what is made of them.
    const virtual = major >= 18 ? 'VIRTUAL' : 'STORED';
    await client.query(`CREATE TABLE odd.generated (id int, v text, n int NOT NULL, stored varchar(40) GENERATED ALWAYS AS (v || '!') STORED,
      amount bigint NOT NULL GENERATED ALWAYS AS (n * 7) ${virtual}, last text GENERATED ALWAYS AS (v || '?') ${virtual})`);
    await client.query(`INSERT INTO odd.generated VALUES (1, '2001-02-03', 12345), (2, 'Jane.Doe@example.com', -98765)`);
    catalog = await catalogOf(server.url());
    const parser = await createWasmParser();
    for (const name of CLASSES) engines.set(name, createEngine({ catalog, bundle: bundleOf(name, catalog), parser, salt: '7f' }));
    await client.query(`SET DateStyle = 'German, DMY'; SET TimeZone = 'Pacific/Auckland'; SET IntervalStyle = sql_standard`);
    await client.query(`SET DateStyle = 'ISO, DMY'; SET search_path = evil, public, pg_catalog`);
  }, 300_000);
  afterAll(async () => {
    await client?.end();
    await judge?.end();
    await server?.stop();
  });

  const maskOf = (name: SensitivityClass, table: string, column: string): Mask => {
    const relation = catalog.relationNamed('odd', table)!;
    const attnum = catalog.columnNamed(relation, column)!.attnum;
    const rule = engines.get(name)!.bundle.relations.find((each) => each.oid === relation.oid)!.select!;
    return rule.columns.find((each) => each.attnum === attnum)!.mask!;
  };
  const rewritten = (name: SensitivityClass, sql: string): string => {
    const plans = engines
      .get(name)!
      .analyse({ sql: Buffer.from(sql), protocol: 'simple', parameterTypes: [] }, createSessionState(['public']));
    expect(plans[0]?.decision, sql).toBe('allow');
    expect(plans[0]?.rewritten, sql).toBe(true);
    return plans[0]!.text;
  };
  const read = async (sql: string, label: string): Promise<pg.QueryArrayResult<(string | null)[]>> =>
    client.query<(string | null)[]>({ text: sql, rowMode: 'array' }).catch((error: Error) => {
      throw new Error(`${label}: ${error.message}\n${sql}`);
    });

  describe.each(CLASSES)('%s', (name) => {
    it.each(['plain', 'domain', 'array', 'checked domain', 'checked column'] as const)('%s', async (form) => {
      let cells = 0;
      for (const subject of SUBJECTS.filter((each) => each.form === form)) {
        const select = `SELECT id, v, n FROM odd.${subject.table} ORDER BY id`;
        const original = await read(select, 'unmasked');
        expect(original.rows.length, subject.table).toBeGreaterThanOrEqual(subject.values.length);
        const masked = await read(rewritten(name, select), `${name} on ${subject.table}`);
        expect(masked.rows.map((row) => row[0])).toEqual(original.rows.map((row) => row[0]));
        const whole = `SELECT t, to_jsonb(t.v) IS NULL FROM odd.${subject.table} AS t`;
        expect((await read(rewritten(name, whole), `rows: ${name} on ${subject.table}`)).rows).toHaveLength(original.rows.length);
        for (const [position, column] of [
          [1, 'v'],
          [2, 'n'],
        ] as const) {
          const mask = maskOf(name, subject.table, column);
          const label = `${name} on ${subject.table}.${column} ${subject.type}: ${mask.template.join('·')}`;
          const typed = ({ fields }: typeof masked) => [fields[position]!.dataTypeID, fields[position]!.dataTypeModifier];
          expect(typed(masked), label).toEqual(typed(original));
          const values = masked.rows.map((row) => row[position] ?? null);
          if (column === 'n') expect(values, label).not.toContain(null);
          const constant = mask.template.length === 1;
          if (constant) {
            expect(new Set(values).size, label).toBe(1);
            await satisfies(subject, values[0] ?? null, label);
          } else {
            const shown = SHOWN[mask.kind]!;
            original.rows.forEach((row, index) => {
              const before = row[position] ?? null;
              const after = values[index] ?? null;
              if (before === null) expect(after, label).toBeNull();
              else expect(after !== null && shown(before, after), `${label}\n${before} becomes ${after}`).toBe(true);
            });
          }
          cells += 1;
        }
      }
      expect(cells).toBe(SUBJECTS.filter((each) => each.form === form).length * 2);
    });
  });

  it.each(CLASSES)('%s in generated columns', async (name) => {
    const masked = await read(rewritten(name, 'SELECT id, stored, amount, last FROM odd.generated ORDER BY id'), name);
    const original = await read('SELECT id, stored, amount, last FROM odd.generated ORDER BY id', 'unmasked');
    expect(masked.fields.map((field) => field.dataTypeID)).toEqual(original.fields.map((field) => field.dataTypeID));
    for (const [index, column] of ['stored', 'amount', 'last'].entries()) {
      expect(maskOf(name, 'generated', column), `${name} ${column}`).toBeDefined();
      if (column === 'amount') expect(masked.rows.map((row) => row[index + 1])).not.toContain(null);
      masked.rows.forEach((row, place) => {
        expect(row[index + 1], `${name} ${column}`).not.toBe(original.rows[place]![index + 1]);
      });
    }
  });

  async function satisfies(subject: Subject, value: string | null, label: string): Promise<void> {
    if (subject.promised !== true) return;
    const text =
      subject.form === 'checked domain'
        ? `SELECT num_nonnulls(CAST($1 AS ${subject.type})) < 2 AS passes`
        : `SELECT (${subject.check!.replaceAll('?', 'x.v')}) IS NOT FALSE AS passes FROM (SELECT CAST($1 AS ${subject.base}) AS v) x`;
    const { rows } = await judge.query(text, [value]).catch((error: Error) => {
      throw new Error(`${label} shows ${value}: ${error.message}`);
    });
    expect((rows[0] as { passes: boolean }).passes, `${label} shows ${value}`).toBe(true);
  }
});

function bundleOf(name: SensitivityClass, catalog: Catalog): Bundle {
  const documents = loadDocuments([{ name: 'matrix.yaml', text: policy }]);
  const [database] = documents.databases;
  if (database === undefined) throw new Error(documents.diagnostics.map((each) => each.message).join('; '));
  const columns = [...SUBJECTS, { table: 'generated' }].flatMap(({ table }) =>
    ['v', 'n'].map((column) => ({ table: `odd.${table}`, column, class: name })),
  );
  const result = compileBundle({
    database: { ...database, spec: { ...database.spec, sensitivity: { ...database.spec.sensitivity, columns } } },
    policies: documents.policies,
    identity: { namespace: 'ai', serviceAccount: 'agent' },
    catalog,
    detected: new Map(),
    now: 0,
  });
  expect(result.diagnostics.filter((each) => each.severity !== 'notice')).toEqual([]);
  return result.bundle!;
}
