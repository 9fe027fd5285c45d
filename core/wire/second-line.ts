/**
 * The second line of defence, independent of the SQL analysis: what a server sends is checked for things that must not be
 * in it. A protected column that reaches the wire as itself, or a pinned setting that changed, ends the session. (Errors and
 * notices: report-scrub.ts.)
 */
import { type Denial, denial } from '../errors/denial.ts';
import { malformed } from './protocol-error.ts';
import { decodeRowDescription, scanRowDescription } from './server-messages.ts';

/** (table OID, attnum) in one number: 48 bits, exact in a double. */
export function packColumn(tableOid: number, attnum: number): number {
  return tableOid * 65536 + (attnum & 0xffff);
}

/** From `Bundle.protectedColumns`. Throws on an entry that is not `oid.attnum`: a typo must not become an unprotected column. */
export function protectedColumnSet(columns: readonly string[]): ReadonlySet<number> {
  const set = new Set<number>();
  for (const column of columns) {
    const parts = /^(\d{1,10})\.(-?\d{1,5})$/.exec(column);
    if (parts === null) throw new Error(`protected column "${column}" is not oid.attnum`);
    set.add(packColumn(Number(parts[1]), Number(parts[2])));
  }
  return set;
}

export interface ColumnOrigin {
  readonly tableOid: number;
  readonly attnum: number;
  /** Position in the result, from 0. */
  readonly index: number;
}

/**
 * The first result column that is a protected column in clear, or undefined. One pass, no object per column. PostgreSQL
 * reports the origin of every plain column even through subqueries and views' own columns; a masked expression has none.
 * Throws ProtocolError (SLUICE-706) on a RowDescription that does not add up.
 */
export function findProtectedColumn(rowDescription: Buffer, protectedColumns: ReadonlySet<number>): ColumnOrigin | undefined {
  let found: ColumnOrigin | undefined;
  scanRowDescription(rowDescription, (tableOid, attnum, index) => {
    if (tableOid === 0 || !protectedColumns.has(packColumn(tableOid, attnum))) return true;
    found = { tableOid, attnum, index };
    return false;
  });
  return found;
}

/**
 * The name of the column in which rows that were written ride past the client (core/sql/evidence). Unlike a protected column it has no origin by
 * which it could be told.
 */
export const EVIDENCE_COLUMN = 'sluice:rows';

const ITS_NAME = Buffer.from(`${EVIDENCE_COLUMN}\0`);

/** Whether a column other than the first `cut` ones is called as our own. One search, unless there is something to find. */
export function showsEvidence(rowDescription: Buffer, cut: 0 | 1): boolean {
  // Behind the first column's name, where that is cut.
  if (!rowDescription.includes(ITS_NAME, cut === 0 ? 0 : rowDescription.indexOf(0, 2))) return false;
  return decodeRowDescription(rowDescription).some(({ name }, index) => index >= cut && name === EVIDENCE_COLUMN);
}

/** What the client is told when the tripwire fires; the origin goes into the audit event. */
export function tripwireDenial(): Denial {
  return denial('SLUICE-704', 'the server returned a protected column unmasked; the session ends', {
    hint: 'This is a fault of Sluice or of the database server, not of the statement: please report it.',
  });
}

/** Reported settings that a session may see change. All others keep the value they had at login. */
export const CHANGEABLE_PARAMETERS: ReadonlySet<string> = new Set([
  'application_name',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'default_transaction_read_only',
  'in_hot_standby',
  'scram_iterations',
  'search_path',
]);

/** What the analysis relies on: texts are read as UTF-8 and backslashes in '…' as themselves. */
export const REQUIRED_PARAMETERS: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
};

/** Why a server with these parameters after login cannot be used, or undefined. */
export function baselineViolation(baseline: ReadonlyMap<string, string>): Denial | undefined {
  for (const [name, value] of Object.entries(REQUIRED_PARAMETERS)) {
    if (baseline.get(name) !== value) return denial('SLUICE-807', `the server did not accept ${name} = ${value}`);
  }
  if (!baseline.has('server_version')) return denial('SLUICE-706', 'the server did not report its version');
  return undefined;
}

/** A ParameterStatus in mid-session: why it ends the session, or undefined when it may be passed on. */
export function parameterViolation(baseline: ReadonlyMap<string, string>, name: string, value: string): Denial | undefined {
  if (CHANGEABLE_PARAMETERS.has(name) || baseline.get(name) === value) return undefined;
  const known = baseline.has(name);
  return denial(
    'SLUICE-705',
    known ? `the server changed the pinned setting "${name}"` : 'the server reported an unexpected setting',
    {
      hint: 'The session ends because its statements could no longer be judged safely; reconnect.',
    },
  );
}

/** `18.1`, `15.20 (Debian 15.20-0+deb12u1)`, `19beta2` → major. Throws ProtocolError (SLUICE-706). */
export function serverMajor(version: string): number {
  const digits = /^(\d{1,3})(?:\D|$)/.exec(version);
  if (digits === null) throw malformed('the server reported an unreadable version', {}, 'SLUICE-706');
  return Number(digits[1]);
}
