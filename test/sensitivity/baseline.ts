/**
 * What one gets for nothing: a dozen English words in column names. Not a detector of ours; the measurement shows it beside ours,
 * so that the figures say how hard the sets are, and tests of the measurement use it.
 */
import type { ColumnFacts, TableFacts } from '../../core/sensitivity/facts.ts';
import type { Verdict } from '../../core/sensitivity/verdict.ts';
import type { SensitivityClass } from '../../crds/meta.ts';
import type { Detector } from './measure.ts';

const WORDS: readonly (readonly [RegExp, SensitivityClass])[] = [
  [/e?mail/, 'pii.email'],
  [/phone|mobile/, 'pii.phone'],
  [/password|token|secret/, 'secret'],
  [/ssn|tax_?id|national_?id/, 'pii.national-id'],
  [/passport/, 'pii.passport'],
  [/iban/, 'financial.iban'],
  [/card/, 'financial.card'],
  [/salary|wage/, 'financial.salary'],
  [/birth|dob/, 'pii.birth-date'],
  [/first_?name|last_?name|full_?name/, 'pii.name'],
  [/address|street|zip|postcode/, 'pii.address'],
  [/^ip$|ip_?addr/, 'pii.ip'],
  [/^lat|^lon|^lng/, 'pii.location'],
  [/diagnosis|allerg/, 'pii.health'],
  [/note|comment|body/, 'pii.free-text'],
];

const QUERY = `SELECT c.oid, n.nspname, c.relname, a.attnum, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 4`;

export const byName: Detector = async (connection) => {
  const began = performance.now();
  const [rows = []] = await connection.simpleQuery(QUERY);
  const tables = new Map<number, TableFacts & { readonly columns: ColumnFacts[] }>();
  const verdicts: Verdict[] = [];
  for (const [oid, schema, name, attnum, column] of rows) {
    const key = Number(oid);
    const table = tables.get(key) ?? {
      oid: key,
      schema: schema!,
      name: name!,
      kind: 'table',
      estimatedRows: -1,
      pages: 0,
      columns: [],
    };
    tables.set(key, table);
    table.columns.push({ ...PLAIN, attnum: Number(attnum), name: column! });
    const found = WORDS.find(([pattern]) => pattern.test(column!.toLowerCase()))?.[1];
    verdicts.push({
      oid: key,
      attnum: Number(attnum),
      ...(found === undefined ? {} : { class: found }),
      confidence: 0.5,
      evidence: found === undefined ? [] : [{ rule: 'baseline.name' }],
      provisional: true,
    });
  }
  return {
    tables: [...tables.values()],
    verdicts,
    cost: { queries: 1, milliseconds: performance.now() - began, rows: rows.length, bytes: 0 },
  };
};

const PLAIN: Omit<ColumnFacts, 'attnum' | 'name'> = {
  kind: 'other',
  type: 'unknown',
  array: false,
  notNull: false,
  primaryKey: false,
  unique: false,
  checks: [],
};
