/**
 * What a store, and whoever asks it, takes from a line for the conditions of a RecordFilter. A line is what a sidecar sent: any JSON there is, of
 * any size and shape, so nothing in it is believed to have the type that it should have, and what is not understood has no facts but its place.
 */
import { isRecord, type Raw, record, records, text, texts } from '../json/read.ts';
import type { ChainOwner, RecordFilter } from './store.ts';

export interface RecordFacts {
  /** `unknown` where the line has none. */
  readonly type: string;
  /** Microseconds since the epoch; undefined: the line has no time that is one. */
  readonly time?: number;
  /** Of intents and outcomes: pairs them. */
  readonly statement?: string;
  readonly decision?: 'allow' | 'deny';
  readonly fingerprint?: string;
  /** As it is in the record. */
  readonly trace?: string;
  /** Read, written, changed or returned; without repetitions. */
  readonly relations: readonly string[];
  /** rowDigests of changed and returned rows; without repetitions. */
  readonly rows: readonly string[];
}

const NOTHING: RecordFacts = { type: 'unknown', relations: [], rows: [] };

/** Never throws. */
export function recordFacts(line: string): RecordFacts {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return NOTHING;
  }
  if (!isRecord(value)) return NOTHING;
  const type = own(value, 'type');
  const facts = {
    type: typeof type === 'string' && type.length <= 64 ? type : 'unknown',
    ...defined('time', microseconds(text(own(value, 'time')) ?? '')),
  };
  if (type === 'intent') return { ...facts, ...intentFacts(value) };
  if (type === 'outcome') return { ...facts, ...outcomeFacts(value) };
  return { ...facts, relations: [], rows: [] };
}

function intentFacts(value: Raw): Omit<RecordFacts, 'type' | 'time'> {
  const decision = own(value, 'decision');
  const relations = [...records(own(value, 'reads')), ...records(own(value, 'writes'))].map((each) => own(each, 'relation'));
  return {
    ...statementOf(value),
    ...(decision === 'allow' || decision === 'deny' ? { decision } : {}),
    ...defined('fingerprint', text(own(value, 'fingerprint'))),
    ...defined('trace', text(own(value, 'trace'))),
    relations: distinct(relations),
    rows: [],
  };
}

function outcomeFacts(value: Raw): Omit<RecordFacts, 'type' | 'time'> {
  const changes = records(own(record(own(value, 'evidence')) ?? {}, 'changes'));
  const returned = records(own(record(own(value, 'returned')) ?? {}, 'keys'));
  return {
    ...statementOf(value),
    relations: distinct([...changes, ...returned].map((each) => own(each, 'relation'))),
    rows: distinct([
      ...changes.flatMap((each) => texts(own(each, 'keys'))),
      ...returned.flatMap((each) => texts(own(each, 'digests'))),
    ]),
  };
}

/** What a statement has, of its two records: conditions of an intent select its outcome, and the other way round. */
export function joinFacts(own: RecordFacts, other: RecordFacts | undefined): RecordFacts {
  if (other === undefined) return own;
  return {
    ...own,
    ...defined('decision', own.decision ?? other.decision),
    ...defined('fingerprint', own.fingerprint ?? other.fingerprint),
    ...defined('trace', own.trace ?? other.trace),
    relations: distinct([...own.relations, ...other.relations]),
    rows: distinct([...own.rows, ...other.rows]),
  };
}

/**
 * Whether a record is asked for. `facts`: of the whole statement (joinFacts) where it has two records. `received`: microseconds, the time of a
 * record that has none.
 */
export function matches(filter: RecordFilter, chain: string, owner: ChainOwner, facts: RecordFacts, received: number): boolean {
  const time = facts.time ?? received;
  return (
    ownerMatches(filter, chain, owner) &&
    (filter.from === undefined || time >= bound(filter.from)) &&
    (filter.to === undefined || time < bound(filter.to)) &&
    (filter.types === undefined || filter.types.includes(facts.type)) &&
    (filter.decision === undefined || filter.decision === facts.decision) &&
    (filter.fingerprint === undefined || filter.fingerprint === facts.fingerprint) &&
    (filter.trace === undefined || traceMatches(filter.trace, facts.trace)) &&
    (filter.relation === undefined || facts.relations.includes(filter.relation)) &&
    (filter.row === undefined || facts.rows.includes(filter.row))
  );
}

/** The conditions that all records of a chain have alike. */
export function ownerMatches(filter: RecordFilter, chain: string, { identity, database }: ChainOwner): boolean {
  return (
    (filter.chains === undefined || filter.chains.includes(chain)) &&
    (filter.namespace === undefined || filter.namespace === identity.namespace) &&
    (filter.serviceAccount === undefined || filter.serviceAccount === identity.serviceAccount) &&
    (filter.podUid === undefined || filter.podUid === identity.podUid) &&
    (filter.database === undefined || filter.database === database)
  );
}

/** `asked`: a trace id, or a whole traceparent. */
export function traceMatches(asked: string, trace: string | undefined): boolean {
  return trace !== undefined && (asked === trace || asked === traceId(trace));
}

/** Of a W3C traceparent: `00-TRACEID-PARENTID-FLAGS`. */
export function traceId(trace: string): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(trace)?.[1];
}

/** Times are kept from 1970 to 2200, so that they are exact as numbers. A record of the year 9999 is one of the last microsecond. */
const END_OF_TIME = Date.UTC(2200, 0, 1) * 1000;

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** Of an RFC 3339 time, clamped to the years that are kept; undefined: it is none. */
export function microseconds(time: string): number | undefined {
  const value = parsed(time);
  return value === undefined ? undefined : Math.min(Math.max(value, 0), END_OF_TIME - 1);
}

function parsed(time: string): number | undefined {
  const [, date, clock, fraction = '', zone] = RFC_3339.exec(time) ?? [];
  if (date === undefined) return undefined;
  const seconds = Date.parse(`${date}T${clock}${zone === 'z' ? 'Z' : zone}`);
  if (Number.isNaN(seconds)) return undefined;
  return seconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** RFC 3339 with microseconds, UTC. */
export function rfc3339(time: number): string {
  const millisecond = Math.floor(time / 1000);
  return `${new Date(millisecond).toISOString().slice(0, -1)}${String(time - millisecond * 1000).padStart(3, '0')}Z`;
}

/** Microseconds of a filter's `from` or `to`, clamped so that a record that should be within is. @throws RangeError */
export function bound(time: string): number {
  const value = parsed(time);
  if (value === undefined)
    throw new RangeError(`${JSON.stringify(time.slice(0, 40))} is not a time such as 2026-11-21T10:00:00Z`);
  return Math.min(Math.max(value, 0), END_OF_TIME);
}

function statementOf(value: Raw): { readonly statement?: string } {
  return defined('statement', text(own(value, 'statement')));
}

/** Not what an object inherits: a record may lack any field. */
function own(value: Raw, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function distinct(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.filter((each) => typeof each === 'string'))];
}

function defined<K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]?: V });
}
