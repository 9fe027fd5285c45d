/** Reads the store in PostgreSQL page by page, each a short statement that goes on where the one before ended: no cursor keeps old rows alive. */
import type { ClientBase } from 'pg';
import { bound, rfc3339 } from '../../../core/audit/facts.ts';
import type { ChainEnding, ChainOwner, ChainStanding, RecordFilter, StoredChain, StoredLine } from '../../../core/audit/store.ts';
import type { Page } from './embedded-reader.ts';
import { markGroups } from './marks.ts';
import { SCHEMA } from './postgres-schema.ts';
import { microsecondsOf, stretchesOf } from './postgres-writer.ts';

/** Behind the last record that was given. */
export interface PostgresPosition {
  /** RFC 3339. */
  readonly time: string;
  readonly chain: string;
  readonly seq: string;
}

/** bytes: of lines; one line more at most. */
const PAGE = { rows: 2_000, bytes: 2 * 1024 * 1024, chains: 200 };
/** An index entry that more records have than this selects nothing much. */
const RARE = 2_000;

interface RecordRow {
  readonly id: string;
  readonly chain: string;
  readonly seq: string;
  readonly time: string;
  readonly received: string;
  readonly line: string;
  /** Bytes of lines of the page up to here. */
  readonly total: string;
}

export async function readEnding(client: ClientBase, chain: string): Promise<ChainEnding | undefined> {
  const { rows } = await client.query<{ seqs: string | null; hash: string | null }>(
    `SELECT seqs::text AS seqs, ${hashAt('upper(first)')} AS hash
     FROM (SELECT c.id, ${SEQS} AS seqs FROM ${SCHEMA}.chain c WHERE c.chain = $1) c, ${firstOf('true')}`,
    [chain],
  );
  const [stretch] = stretchesOf(rows[0]?.seqs ?? '');
  return stretch && { next: stretch[1], hash: rows[0]!.hash ?? '' };
}

export async function readStanding(client: ClientBase, chain: string, from: number): Promise<ChainStanding | undefined> {
  const { rows } = await client.query<{ owner: ChainOwner; removed: string; seqs: string | null; hash: string | null }>(
    `SELECT owner, removed, seqs::text AS seqs, ${hashAt('upper(first)')} AS hash
     FROM (SELECT c.id, c.owner, c.removed, greatest($2, c.removed) AS wanted, ${SEQS} AS seqs FROM ${SCHEMA}.chain c WHERE c.chain = $1) c,
       ${firstOf('lower(s) <= wanted AND wanted <= upper(s)')}`,
    [chain, from],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { owner, removed, seqs, hash } = row;
  return { owner, stretches: stretchesOf(seqs ?? ''), removed: Number(removed), ...(hash !== null && { hash }) };
}

export async function readChains(client: ClientBase, filter: RecordFilter, after: number): Promise<Page<StoredChain, number>> {
  const conditions = new Conditions([after, PAGE.chains]);
  const owned = conditions.ofOwner(filter, 'c');
  const { rows } = await client.query<{
    id: string;
    chain: string;
    owner: ChainOwner;
    removed: string;
    seqs: string | null;
    hash: string | null;
    low: string | null;
    high: string | null;
  }>(
    `SELECT c.id, c.chain, c.owner, c.removed, seqs::text AS seqs, ${hashAt('upper(first)')} AS hash,
       ${microsecondsOf(timeAt('min', 'ASC'))} AS low, ${microsecondsOf(timeAt('max', 'DESC'))} AS high
     FROM (SELECT c.*, ${SEQS} AS seqs FROM ${SCHEMA}.chain c WHERE c.id > $1 ${owned}
       ${filter.from === undefined && filter.to === undefined ? '' : `AND EXISTS (SELECT FROM ${SCHEMA}.record r WHERE r.chain = c.id ${conditions.ofTime(filter, 'r')})`}
       ORDER BY c.id LIMIT $2) c, ${firstOf('true')}
     ORDER BY c.id`,
    conditions.values,
  );
  const items: StoredChain[] = [];
  for (const { chain, owner, removed, seqs, hash, low, high } of rows) {
    const stretches = stretchesOf(seqs ?? '');
    const [first] = stretches;
    if (first === undefined || low === null || high === null) continue;
    const [from, to] = [rfc3339(Number(low)), rfc3339(Number(high))];
    items.push({ chain, owner, next: first[1], hash: hash ?? '', stretches, from, to, removed: Number(removed) });
  }
  return { items, ...(rows.length === PAGE.chains && { next: Number(rows.at(-1)!.id) }) };
}

export async function readLines(client: ClientBase, chain: string, from: number): Promise<Page<StoredLine, number>> {
  const { rows } = await client.query<RecordRow>(
    `SELECT seq, ${microsecondsOf('received')} AS received, line, total
     FROM ${bounded(
       `SELECT r.seq, r.received, r.line FROM ${SCHEMA}.record r
        WHERE r.chain = (SELECT c.id FROM ${SCHEMA}.chain c WHERE c.chain = $1) AND r.seq >= $2 ORDER BY r.seq LIMIT $3`,
       'seq',
     )} ORDER BY seq`,
    [chain, from, PAGE.rows],
  );
  const items = rows.map((row) => storedLine({ ...row, chain }));
  return { items, ...(isFull(rows) && { next: items.at(-1)!.seq + 1 }) };
}

/**
 * By time alone, `record`'s index of (time, chain, seq) has each partition in order, lines included: a page is a merge of so many scans. By marks, the
 * places are found first, and the lines looked up in the partition of their day.
 */
export async function readRecords(
  client: ClientBase,
  filter: RecordFilter,
  after: PostgresPosition | undefined,
): Promise<Page<StoredLine, PostgresPosition>> {
  const [keys, ...others] = await orderedGroups(client, filter);
  const conditions = new Conditions([PAGE.rows]);
  const more = (table: string): string =>
    `${conditions.ofTime(filter, table)} ${conditions.after(after, table)} ${conditions.ofChains(filter, table)} ${others.map((group) => conditions.marked(group, table)).join(' ')}`;
  const page =
    keys === undefined || keys.length === 0
      ? `SELECT r.time, r.chain, r.seq, r.received, r.line, true AS wanted FROM ${SCHEMA}.record r WHERE true ${more('r')} ${conditions.ofTypes(filter)}
         ORDER BY r.time, r.chain, r.seq LIMIT $1`
      : `SELECT p.time, p.chain, p.seq, r.received, r.line, ${filter.types === undefined ? 'true' : `r.type = ANY (${conditions.value(filter.types)})`} AS wanted
         FROM (SELECT * FROM (${keys
           .map(
             (key) =>
               `(SELECT m.day, m.time, m.chain, m.seq FROM ${SCHEMA}.mark m WHERE m.key = ${conditions.value(key)} ${more('m')} ORDER BY m.time, m.chain, m.seq LIMIT $1)`,
           )
           .join(' UNION ')}) u ORDER BY time, chain, seq LIMIT $1) p
         JOIN ${SCHEMA}.record r ON r.day = p.day AND r.chain = p.chain AND r.seq = p.seq`;
  const { rows } = await client.query<RecordRow & { wanted: boolean }>(
    `SELECT b.chain AS id, c.chain, b.seq, ${microsecondsOf('b.time')} AS time, ${microsecondsOf('b.received')} AS received, b.line, b.total, b.wanted
     FROM ${bounded(page, 'time, chain, seq')} JOIN ${SCHEMA}.chain c ON c.id = b.chain ORDER BY b.time, b.chain, b.seq`,
    conditions.values,
  );
  const last = rows.at(-1);
  return {
    items: rows.filter(({ wanted }) => wanted).map(storedLine),
    ...(isFull(rows) && { next: { time: rfc3339(Number(last!.time)), chain: last!.id, seq: last!.seq } }),
  };
}

/** As `b`: the first rows of a page with lines, up to so many bytes. The length of a line is known without reading it. */
function bounded(page: string, order: string): string {
  return `(SELECT * FROM (SELECT p.*, sum(octet_length(p.line)) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) AS total FROM (${page}) p) t
    WHERE t.total - octet_length(t.line) < ${PAGE.bytes}) b`;
}

/** There may be more behind it. */
function isFull(rows: readonly RecordRow[]): boolean {
  return rows.length === PAGE.rows || Number(rows.at(-1)?.total ?? 0) >= PAGE.bytes;
}

/** The group to look up first, if there is one that selects anything. */
async function orderedGroups(client: ClientBase, filter: RecordFilter): Promise<readonly (readonly number[])[]> {
  const groups = markGroups(filter);
  for (const [at, keys] of groups.entries()) {
    const { rows } = await client.query<{ many: string }>(
      `SELECT count(*) AS many FROM (SELECT FROM ${SCHEMA}.mark WHERE key = ANY ($1) LIMIT $2) AS first_ones`,
      [keys, RARE],
    );
    if (Number(rows[0]!.many) < RARE) return [keys, ...groups.toSpliced(at, 1)];
  }
  const narrow = filter.chains ?? filter.podUid;
  return narrow === undefined ? groups : [[], ...groups];
}

/** All that is there of chain c. */
const SEQS = `(SELECT range_agg(h.seqs) FROM ${SCHEMA}.held h WHERE h.chain = c.id)`;

/** As `first`: the first stretch of which that is true, or null. */
function firstOf(condition: string): string {
  return `LATERAL (SELECT (SELECT s FROM unnest(c.seqs) s WHERE ${condition} ORDER BY s LIMIT 1) AS first) AS f`;
}

/** hashLine of the record of chain c before seq `next`. `held` knows its day: one partition is looked into. */
function hashAt(next: string): string {
  return `(SELECT encode(sha256(convert_to(r.line, 'UTF8')), 'hex') FROM ${SCHEMA}.held h
    JOIN ${SCHEMA}.record r ON r.day = h.day AND r.chain = h.chain AND r.seq = ${next} - 1
    WHERE h.chain = c.id AND h.seqs @> ${next} - 1 LIMIT 1)`;
}

/** The first or last time in chain c: by an index of each day that it has records of. */
function timeAt(which: 'min' | 'max', order: 'ASC' | 'DESC'): string {
  return `(SELECT ${which}(t.time) FROM ${SCHEMA}.held h,
    LATERAL (SELECT r.time FROM ${SCHEMA}.record r WHERE r.day = h.day AND r.chain = h.chain ORDER BY r.time ${order} LIMIT 1) t WHERE h.chain = c.id)`;
}

/** Parts of a WHERE, and the values they stand for. */
class Conditions {
  readonly values: unknown[];

  constructor(values: unknown[]) {
    this.values = values;
  }

  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  ofTime({ from, to }: RecordFilter, table: string): string {
    const low = from === undefined ? '' : `AND ${table}.time >= ${this.value(rfc3339(bound(from)))}::timestamptz`;
    return to === undefined ? low : `${low} AND ${table}.time < ${this.value(rfc3339(bound(to)))}::timestamptz`;
  }

  after(position: PostgresPosition | undefined, table: string): string {
    if (position === undefined) return '';
    const { time, chain, seq } = position;
    return `AND (${table}.time, ${table}.chain, ${table}.seq) > (${this.value(time)}::timestamptz, ${this.value(chain)}::bigint, ${this.value(seq)}::bigint)`;
  }

  ofOwner({ chains, namespace, serviceAccount, podUid, database }: RecordFilter, table: string): string {
    const parts = Object.entries({ namespace, service_account: serviceAccount, pod_uid: podUid, database })
      .filter(([, value]) => value !== undefined)
      .map(([column, value]) => `AND ${table}.${column} = ${this.value(value)}`);
    if (chains !== undefined) parts.push(`AND ${table}.chain = ANY (${this.value(chains)}::text[])`);
    return parts.join(' ');
  }

  ofChains(filter: RecordFilter, table: string): string {
    const owned = this.ofOwner(filter, 'c');
    return owned === '' ? '' : `AND ${table}.chain = ANY (ARRAY(SELECT c.id FROM ${SCHEMA}.chain c WHERE true ${owned}))`;
  }

  marked(keys: readonly number[], table: string): string {
    return `AND EXISTS (SELECT FROM ${SCHEMA}.mark o WHERE o.key = ANY (${this.value(keys)}::bigint[])
      AND o.time = ${table}.time AND o.chain = ${table}.chain AND o.seq = ${table}.seq AND o.day = ${table}.day)`;
  }

  ofTypes({ types }: RecordFilter): string {
    return types === undefined ? '' : `AND r.type = ANY (${this.value(types)}::text[])`;
  }
}

function storedLine({ chain, seq, line, received }: Pick<RecordRow, 'chain' | 'seq' | 'line' | 'received'>): StoredLine {
  return { chain, seq: Number(seq), line, received: rfc3339(Number(received)) };
}
