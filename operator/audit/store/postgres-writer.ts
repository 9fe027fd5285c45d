/** Appends to the store in PostgreSQL: whatever has arrived while the last transaction was under way is one transaction. */
import type { ClientBase } from 'pg';
import { joinFacts, type RecordFacts, recordFacts, rfc3339 } from '../../../core/audit/facts.ts';
import { type ChainBatch, type ChainOwner, StoreConflictError } from '../../../core/audit/store.ts';
import { sameOwner } from './batches.ts';
import type { TimedBatch } from './embedded-writer.ts';
import { marksOf, statementMark } from './marks.ts';
import { SCHEMA } from './postgres-schema.ts';
import { split, type Stretches, withStretch } from './stretches.ts';

interface LockedChain {
  readonly id: string;
  readonly chain: string;
  readonly owner: ChainOwner;
  readonly removed: number;
  stretches: Stretches;
}

/** Of a record that is there, or in this transaction. */
interface Placed {
  readonly chain: string;
  readonly seq: number;
  readonly day: string;
  readonly time: string;
  readonly statement: number | undefined;
  readonly facts: RecordFacts;
}

interface NewRecord extends Placed {
  readonly received: string;
  readonly line: string;
}

/** check_violation: also of a row whose partition is not there. */
const NO_PARTITION = '23514';
const REMEMBERED = 20_000;
const REMEMBERED_LINE = 4096;

export class PostgresWriter {
  readonly #days = new Set<string>();
  /** The half of a statement that came first, by chain's id and statementMark. */
  readonly #halves = new Map<string, Placed>();

  /** All in one transaction; conflicts are the matter of their batch. Rejects with what PostgreSQL says: then nothing is known to be stored. */
  async append(client: ClientBase, batches: readonly TimedBatch[]): Promise<readonly (StoreConflictError | undefined)[]> {
    try {
      return await this.#append(client, batches);
    } catch (error) {
      // What is remembered was in a partition that another replica has dropped meanwhile.
      if ((error as { readonly code?: string }).code !== NO_PARTITION) throw error;
      return await this.#append(client, batches);
    }
  }

  /** Of what is remembered, records may have gone or have another place: something was removed. */
  forget(): void {
    this.#halves.clear();
    this.#days.clear();
  }

  async #append(client: ClientBase, batches: readonly TimedBatch[]): Promise<readonly (StoreConflictError | undefined)[]> {
    for (const { received } of batches) await this.#addDay(client, dayOf(received));
    await client.query('BEGIN');
    try {
      const chains = await lockChains(client, batches);
      const results: (StoreConflictError | undefined)[] = [];
      const fresh: NewRecord[] = [];
      for (const each of batches) {
        const conflict = await this.#take(client, chains.get(each.batch.chain), each, fresh);
        results.push(conflict);
      }
      await this.#insert(client, fresh);
      await client.query('COMMIT');
      return results;
    } catch (error) {
      this.forget();
      await client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async #addDay(client: ClientBase, day: string): Promise<void> {
    if (this.#days.has(day)) return;
    await client.query(`SELECT ${SCHEMA}.add_day($1)`, [day]);
    this.#days.add(day);
  }

  async #take(
    client: ClientBase,
    chain: LockedChain | undefined,
    { batch, received }: TimedBatch,
    fresh: NewRecord[],
  ): Promise<StoreConflictError | undefined> {
    if (chain === undefined) return undefined;
    if (!sameOwner(chain.owner, batch.owner)) return new StoreConflictError(batch.chain, batch.first);
    const first = Math.max(batch.first, chain.removed);
    const next = batch.first + batch.lines.length;
    if (first >= next) return undefined;
    const { there, missing } = split(chain.stretches, first, next);
    for (const [begin, end] of there) {
      const conflict = await compare(client, chain.id, batch, begin, end, fresh);
      if (conflict !== undefined) return conflict;
    }
    for (const [begin, end] of missing)
      for (let seq = begin; seq < end; seq += 1) fresh.push(newRecord(chain.id, seq, batch.lines[seq - batch.first]!, received));
    if (missing.length > 0) chain.stretches = withStretch(chain.stretches, first, next);
    return undefined;
  }

  async #insert(client: ClientBase, fresh: readonly NewRecord[]): Promise<void> {
    if (fresh.length === 0) return;
    const marks = await this.#marks(client, fresh);
    await client.query(
      `INSERT INTO ${SCHEMA}.record (day, chain, seq, time, received, type, statement, line)
       SELECT * FROM unnest($1::date[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::bigint[], $8::text[])`,
      [
        fresh.map(({ day }) => day),
        fresh.map(({ chain }) => chain),
        fresh.map(({ seq }) => seq),
        fresh.map(({ time }) => time),
        fresh.map(({ received }) => received),
        fresh.map(({ facts }) => facts.type.replaceAll('\0', '')),
        fresh.map(({ statement }) => statement ?? null),
        fresh.map(({ line }) => line),
      ],
    );
    await client.query(
      `INSERT INTO ${SCHEMA}.mark (day, key, time, chain, seq)
       SELECT * FROM unnest($1::date[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::bigint[]) ON CONFLICT DO NOTHING`,
      [
        marks.map(({ at }) => at.day),
        marks.map(({ key }) => key),
        marks.map(({ at }) => at.time),
        marks.map(({ at }) => at.chain),
        marks.map(({ at }) => at.seq),
      ],
    );
    await client.query(
      `INSERT INTO ${SCHEMA}.held AS held (chain, day, seqs)
       SELECT chain, day, range_agg(int8range(seq, seq + 1)) FROM unnest($1::bigint[], $2::date[], $3::bigint[]) AS fresh (chain, day, seq)
       GROUP BY chain, day ORDER BY chain, day
       ON CONFLICT (chain, day) DO UPDATE SET seqs = held.seqs + excluded.seqs`,
      [fresh.map(({ chain }) => chain), fresh.map(({ day }) => day), fresh.map(({ seq }) => seq)],
    );
  }

  /** Of each record, and of the other half of its statement, which may have been there before. */
  async #marks(
    client: ClientBase,
    fresh: readonly NewRecord[],
  ): Promise<readonly { readonly key: number; readonly at: Placed }[]> {
    const found = await this.#storedHalves(client, fresh);
    const marks: { key: number; at: Placed }[] = [];
    for (const record of fresh) {
      for (const key of marksOf(record.facts)) marks.push({ key, at: record });
      if (record.statement === undefined) continue;
      const place = `${record.chain} ${record.statement}`;
      for (const other of found.get(place) ?? []) {
        for (const key of difference(joinFacts(record.facts, other.facts), record.facts)) marks.push({ key, at: record });
        for (const key of difference(joinFacts(other.facts, record.facts), other.facts)) marks.push({ key, at: other });
      }
      found.set(place, [...(found.get(place) ?? []).slice(-7), record]);
      this.#remember(place, record);
    }
    return marks;
  }

  #remember(place: string, record: NewRecord): void {
    if (this.#halves.delete(place)) return;
    if (record.line.length > REMEMBERED_LINE) return;
    if (this.#halves.size >= REMEMBERED) this.#halves.delete(this.#halves.keys().next().value!);
    const { chain, seq, day, time, statement, facts } = record;
    this.#halves.set(place, { chain, seq, day, time, statement, facts });
  }

  /**
   * Those that are not remembered are looked for in the tables: in the days of their chain, which are few, not in all partitions. A chain that lies
   * may have any number of them.
   */
  async #storedHalves(client: ClientBase, fresh: readonly NewRecord[]): Promise<Map<string, Placed[]>> {
    const found = new Map<string, Placed[]>();
    const asked: NewRecord[] = [];
    for (const record of fresh) {
      if (record.statement === undefined) continue;
      const remembered = this.#halves.get(`${record.chain} ${record.statement}`);
      if (remembered !== undefined) found.set(`${record.chain} ${record.statement}`, [remembered]);
      else asked.push(record);
    }
    if (asked.length === 0) return found;
    const { rows } = await client.query<{
      chain: string;
      seq: string;
      day: string;
      time: string;
      statement: string;
      line: string;
    }>(
      `SELECT r.chain, r.seq, r.day::text, ${microsecondsOf('r.time')} AS time, r.statement, r.line
       FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[]) AS each (chain, statement)) AS asked
       JOIN ${SCHEMA}.held h ON h.chain = asked.chain,
       LATERAL (SELECT * FROM ${SCHEMA}.record r WHERE r.day = h.day AND r.chain = h.chain AND r.statement = asked.statement LIMIT 8) AS r`,
      [asked.map(({ chain }) => chain), asked.map(({ statement }) => statement)],
    );
    for (const { chain, seq, day, time, statement, line } of rows) {
      const place = `${chain} ${statement}`;
      const half = {
        chain,
        seq: Number(seq),
        day,
        time: rfc3339(Number(time)),
        statement: Number(statement),
        facts: recordFacts(line),
      };
      found.set(place, [...(found.get(place) ?? []).slice(-7), half]);
    }
    return found;
  }
}

/** SQL for the microseconds of a timestamptz: a Date of JavaScript would cut them off. */
export function microsecondsOf(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000000)::bigint`;
}

/** `{[0,5),[8,10)}` */
export function stretchesOf(multirange: string): Stretches {
  return [...multirange.matchAll(/\[(\d+),(\d+)\)/g)].map(([, first, next]) => [Number(first), Number(next)] as const);
}

/** Makes those that are not there, and locks all in one order, so that two replicas wait for each other and never for ever. */
async function lockChains(client: ClientBase, batches: readonly TimedBatch[]): Promise<ReadonlyMap<string, LockedChain>> {
  const wanted = new Map(batches.filter(({ batch }) => batch.lines.length > 0).map(({ batch }) => [batch.chain, batch.owner]));
  const names = [...wanted.keys()].sort();
  const { rows: known } = await client.query<{ chain: string }>(`SELECT chain FROM ${SCHEMA}.chain WHERE chain = ANY ($1)`, [
    names,
  ]);
  const there = new Set(known.map(({ chain }) => chain));
  for (const name of names.filter((each) => !there.has(each))) {
    const owner = wanted.get(name)!;
    await client.query(
      `INSERT INTO ${SCHEMA}.chain (chain, kind, namespace, service_account, pod_uid, database, owner)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [
        name,
        owner.kind,
        owner.identity.namespace,
        owner.identity.serviceAccount,
        owner.identity.podUid,
        owner.database,
        JSON.stringify(owner),
      ],
    );
  }
  const { rows } = await client.query<{ id: string; chain: string; owner: ChainOwner; removed: string }>(
    `SELECT id, chain, owner, removed FROM ${SCHEMA}.chain WHERE chain = ANY ($1) ORDER BY chain FOR NO KEY UPDATE`,
    [names],
  );
  // After the locks: what others have stored until then is seen.
  const { rows: held } = await client.query<{ chain: string; seqs: string }>(
    `SELECT chain, range_agg(seqs)::text AS seqs FROM ${SCHEMA}.held WHERE chain = ANY ($1) GROUP BY chain`,
    [rows.map(({ id }) => id)],
  );
  const stretches = new Map(held.map(({ chain, seqs }) => [chain, stretchesOf(seqs)]));
  return new Map(
    rows.map((row) => [row.chain, { ...row, removed: Number(row.removed), stretches: stretches.get(row.id) ?? [] }]),
  );
}

async function compare(
  client: ClientBase,
  id: string,
  { chain, first, lines }: ChainBatch,
  begin: number,
  end: number,
  fresh: readonly NewRecord[],
): Promise<StoreConflictError | undefined> {
  const { rows } = await client.query<{ seq: string; line: string }>(
    `SELECT seq, line FROM ${SCHEMA}.record WHERE chain = $1 AND seq >= $2 AND seq < $3 ORDER BY seq`,
    [id, begin, end],
  );
  const among = fresh.filter((each) => each.chain === id && each.seq >= begin && each.seq < end);
  const wrong = [...rows.map((row) => ({ seq: Number(row.seq), line: row.line })), ...among]
    .filter(({ seq, line }) => line !== lines[seq - first])
    .map(({ seq }) => seq);
  return wrong.length === 0 ? undefined : new StoreConflictError(chain, Math.min(...wrong));
}

function newRecord(chain: string, seq: number, line: string, received: number): NewRecord {
  const facts = recordFacts(line);
  return {
    chain,
    seq,
    line,
    facts,
    day: dayOf(received),
    time: rfc3339(facts.time ?? received),
    received: rfc3339(received),
    statement: facts.statement === undefined ? undefined : statementMark(facts.statement),
  };
}

function dayOf(microseconds: number): string {
  return rfc3339(microseconds).slice(0, 10);
}

function difference(facts: RecordFacts, without: RecordFacts): readonly number[] {
  const less = marksOf(without);
  return [...marksOf(facts)].filter((key) => !less.has(key));
}
