/** Known differences by their cause: which entry of plans.json says what shall be done about each. */
import type { Found } from './judge.ts';

interface Cause {
  /** Key of test/scoreboard/plans.json. */
  readonly plan: string;
  readonly sql?: RegExp;
  /** Sluice's code and message. */
  readonly refusal?: RegExp;
  /** The first line that differs. */
  readonly direct?: RegExp;
  readonly through?: RegExp;
}

const CAUSES: readonly Cause[] = [
  // The server's grammar takes it and its analysis rejects it; ours, the newest, rejects it at once.
  { plan: 'newer-grammar', through: /^E .*\bC=42601\b/, direct: /^E / },
  // Sessions of the catalog reader are counted by the server like any other.
  { plan: 'own-sessions', sql: /\bpg_stat_database\b/ },
  // VACUUM beside a reading of the schema: pages that are not marked all-visible make an index-only scan dearer.
  { plan: 'index-only-behind-a-snapshot', sql: /^\s*explain\b/i, direct: /\bIndex Only Scan\b/, through: /^D / },
];

export function planOf({ sql, direct, through, at }: Found): string | undefined {
  const refusal = through?.refusal === undefined ? '' : `${through.refusal.code} ${through.refusal.message}`;
  const fits = (pattern: RegExp | undefined, text: string): boolean => pattern === undefined || pattern.test(text);
  return CAUSES.find(
    (cause) =>
      fits(cause.sql, sql) &&
      fits(cause.refusal, refusal) &&
      fits(cause.direct, direct?.lines[at] ?? '') &&
      fits(cause.through, through?.lines[at] ?? ''),
  )?.plan;
}
