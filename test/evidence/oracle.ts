/**
 * What the server itself says was written: logical decoding by test_decoding, with REPLICA IDENTITY FULL on every table. It sees what triggers and
 * cascades did, and nothing of what was rolled back.
 */
import type { RowImage } from '../../core/audit/evidence.ts';
import { must, rows } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';
import type { RecordedOutcome } from './support.ts';

export type Cells = Readonly<Record<string, string | null>>;

export interface Change {
  /** Of a partition: its topmost table. */
  readonly relation: string;
  readonly action: 'Insert' | 'Update' | 'Delete' | 'Truncate';
  readonly before?: Cells;
  readonly after?: Cells;
}

export class Oracle {
  readonly #client: WireClient;
  #roots = new Map<string, string>();

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async create(client: WireClient): Promise<Oracle> {
    await must(client, "SELECT pg_create_logical_replication_slot('oracle', 'test_decoding')");
    const oracle = new Oracle(client);
    await oracle.schemaChanged();
    return oracle;
  }

  async schemaChanged(): Promise<void> {
    const tables = await rows(
      this.#client,
      `SELECT c.oid::regclass::text, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
         CASE WHEN c.relispartition THEN (SELECT quote_ident(rn.nspname) || '.' || quote_ident(r.relname) FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
           WHERE r.oid = pg_partition_root(c.oid)) ELSE quote_ident(n.nspname) || '.' || quote_ident(c.relname) END
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND c.oid >= 16384 AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%'`,
    );
    for (const [name] of tables) await must(this.#client, `ALTER TABLE ${name} REPLICA IDENTITY FULL`);
    this.#roots = new Map(tables.map(([, name, root]) => [name ?? '', root ?? '']));
    await this.changes();
  }

  /** Of a partition its topmost table, of any other table itself. */
  root(relation: string): string {
    return this.#roots.get(relation) ?? relation;
  }

  /** Since the last call, in order of commit. */
  async changes(): Promise<readonly Change[]> {
    const lines = await rows(
      this.#client,
      "SELECT data FROM pg_logical_slot_get_changes('oracle', NULL, NULL, 'include-xids', '0', 'skip-empty-xacts', '1')",
    );
    return lines.flatMap(([line]) => {
      const change = parseLine(line ?? '');
      return change === undefined ? [] : [{ ...change, relation: this.root(change.relation) }];
    });
  }
}

export function parseLine(line: string): Change | undefined {
  const head = /^table ((?:"(?:[^"]|"")*"|[^\s":])+): (INSERT|UPDATE|DELETE|TRUNCATE): /.exec(line);
  if (head === null) return undefined;
  const relation = head[1]!;
  const body = line.slice(head[0].length);
  switch (head[2]) {
    case 'INSERT':
      return { relation, action: 'Insert', after: parseCells(body, 0).cells };
    case 'DELETE':
      return { relation, action: 'Delete', before: parseCells(body, 0).cells };
    case 'TRUNCATE':
      return { relation, action: 'Truncate' };
    default: {
      const old = parseCells(body, 'old-key: '.length);
      if (!body.startsWith('old-key: ')) throw new Error(`no old tuple in: ${line}`);
      const fresh = parseCells(body, old.end + 'new-tuple: '.length);
      const after = Object.fromEntries(
        Object.entries(fresh.cells).map(([name, value]) => [name, value === UNCHANGED ? (old.cells[name] ?? null) : value]),
      );
      return { relation, action: 'Update', before: old.cells, after };
    }
  }
}

const UNCHANGED = '\0unchanged';

function parseCells(text: string, from: number): { readonly cells: Cells; readonly end: number } {
  const cells: [string, string | null][] = [];
  let at = from;
  while (at < text.length && !text.startsWith('new-tuple: ', at) && !text.startsWith('(no-tuple-data)', at)) {
    let name = '';
    if (text[at] === '"') {
      const end = closing(text, at, '"');
      name = text.slice(at + 1, end - 1).replaceAll('""', '"');
      at = end;
    } else {
      const end = text.indexOf('[', at);
      name = text.slice(at, end);
      at = end;
    }
    // [type]: of arrays with brackets inside.
    let depth = 0;
    do {
      if (text[at] === '"') at = closing(text, at, '"') - 1;
      else if (text[at] === '[') depth += 1;
      else if (text[at] === ']') depth -= 1;
      at += 1;
    } while (depth > 0);
    at += 1;
    if (text[at] === "'" || text.startsWith("B'", at)) {
      const begin = text[at] === 'B' ? at + 1 : at;
      const end = closing(text, begin, "'");
      cells.push([name, text.slice(begin + 1, end - 1).replaceAll("''", "'")]);
      at = end;
    } else {
      const end = text.indexOf(' ', at) < 0 ? text.length : text.indexOf(' ', at);
      const value = text.slice(at, end);
      cells.push([name, value === 'null' ? null : value === 'unchanged-toast-datum' ? UNCHANGED : value]);
      at = end;
    }
    if (text[at] === ' ') at += 1;
  }
  return { cells: Object.fromEntries(cells), end: at };
}

/** Behind the quote that closes the one at `at`; doubled quotes do not. */
function closing(text: string, at: number, quote: string): number {
  for (let i = at + 1; ; i += 1) {
    if (i >= text.length) throw new Error(`unterminated quote in: ${text}`);
    if (text[i] !== quote) continue;
    if (text[i + 1] !== quote) return i + 1;
    i += 1;
  }
}

/** What the images of captures say, in full. */
export function captured(outcomes: readonly RecordedOutcome[]): readonly Change[] {
  return outcomes.flatMap(({ changes }) =>
    changes.flatMap(({ relation, action, rows: images }) =>
      images.map((image) => ({ relation, action, ...whole(action, image) })),
    ),
  );
}

function whole(action: Change['action'], { before, after }: RowImage): { before?: Cells; after?: Cells } {
  if (action === 'Update' && before !== undefined) return { before, after: { ...before, ...after } };
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

export interface Comparison {
  /** Columns that are computed when they are read, and so in no log: `relation.column`. */
  readonly virtual?: ReadonlySet<string>;
  /** Tables whose rows may move: an update there is compared as what goes and what comes. */
  readonly moving?: ReadonlySet<string>;
}

/** Sentences on what differs; none: the two agree, row by row and value by value. */
export function differences(claimed: readonly Change[], truth: readonly Change[], options: Comparison = {}): readonly string[] {
  const left = new Map<string, number>();
  for (const change of claimed) for (const key of keysOf(change, options)) left.set(key, (left.get(key) ?? 0) + 1);
  const missing: string[] = [];
  for (const change of truth) {
    for (const key of keysOf(change, options)) {
      const count = left.get(key) ?? 0;
      if (count === 0) missing.push(`not captured: ${key}`);
      else if (count === 1) left.delete(key);
      else left.set(key, count - 1);
    }
  }
  return [...missing, ...[...left.keys()].map((key) => `captured, but did not happen: ${key}`)];
}

function keysOf({ relation, action, before, after }: Change, { virtual, moving }: Comparison): readonly string[] {
  const cells = (row: Cells | undefined): string =>
    row === undefined
      ? 'unknown'
      : JSON.stringify(
          Object.entries(row)
            .filter(([name, value]) => value !== null && virtual?.has(`${relation}.${name}`) !== true)
            .map(([name, value]) => [name, value === 't' ? 'true' : value === 'f' ? 'false' : value])
            .sort(([a], [b]) => (a! < b! ? -1 : 1)),
        );
  if (action === 'Truncate') return [`${relation} truncated`];
  if (action === 'Update' && moving?.has(relation) !== true) return [`${relation} ${cells(before)} -> ${cells(after)}`];
  return [
    ...(action === 'Insert' ? [] : [`${relation} - ${cells(before)}`]),
    ...(action === 'Delete' ? [] : [`${relation} + ${cells(after)}`]),
  ];
}
