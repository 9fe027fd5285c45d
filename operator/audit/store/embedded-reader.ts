/**
 * Reads the file of the embedded store page by page: each page is a query of its own that goes on where the one before ended, so that nobody who
 * reads slowly holds up the file, and a page costs a bounded time whatever was asked.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hashLine } from '../../../core/audit/chain.ts';
import { bound, ownerMatches, rfc3339 } from '../../../core/audit/facts.ts';
import {
  type ChainEnding,
  type ChainOwner,
  type ChainStanding,
  goesOn,
  type RecordFilter,
  type StoredChain,
  type StoredLine,
} from '../../../core/audit/store.ts';
import { markGroups } from './marks.ts';

/** Behind the last record that was looked at. */
export interface Position {
  readonly time: number;
  readonly id: number;
}

export interface Page<T, C> {
  readonly items: readonly T[];
  /** Where the next page begins; undefined: there is none. */
  readonly next?: C;
}

const PAGE = { rows: 500, bytes: 1024 * 1024, looked: 20_000, chains: 200 };
/** So many chains are read side by side; with more, all records are looked at. */
const SIDE_BY_SIDE = 256;
/** An index entry that more records have than this selects nothing much. */
const RARE = 2_000;

interface Candidate extends Position {
  readonly chain: number;
  readonly type: string;
}

export class EmbeddedReader {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  ending(chain: string): ChainEnding | undefined {
    const [row] = this.#all(
      'SELECT s.next, r.line FROM chain c JOIN stretch s ON s.chain = c.id JOIN record r ON r.chain = c.id AND r.seq = s.next - 1 WHERE c.chain = ? ORDER BY s.first LIMIT 1',
      chain,
    );
    return row && { next: Number(row['next']), hash: hashLine(String(row['line'])) };
  }

  standing(chain: string, from: number): ChainStanding | undefined {
    const [row] = this.#all('SELECT id, owner, removed FROM chain WHERE chain = ?', chain);
    if (row === undefined) return undefined;
    const id = Number(row['id']);
    const standing = {
      owner: JSON.parse(String(row['owner'])) as ChainOwner,
      stretches: this.#stretches(id),
      removed: Number(row['removed']),
    };
    const stretch = goesOn(standing, from);
    const [last] =
      stretch === undefined ? [] : this.#all('SELECT line FROM record WHERE chain = ? AND seq = ?', id, stretch[1] - 1);
    return { ...standing, ...(last !== undefined && { hash: hashLine(String(last['line'])) }) };
  }

  chains(filter: RecordFilter, after: number): Page<StoredChain, number> {
    const rows = this.#all(
      `SELECT c.id, c.chain, c.owner, c.removed FROM ${chainTable(filter)} WHERE c.id > ? ORDER BY c.id LIMIT ?`,
      ...[...chainNames(filter), after, PAGE.chains],
    );
    const items = rows.flatMap((row) => {
      const [chain, owner] = [String(row['chain']), JSON.parse(String(row['owner'])) as ChainOwner];
      if (!ownerMatches(filter, chain, owner) || !this.#hasWithin(Number(row['id']), filter)) return [];
      const stored = this.#storedChain(Number(row['id']), chain, owner, Number(row['removed']));
      return stored === undefined ? [] : [stored];
    });
    return { items, ...(rows.length === PAGE.chains && { next: Number(rows.at(-1)!['id']) }) };
  }

  lines(chain: string, from: number): Page<StoredLine, number> {
    const rows = this.#prepared(
      'SELECT r.seq, r.received, r.line FROM chain c JOIN record r ON r.chain = c.id WHERE c.chain = ? AND r.seq >= ? ORDER BY r.seq LIMIT ?',
    ).iterate(chain, from, PAGE.rows);
    const items: StoredLine[] = [];
    let bytes = 0;
    for (const { seq, received, line } of rows) {
      items.push({ chain, seq: Number(seq), line: String(line), received: rfc3339(Number(received)) });
      if ((bytes += String(line).length) >= PAGE.bytes) break;
    }
    const last = items.at(-1);
    return { items, ...(last !== undefined && { next: last.seq + 1 }) };
  }

  records(filter: RecordFilter, after: Position | undefined): Page<StoredLine, Position> {
    const chains = this.#chainsOf(filter);
    const [first, ...others] = this.#orderedGroups(filter, chains);
    const items: StoredLine[] = [];
    let bytes = 0;
    let looked = 0;
    let last: Candidate | undefined;
    for (const candidate of merged(this.#streams(filter, after, first, chains))) {
      // Two marks of one record.
      if (candidate.id === last?.id) continue;
      last = candidate;
      looked += 1;
      if (this.#isAskedFor(candidate, filter, others, chains)) {
        const line = this.#line(candidate.id);
        if (line !== undefined) items.push(line);
        bytes += line?.line.length ?? 0;
      }
      if (items.length >= PAGE.rows || bytes >= PAGE.bytes || looked >= PAGE.looked)
        return { items, next: { time: candidate.time, id: candidate.id } };
    }
    return { items };
  }

  exported(consumer: string): Readonly<Record<string, number>> {
    const rows = this.#all('SELECT chain, next FROM exported WHERE consumer = ?', consumer);
    return Object.fromEntries(rows.map(({ chain, next }) => [String(chain), Number(next)]));
  }

  #storedChain(id: number, chain: string, owner: ChainOwner, removed: number): StoredChain | undefined {
    const stretches = this.#stretches(id);
    const ending = this.ending(chain);
    const [times] = this.#all(
      'SELECT (SELECT min(time) FROM record WHERE chain = ?1) AS low, (SELECT max(time) FROM record WHERE chain = ?1) AS high',
      id,
    );
    if (ending === undefined) return undefined;
    const [from, to] = [rfc3339(Number(times!['low'])), rfc3339(Number(times!['high']))];
    return { chain, owner, ...ending, stretches, from, to, removed };
  }

  #stretches(chain: number): StoredChain['stretches'] {
    return this.#all('SELECT first, next FROM stretch WHERE chain = ? ORDER BY first', chain).map(
      ({ first, next }) => [Number(first), Number(next)] as const,
    );
  }

  #hasWithin(chain: number, filter: RecordFilter): boolean {
    const { from, to } = range(filter);
    return this.#all('SELECT 1 FROM record WHERE chain = ? AND time >= ? AND time < ? LIMIT 1', chain, from, to).length > 0;
  }

  /** undefined: any. */
  #chainsOf(filter: RecordFilter): ReadonlySet<number> | undefined {
    const { chains, namespace, serviceAccount, podUid, database } = filter;
    if ([chains, namespace, serviceAccount, podUid, database].every((each) => each === undefined)) return undefined;
    const found = new Set<number>();
    for (const row of this.#prepared(`SELECT c.id, c.chain, c.owner FROM ${chainTable(filter)}`).iterate(...chainNames(filter)))
      if (ownerMatches(filter, String(row['chain']), JSON.parse(String(row['owner'])) as ChainOwner))
        found.add(Number(row['id']));
    return found;
  }

  /** The group to look up first, if there is one that selects anything. */
  #orderedGroups(filter: RecordFilter, chains: ReadonlySet<number> | undefined): readonly (readonly number[])[] {
    const groups = markGroups(filter);
    const rare = groups.findIndex((keys) => keys.every((key) => this.#isRare(key)));
    if (rare > 0) return [groups[rare]!, ...groups.toSpliced(rare, 1)];
    return rare === -1 && chains !== undefined && chains.size <= SIDE_BY_SIDE ? [[], ...groups] : groups;
  }

  #isRare(key: number): boolean {
    const [row] = this.#all('SELECT count(*) AS many FROM (SELECT 1 FROM mark WHERE key = ? LIMIT ?)', key, RARE);
    return Number(row!['many']) < RARE;
  }

  #streams(
    filter: RecordFilter,
    after: Position | undefined,
    keys: readonly number[] | undefined,
    chains: ReadonlySet<number> | undefined,
  ): readonly Generator<Candidate, undefined>[] {
    const { from, to } = range(filter);
    const begin = after === undefined ? from : Math.max(from, after.time);
    // Behind `after`, and everything of a later time.
    const place = after === undefined ? [begin, to, -1, -1] : [begin, to, after.time, after.id];
    if (keys !== undefined && keys.length > 0)
      return keys.map((key) =>
        this.#candidates(
          'SELECT m.time, m.record AS id, r.chain, r.type FROM mark m JOIN record r ON r.id = m.record WHERE m.key = ? AND m.time >= ? AND m.time < ? AND (m.time > ? OR m.record > ?) ORDER BY m.time, m.record',
          [key, ...place],
        ),
      );
    if (chains !== undefined && chains.size <= SIDE_BY_SIDE)
      return [...chains].map((chain) =>
        this.#candidates(
          'SELECT time, id, chain, type FROM record WHERE chain = ? AND time >= ? AND time < ? AND (time > ? OR id > ?) ORDER BY time, id',
          [chain, ...place],
        ),
      );
    const sql =
      'SELECT time, id, chain, type FROM record WHERE time >= ? AND time < ? AND (time > ? OR id > ?) ORDER BY time, id';
    return [this.#candidates(sql, place)];
  }

  /** A statement of its own: several are open at a time. */
  *#candidates(sql: string, values: readonly number[]): Generator<Candidate, undefined> {
    for (const { time, id, chain, type } of this.#database.prepare(sql).iterate(...values))
      yield { time: Number(time), id: Number(id), chain: Number(chain), type: String(type) };
  }

  #isAskedFor(
    { id, chain, type, time }: Candidate,
    { types }: RecordFilter,
    groups: readonly (readonly number[])[],
    chains: ReadonlySet<number> | undefined,
  ): boolean {
    if (chains !== undefined && !chains.has(chain)) return false;
    if (types !== undefined && !types.includes(type)) return false;
    return groups.every((keys) => keys.some((key) => this.#hasMark(key, time, id)));
  }

  #hasMark(key: number, time: number, record: number): boolean {
    return this.#all('SELECT 1 FROM mark WHERE key = ? AND time = ? AND record = ?', key, time, record).length > 0;
  }

  #line(id: number): StoredLine | undefined {
    const [row] = this.#all(
      'SELECT c.chain, r.seq, r.received, r.line FROM record r JOIN chain c ON c.id = r.chain WHERE r.id = ?',
      id,
    );
    if (row === undefined) return undefined;
    const { chain, seq, received, line } = row;
    return { chain: String(chain), seq: Number(seq), line: String(line), received: rfc3339(Number(received)) };
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  #all(sql: string, ...values: readonly (string | number)[]): ReturnType<StatementSync['all']> {
    return this.#prepared(sql).all(...values);
  }
}

/** Named ones are looked up, each once, instead of looking at all. */
function chainTable({ chains }: RecordFilter): string {
  return chains === undefined
    ? 'chain c'
    : '(SELECT DISTINCT value FROM json_each(?)) wanted CROSS JOIN chain c ON c.chain = wanted.value';
}

function chainNames({ chains }: RecordFilter): readonly string[] {
  return chains === undefined ? [] : [JSON.stringify(chains)];
}

function range({ from, to }: RecordFilter): { readonly from: number; readonly to: number } {
  return { from: from === undefined ? 0 : bound(from), to: to === undefined ? Number.MAX_SAFE_INTEGER : bound(to) };
}

/** In the order of time. Ends all when it is ended. */
function* merged(streams: readonly Iterator<Candidate, undefined>[]): Generator<Candidate, undefined> {
  const heads = streams.map((stream) => ({ stream, head: stream.next().value }));
  try {
    for (;;) {
      let least = heads[0];
      for (const each of heads) if (isBefore(each.head, least?.head)) least = each;
      if (least?.head === undefined) return;
      yield least.head;
      least.head = least.stream.next().value;
    }
  } finally {
    for (const { stream } of heads) stream.return?.();
  }
}

function isBefore(a: Candidate | undefined, b: Candidate | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.time < b.time || (a.time === b.time && a.id < b.id);
}
