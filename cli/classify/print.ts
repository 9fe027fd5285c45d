/** What `sluice classify` writes: a table for people, JSON lines for programs, YAML for the Database. */
import { stringify } from 'yaml';
import type { Evidence } from '../../core/sensitivity/verdict.ts';
import type { Scan } from '../../sidecar/sensitivity/scan.ts';
import { asColumns } from '../table.ts';
import type { Change, ClassifiedColumn } from './columns.ts';

export interface PrintOptions {
  readonly output: 'text' | 'json' | 'yaml';
  readonly all?: boolean;
  /** What was looked at for it, and what it took; a string: in words, where something else has looked. */
  readonly scan: Scan | string;
  /** Undefined: there is no earlier run to compare with. */
  readonly changes: readonly Change[] | undefined;
}

export function printColumns(columns: readonly ClassifiedColumn[], options: PrintOptions): string {
  if (options.output === 'json')
    return columns
      .filter((each) => options.all === true || each.class !== undefined)
      .map(asJson)
      .join('');
  if (options.output === 'yaml') return asYaml(columns);
  return asText(columns, options);
}

function asJson({ table, schema: _schema, relation: _relation, ...rest }: ClassifiedColumn): string {
  return `${JSON.stringify({ table, ...rest })}\n`;
}

/** Under `spec` of the Database. What is declared already is left out. */
function asYaml(columns: readonly ClassifiedColumn[]): string {
  const entries = columns
    .filter((each) => each.class !== undefined && each.source === 'detected')
    .map((each) => ({ table: each.table, column: each.column, class: each.class }));
  if (entries.length === 0) return '# nothing to fix: no class was detected that is not declared\n';
  // kubectl reads YAML 1.1: a column named no or on needs quotes.
  return stringify({ sensitivity: { columns: entries } }, { collectionStyle: 'any', lineWidth: 0, compat: 'yaml-1.1' });
}

function asText(columns: readonly ClassifiedColumn[], options: PrintOptions): string {
  const listed = columns.filter((each) => options.all === true || each.class !== undefined);
  const rows = listed.map((each) => [
    `${each.table}.${each.column}`,
    each.type,
    `${each.class ?? 'none'}${each.provisional ? '*' : ''}`,
    sureness(each),
    each.mask ?? '',
    each.source === 'lineage' ? 'by lineage' : each.source === 'declared' ? 'declared' : each.evidence.map(reason).join(', '),
  ]);
  const sections = [asColumns([['COLUMN', 'TYPE', 'CLASS', 'SURE', 'MASK', 'WHY'], ...rows]), summary(columns, options.scan)];
  if (options.changes !== undefined) sections.push(differences(options.changes));
  const doubtful = columns.filter((each) => each.source === 'detected' && (each.provisional || each.confidence < 0.9));
  if (doubtful.length > 0)
    sections.push(
      `To settle what is not certain, put what you agree with into the Database (class none: not sensitive); -o yaml prints all:\n${asYaml(doubtful)}`,
    );
  return sections.join('\n');
}

function sureness(column: ClassifiedColumn): string {
  return column.source === 'detected' || column.source === 'none' ? `${Math.round(column.confidence * 100)} %` : '';
}

function reason({ rule, ratio }: Evidence): string {
  return ratio === undefined ? rule : `${rule} ${Math.round(ratio * 100)} %`;
}

function summary(columns: readonly ClassifiedColumn[], scan: Scan | string): string {
  const sensitive = columns.filter((each) => each.class !== undefined).length;
  if (typeof scan === 'string') {
    const provisional = columns.some((each) => each.provisional) ? '* no values were looked at yet\n' : '';
    return `${sensitive} of ${columns.length} columns are sensitive; ${scan}\n${provisional}`;
  }
  const { rows, bytes, milliseconds, queries } = scan.cost;
  const lines = [
    `${sensitive} of ${columns.length} columns in ${scan.tables.length} tables and views are sensitive; ` +
      `looked at ${rows} rows (${Math.ceil(bytes / 1024)} KiB) with ${queries} queries in ${(milliseconds / 1000).toFixed(1)} s`,
  ];
  if (columns.some((each) => each.provisional)) lines.push('* no values were looked at');
  for (const [oid, sqlstate] of scan.failures) {
    const table = scan.tables.find((each) => each.oid === oid);
    lines.push(`${table?.schema}.${table?.name} could not be read (SQLSTATE ${sqlstate})`);
  }
  return `${lines.join('\n')}\n`;
}

function differences(changes: readonly Change[]): string {
  if (changes.length === 0) return 'Nothing has changed since the last run.\n';
  const lines = changes.map(
    ({ column, before }) => `  ${column.table}.${column.column}: ${before ?? 'none'} -> ${column.class ?? 'none'}`,
  );
  return `Since the last run:\n${lines.join('\n')}\n`;
}
