/** `sluice audit prove`: which statements returned a row that somebody holds, by records that hold none of it (core/audit/proof.ts). */
import type { Writable } from 'node:stream';
import type { DigestKey } from '../../core/audit/digest.ts';
import { isResult, LEAF, placesOf, resultKey } from '../../core/audit/proof.ts';
import { isRecord } from '../../core/json/read.ts';
import { printable } from '../table.ts';
import { type HeldRow, sentBytes } from './proven-row.ts';
import type { AuditSource } from './sources/source.ts';
import { parsedLine } from './lines.ts';

export interface ProveOptions {
  /** Of the Database; or of one result, as somebody was shown it. */
  readonly key: { readonly digest: DigestKey } | { readonly result: Buffer };
  readonly rows: readonly HeldRow[];
  /** Undefined: all. */
  readonly statements?: readonly string[];
  readonly output: 'table' | 'json';
}

interface ProvenResult {
  readonly statement: string;
  readonly time: string;
  readonly rows: number;
  readonly root: string;
  readonly leaves: string;
  readonly copy: boolean;
  readonly binary?: readonly number[];
}

interface Match {
  /** Of the held rows, from 1. */
  readonly row: number;
  /** In the result, from 1. */
  readonly places: readonly number[];
}

/** True when some statement returned a row, or all of them together. */
export async function prove(
  source: Pick<AuditSource, 'records' | 'owners'>,
  options: ProveOptions,
  out: Writable,
  err: Writable,
): Promise<boolean> {
  const owners = await source.owners();
  const texts = new Map<string, string>();
  const notes = new Set<string>();
  let [found, tried, longer] = [0, 0, 0];
  for await (const { line, chain } of source.records({ types: ['intent', 'outcome'] })) {
    const record = parsedLine(line);
    const statement = record?.['statement'];
    if (record === undefined || typeof statement !== 'string') continue;
    if (options.statements !== undefined && !options.statements.includes(statement)) continue;
    if (record['type'] === 'intent') {
      texts.set(statement, String(record['text']));
      continue;
    }
    const text = texts.get(statement) ?? '';
    texts.delete(statement);
    const result = provenResult(record);
    if (result === undefined) continue;
    tried += 1;
    const key = 'digest' in options.key ? resultKey(options.key.digest, statement) : options.key.result;
    const matches = matchesOf(key, result, options.rows, notes);
    const whole = isWhole(key, result, options.rows);
    if (result.rows * LEAF > Buffer.from(result.leaves, 'base64url').length) longer += 1;
    if (matches.length === 0 && !whole) continue;
    found += 1;
    const identity = owners.get(chain)?.identity;
    const who =
      identity === undefined ? '' : [identity.namespace, identity.serviceAccount, identity.pod].filter(Boolean).join('/');
    if (options.output === 'json')
      out.write(
        `${JSON.stringify({ statement, time: result.time, chain, who, text, rows: result.rows, matches, whole, resultKey: key.toString('base64url') })}\n`,
      );
    else out.write(shown(result, who, text, matches, whole, key));
  }
  for (const note of notes) err.write(`${note}\n`);
  if (tried === 0) err.write('no record has a proof of what was returned (Database.spec.audit.rows: Proof)\n');
  if (found === 0 && longer > 0)
    err.write(
      `${longer} results have more rows than leaves are kept: a later row of theirs is shown only by the whole result, in its order (--row-file)\n`,
    );
  return found > 0;
}

function matchesOf(key: Buffer, result: ProvenResult, rows: readonly HeldRow[], notes: Set<string>): readonly Match[] {
  return rows.flatMap((row, index): Match[] => {
    const sent = sentBytes(row, result);
    if (typeof sent === 'string') {
      notes.add(`${result.statement}: ${sent}`);
      return [];
    }
    const places = sent.flatMap((bytes) => placesOf(key, result.leaves, bytes)).map((place) => place + 1);
    return places.length === 0 ? [] : [{ row: index + 1, places }];
  });
}

function isWhole(key: Buffer, result: ProvenResult, rows: readonly HeldRow[]): boolean {
  if (rows.length !== result.rows) return false;
  const sent = rows.map((row) => sentBytes(row, result));
  if (sent.some((each) => typeof each === 'string')) return false;
  const forms = sent as readonly (readonly Buffer[])[];
  return (forms[0] ?? []).some((_, form) =>
    isResult(
      key,
      result.root,
      forms.map((each) => each[form]!),
    ),
  );
}

function provenResult(record: Readonly<Record<string, unknown>>): ProvenResult | undefined {
  const { returned } = record;
  if (record['type'] !== 'outcome' || !isRecord(returned)) return undefined;
  const { rows, root, leaves, copy, binary } = returned;
  if (typeof rows !== 'number' || typeof root !== 'string' || typeof leaves !== 'string') return undefined;
  return {
    statement: String(record['statement']),
    time: String(record['time']),
    rows,
    root,
    leaves,
    copy: copy === true,
    ...(Array.isArray(binary) ? { binary: binary.map(Number) } : {}),
  };
}

function shown(result: ProvenResult, who: string, text: string, matches: readonly Match[], whole: boolean, key: Buffer): string {
  const lines = matches.map(
    ({ row, places }) => `  row ${row} of those given is row ${places.join(' and ')} of the ${result.rows} returned`,
  );
  if (whole) lines.push(`  the rows given are the whole result, in its order (${result.rows} rows)`);
  return [
    `${printable(result.time)}  ${printable(result.statement)}  ${printable(who)}`,
    `  ${printable(text).slice(0, 200)}`,
    ...lines,
    `  whoever is given --result-key ${key.toString('base64url')} can check this for themselves, and nothing else`,
    '',
  ].join('\n');
}
