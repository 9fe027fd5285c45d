/**
 * docs/reference/conformance.md: the figures of the last run of each suite that was kept, full or CI's portion of it. The rows themselves are kept beside it in
 * test/scoreboard/last.json, so that running one suite leaves the others' rows as they were.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Scoreboard } from './suite.ts';

const PLANS = new URL('plans.json', import.meta.url);
const LAST = new URL('last.json', import.meta.url);
const REFERENCE = new URL('../../docs/reference/conformance.md', import.meta.url);

const HEAD = `# Conformance and hardness

What the suites of \`npm run conformance\` found in the last runs that were kept: PostgreSQL's own tests, drivers' own tests, generated attacks,
fuzzers, faults. Written by that command; do not edit.

- **identical**: the same answer as without Sluice (or, where there is nothing to compare with, the answer that is demanded)
- **floor**: refused by design, for a reason that \`test/conformance/conformance-floors.json\` names; not counted as compared
- **unstable**: two direct runs differ, so there is nothing to compare with
- **different**: not identical, and no floor explains it; each is listed below with its plan
- **run**: everything the suite has, or CI's portion of it; with the date and the seed
- **leaks**: protected values that reached a client; **deaths**: Sluice processes that ended

`;

/** Plan ids -> what shall be done. */
export async function loadPlans(): Promise<Readonly<Record<string, string>>> {
  return JSON.parse(await readFile(PLANS, 'utf8')) as Record<string, string>;
}

/** One row for the terminal. */
export function line(board: Scoreboard): string {
  const compared = board.cases - board.refusedByFloor - board.unstable;
  const figures = Object.entries(board.figures).map(([name, value]) => `${name} ${value}`);
  return [
    `${board.suite}: ${board.cases} cases, ${board.identical} identical (${percent(board.identical, compared)} of ${compared} compared),`,
    `${board.refusedByFloor} by floor (${percent(board.refusedByFloor, board.cases)}), ${board.unstable} unstable,`,
    `${board.differences.length} different, ${board.leaks.length} leaks, ${board.deaths} deaths`,
    ...(figures.length > 0 ? [`[${figures.join(', ')}]`] : []),
  ].join(' ');
}

/** A row as it is kept. */
export interface KeptRow extends Scoreboard {
  readonly run: 'full' | 'portion';
  readonly seed: number;
  /** YYYY-MM-DD */
  readonly date: string;
}

/** Replaces the rows of the suites that were run, and writes the page anew. */
export async function writeReference(boards: readonly KeptRow[]): Promise<void> {
  const rows = new Map((await lastRows()).map((board) => [board.suite, board]));
  for (const board of boards) rows.set(board.suite, board);
  const sorted = [...rows.values()].sort((a, b) => (a.suite < b.suite ? -1 : 1));
  await writeFile(LAST, `${JSON.stringify(sorted, null, 2)}\n`);
  await writeFile(REFERENCE, page(sorted, await loadPlans()));
}

async function lastRows(): Promise<readonly KeptRow[]> {
  try {
    return JSON.parse(await readFile(LAST, 'utf8')) as KeptRow[];
  } catch {
    return [];
  }
}

/** The page: a table of all rows, then each row's floors, figures and differences. */
export function page(boards: readonly KeptRow[], plans: Readonly<Record<string, string>>): string {
  const table = boards.map((board) => {
    const compared = board.cases - board.refusedByFloor - board.unstable;
    const identical = `${board.identical} (${percent(board.identical, compared)})`;
    const floor = `${board.refusedByFloor} (${percent(board.refusedByFloor, board.cases)})`;
    return `| ${board.suite} | ${board.cases} | ${identical} | ${floor} | ${board.unstable} | ${board.differences.length} | ${board.leaks.length} | ${board.deaths} | ${board.run} |`;
  });
  return [
    HEAD,
    '| suite | cases | identical | floor | unstable | different | leaks | deaths | run |\n|---|---|---|---|---|---|---|---|---|\n',
    `${table.join('\n')}\n`,
    ...boards.map((board) => details(board, plans)),
  ].join('');
}

function details(board: KeptRow, plans: Readonly<Record<string, string>>): string {
  const lines = [`\n## ${board.suite}\n\n${board.what}; ${board.run} run of ${board.date}, seed ${board.seed}.\n`];
  const figures = Object.entries(board.figures);
  if (figures.length > 0) lines.push(`\n${figures.map(([name, value]) => `- ${name}: ${value}`).join('\n')}\n`);
  const floors = Object.entries(board.floors).sort((a, b) => b[1] - a[1]);
  if (floors.length > 0) lines.push(`\nFloors: ${floors.map(([id, count]) => `${id} ${count}`).join(', ')}.\n`);
  for (const leak of board.leaks) lines.push(`\n- **leak**: ${leak}`);
  const byPlan = Map.groupBy(board.differences, ({ plan }) => plan ?? '');
  for (const [plan, differences] of byPlan) {
    lines.push(`\nDifferent, ${differences.length}: ${plans[plan] ?? '**no plan yet**'}\n\n`);
    lines.push(differences.map(({ name, seen }) => `- \`${name}\`: ${cell(seen)}`).join('\n'), '\n');
  }
  return lines.join('');
}

/** Names of differences hold SQL and messages of servers: nothing in them may end a list item. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(2)} %`;
}
