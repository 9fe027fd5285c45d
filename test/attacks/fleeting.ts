/**
 * What two servers never agree on, whatever they hold: process ids, transaction ids and readings of the clock. The own row of
 * pg_stat_activity shows all three, under any name and in any type of row. Each is known by its value, so that a number or a
 * time that is none of the server's own is still compared.
 */
import { rows } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';

export interface Fleeting {
  /** Those that are connected. */
  readonly processes: ReadonlySet<number>;
  /** The next transaction id, before and after. */
  readonly transactions: readonly [number, number];
  /** Milliseconds since 1970. */
  readonly clock: readonly [number, number];
}

export async function readServer(admin: WireClient): Promise<{ readonly processes: readonly number[]; readonly next: number }> {
  const [row = []] = await rows(
    admin,
    "SELECT (SELECT string_agg(pid::text, ' ') FROM pg_stat_activity), pg_snapshot_xmax(pg_current_snapshot())",
  );
  return { processes: (row[0] ?? '').split(' ').map(Number), next: Number(row[1]) };
}

/** A value in either format as text, with a word in place of each fleeting part. */
export function withoutFleeting(value: Buffer, own: Fleeting): string {
  const whole = binaryWord(value.toString('latin1'), own);
  if (whole !== null) return whole;
  return (
    value
      .toString('latin1')
      // Rows, arrays and COPY in the binary format put its length before each field.
      .replace(/(\0\0\0\x04)(.{4})|(\0\0\0\x08)(.{8})/gs, (text, ...[, four = '', , eight = '']: string[]) => {
        const word = binaryWord(four + eight, own);
        return word === null ? text : text.slice(0, 4) + word;
      })
      .replace(TIMESTAMP, (text, date: string, time: string, zone: string | undefined) =>
        within(Date.parse(`${date}T${time}${offset(zone)}`), own.clock) ? '<clock>' : text,
      )
      .replace(/(?<![\w.-])\d+(?![\w.])/g, (text) => numberWord(Number(text), own) ?? text)
  );
}

const TIMESTAMP = /(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d(?::?\d\d)?)?/g;

function offset(zone: string | undefined): string {
  if (zone === undefined || zone === 'Z') return 'Z';
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function numberWord(number: number, own: Fleeting): string | null {
  if (own.processes.has(number)) return '<process>';
  return within(number, own.transactions) ? '<transaction>' : null;
}

/** int4 and xid have four bytes, xid8 eight, as a timestamp has: microseconds since 2000. */
function binaryWord(latin1: string, own: Fleeting): string | null {
  const bytes = Buffer.from(latin1, 'latin1');
  if (bytes.length === 4) return numberWord(bytes.readUInt32BE(), own);
  if (bytes.length !== 8) return null;
  const number = Number(bytes.readBigInt64BE());
  return within(number / 1_000 + YEAR_2000, own.clock) ? '<clock>' : numberWord(number, own);
}
const YEAR_2000 = Date.UTC(2000, 0, 1);

const within = (value: number, [from, to]: readonly [number, number]): boolean => value >= from && value <= to;
