/** Compares verdicts with labels. Pure: what a detector said goes in, figures come out. */
import type { SensitivityClass } from '../../crds/meta.ts';
import { CLASSES } from '../../crds/meta.ts';
import type { TableFacts } from '../../core/sensitivity/facts.ts';
import type { Verdict } from '../../core/sensitivity/verdict.ts';
import type { Label, LabelledSchema } from './labels.ts';

export type Class = SensitivityClass | 'none';

/** What one scan of a database concluded. */
export interface Concluded {
  readonly tables: readonly TableFacts[];
  readonly verdicts: readonly Verdict[];
}

export interface Judged {
  /** `schema: table.column`. */
  readonly column: string;
  readonly expected: Class;
  readonly got: Class;
  /** Undefined where the detector said nothing of the column. */
  readonly verdict: Verdict | undefined;
}

/** Every labelled column with what the detector said of it. */
export function judge(schema: LabelledSchema, concluded: Concluded): readonly Judged[] {
  const verdicts = new Map(concluded.verdicts.map((verdict) => [`${verdict.oid}.${verdict.attnum}`, verdict]));
  const columns = new Map<string, Verdict | undefined>();
  for (const table of concluded.tables)
    for (const column of table.columns)
      columns.set(`${table.schema}.${table.name}.${column.name}`, verdicts.get(`${table.oid}.${column.attnum}`));
  return schema.labels.map((label: Label) => {
    const verdict = columns.get(`${label.schema}.${label.table}.${label.column}`);
    return {
      column: `${schema.name}: ${label.table}.${label.column}`,
      expected: label.class,
      got: verdict?.class ?? 'none',
      verdict,
    };
  });
}

export interface ClassFigures {
  readonly class: SensitivityClass;
  /** Columns that are labelled with it. */
  readonly labelled: number;
  /** Of those, how many got it. */
  readonly found: number;
  /** Of those, how many got another class: masked, but otherwise. */
  readonly otherwise: number;
  /** Columns that got it, rightly or not. */
  readonly reported: number;
  /** Of those, how many are labelled `none`: masked without need. */
  readonly needless: number;
}

export interface Together {
  readonly labelled: number;
  readonly recall: number;
  readonly precision: number;
}

export interface Figures {
  readonly columns: number;
  readonly classes: readonly ClassFigures[];
  /** The class is the labelled one. */
  readonly exact: Together;
  /** Some class where some class is labelled: what is shown or not shown. */
  readonly protection: Together;
  /** Columns labelled `none` that got a class, of all that are labelled `none`. */
  readonly needless: { readonly columns: number; readonly of: number };
  /** Columns that no verdict was given for. */
  readonly silent: number;
}

export function figures(judged: readonly Judged[]): Figures {
  const count = (holds: (each: Judged) => boolean): number => judged.filter(holds).length;
  const classes = CLASSES.map((name) => ({
    class: name,
    labelled: count(({ expected }) => expected === name),
    found: count(({ expected, got }) => expected === name && got === name),
    otherwise: count(({ expected, got }) => expected === name && got !== name && got !== 'none'),
    reported: count(({ got }) => got === name),
    needless: count(({ expected, got }) => expected === 'none' && got === name),
  }));
  const labelled = count(({ expected }) => expected !== 'none');
  const reported = count(({ got }) => got !== 'none');
  const found = count(({ expected, got }) => expected !== 'none' && got === expected);
  const shielded = count(({ expected, got }) => expected !== 'none' && got !== 'none');
  return {
    columns: judged.length,
    classes,
    exact: { labelled, recall: share(found, labelled), precision: share(found, reported) },
    protection: { labelled, recall: share(shielded, labelled), precision: share(shielded, reported) },
    needless: { columns: reported - shielded, of: judged.length - labelled },
    silent: count(({ verdict }) => verdict === undefined),
  };
}

export const recallOf = (each: ClassFigures): number => share(each.found, each.labelled);
export const precisionOf = (each: ClassFigures): number => share(each.found, each.reported);

/** Of nothing, everything was right. */
function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

/** What went wrong, by what it should have been: shown in clear first, then masked otherwise, then masked without need. */
export function misses(judged: readonly Judged[]): readonly Judged[] {
  const rank = ({ expected, got }: Judged): number => (got === 'none' ? 0 : expected === 'none' ? 2 : 1);
  return judged
    .filter(({ expected, got }) => expected !== got)
    .sort((a, b) => a.expected.localeCompare(b.expected) || rank(a) - rank(b) || a.column.localeCompare(b.column));
}
