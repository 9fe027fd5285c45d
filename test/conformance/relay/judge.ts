/**
 * Two direct traces and one through Sluice, exchange by exchange. What a floor names and Sluice refused is excluded; what two
 * direct runs answer differently proves nothing; everything else is the same or a difference.
 */
import type { Difference } from '../../scoreboard/suite.ts';
import type { Trace, Traced } from './trace.ts';

export interface Verdicts {
  cases: number;
  identical: number;
  unstable: number;
  refusedByFloor: number;
  readonly floors: Record<string, number>;
  readonly differences: Found[];
}

export interface Found extends Difference {
  readonly sql: string;
  readonly direct: Traced | null;
  readonly through: Traced | null;
  /** Index of the first line that differs. */
  readonly at: number;
}

export function noVerdicts(): Verdicts {
  return { cases: 0, identical: 0, unstable: 0, refusedByFloor: 0, floors: {}, differences: [] };
}

/** Adds the verdicts of one client connection; `named` is put before the ordinal of each case. */
export function judge(into: Verdicts, named: string, direct: Trace, again: Trace | undefined, through: Trace | undefined): void {
  const second = align(direct.exchanges, again?.exchanges ?? []);
  const third = align(direct.exchanges, through?.exchanges ?? []);
  let abortedBy: string | undefined;
  direct.exchanges.forEach((exchange, index) => {
    const name = `${named}:${index}`;
    const other = second.pairs[index];
    const seen = third.pairs[index];
    into.cases++;
    if (seen?.floor !== undefined) {
      excluded(into, seen.floor);
      abortedBy = seen.aborted === true && statusOf(seen) === 'E' ? seen.floor : abortedBy;
      return;
    }
    const afterAbort = abortedBy;
    if (seen !== undefined && statusOf(seen) !== 'E') abortedBy = undefined;
    if (other === undefined || firstDifference(exchange, other) !== null) {
      into.unstable++;
      return;
    }
    const at = seen === undefined ? 0 : firstDifference(exchange, seen);
    if (at === null) into.identical++;
    // The server itself says that the block was aborted, which a floor's refusal had done.
    else if (seen !== undefined && afterAbort !== undefined && (statusOf(seen) === 'E' || endsBlock(seen)))
      excluded(into, afterAbort);
    else into.differences.push(difference(name, exchange, seen ?? null, at));
  });
  for (const extra of third.extra) {
    into.cases++;
    into.differences.push(difference(`${named}:+`, null, extra, 0));
  }
}

function excluded(into: Verdicts, floor: string): void {
  into.refusedByFloor++;
  into.floors[floor] = (into.floors[floor] ?? 0) + 1;
}

function difference(name: string, direct: Traced | null, through: Traced | null, at: number): Found {
  const sql = (direct ?? through)?.sql.join('; ') ?? '';
  const show = (traced: Traced | null): string => (traced === null ? '(not sent)' : (traced.lines[at] ?? '(nothing)'));
  const seen = `${shown(sql)} — direct: ${shown(show(direct))} — through: ${shown(show(through))}`;
  return { name, seen, sql, direct, through, at };
}

function shown(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 140);
}

function statusOf({ lines }: Traced): string | undefined {
  return /^Z (.)/.exec(lines.at(-1) ?? '')?.[1];
}

/** COMMIT or ROLLBACK: the answer to it tells the aborted block from one that went well. */
function endsBlock({ lines }: Traced): boolean {
  return lines.some((line) => /^C (ROLLBACK|COMMIT)/.test(line));
}

/** Index of the first line that differs. */
export function firstDifference(a: Traced, b: Traced): number | null {
  const length = Math.max(a.lines.length, b.lines.length);
  for (let at = 0; at < length; at++) if (a.lines[at] !== b.lines[at]) return at;
  return null;
}

/** How far apart two sequences may drift before they are given up as matching again. */
const WINDOW = 200;

/** For each exchange of `base` the one of `other` that asked the same; what `other` asked beyond that. */
export function align(
  base: readonly Traced[],
  other: readonly Traced[],
): { readonly pairs: readonly (Traced | undefined)[]; readonly extra: readonly Traced[] } {
  const pairs: (Traced | undefined)[] = base.map(() => undefined);
  const extra: Traced[] = [];
  let i = 0;
  let j = 0;
  while (i < base.length && j < other.length) {
    if (question(base[i]!) === question(other[j]!)) {
      pairs[i++] = other[j++];
      continue;
    }
    const [skipBase, skipOther] = nextMatch(base.slice(i, i + WINDOW), other.slice(j, j + WINDOW));
    for (let skipped = 0; skipped < skipOther; skipped++) extra.push(other[j + skipped]!);
    i += skipBase;
    j += skipOther;
  }
  extra.push(...other.slice(j));
  return { pairs, extra };
}

/** How many to leave out on each side, as few as possible, before both ask the same again. */
function nextMatch(base: readonly Traced[], other: readonly Traced[]): readonly [base: number, other: number] {
  const right = other.map(question);
  const left = base.map(question);
  for (let total = 1; total < left.length + right.length; total++) {
    for (let skip = Math.max(0, total - right.length + 1); skip <= Math.min(total, left.length - 1); skip++)
      if (left[skip] === right[total - skip]) return [skip, total - skip];
  }
  return [base.length, other.length];
}

/** OIDs that psql writes into its own queries differ from run to run. */
function question({ messages, sql }: Traced): string {
  return `${messages} ${sql.join('\0').replaceAll(/\b\d{5,}\b/g, 'N')}`;
}
