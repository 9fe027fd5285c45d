/** A review as Markdown: whatever records say is text in it. */
import type { Section } from '../../../core/audit/questions/access-review.ts';
import { markdownText } from '../query/neutral.ts';
import { cellText, MOST_ROWS, type Page, periodText, shownColumns } from './page.ts';

export function markdownPage(page: Page): string {
  return [
    '# Access review',
    `${periodText(page)}. Read from ${page.sources.map(markdownText).join(', ')}.`,
    ...(page.remarks.length === 0 ? [] : [page.remarks.map((remark) => `- ${markdownText(remark)}`).join('\n')]),
    table([['', ''], ...page.summary.map(([name, value]) => [name, String(value)])], [false, true]),
    ...page.sections.map(section),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(given: Section): string {
  const { title, note, rows } = given;
  const head = `## ${title}\n\n${markdownText(note)}`;
  if (rows.length === 0) return `${head}\n\nNothing.`;
  const columns = shownColumns(given);
  const lines = rows.slice(0, MOST_ROWS).map((row) => columns.map(({ key }) => markdownText(cellText(row[key]))));
  const body = table(
    [columns.map(({ title: name }) => name.toLowerCase()), ...lines],
    columns.map(({ right }) => right === true),
  );
  const more = rows.length - lines.length;
  return more === 0 ? `${head}\n\n${body}` : `${head}\n\n${body}\n\n${more} more rows are in the JSON.`;
}

function table([head, ...rows]: readonly (readonly string[])[], right: readonly boolean[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head ?? []), line(right.map((each) => (each ? '--:' : '---'))), ...rows.map(line)].join('\n');
}
