/**
 * What has been found in a database so far: per column a class, how sure, and why. Findings only grow: a later sample may add a class or
 * put a more severe one in its place, never take one away (a person's `class: none` does that, in the Database). Kept by name, so that
 * they survive a dump and restore, and nothing of a value is in them.
 */
import type { SensitivityClass } from '../../crds/meta.ts';
import { CLASSES } from '../../crds/meta.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import type { Classes } from '../policy/sensitivity.ts';
import { canonicalHash } from '../json/canonical-json.ts';
import { moreSevere } from '../policy/masks/classes.ts';
import type { ColumnFacts, TableFacts } from './facts.ts';
import type { Evidence, Verdict } from './verdict.ts';

export interface ColumnFinding {
  /** Hash of the column's facts when its values were looked at; undefined: they have not been yet. */
  readonly sampled?: string;
  readonly class?: SensitivityClass;
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
}

/** By `columnKey`. */
export type Findings = ReadonlyMap<string, ColumnFinding>;

export const NO_FINDINGS: Findings = new Map();

/** Names of a database can be anything, so they are no property names. */
export function columnKey(schema: string, table: string, column: string): string {
  return JSON.stringify([schema, table, column]);
}

/** Of a column's own description, so that a sample counts until the column changes, or is another one under the same name. */
export function factsHash(table: TableFacts, column: ColumnFacts): string {
  let hash = HASHES.get(column);
  if (hash === undefined) {
    const { references, ...rest } = column;
    hash = canonicalHash({ ...rest, oid: table.oid, references: references !== undefined }).slice(0, 16);
    HASHES.set(column, hash);
  }
  return hash;
}

/** Asked for again and again of the same descriptions. */
const HASHES = new WeakMap<ColumnFacts, string>();

/**
 * What counts for a column now: its finding, and while its values have not been looked at, the verdict on everything else. A column that was
 * looked at as it is now keeps what was found then.
 */
export function effective(
  finding: ColumnFinding | undefined,
  table: TableFacts,
  column: ColumnFacts,
  verdict: Verdict,
): SensitivityClass | undefined {
  const settled = !verdict.provisional || finding?.sampled === factsHash(table, column);
  if (settled) return worse(finding?.class, verdict.provisional ? undefined : verdict.class);
  // A precaution says less than what was found once, whatever it is called.
  return finding?.class ?? verdict.class;
}

/** Of tables: relation OID → attnum → class, where `classOf` gives one. */
export function classesBy(
  tables: readonly TableFacts[],
  verdicts: readonly Verdict[],
  catalog: Catalog,
  classOf: (table: TableFacts, column: ColumnFacts, verdict: Verdict) => SensitivityClass | undefined,
): Map<number, Map<number, SensitivityClass>> {
  const byColumn = new Map(verdicts.map((verdict) => [`${verdict.oid}.${verdict.attnum}`, verdict]));
  const classes = new Map<number, Map<number, SensitivityClass>>();
  for (const table of tables) {
    const view = table.kind === 'view' ? catalog.relation(table.oid) : undefined;
    for (const column of table.columns) {
      const verdict = byColumn.get(`${table.oid}.${column.attnum}`);
      if (verdict === undefined || (view !== undefined && !speaksForView(view, column, verdict))) continue;
      const name = classOf(table, column, verdict);
      if (name === undefined) continue;
      let columns = classes.get(table.oid);
      if (columns === undefined) classes.set(table.oid, (columns = new Map()));
      columns.set(column.attnum, name);
    }
  }
  return classes;
}

/**
 * What a view shows is known from what it is made of; only where that is not known does a name count, and where it reads no relation at all
 * (but a function, say) the precaution, too.
 */
function speaksForView(view: RelationData, column: ColumnFacts, verdict: Verdict): boolean {
  if (isTraced(view, column.attnum)) return false;
  return (view.dependsOn ?? []).length === 0 || verdict.evidence.some(({ rule }) => !rule.startsWith('unsampled.'));
}

function isTraced(view: RelationData, attnum: number): boolean {
  return view.columnOrigins?.[attnum] !== undefined || (view.columnSources?.[attnum]?.length ?? 0) > 0;
}

/** What one scan alone says. */
export function detectedClasses(catalog: Catalog, tables: readonly TableFacts[], verdicts: readonly Verdict[]): Classes {
  return classesBy(tables, verdicts, catalog, (_table, _column, verdict) => verdict.class);
}

/** `before` with what a look at values has told. */
export function grow(before: Findings, tables: readonly TableFacts[], verdicts: readonly Verdict[]): Findings {
  const findings = new Map(before);
  const byColumn = new Map(verdicts.map((verdict) => [`${verdict.oid}.${verdict.attnum}`, verdict]));
  for (const table of tables) {
    for (const column of table.columns) {
      const verdict = byColumn.get(`${table.oid}.${column.attnum}`);
      if (verdict === undefined || verdict.provisional) continue;
      const key = columnKey(table.schema, table.name, column.name);
      const found = findings.get(key);
      const chosen = worse(found?.class, verdict.class);
      const stays = found !== undefined && found.class === chosen && found.class !== verdict.class;
      findings.set(key, {
        sampled: factsHash(table, column),
        ...(chosen === undefined ? {} : { class: chosen }),
        confidence: stays ? found.confidence : verdict.confidence,
        evidence: stays ? found.evidence : verdict.evidence,
      });
    }
  }
  return findings;
}

export function findingOf(findings: Findings, table: TableFacts, column: ColumnFacts): ColumnFinding | undefined {
  return findings.get(columnKey(table.schema, table.name, column.name));
}

function worse(a: SensitivityClass | undefined, b: SensitivityClass | undefined): SensitivityClass | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return moreSevere(a, b) as SensitivityClass;
}

/** The file is not one of ours. `message` is one sentence. */
export class FindingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FindingsError';
  }
}

/** The file's text: one finding a line, in order of names. */
export function printFindings(findings: Findings): string {
  const lines = [...findings]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, finding]) => JSON.stringify([...(JSON.parse(key) as string[]), finding]));
  return `{"formatVersion":1,"columns":[\n${lines.join(',\n')}\n]}\n`;
}

/** @throws FindingsError. A class that this release does not know is kept as the most severe there is. */
export function parseFindings(text: string): Findings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FindingsError('it is not JSON');
  }
  if (!isRecord(value) || value['formatVersion'] !== 1 || !Array.isArray(value['columns']))
    throw new FindingsError('it does not hold findings of this format');
  return new Map(value['columns'].map((entry: unknown) => parseEntry(entry)));
}

function parseEntry(entry: unknown): readonly [string, ColumnFinding] {
  const [schema, table, column, finding] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
  if (typeof schema !== 'string' || typeof table !== 'string' || typeof column !== 'string' || !isRecord(finding))
    throw new FindingsError('one of its findings is not complete');
  const { sampled, class: name, confidence, evidence } = finding;
  return [
    columnKey(schema, table, column),
    {
      ...(typeof sampled === 'string' ? { sampled } : {}),
      ...(name === undefined ? {} : { class: CLASSES.find((each) => each === name) ?? 'secret' }),
      confidence: typeof confidence === 'number' ? confidence : 0,
      evidence: (Array.isArray(evidence) ? (evidence as readonly unknown[]) : []).flatMap((each) =>
        isRecord(each) && typeof each['rule'] === 'string'
          ? [{ rule: each['rule'], ...(typeof each['ratio'] === 'number' ? { ratio: each['ratio'] } : {}) }]
          : [],
      ),
    },
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
