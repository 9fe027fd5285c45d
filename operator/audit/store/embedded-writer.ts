/**
 * Writes to the file of the embedded store: each group of batches in one transaction, which is durable when it is committed. Several processes may
 * have the file open (a volume that two replicas share for a moment), so nothing is remembered between transactions but what cannot change.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { joinFacts, type RecordFacts, recordFacts } from '../../../core/audit/facts.ts';
import { type ChainBatch, type ChainOwner, StoreConflictError } from '../../../core/audit/store.ts';
import { sameOwner } from './batches.ts';
import { number } from './embedded-schema.ts';
import { marksOf, statementMark } from './marks.ts';
import { split, type Stretches, stretchesFrom, withStretch } from './stretches.ts';

/** A batch and when it came, in microseconds. */
export interface TimedBatch {
  readonly batch: ChainBatch;
  readonly received: number;
}

interface StoredChainRow {
  readonly id: number;
  readonly owner: ChainOwner;
  readonly removed: number;
}

/** Of the half of a statement that came first: most are followed at once by the other. */
interface Half {
  readonly record: number;
  readonly time: number;
  readonly facts: RecordFacts;
}

const REMEMBERED = 20_000;
/** Characters: a line that is longer is read again. */
const REMEMBERED_LINE = 4096;

/** Of each chain that has more than one record. */
const FIRST_RECORDS = `FROM chain c
  JOIN record first ON first.chain = c.id AND first.seq = (SELECT min(seq) FROM record WHERE chain = c.id)
  WHERE EXISTS (SELECT 1 FROM record later WHERE later.chain = c.id AND later.seq > first.seq)`;

export class EmbeddedWriter {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** By chain's id and statementMark. Cleared where a transaction is rolled back. */
  readonly #halves = new Map<string, Half>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** All in one transaction. What a batch is refused for is its own matter; what this throws is everybody's, and nothing was written. */
  append(batches: readonly TimedBatch[]): readonly (StoreConflictError | undefined)[] {
    return this.#transaction(() =>
      batches.map((each) => {
        try {
          this.#append(each);
          return undefined;
        } catch (error) {
          // Found before anything of the batch was written.
          if (error instanceof StoreConflictError) return error;
          throw error;
        }
      }),
    );
  }

  /** Of the records received before that time (microseconds), about so many at most. 0: none is left. */
  prune(before: number, most: number): number {
    return this.#transaction(() => this.#removeBefore(before, most));
  }

  /** About so many of the records that were received first. 0: only the last of each chain are left. */
  pruneOldest(most: number): number {
    return this.#transaction(() => {
      const [oldest] = this.#all(`SELECT min(first.received) AS received ${FIRST_RECORDS}`);
      let removed = 0;
      for (let window = 1_000_000; removed < most; window *= 4) {
        const before = Number(oldest?.['received'] ?? 0) + window;
        removed += this.#removeBefore(Math.min(before, Number.MAX_SAFE_INTEGER), most - removed);
        if (before >= Number.MAX_SAFE_INTEGER) break;
      }
      return removed;
    });
  }

  /** Bytes of the file that are in use. */
  used(): number {
    const pages = number(this.#database, 'PRAGMA page_count') - number(this.#database, 'PRAGMA freelist_count');
    return pages * number(this.#database, 'PRAGMA page_size');
  }

  setExported(consumer: string, marks: Readonly<Record<string, number>>): void {
    this.#transaction(() => {
      for (const [chain, next] of Object.entries(marks))
        this.#run(
          'INSERT INTO exported VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = max(next, excluded.next)',
          consumer,
          chain,
          next,
        );
    });
  }

  #append({ batch, received }: TimedBatch): void {
    const { chain, owner, lines } = batch;
    if (lines.length === 0) return;
    const row = this.#chain(chain) ?? this.#begin(chain, owner);
    if (!sameOwner(row.owner, owner)) throw new StoreConflictError(chain, batch.first);
    const first = Math.max(batch.first, row.removed);
    const next = batch.first + lines.length;
    if (first >= next) return;
    const stretches = this.#stretches(row.id);
    const { there, missing } = split(stretches, first, next);
    for (const [begin, end] of there) this.#compare(row.id, batch, begin, end);
    for (const [begin, end] of missing)
      for (let seq = begin; seq < end; seq += 1) this.#insert(row.id, seq, lines[seq - batch.first]!, received);
    if (missing.length > 0) this.#setStretches(row.id, withStretch(stretches, first, next));
  }

  #begin(chain: string, owner: ChainOwner): StoredChainRow {
    const { lastInsertRowid } = this.#run('INSERT INTO chain (chain, owner) VALUES (?, ?)', chain, JSON.stringify(owner));
    return { id: Number(lastInsertRowid), owner, removed: 0 };
  }

  #compare(id: number, { chain, first, lines }: ChainBatch, begin: number, end: number): void {
    for (const row of this.#all(
      'SELECT seq, line FROM record WHERE chain = ? AND seq >= ? AND seq < ? ORDER BY seq',
      id,
      begin,
      end,
    ))
      if (row['line'] !== lines[Number(row['seq']) - first]) throw new StoreConflictError(chain, Number(row['seq']));
  }

  #insert(chain: number, seq: number, line: string, received: number): void {
    const facts = recordFacts(line);
    const time = facts.time ?? received;
    const statement = facts.statement === undefined ? null : statementMark(facts.statement);
    const { lastInsertRowid } = this.#run(
      'INSERT INTO record (chain, seq, time, received, statement, type, line) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[chain, seq, time, received, statement, facts.type, line],
    );
    const half: Half = { record: Number(lastInsertRowid), time, facts };
    const own = marksOf(facts);
    const marks = new Set(own);
    if (statement !== null)
      for (const other of this.#otherHalves(chain, statement, half, line.length <= REMEMBERED_LINE)) {
        const theirs = marksOf(other.facts);
        for (const key of marksOf(joinFacts(facts, other.facts))) marks.add(key);
        for (const key of marksOf(joinFacts(other.facts, facts))) if (!theirs.has(key)) this.#mark(key, other);
      }
    for (const key of marks) this.#mark(key, half);
  }

  #otherHalves(chain: number, statement: number, half: Half, small: boolean): readonly Half[] {
    const place = `${chain} ${statement}`;
    const remembered = this.#halves.get(place);
    if (remembered !== undefined) {
      this.#halves.delete(place);
      return [remembered];
    }
    if (this.#halves.size >= REMEMBERED) this.#halves.delete(this.#halves.keys().next().value!);
    if (small) this.#halves.set(place, half);
    // A chain that lies may have any number of them.
    const rows = this.#all(
      'SELECT id, time, line FROM record WHERE chain = ? AND statement = ? AND id <> ? LIMIT 8',
      chain,
      statement,
      half.record,
    );
    return rows.map(({ id, time, line }) => ({ record: Number(id), time: Number(time), facts: recordFacts(String(line)) }));
  }

  #mark(key: number, { time, record }: Half): void {
    this.#run('INSERT OR IGNORE INTO mark VALUES (?, ?, ?)', key, time, record);
  }

  #removeBefore(before: number, most: number): number {
    let removed = 0;
    for (const { id } of this.#all(`SELECT c.id ${FIRST_RECORDS} AND first.received < ?`, before)) {
      if (removed >= most) break;
      removed += this.#removeFrom(Number(id), before, most - removed);
    }
    return removed;
  }

  /** From the chain's first record on, for as long as they are old; the last one stays. */
  #removeFrom(chain: number, before: number, most: number): number {
    const rows = this.#all('SELECT id, seq, received FROM record WHERE chain = ? ORDER BY seq LIMIT ?', chain, most + 1);
    const fresh = rows.findIndex(({ received }) => Number(received) >= before);
    const gone = rows.slice(0, fresh === -1 ? rows.length - 1 : fresh);
    for (const { id } of gone) {
      this.#run('DELETE FROM mark WHERE record = ?', Number(id));
      this.#run('DELETE FROM record WHERE id = ?', Number(id));
    }
    const first = rows[gone.length];
    if (gone.length === 0 || first === undefined) return 0;
    const removed = Number(first['seq']);
    this.#run('UPDATE chain SET removed = max(removed, ?) WHERE id = ?', removed, chain);
    this.#setStretches(chain, stretchesFrom(this.#stretches(chain), removed));
    return gone.length;
  }

  #chain(chain: string): StoredChainRow | undefined {
    const [row] = this.#all('SELECT id, owner, removed FROM chain WHERE chain = ?', chain);
    if (row === undefined) return undefined;
    return { id: Number(row['id']), owner: JSON.parse(String(row['owner'])) as ChainOwner, removed: Number(row['removed']) };
  }

  #stretches(chain: number): Stretches {
    return this.#all('SELECT first, next FROM stretch WHERE chain = ? ORDER BY first', chain).map(
      ({ first, next }) => [Number(first), Number(next)] as const,
    );
  }

  #setStretches(chain: number, stretches: Stretches): void {
    this.#run('DELETE FROM stretch WHERE chain = ?', chain);
    for (const [first, next] of stretches) this.#run('INSERT INTO stretch VALUES (?, ?, ?)', chain, first, next);
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#database.exec('COMMIT');
      return value;
    } catch (error) {
      this.#halves.clear();
      // A full disk may have ended it already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): ReturnType<StatementSync['run']> {
    return this.#prepared(sql).run(...values);
  }

  #all(sql: string, ...values: readonly (string | number | null)[]): ReturnType<StatementSync['all']> {
    return this.#prepared(sql).all(...values);
  }
}
