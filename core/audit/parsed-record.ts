/** A line that somebody says is a record: what it must have to be looked at at all. Nothing about its fields is believed. */

export interface ParsedRecord {
  readonly v?: unknown;
  readonly seq?: unknown;
  readonly prev?: unknown;
  readonly time?: unknown;
  readonly type?: unknown;
  readonly statement?: unknown;
  readonly decision?: unknown;
  readonly chain?: unknown;
  readonly identity?: unknown;
  readonly database?: unknown;
  readonly continues?: unknown;
  readonly replaces?: unknown;
  readonly certificate?: unknown;
  readonly key?: unknown;
  readonly position?: unknown;
  readonly hash?: unknown;
  readonly ended?: unknown;
}

/** A string: why it is none. */
export function parseRecord(bytes: Buffer): ParsedRecord | string {
  let record: unknown;
  try {
    record = JSON.parse(bytes.toString('utf8'));
  } catch {
    return 'not a JSON object';
  }
  if (!isRecord(record)) return 'not a JSON object';
  if (record['v'] !== 1) return `record format ${JSON.stringify(record['v'])} is not known to this version`;
  return record;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it names this record of its chain. */
export function isPlace(value: unknown, seq: number, hash: unknown): boolean {
  return isRecord(value) && value['seq'] === seq && value['hash'] === hash;
}
