/** Figures as text, for people and for the documentation. */
import { type Figures, type Judged, misses, precisionOf, recallOf } from './evaluate.ts';

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
const orDash = (value: number, of: number): string => (of === 0 ? '–' : percent(value));

const HEAD = ['class', 'labelled', 'found', 'recall', 'other class', 'missed', 'reported', 'precision', 'without need'] as const;

function lines(figures: Figures): readonly (readonly string[])[] {
  return figures.classes.map((each) => [
    each.class,
    String(each.labelled),
    String(each.found),
    orDash(recallOf(each), each.labelled),
    String(each.otherwise),
    String(each.labelled - each.found - each.otherwise),
    String(each.reported),
    orDash(precisionOf(each), each.reported),
    String(each.needless),
  ]);
}

export function together(figures: Figures): readonly string[] {
  const { exact, protection, needless } = figures;
  return [
    `exact class: recall ${percent(exact.recall)}, precision ${percent(exact.precision)} of ${exact.labelled} sensitive columns`,
    `protected (any class where one is due): recall ${percent(protection.recall)}, precision ${percent(protection.precision)}`,
    `masked without need: ${needless.columns} of ${needless.of} columns that are not sensitive (${percent(needless.of === 0 ? 0 : needless.columns / needless.of)})`,
  ];
}

/** For a terminal. */
export function plain(title: string, figures: Figures): string {
  const rows = [HEAD, ...lines(figures)];
  const widths = HEAD.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)));
  const table = rows.map((row) =>
    row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!))).join('  '),
  );
  const silent = figures.silent === 0 ? [] : [`${figures.silent} columns got no verdict at all`];
  return [`${title}: ${figures.columns} columns`, ...table, ...together(figures), ...silent].join('\n');
}

/** For the documentation. */
export function markdown(figures: Figures): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const bullets = together(figures).map((line) => `- ${line}`);
  return [
    row(HEAD),
    row(HEAD.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...lines(figures).map(row),
    '',
    ...bullets,
  ].join('\n');
}

/** One line each: column, what it is, what was said, and why. Evidence names rules and ratios, never values. */
export function missLines(judged: readonly Judged[]): readonly string[] {
  return misses(judged).map(({ column, expected, got, verdict }) => {
    const reasons = verdict?.evidence.map(({ rule, ratio }) => (ratio === undefined ? rule : `${rule} ${percent(ratio)}`)) ?? [
      'no verdict',
    ];
    return `${column}  ${expected} -> ${got}  (${reasons.join(', ') || 'no evidence'})`;
  });
}
