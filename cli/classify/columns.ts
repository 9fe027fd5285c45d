/** One column as `sluice classify` tells of it: class, where the class comes from, how sure, why, and how it is masked. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { ColumnData, RelationData } from '../../core/catalog/model.ts';
import { compileClassMask } from '../../core/policy/masks/compile-mask.ts';
import { displayName, parseNamePattern } from '../../core/policy/name-pattern.ts';
import type { TableFacts } from '../../core/sensitivity/facts.ts';
import { columnKey, factsHash, type Findings } from '../../core/sensitivity/findings.ts';
import type { Evidence, Verdict } from '../../core/sensitivity/verdict.ts';
import type { Database } from '../../crds/database.ts';

export interface ClassifiedColumn {
  readonly schema: string;
  readonly relation: string;
  readonly column: string;
  readonly type: string;
  /** Undefined: not sensitive. */
  readonly class?: string;
  /** `declared` in the Database, `detected` in the column, `lineage`: what it is made of or stands for is sensitive. */
  readonly source: 'declared' | 'detected' | 'lineage' | 'none';
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
  /** Nobody has looked at values. */
  readonly provisional: boolean;
  /** Kind of the default mask, as the column's type allows it. */
  readonly mask?: string;
  /** As policies and `sensitivity.columns` spell the table. */
  readonly table: string;
}

export interface ColumnInput {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly relation: RelationData;
  readonly column: ColumnData;
  /** In force, of whatever source. */
  readonly name: string | undefined;
  readonly detected: string | undefined;
  readonly verdict: Verdict | undefined;
  readonly facts: TableFacts | undefined;
  readonly findings: Findings;
}

export function classifiedColumn(input: ColumnInput): ClassifiedColumn {
  const { relation, column, name, verdict, facts } = input;
  const source = sourceOf(input);
  const finding = input.findings.get(columnKey(relation.schema, relation.name, column.name));
  // What an earlier run saw counts as long as the column is the same.
  const told = verdict?.provisional !== false && finding !== undefined && finding.class === name ? finding : verdict;
  const described = facts?.columns.find((each) => each.attnum === column.attnum);
  const settled = facts !== undefined && described !== undefined && finding?.sampled === factsHash(facts, described);
  const seen = verdict?.provisional === false || settled;
  return {
    schema: relation.schema,
    relation: relation.name,
    table: displayName(relation.schema, relation.name),
    column: column.name,
    type: column.type.replace(/^pg_catalog\./, ''),
    source,
    ...(name === undefined ? {} : { class: name, mask: compileClassMask(name, column, input.catalog).kind }),
    confidence: source === 'declared' ? 1 : source === 'lineage' ? 0 : (told?.confidence ?? 0),
    evidence: source === 'detected' || source === 'none' ? (told?.evidence ?? []) : [],
    provisional: source === 'detected' && !seen,
  };
}

function sourceOf(input: ColumnInput): ClassifiedColumn['source'] {
  const { relation, column, name, detected } = input;
  const declared = input.database.spec.sensitivity.columns.some((entry) => {
    const pattern = parseNamePattern(entry.table);
    return pattern?.schema === relation.schema && pattern.name === relation.name && entry.column === column.name;
  });
  if (declared) return 'declared';
  if (name === undefined) return 'none';
  return detected === name ? 'detected' : 'lineage';
}

export interface Change {
  readonly column: ClassifiedColumn;
  /** Class before; undefined: none. */
  readonly before: string | undefined;
}

/** Since the last run: classes that are new or other than they were. Findings never go away by themselves. */
export function changes(before: Findings, columns: readonly ClassifiedColumn[]): readonly Change[] {
  return columns.flatMap((column) => {
    if (column.source !== 'detected' || column.provisional) return [];
    const was = before.get(columnKey(column.schema, column.relation, column.column))?.class;
    return was === column.class ? [] : [{ column, before: was }];
  });
}
