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

/** For each exchange of `base` the one of `other` that asked the same; what `other` asked beyond that. */
export function align(
  base: readonly Traced[],
  other: readonly Traced[],
): { readonly pairs: readonly (Traced | undefined)[]; readonly extra: readonly Traced[] } {
  const left = base.map(question);
  const right = other.map(question);
  const pairs: (Traced | undefined)[] = base.map(() => undefined);
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) {
    pairs[start] = other[start];
    start++;
  }
  let tail = 0;
  while (tail < left.length - start && tail < right.length - start && left.at(-1 - tail) === right.at(-1 - tail)) {
    pairs[left.length - 1 - tail] = other[right.length - 1 - tail];
    tail++;
  }
  const matched = new Set<number>();
  for (const [i, j] of longestCommon(left.slice(start, left.length - tail), right.slice(start, right.length - tail))) {
    pairs[start + i] = other[start + j];
    matched.add(start + j);
  }
  const extra = other.filter((_, index) => index >= start && index < right.length - tail && !matched.has(index));
  return { pairs, extra };
}

/** Index pairs of a longest common subsequence. */
function longestCommon(left: readonly string[], right: readonly string[]): readonly (readonly [number, number])[] {
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const at = i * width + j;
      lengths[at] =
        left[i] === right[j] ? (lengths[at + width + 1] ?? 0) + 1 : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0);
    }
  }
  const found: [number, number][] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) found.push([i++, j++]);
    else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return found;
}

/** OIDs and times that psql writes into its own queries differ from run to run. */
function question({ messages, sql }: Traced): string {
  const text = sql.join('\0').replaceAll(/'[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:.]+ \d{4} [A-Z]+'/g, "'time'");
  return `${messages} ${text.replaceAll(/\b\d{5,}\b/g, 'N')}`;
}
