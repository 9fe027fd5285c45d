/**
 * The store in a PostgreSQL of the platform's own: one for all replicas, as durable as its commits. Whatever fails there is
 * StoreUnavailableError; an append that failed may be stored all the same (the answer to COMMIT was lost), and is not stored twice when it comes again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientConfig } from 'pg';
import { bound, rfc3339 } from '../../../core/audit/facts.ts';
import {
  type AuditStore,
  type ChainBatch,
  type ChainEnding,
  type ChainStanding,
  type ExportMarks,
  type RecordFilter,
  type StoredChain,
  type StoredLine,
  StoreUnavailableError,
} from '../../../core/audit/store.ts';
import type { Clock } from '../../../sidecar/bundle/clock.ts';
import type { PostgresSettings } from '../audit-settings.ts';
import { checkedBatch } from './batches.ts';
import type { Page } from './embedded-reader.ts';
import type { TimedBatch } from './embedded-writer.ts';
import { PostgresConnections } from './postgres-connections.ts';
import { type PostgresPosition, readChains, readEnding, readLines, readRecords, readStanding } from './postgres-reader.ts';
import { prepareSchema, SCHEMA } from './postgres-schema.ts';
import { PostgresWriter } from './postgres-writer.ts';

export interface PostgresStoreOptions {
  /** Read for each connection. */
  readonly config: () => Promise<ClientConfig>;
  /** Whether the schema is made and migrated. */
  readonly manageSchema: boolean;
  readonly clock: Pick<Clock, 'now'>;
}

interface Waiting {
  readonly batch: TimedBatch;
  readonly characters: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Characters of lines: in one transaction, and that may wait. */
const GROUP = 8 * 1024 * 1024;
const WAITING = 64 * 1024 * 1024;
const READERS = 4;

/** A weaker setting of the server would acknowledge what a crash loses. */
const DURABLE =
  "SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END, false)";

export class PostgresStore implements AuditStore, ExportMarks {
  readonly #options: PostgresStoreOptions;
  readonly #writers: PostgresConnections;
  readonly #readers: PostgresConnections;
  readonly #writer = new PostgresWriter();
  readonly #waiting: Waiting[] = [];
  #characters = 0;
  #flushing: Promise<void> | undefined;
  #prepared: Promise<void> | undefined;

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
    const prepare = (client: Client): Promise<void> => this.#prepare(client);
    this.#writers = new PostgresConnections({ config: options.config, prepare, most: 1 });
    this.#readers = new PostgresConnections({ config: options.config, prepare, most: READERS });
  }

  /** Rejects with StoreUnavailableError where it cannot be used now. Not needed: whatever is called connects. */
  async open(): Promise<void> {
    await this.#writers.use(async () => {});
  }

  async append(batch: ChainBatch): Promise<void> {
    const checked = checkedBatch(batch);
    const received = batch.received === undefined ? this.#options.clock.now() * 1000 : bound(batch.received);
    const characters = checked.lines.reduce((sum, line) => sum + line.length, 0);
    if (this.#characters > 0 && this.#characters + characters > WAITING)
      throw new StoreUnavailableError('too many records wait for the audit database');
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ batch: { batch: checked, received }, characters, resolve, reject });
      this.#characters += characters;
      this.#flushing ??= this.#flush();
    });
  }

  ending(chain: string): Promise<ChainEnding | undefined> {
    return this.#readers.use((client) => readEnding(client, chain));
  }

  standing(chain: string, from: number): Promise<ChainStanding | undefined> {
    return this.#readers.use((client) => readStanding(client, chain, from));
  }

  chains(filter: RecordFilter = {}): AsyncIterable<StoredChain> {
    return this.#pages<StoredChain, number>((client, after = 0) => readChains(client, filter, after));
  }

  lines(chain: string, from = 0): AsyncIterable<StoredLine> {
    return this.#pages<StoredLine, number>((client, next = from) => readLines(client, chain, next));
  }

  records(filter: RecordFilter): AsyncIterable<StoredLine> {
    return this.#pages<StoredLine, PostgresPosition>((client, after) => readRecords(client, filter, after));
  }

  /** Whole days (UTC) before that time. */
  async prune(before: string): Promise<number> {
    const time = rfc3339(bound(before));
    return await this.#writers.use(async (client) => {
      const { rows } = await client.query<{ prune: string }>(`SELECT ${SCHEMA}.prune($1)`, [time]);
      // Nothing is appended meanwhile: there is one connection to write on.
      this.#writer.forget();
      return Number(rows[0]!.prune);
    });
  }

  /** Up to where (seq) somebody else has been told of each chain. */
  async exported(consumer: string): Promise<Readonly<Record<string, number>>> {
    return await this.#readers.use(async (client) => {
      const { rows } = await client.query<{ chain: string; next: string }>(
        `SELECT chain, next FROM ${SCHEMA}.exported WHERE consumer = $1`,
        [consumer],
      );
      return Object.fromEntries(rows.map(({ chain, next }) => [chain, Number(next)]));
    });
  }

  /** Never goes back. */
  async setExported(consumer: string, marks: Readonly<Record<string, number>>): Promise<void> {
    await this.#readers.use((client) =>
      client.query(
        `INSERT INTO ${SCHEMA}.exported AS exported SELECT $1, * FROM unnest($2::text[], $3::bigint[])
         ON CONFLICT (consumer, chain) DO UPDATE SET next = greatest(exported.next, excluded.next)`,
        [consumer, Object.keys(marks), Object.values(marks)],
      ),
    );
  }

  async close(): Promise<void> {
    await this.#flushing;
    await Promise.all([this.#writers.close(), this.#readers.close()]);
  }

  async #flush(): Promise<void> {
    // What is asked in the same moment goes along.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      let characters = 0;
      const count = this.#waiting.findIndex((each) => (characters += each.characters) > GROUP);
      const group = this.#waiting.splice(0, count === -1 ? this.#waiting.length : Math.max(1, count));
      await this.#appendGroup(group);
      for (const each of group) this.#characters -= each.characters;
    }
    // In the same step as the look at what waits: what comes from now on begins another one.
    this.#flushing = undefined;
  }

  async #appendGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const conflicts = await this.#writers.use((client) =>
        this.#writer.append(
          client,
          group.map(({ batch }) => batch),
        ),
      );
      group.forEach(({ resolve, reject }, index) => {
        const conflict = conflicts[index];
        if (conflict === undefined) resolve();
        else reject(conflict);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** Once for all connections, and again where it failed. */
  async #prepare(client: Client): Promise<void> {
    await client.query(DURABLE);
    const preparing = (this.#prepared ??= prepareSchema(client, this.#options.manageSchema));
    await preparing.catch((error: unknown) => {
      if (this.#prepared === preparing) this.#prepared = undefined;
      throw error;
    });
  }

  async *#pages<T, C>(page: (client: Client, from: C | undefined) => Promise<Page<T, C>>): AsyncGenerator<T, undefined> {
    let from: C | undefined;
    do {
      const { items, next } = await this.#readers.use((client) => page(client, from));
      yield* items;
      from = next;
    } while (from !== undefined);
  }
}

/** What the chart mounts: `username`, `password`, and `ca.crt` if the authority is not a public one. */
export async function connectionConfig(settings: PostgresSettings): Promise<ClientConfig> {
  const { host, port, database, tls, secretDirectory } = settings;
  const file = async (name: string): Promise<string | undefined> => {
    try {
      return await readFile(join(secretDirectory, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new StoreUnavailableError(`${name} of the audit database's Secret cannot be read: ${(error as Error).message}`);
    }
  };
  const [username, password, ca] = await Promise.all([file('username'), file('password'), file('ca.crt')]);
  if (username === undefined || password === undefined)
    throw new StoreUnavailableError("the audit database's Secret has no username or no password");
  return { host, port, database, user: username.trim(), password: password.replace(/\r?\n$/, ''), ssl: tlsOptions(tls, ca) };
}

function tlsOptions(mode: PostgresSettings['tls'], ca: string | undefined): Exclude<ClientConfig['ssl'], undefined> {
  if (mode === 'Disable') return false;
  if (mode === 'Require') return { rejectUnauthorized: false };
  const authority = ca === undefined ? {} : { ca };
  return mode === 'VerifyFull' ? authority : { ...authority, checkServerIdentity: () => undefined };
}
