/**
 * `sluice audit open`: images of written rows, opened with a recipient's own age identity. Records are read twice: first the sealed keys, which the identity
 * opens, then the outcomes that hold images. Nothing is kept, nothing is sent anywhere.
 */
import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { Decrypter } from 'age-encryption';
import { isRecord } from '../../core/json/read.ts';
import type { RowImage, SealedImages } from '../../core/audit/evidence.ts';
import { openImages, SEALING_KEY, SealingError } from '../../core/audit/sealing.ts';
import { CliError } from '../errors.ts';
import { asColumns, printable } from '../table.ts';
import type { AuditSource } from './sources/source.ts';
import { parsedLine } from './lines.ts';

export interface OpenOptions {
  /** A file as age-keygen writes it. */
  readonly identity: string;
  /** Undefined: all. */
  readonly statements?: readonly string[];
  readonly output: 'table' | 'json';
}

interface SealedKey {
  /** Those who may open it. */
  readonly recipients: readonly string[];
  /** Undefined: none of the identities opens it. */
  readonly key: Buffer | undefined;
}

interface SealedOutcome {
  readonly statement: string;
  readonly time: string;
  readonly capture: string;
  readonly reasons: readonly string[];
  readonly images?: string;
  readonly sealedBy?: string;
}

/** True when everything that was asked for was opened. Throws CliError. */
export async function open(
  source: Pick<AuditSource, 'records'>,
  options: OpenOptions,
  out: Writable,
  err: Writable,
): Promise<boolean> {
  const identities = readIdentities(options.identity);
  const keys = await openKeys(source, identities);
  const missing = new Set(options.statements ?? []);
  let failures = 0;
  let opened = 0;
  for await (const { line } of source.records({ types: ['outcome'] })) {
    const outcome = sealedOutcome(line);
    if (outcome === undefined || (options.statements !== undefined && !missing.has(outcome.statement))) continue;
    if (outcome.images === undefined && options.statements === undefined) continue;
    missing.delete(outcome.statement);
    const images = openOutcome(outcome, keys, options.identity);
    if (typeof images === 'string') {
      failures += 1;
      err.write(`${outcome.statement}: ${images}\n`);
      continue;
    }
    opened += 1;
    out.write(options.output === 'json' ? `${JSON.stringify({ time: outcome.time, ...images })}\n` : table(outcome, images));
  }
  for (const statement of missing) err.write(`${statement}: there is no outcome of this statement with evidence of rows\n`);
  if (opened === 0 && failures === 0 && missing.size === 0) err.write('there are no sealed images\n');
  return failures === 0 && missing.size === 0;
}

function openOutcome(outcome: SealedOutcome, keys: ReadonlyMap<string, SealedKey>, file: string): SealedImages | string {
  const { statement, images, sealedBy, capture, reasons } = outcome;
  if (images === undefined || sealedBy === undefined)
    return `it has no images (capture: ${capture}${reasons.map((reason) => `, ${reason}`).join('')})`;
  const sealed = keys.get(sealedBy);
  if (sealed === undefined)
    return `the record of its key (${sealedBy}) is not in what was given: it stands before the statement in the same chain`;
  if (sealed.key === undefined) return `no identity of ${file} opens it: it is sealed to ${sealed.recipients.join(', ')}`;
  try {
    return openImages(sealed.key, sealedBy, statement, images);
  } catch (error) {
    if (error instanceof SealingError) return `its images do not open: ${error.message}`;
    throw error;
  }
}

/** Lines beginning with AGE-SECRET-KEY-1; others are comments. */
function readIdentities(file: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`cannot read the identity ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`);
  }
  if (text.startsWith('-----BEGIN AGE ENCRYPTED FILE') || text.startsWith('age-encryption.org/'))
    throw new CliError(`${file} is encrypted itself: give it as age -d writes it`);
  const identities = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-1'));
  // Never what stands in it.
  if (identities.length === 0) throw new CliError(`${file} holds no identity of age (AGE-SECRET-KEY-1…)`);
  for (const identity of identities) {
    try {
      new Decrypter().addIdentity(identity);
    } catch {
      throw new CliError(`${file} holds an identity whose checksum is wrong`);
    }
  }
  return identities;
}

async function openKeys(
  source: Pick<AuditSource, 'records'>,
  identities: readonly string[],
): Promise<ReadonlyMap<string, SealedKey>> {
  const found: { readonly id: string; readonly recipients: readonly string[]; readonly files: readonly string[] }[] = [];
  for await (const { line } of source.records({ types: ['sealing-key'] })) {
    const record = line.includes('"sealing-key"') ? parsedLine(line) : undefined;
    if (record?.['type'] !== 'sealing-key' || typeof record['id'] !== 'string' || !Array.isArray(record['sealed'])) continue;
    const sealed = record['sealed'].filter(isRecord);
    found.push({
      id: record['id'],
      recipients: sealed.flatMap(({ recipients }) => (Array.isArray(recipients) ? recipients.map(String) : [])),
      files: sealed.flatMap(({ file }) => (typeof file === 'string' ? [file] : [])),
    });
  }
  const keys = new Map<string, SealedKey>();
  for (const { id, recipients, files } of found) {
    // A record that somebody has put in must not hide the one that opens.
    if (keys.get(id)?.key !== undefined) continue;
    let key: Buffer | undefined;
    for (const file of files) key ??= await openKey(file, identities);
    keys.set(id, { recipients, key });
  }
  return keys;
}

async function openKey(file: string, identities: readonly string[]): Promise<Buffer | undefined> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  try {
    const key = Buffer.from(await decrypter.decrypt(Buffer.from(file, 'base64')));
    return key.length === SEALING_KEY ? key : undefined;
  } catch {
    return undefined;
  }
}

function sealedOutcome(line: string): SealedOutcome | undefined {
  const record = line.includes('"evidence"') ? parsedLine(line) : undefined;
  if (record?.['type'] !== 'outcome' || typeof record['statement'] !== 'string' || !isRecord(record['evidence']))
    return undefined;
  const { capture, reasons, images, sealedBy } = record['evidence'];
  return {
    statement: record['statement'],
    time: String(record['time']),
    capture: String(capture),
    reasons: Array.isArray(reasons) ? reasons.map(String) : [],
    ...(typeof images === 'string' && typeof sealedBy === 'string' ? { images, sealedBy } : {}),
  };
}

function table(outcome: SealedOutcome, images: SealedImages): string {
  const blocks = images.changes.flatMap(({ relation, action, rows }) =>
    rows.map((row) => `${action} ${printable(relation)}\n${asColumns([['  column', 'before', 'after'], ...columns(row)])}`),
  );
  const why = outcome.reasons.length === 0 ? '' : ` (${outcome.reasons.map(printable).join(', ')})`;
  return `${printable(outcome.time)}  ${outcome.statement}  ${printable(outcome.capture)}${why}\n${blocks.join('')}\n`;
}

/** Of an update, `after` has what changed: the rest is as before. */
function columns({ before, after }: RowImage): readonly (readonly string[])[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names.map((name) => [
    `  ${name}`,
    cell(before, name),
    before !== undefined && after !== undefined && !Object.hasOwn(after, name) ? '=' : cell(after, name),
  ]);
}

function cell(image: RowImage['before'], name: string): string {
  if (image === undefined || !Object.hasOwn(image, name)) return '';
  const value = image[name];
  return value === null || value === undefined ? 'NULL' : JSON.stringify(value);
}
