/**
 * One record as a sidecar sends it, before anything is believed of it: is it what comes next in its chain, and does it say of itself what we know of
 * its pod. What a record tells of statements is the sidecar's word; that it was said by this pod, in this order, is ours.
 */
import { EMPTY_CHAIN, hashLine } from '../../core/audit/chain.ts';
import type { ChainOwner } from '../../core/audit/store.ts';
import { isRecord, type Raw } from '../../core/json/read.ts';

/** Bytes of a record. */
export const MAX_RECORD = 1024 * 1024;

/** Where the next record has to fit. */
export interface Expected {
  readonly chain: string;
  readonly owner: ChainOwner;
  readonly seq: number;
  /** Of the line before; undefined: this replica does not hold it. */
  readonly hash: string | undefined;
}

export type LineProblem =
  /** No record, or too large. */
  | 'malformed'
  /** Does not follow the record before it. */
  | 'broken-link'
  /** Says that it is somebody else's. */
  | 'other-identity'
  /** Of a type that sidecars do not write. */
  | 'forbidden-type';

export type CheckedLine =
  | { readonly ok: true; readonly hash: string; readonly bytes: number; readonly time: string }
  | { readonly ok: false; readonly problem: LineProblem; readonly reason: string };

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const TYPE = /^[a-z][a-z-]{0,31}$/;
const HASH = /^[0-9a-f]{64}$/;
/** What the operator writes itself: who asks for actions of people must not find what a pod has made up. */
const OPERATORS: ReadonlySet<string> = new Set(['admin', 'countersignature']);

export function checkLine(line: unknown, expected: Expected): CheckedLine {
  if (typeof line !== 'string') return no('malformed', 'a line is not text');
  const bytes = Buffer.byteLength(line);
  if (bytes > MAX_RECORD) return no('malformed', `a record has ${bytes} bytes`);
  // Newlines between tokens are JSON, and a lone surrogate is text that has no bytes of its own: either would be stored as something else.
  if (line.includes('\n') || !line.isWellFormed()) return no('malformed', 'a line is not a line');
  const record = parsed(line);
  if (record?.['v'] !== 1) return no('malformed', 'a line is not a record of format 1');
  const { seq, prev, time, type } = record;
  // The form alone lets a month 99 through, which no clock and no arithmetic takes.
  if (typeof time !== 'string' || !TIME.test(time) || Number.isNaN(Date.parse(time)))
    return no('malformed', 'a record has no time');
  if (typeof type !== 'string' || !TYPE.test(type)) return no('malformed', 'a record has no type');
  if (seq !== expected.seq) return no('broken-link', `seq ${expected.seq} was expected`);
  if (typeof prev !== 'string' || !HASH.test(prev)) return no('malformed', 'a record has no link to the one before');
  if (prev !== (expected.seq === 0 ? EMPTY_CHAIN.hash : (expected.hash ?? prev)))
    return no('broken-link', 'it does not follow the record before it');
  if (OPERATORS.has(type)) return no('forbidden-type', `a sidecar does not write ${type}`);
  if (expected.seq === 0 && type !== 'chain-start') return no('broken-link', 'the first record is not a chain-start');
  if (type === 'chain-start' && !isOwn(record, expected)) return no('other-identity', 'its chain-start is of somebody else');
  return { ok: true, hash: hashLine(line), bytes, time };
}

function parsed(line: string): Raw | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Node and image may have become known after the chain had begun. */
function isOwn({ chain, identity, database }: Raw, expected: Expected): boolean {
  const { owner } = expected;
  if (chain !== expected.chain || !isRecord(identity) || !isRecord(database)) return false;
  const { namespace, serviceAccount, pod, podUid } = owner.identity;
  return (
    identity['namespace'] === namespace &&
    identity['serviceAccount'] === serviceAccount &&
    identity['pod'] === pod &&
    identity['podUid'] === podUid &&
    `${String(database['namespace'])}/${String(database['name'])}` === owner.database
  );
}

function no(problem: LineProblem, reason: string): CheckedLine {
  return { ok: false, problem, reason };
}
