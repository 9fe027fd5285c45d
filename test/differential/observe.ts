/**
 * One statement run once, in a transaction that is rolled back, and everything a client could notice about it. Sequences are
 * the one thing a rollback does not restore: what depends on them shows up as unstable when the original is run twice.
 */
import type { Exchange, FieldDescription, ServerMessage } from '../support/backend.ts';
import * as frontend from '../support/frontend.ts';
import type { WireClient } from '../support/wire-client.ts';

export interface Observation {
  /** SQLSTATE, or null when it succeeded. */
  readonly sqlstate: string | null;
  readonly message: string | null;
  readonly detail: string | null;
  readonly tag: string | null;
  readonly fields: readonly FieldDescription[] | null;
  readonly parameterTypes: readonly number[] | null;
  /** One string a row: values in text format, length-prefixed so that no two rows read alike. */
  readonly rows: readonly string[];
  /** COPY TO STDOUT. */
  readonly copied: string;
  readonly notices: readonly string[];
  /** EXPLAIN (COSTS OFF), as printed; null when the statement cannot be explained. */
  readonly plan: readonly string[] | null;
  /** The connection ended: nothing more can be compared on it. */
  readonly closed: boolean;
}

export interface ObserveOptions {
  /** Parameter values in text format; also makes the run use the extended protocol. */
  readonly parameters?: readonly (string | null)[];
  readonly types?: readonly number[];
  /** `extended` by default; `simple` for texts with several statements. */
  readonly protocol?: 'simple' | 'extended';
  /** Run inside the transaction before the statement. */
  readonly before?: string;
  /** Leave EXPLAIN out (it is one more run). */
  readonly plan?: boolean;
}

/** A run that cannot be judged is an error of the harness, never a verdict. */
async function expectOk(client: WireClient, sql: string): Promise<void> {
  const { error } = await client.query(sql);
  if (error !== null) throw new Error(`harness statement failed: ${sql}: ${error['C']} ${error['M']}`);
}

export async function observe(client: WireClient, sql: string, options: ObserveOptions = {}): Promise<Observation> {
  await expectOk(client, 'BEGIN');
  if (options.before !== undefined) await expectOk(client, options.before);
  const exchange = await run(client, sql, options);
  if (!client.ended) await expectOk(client, 'ROLLBACK');
  const explained =
    options.plan !== false && exchange.error === null && !client.ended ? await explain(client, sql, options) : null;
  return read(exchange, explained, client.ended);
}

function run(client: WireClient, sql: string, options: ObserveOptions): Promise<Exchange> {
  if (options.protocol === 'simple') return client.query(sql);
  return client.exchange([
    frontend.parse('', sql, options.types ?? []),
    frontend.describe('S'),
    frontend.bind({ parameters: options.parameters ?? [] }),
    frontend.execute(),
    frontend.sync,
  ]);
}

/** Null for what EXPLAIN does not take. */
async function explain(client: WireClient, sql: string, options: ObserveOptions): Promise<readonly string[] | null> {
  await expectOk(client, 'BEGIN');
  if (options.before !== undefined) await expectOk(client, options.before);
  const { error, results } = await run(client, `EXPLAIN (COSTS OFF) ${sql}`, options);
  await expectOk(client, 'ROLLBACK');
  if (error !== null) return null;
  return (results[0]?.rows ?? []).map((row) => row[0]?.toString('utf8') ?? '');
}

function read(exchange: Exchange, plan: readonly string[] | null, closed: boolean): Observation {
  const { results, error } = exchange;
  const fields = results.find((result) => result.fields !== null)?.fields ?? null;
  return {
    sqlstate: error?.['C'] ?? null,
    message: error?.['M'] ?? null,
    detail: error?.['D'] ?? null,
    tag: results.map(({ tag }) => tag).join('; ') || null,
    fields,
    parameterTypes: exchange.parameterTypes[0] ?? null,
    rows: results.flatMap((result) =>
      result.rows.map((row) =>
        row.map((value) => (value === null ? '-' : `${value.length}:${value.toString('latin1')}`)).join(' '),
      ),
    ),
    copied: Buffer.concat(results.flatMap((result) => result.copied)).toString('latin1'),
    notices: exchange.notices.map(noticeText),
    plan,
    closed,
  };
}

function noticeText(fields: ServerMessage): string {
  return `${fields['V'] ?? fields['S']} ${fields['C']} ${fields['M']} ${fields['D'] ?? ''}`.trim();
}
