/** What the pages of a review have in common, however they are written. */
import type { Section } from '../../../core/audit/questions/access-review.ts';
import type { Answer, Column } from '../../../core/audit/questions/question.ts';

export interface Page {
  /** Begin and end as they were asked for; absent: as far as there are records. */
  readonly from?: string;
  readonly to?: string;
  readonly sources: readonly string[];
  readonly summary: readonly (readonly [name: string, value: number])[];
  readonly sections: readonly Section[];
  readonly remarks: readonly string[];
}

export function periodText({ from, to }: Page): string {
  return `${from ?? 'the first record'} to ${to ?? 'the last record'}`;
}

/** Columns in which any row has something. */
export function shownColumns({ columns, rows }: Section): readonly Column[] {
  return columns.filter(({ key }) => rows.some((row) => cellText(row[key]) !== ''));
}

export function cellText(value: Answer[string]): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/** Rows of one section in a page for people; the JSON has all of them. */
export const MOST_ROWS = 2_000;
