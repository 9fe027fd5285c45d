/**
 * Plans: whether a governed statement is still served by the index that the same statement with the filter written by hand is
 * served by, on a million rows. Node types and index names are compared, and how many blocks were touched; never times.
 */
import type pg from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import type { Difference, RunOptions, Scoreboard, Suite } from '../scoreboard/suite.ts';
import { MAJORS } from '../support/majors.ts';
import { CASES } from './cases.ts';
import type { PlanCase } from './plan-case.ts';
import { comparePlans, type Form } from './compare.ts';
import { startPlansDatabase } from './database.ts';
import { engineOf, MODES, type Mode } from './modes.ts';
import { startVectorDatabase, VECTOR_CASES } from './vector.ts';

const ROWS = 1_000_000;
/** Enough that the planner prefers an index wherever one helps. */
const BOUNDED_ROWS = 60_000;
const TABLES = ['users', 'orders', 'events'];

export const suite: Suite = {
  name: 'plans',
  about: 'no index lost under masks and row filters, against the statement with the filter written by hand',
  async run(options) {
    const majors = options.bounded ? [options.major] : MAJORS;
    const boards: Scoreboard[] = [];
    for (const major of majors) boards.push(await onServer(major, options.bounded ? BOUNDED_ROWS : ROWS, options));
    boards.push(await onVectors(options));
    return boards;
  },
};

async function onServer(major: 15 | 18, rows: number, options: RunOptions): Promise<Scoreboard> {
  const began = Date.now();
  const database = await startPlansDatabase(major, rows);
  options.say(`PostgreSQL ${major}: ${rows.toLocaleString('en')} users in ${Math.round((Date.now() - began) / 1000)} s`);
  try {
    return await compareAll(
      database,
      `plans/${major}`,
      `${rows.toLocaleString('en')} rows, PostgreSQL ${major}`,
      TABLES,
      CASES,
      options,
    );
  } finally {
    await database.stop();
  }
}

async function onVectors(options: RunOptions): Promise<Scoreboard> {
  const database = await startVectorDatabase();
  try {
    return await compareAll(database, 'plans/vector', 'pgvector on PGlite', ['documents'], VECTOR_CASES, options);
  } finally {
    await database.stop();
  }
}

interface Database {
  readonly client: pg.Client;
  readonly catalog: Catalog;
}

async function compareAll(
  { client, catalog }: Database,
  name: string,
  where: string,
  tables: readonly string[],
  all: readonly PlanCase[],
  { only, say }: RunOptions,
): Promise<Scoreboard> {
  const parser = await createWasmParser();
  const cases = all.filter((subject) => only.length === 0 || only.includes(subject.name));
  const tally = new Tally();
  for (const mode of MODES) {
    const engine = engineOf(catalog, parser, tables, mode);
    for (const subject of cases)
      for (const form of formsOf(subject))
        tally.add(subject, mode, form, await comparePlans(client, engine, subject, mode, form));
    say(`  ${mode}: ${tally.told()}`);
  }
  return tally.board(name, `${cases.length} statements, ${MODES.length} policies, ${where}`);
}

function formsOf(subject: PlanCase): readonly Form[] {
  return subject.values === undefined ? ['simple'] : ['simple', 'generic'];
}

class Tally {
  readonly #ratios: number[] = [];
  readonly #differences: Difference[] = [];
  readonly #floors: Record<string, number> = {};
  #worst: readonly [ratio: number, name: string] = [0, ''];
  #cases = 0;
  #same = 0;

  add(subject: PlanCase, mode: Mode, form: Form, outcome: Awaited<ReturnType<typeof comparePlans>>): void {
    this.#cases += 1;
    const name = `${subject.name} (${mode}, ${form})`;
    const fact = subject.cannot?.(mode, form === 'generic');
    if (outcome.kind === 'same') {
      this.#same += 1;
      this.#ratios.push(outcome.ratio);
      if (outcome.ratio > this.#worst[0]) this.#worst = [outcome.ratio, name];
    } else if (outcome.kind === 'different' && fact !== undefined) this.#floors[fact] = (this.#floors[fact] ?? 0) + 1;
    else
      this.#differences.push({
        name,
        seen: `${outcome.kind}: ${outcome.seen}${outcome.kind === 'different' ? ` in ${outcome.text.slice(0, 400)}` : ''}`,
      });
  }

  told(): string {
    return `${this.#same} the same, ${this.#differences.length} different so far`;
  }

  board(suite: string, what: string): Scoreboard {
    const sorted = [...this.#ratios].sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      suite,
      what,
      cases: this.#cases,
      identical: this.#same,
      refusedByFloor: Object.values(this.#floors).reduce((sum, count) => sum + count, 0),
      floors: this.#floors,
      unstable: 0,
      differences: this.#differences,
      leaks: [],
      deaths: 0,
      figures: {
        'blocks touched, governed / by hand: median': at(0.5).toFixed(2),
        '99 %': at(0.99).toFixed(2),
        worst: `${this.#worst[0].toFixed(2)} (${this.#worst[1]})`,
      },
    };
  }
}
