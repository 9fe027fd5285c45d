/**
 * Reading the store of a cluster over HTTP: `http://127.0.0.1:15491` in the operator's pods, on loopback alone, so that who may read is who may
 * `port-forward` to pods of its namespace. Nothing can be changed here.
 *
 *   GET  /audit/v1/chains?FILTER               NDJSON of ReadItem<StoredChain>
 *   GET  /audit/v1/records?FILTER              NDJSON of ReadItem<StoredLine>, in the order of `AuditStore.records`; may be more than was asked for
 *   GET  /audit/v1/lines?chain=NAME&from=SEQ   NDJSON of ReadItem<StoredLine>
 *   POST /audit/v1/digest                      DigestRequest → DigestAnswer: the key does not leave the operator
 *
 * FILTER: the fields of RecordFilter under their names; `chains` and `types` once for each. Other answers are JSON of ReadError: 400 the question
 * is none, 404 no such path or database, 503 the store cannot be read now.
 */
import { bound } from './facts.ts';
import type { RecordFilter, StoredChain, StoredLine } from './store.ts';

export const READ_PORT = 15_491;
export const CHAINS_PATH = '/audit/v1/chains';
export const RECORDS_PATH = '/audit/v1/records';
export const LINES_PATH = '/audit/v1/lines';
export const DIGEST_PATH = '/audit/v1/digest';

/**
 * One line of an NDJSON answer. The last is `end`, or `error` where reading broke off; an answer without either was cut off on its way, and is not
 * everything that there is.
 */
export type ReadItem<T extends StoredChain | StoredLine> = { readonly item: T } | { readonly end: number } | ReadError;

/** One sentence. */
export interface ReadError {
  readonly error: string;
}

export interface DigestRequest {
  /** `namespace/name`. */
  readonly database: string;
  /** `schema.name` as records spell it. */
  readonly relation: string;
  /** Of the primary key, in the order of its columns, in PostgreSQL's text format. */
  readonly values: readonly (string | null)[];
}

export interface DigestAnswer {
  /** rowDigest: what `RecordFilter.row` takes. */
  readonly digest: string;
}

const SINGLE = [
  'from',
  'to',
  'namespace',
  'serviceAccount',
  'podUid',
  'database',
  'relation',
  'row',
  'decision',
  'trace',
  'fingerprint',
] as const satisfies readonly (keyof RecordFilter)[];
const REPEATED = ['chains', 'types'] as const satisfies readonly (keyof RecordFilter)[];

export function filterToQuery(filter: RecordFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of SINGLE) if (filter[name] !== undefined) query.set(name, filter[name]);
  for (const name of REPEATED) for (const each of filter[name] ?? []) query.append(name, each);
  return query;
}

/** @throws RangeError with a sentence: an unknown name would otherwise be a question that is not asked. */
export function filterFromQuery(query: URLSearchParams): RecordFilter {
  const filter: { -readonly [name in keyof RecordFilter]: string | string[] } = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (isOneOf(REPEATED, name)) filter[name] = values;
    else if (!isOneOf(SINGLE, name))
      throw new RangeError(`${JSON.stringify(name)} is not a condition: ${[...SINGLE, ...REPEATED].join(', ')}`);
    else if (values.length > 1) throw new RangeError(`${name} is there more than once`);
    else filter[name] = values[0]!;
  }
  if (filter.decision !== undefined && filter.decision !== 'allow' && filter.decision !== 'deny')
    throw new RangeError('decision is allow or deny');
  for (const time of [filter.from, filter.to]) if (typeof time === 'string') bound(time);
  return filter as RecordFilter;
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}
