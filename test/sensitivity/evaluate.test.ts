/** The measurement can fail: a blind detector finds nothing, a wrong class costs precision. */
import { describe, expect, it } from 'vitest';
import type { SensitivityClass } from '../../crds/meta.ts';
import type { ColumnFacts } from '../../core/sensitivity/facts.ts';
import type { Verdict } from '../../core/sensitivity/verdict.ts';
import { type Concluded, figures, judge, misses, precisionOf, recallOf } from './evaluate.ts';
import { SETS, labelledSchemas, parse, type LabelledSchema } from './labels.ts';
import { missLines, plain } from './report.ts';

/** What a detector would answer that says `say(column)` of every column. */
function concluded(schema: LabelledSchema, say: (table: string, column: string) => SensitivityClass | undefined): Concluded {
  const names = [...new Set(schema.labels.map(({ table }) => table))];
  const verdicts: Verdict[] = [];
  const tables = names.map((name, index) => {
    const columns = schema.labels.filter(({ table }) => table === name);
    columns.forEach(({ column }, at) => {
      const found = say(name, column);
      verdicts.push({
        oid: index + 1,
        attnum: at + 1,
        ...(found === undefined ? {} : { class: found }),
        confidence: 1,
        evidence: [{ rule: 'test', ratio: 0.5 }],
        provisional: false,
      });
    });
    const facts = columns.map(
      ({ column }, at): ColumnFacts => ({
        attnum: at + 1,
        name: column,
        kind: 'text',
        type: 'text',
        array: false,
        notNull: false,
        primaryKey: false,
        unique: false,
        checks: [],
      }),
    );
    return { oid: index + 1, schema: 'public', name, kind: 'table' as const, estimatedRows: 1, pages: 1, columns: facts };
  });
  return { tables, verdicts };
}

const schema = parse(
  'tune',
  'example',
  [
    '# locale: de',
    '# rows: a 3',
    'public.a.id\tnone\tserial',
    'public.a.mail\tpii.email\temail',
    'public.a.phone\tpii.phone\tphone',
    'public.b.Passport No.\tpii.passport\tpassport?20',
    'public.b.total\tnone\tamount',
  ].join('\n'),
);

const right: Readonly<Record<string, SensitivityClass>> = {
  mail: 'pii.email',
  phone: 'pii.phone',
  'Passport No.': 'pii.passport',
};

describe('the measurement', () => {
  it('gives full marks to a detector that says what the labels say', () => {
    const found = figures(
      judge(
        schema,
        concluded(schema, (_, column) => right[column]),
      ),
    );
    expect([found.exact, found.protection]).toEqual([
      { labelled: 3, recall: 1, precision: 1 },
      { labelled: 3, recall: 1, precision: 1 },
    ]);
    expect(found.needless).toEqual({ columns: 0, of: 2 });
  });

  it('gives recall 0 to a detector that finds nothing anywhere', () => {
    const judged = judge(
      schema,
      concluded(schema, () => undefined),
    );
    const found = figures(judged);
    expect([found.exact.recall, found.protection.recall]).toEqual([0, 0]);
    expect(found.classes.filter(({ labelled }) => labelled > 0).map(recallOf)).toEqual([0, 0, 0]);
    expect(misses(judged)).toHaveLength(3);
  });

  it('gives recall 0 to a detector that does not answer', () => {
    const found = figures(judge(schema, { tables: [], verdicts: [] }));
    expect([found.exact.recall, found.silent]).toEqual([0, 5]);
  });

  it('counts a wrong class against precision and recall of both classes, but as protected', () => {
    const found = figures(
      judge(
        schema,
        concluded(schema, (_, column) => (column === 'phone' ? 'pii.email' : right[column])),
      ),
    );
    const of = (name: SensitivityClass) => found.classes.find((each) => each.class === name)!;
    expect([precisionOf(of('pii.email')), recallOf(of('pii.phone')), of('pii.phone').otherwise]).toEqual([0.5, 0, 1]);
    expect([found.exact.recall, found.exact.precision, found.protection.recall, found.protection.precision]).toEqual([
      2 / 3,
      2 / 3,
      1,
      1,
    ]);
  });

  it('counts what is masked without need', () => {
    const judged = judge(
      schema,
      concluded(schema, () => 'secret'),
    );
    const found = figures(judged);
    expect(found.needless).toEqual({ columns: 2, of: 2 });
    expect([found.protection.recall, found.protection.precision, found.exact.precision]).toEqual([1, 0.6, 0]);
    expect(missLines(judged)).toContain('example: b.total  none -> secret  (test 50.0 %)');
    expect(plain('example', found)).toMatch(/secret +0 +0 +– +0 +0 +5 +0\.0 % +2/);
  });

  it('refuses a label that is no class', () => {
    expect(() => parse('tune', 'example', 'public.a.id\tpii.shoe-size\tint')).toThrow('cannot read');
  });
});

describe('the sets', () => {
  const all = SETS.map((set) => labelledSchemas(set));

  it('are as large as they have to be, and share no schema and no locale', () => {
    const sizes = all.map((schemas) => [schemas.length, schemas.reduce((sum, { labels }) => sum + labels.length, 0)]);
    expect(sizes[0]![0]).toBeGreaterThanOrEqual(10);
    expect(sizes[0]![1]).toBeGreaterThanOrEqual(900);
    expect(sizes[1]![0]).toBeGreaterThanOrEqual(12);
    expect(sizes[1]![1]).toBeGreaterThanOrEqual(1800);
    for (const what of ['name', 'locale'] as const) {
      const tuned = new Set(all[0]!.map((each) => each[what]));
      expect(all[1]!.filter((each) => tuned.has(each[what]))).toEqual([]);
    }
  });

  it('have every class often enough among the untouched', () => {
    const labels = all[1]!.flatMap((each) => each.labels);
    const { classes } = figures(
      labels.map(({ column, class: expected }) => ({ column, expected, got: 'none', verdict: undefined })),
    );
    expect(classes.filter(({ labelled }) => labelled < 15)).toEqual([]);
  });

  it('label no column twice', () => {
    for (const each of all.flat()) {
      const columns = each.labels.map(({ schema: of, table, column }) => `${of}.${table}.${column}`);
      expect([each.name, columns.length]).toEqual([each.name, new Set(columns).size]);
    }
  });
});
