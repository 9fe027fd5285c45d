/**
 * Records as questions read them. A line is whatever its writer made of it: a chain that verifies says who wrote it, not that a field has
 * its type, or that it is small. So nothing is believed to have a shape: what has not the type that the contract says counts as absent, and names,
 * texts and lists are cut where no honest one is as long, because whoever asks holds many of them.
 */
import type { Identity } from '../../identity/identity.ts';
import type { RelationChanges, RowEvidence, RowProof } from '../evidence.ts';
import type { AdminRecord, AuditEvent, ChainStart, Countersignature, Intent, Outcome } from '../record.ts';
import type { SessionEnd, SessionStart } from '../record.ts';

/** What questions ask about; of other records the type is all that is read. */
export type ReadRecord =
  | ChainStart
  | Intent
  | Outcome
  | SessionStart
  | SessionEnd
  | AdminRecord
  | AuditEvent
  | Countersignature
  | { readonly type: 'other'; readonly v: 1; readonly seq: number; readonly time: string; readonly prev: string };

type Fields = Readonly<Record<string, unknown>>;

/** Undefined: it is no record, or of a format that is not known. */
export function readRecord(line: string): ReadRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value) || value['v'] !== 1) return undefined;
  const { seq, time, prev, type } = value;
  if (!Number.isSafeInteger(seq) || typeof time !== 'string' || typeof prev !== 'string' || typeof type !== 'string')
    return undefined;
  const header = { v: 1, seq: seq as number, time, prev } as const;
  const read = READERS[type as keyof typeof READERS];
  return read !== undefined && Object.hasOwn(READERS, type) ? read(header, value) : { ...header, type: 'other' };
}

/** The time of a line, without reading the rest of it; undefined where the line does not begin as ours do. RFC 3339 compares as text. */
export function timeOfLine(line: string): string | undefined {
  return HEAD.exec(line)?.[1];
}

const HEAD = /^\{"v":1,"seq":\d{1,15},"time":"([0-9TZ:.+-]{20,35})"/;

interface Header {
  readonly v: 1;
  readonly seq: number;
  readonly time: string;
  readonly prev: string;
}

const READERS: { readonly [type in Exclude<ReadRecord['type'], 'other'>]: (header: Header, fields: Fields) => ReadRecord } = {
  'chain-start': (header, fields) => ({
    ...header,
    type: 'chain-start',
    chain: text(fields['chain']),
    product: text(fields['product']),
    identity: readIdentity(fields['identity']),
    ...optional('database', readDatabase(fields['database'])),
  }),
  intent: (header, fields) => ({
    ...header,
    type: 'intent',
    session: text(fields['session']),
    statement: text(fields['statement']),
    policies: texts(fields['policies']),
    bundle: text(fields['bundle']),
    mode: fields['mode'] === 'Observe' ? 'Observe' : 'Enforce',
    decision: fields['decision'] === 'deny' ? 'deny' : 'allow',
    ...optional('code', textOr(fields['code'])),
    ...optional('rule', textOr(fields['rule'])),
    ...optional('observed', fields['observed'] === undefined ? undefined : texts(fields['observed'])),
    kind: text(fields['kind']),
    fingerprint: text(fields['fingerprint']),
    text: text(fields['text'], LONGEST_TEXT),
    reads: list(fields['reads']).map(readUse),
    writes: list(fields['writes']).map((use) => ({ ...readUse(use), action: isObject(use) ? text(use['action']) : '' })),
    masks: words(fields['masks']),
    ...optional('clear', fields['clear'] === undefined ? undefined : words(fields['clear'])),
    filters: {},
    ...optional('functions', fields['functions'] === undefined ? undefined : texts(fields['functions'])),
    ...optional('trace', textOr(fields['trace'])),
  }),
  outcome: (header, fields) => ({
    ...header,
    type: 'outcome',
    session: text(fields['session']),
    statement: text(fields['statement']),
    result: RESULTS.find((result) => result === fields['result']) ?? 'unknown',
    ...optional('sqlstate', textOr(fields['sqlstate'])),
    ...optional('tag', textOr(fields['tag'])),
    ...optional('rows', count(fields['rows'])),
    ...optional('bytes', count(fields['bytes'])),
    ...optional('duration', count(fields['duration'])),
    ...optional('evidence', readEvidence(fields['evidence'])),
    ...optional('returned', readProof(fields['returned'])),
  }),
  'session-start': (header, fields) => ({
    ...header,
    type: 'session-start',
    session: text(fields['session']),
    claims: words(fields['claims']),
  }),
  'session-end': (header, fields) => ({
    ...header,
    type: 'session-end',
    session: text(fields['session']),
    reason: text(fields['reason']),
  }),
  event: (header, fields) => ({
    ...header,
    type: 'event',
    ...optional('session', textOr(fields['session'])),
    event: text(fields['event']),
    detail: details(fields['detail']),
  }),
  admin: (header, fields) => ({
    ...header,
    type: 'admin',
    action: text(fields['action']),
    ...optional('object', textOr(fields['object'])),
    ...optional('author', readAuthor(fields['author'])),
    detail: details(fields['detail']),
  }),
  countersignature: (header, fields) => ({
    ...header,
    type: 'countersignature',
    chain: text(fields['chain']),
    position: count(fields['position']) ?? 0,
    hash: text(fields['hash']),
    identity: readIdentity(fields['identity']),
    ...optional('database', textOr(fields['database'])),
    ...optional(
      'ended',
      ENDS.find((end) => end === fields['ended']),
    ),
  }),
};

const RESULTS = ['ok', 'error', 'denied', 'unknown'] as const;
const ENDS = ['ended', 'vanished'] as const;
const CAPTURES = ['exact', 'partial', 'none'] as const;
const CHANGES = ['Insert', 'Update', 'Delete'] as const;

function readIdentity(value: unknown): Identity {
  const fields = isObject(value) ? value : {};
  return {
    namespace: text(fields['namespace']),
    serviceAccount: text(fields['serviceAccount']),
    ...optional('pod', textOr(fields['pod'])),
    ...optional('podUid', textOr(fields['podUid'])),
    ...optional('node', textOr(fields['node'])),
    ...optional('image', textOr(fields['image'])),
  };
}

function readDatabase(value: unknown): ChainStart['database'] {
  if (!isObject(value)) return undefined;
  return {
    namespace: text(value['namespace']),
    name: text(value['name']),
    ...optional('environment', textOr(value['environment'])),
  };
}

function readUse(value: unknown): { readonly relation: string; readonly columns: readonly string[] } {
  return isObject(value)
    ? { relation: text(value['relation']), columns: texts(value['columns']) }
    : { relation: '', columns: [] };
}

function readEvidence(value: unknown): RowEvidence | undefined {
  if (!isObject(value)) return undefined;
  return {
    capture: CAPTURES.find((each) => each === value['capture']) ?? 'none',
    reasons: texts(value['reasons']) as RowEvidence['reasons'],
    changes: list(value['changes']).filter(isObject).map(readChanges),
  };
}

function readChanges(fields: Fields): RelationChanges {
  return {
    relation: text(fields['relation']),
    action: CHANGES.find((each) => each === fields['action']) ?? 'Update',
    rows: count(fields['rows']) ?? 0,
    key: texts(fields['key']),
    ...optional('keys', fields['keys'] === undefined ? undefined : digests(fields['keys'])),
  };
}

function readProof(value: unknown): RowProof | undefined {
  if (!isObject(value)) return undefined;
  const keys = list(value['keys'])
    .filter(isObject)
    .map((each) => ({ relation: text(each['relation']), digests: digests(each['digests']) }));
  return { rows: count(value['rows']) ?? 0, keys };
}

function readAuthor(value: unknown): AdminRecord['author'] {
  if (!isObject(value) || typeof value['username'] !== 'string') return undefined;
  return { username: value['username'], groups: texts(value['groups']) };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Two identifiers of 63 bytes, each quoted with every character a quote, are half as long. */
const LONGEST_NAME = 512;
/** Normalised text has at most 4 KiB. */
const LONGEST_TEXT = 8_192;
/** A table has at most 1,600 columns. */
const LONGEST_LIST = 2_000;

function text(value: unknown, longest = LONGEST_NAME): string {
  return textOr(value, longest) ?? '';
}

function textOr(value: unknown, longest = LONGEST_NAME): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.length > longest ? `${value.slice(0, longest - 1)}…` : value;
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, LONGEST_LIST) : [];
}

function texts(value: unknown): readonly string[] {
  return list(value).flatMap((each) => textOr(each) ?? []);
}

/** Digests of rows: as many as a record holds. */
function digests(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : []).flatMap((each: unknown) => textOr(each) ?? []);
}

/** Keys may be anything, `__proto__` included: it stays a key. */
function words(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  const entries = Object.entries(value).slice(0, LONGEST_LIST);
  return Object.fromEntries(
    entries.flatMap(([key, each]) => (typeof each === 'string' ? [[text(key), text(each)] as const] : [])),
  );
}

function details(value: unknown): Readonly<Record<string, string | number | boolean>> {
  if (!isObject(value)) return {};
  const entries = Object.entries(value).slice(0, LONGEST_LIST);
  return Object.fromEntries(
    entries.flatMap(([key, each]): readonly (readonly [string, string | number | boolean])[] => {
      if (typeof each === 'string') return [[text(key), text(each, LONGEST_TEXT)]];
      return typeof each === 'number' || typeof each === 'boolean' ? [[text(key), each]] : [];
    }),
  );
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: V });
}
