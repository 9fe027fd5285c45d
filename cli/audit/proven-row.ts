/** A row as somebody holds it, in the bytes in which it may have left: a DataRow with columns in text and binary, or a line of COPY. */
import { rowBytes } from '../../core/audit/proof.ts';
import { CliError } from '../errors.ts';

/** Text as PostgreSQL prints it, null for NULL, or bytes as they were sent. */
export type HeldRow = readonly (string | Buffer | null)[];

/** One row a line: JSON arrays of texts, null and {"hex": "…"}; with `csv` CSV as COPY writes it, in which an empty field without quotes is NULL. */
export function parseRows(text: string, csv: boolean): readonly HeldRow[] {
  const rows = csv
    ? parseCsv(text)
    : text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(parseJsonRow);
  if (rows.length === 0) throw new CliError('there is no row to prove', 2);
  return rows;
}

function parseJsonRow(line: string): HeldRow {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw new CliError('a row is given as a JSON array of texts, for example \'["1","Ada",null]\'', 2);
  }
  if (!Array.isArray(row)) throw new CliError('a row is given as a JSON array, with a value for each column', 2);
  return row.map((value: unknown) => {
    if (value === null || typeof value === 'string') return value;
    const hex = typeof value === 'object' ? (value as { hex?: unknown }).hex : undefined;
    if (typeof hex === 'string' && /^([0-9a-fA-F]{2})*$/.test(hex)) return Buffer.from(hex, 'hex');
    throw new CliError('values are texts as PostgreSQL prints them ("1", not 1), null, or {"hex": "…"}', 2);
  });
}

function parseCsv(text: string): readonly HeldRow[] {
  const rows: (string | null)[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let row: (string | null)[] = [];
  while (field.lastIndex < text.length || row.length > 0) {
    const match = field.exec(text);
    if (match === null) throw new CliError('the row file is not CSV', 2);
    const [, quoted, plain = '', end = ''] = match;
    row.push(quoted === undefined ? (plain === '' ? null : plain) : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** How records say that rows were sent. */
export interface SentForm {
  readonly copy?: boolean;
  readonly binary?: readonly number[];
}

/** The bytes it may have had; a text: why there are none. */
export function sentBytes(row: HeldRow, { copy, binary }: SentForm): readonly Buffer[] | string {
  if (copy === true) {
    if (row.some(Buffer.isBuffer)) return 'a row of COPY is given as texts';
    const texts = row as readonly (string | null)[];
    return [Buffer.from(`${texts.map(copyText).join('\t')}\n`), Buffer.from(`${texts.map(copyCsv).join(',')}\n`)];
  }
  const values: (string | Buffer | null)[] = [];
  for (const [index, value] of row.entries()) {
    const type = binary?.[index] ?? 0;
    const sent = value === null || Buffer.isBuffer(value) || type === 0 ? value : binaryOf(value, type);
    if (sent === undefined) return `column ${index + 1} was sent in binary, as type ${type}: give it as {"hex": "…"}`;
    values.push(sent);
  }
  return [rowBytes(values)];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function copyText(value: string | null): string {
  return value === null ? '\\N' : value.replaceAll(/[\\\b\f\n\r\t\v]/g, (character) => ESCAPES[character]!);
}

function copyCsv(value: string | null): string {
  if (value === null) return '';
  return value === '' || value === '\\.' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** OIDs of types whose binary form is their text. */
const TEXTS: ReadonlySet<number> = new Set([18, 19, 25, 114, 1042, 1043]);
const INTEGERS: Readonly<Record<number, readonly [bytes: number, signed: boolean]>> = {
  20: [8, true],
  21: [2, true],
  23: [4, true],
  26: [4, false],
};

/** The converse of parameterText, for the types of which there is only one. */
function binaryOf(text: string, type: number): Buffer | undefined {
  if (TEXTS.has(type)) return Buffer.from(text);
  const integer = INTEGERS[type];
  if (integer !== undefined && /^-?\d{1,19}$/.test(text)) {
    const bytes = Buffer.alloc(8);
    if (integer[1]) bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(text)));
    else bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(text)));
    return bytes.subarray(8 - integer[0]);
  }
  if (type === 16 && /^(t|f|true|false)$/.test(text)) return Buffer.of(text.startsWith('t') ? 1 : 0);
  if (type === 2950 && /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text))
    return Buffer.from(text.replaceAll('-', ''), 'hex');
  if (type === 17 && /^\\x([0-9a-fA-F]{2})*$/.test(text)) return Buffer.from(text.slice(2), 'hex');
  if (type === 3802) return Buffer.concat([Buffer.of(1), Buffer.from(text)]);
  return undefined;
}
