/** Times as people type them, and as records spell them. */
import { CliError } from '../../errors.ts';

export interface PeriodOptions {
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** [from, to) as records spell times, so that they compare as text. `now`: milliseconds since the epoch. Throws CliError. */
export function period({ from, to, last }: PeriodOptions, now: number): { readonly from?: string; readonly to?: string } {
  if (last !== undefined && (from !== undefined || to !== undefined)) throw new CliError('give --last, or --from and --to', 2);
  const begins = last === undefined ? optionalTime(from, '--from') : spelledTime(now - duration(last));
  const ends = optionalTime(to, '--to');
  if (begins !== undefined && ends !== undefined && begins >= ends) throw new CliError('--from must be before --to', 2);
  return { ...(begins === undefined ? {} : { from: begins }), ...(ends === undefined ? {} : { to: ends }) };
}

export function optionalTime(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  // A date alone is midnight UTC; a time without zone would be that of this machine, which an answer must not depend on.
  const zoned = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/.test(text)
    ? text.length === 10
      ? text
      : `${text.replace(' ', 'T')}Z`
    : text;
  const time = Date.parse(zoned);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time))
    throw new CliError(
      `${option} wants a date or a time (UTC unless it says otherwise), for example 2026-11-01 or 2026-11-01T08:00:00Z, not "${text}"`,
      2,
    );
  return spelledTime(time);
}

function spelledTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

function duration(text: string): number {
  const match = /^(\d{1,6})([smhdw])$/.exec(text);
  if (match === null) throw new CliError(`--last wants a number with s, m, h, d or w, for example 24h, not "${text}"`, 2);
  return Number(match[1]) * UNITS[match[2]!]!;
}
