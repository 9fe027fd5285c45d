/**
 * What of a chain is still to be sent. A chain has one mark, up to where it was sent; a gap that was passed over has a mark of its own, so that
 * records that another replica brings later are sent then. Marks never go back, and the larger of two is always the truth.
 */
import type { StoredChain } from '../../../core/audit/store.ts';

/** Consumers of ExportMarks. */
export const SENT = 'otlp';
export const GAPS = 'otlp/gaps';

export type Marks = Readonly<Record<string, number>>;

/** A stretch of seqs that is in the store and is to be sent. */
export interface Part {
  readonly first: number;
  readonly next: number;
  /** Whose mark goes on with it. */
  readonly consumer: typeof SENT | typeof GAPS;
  readonly key: string;
  /** A gap before it, to be marked no later than `key` passes it. */
  readonly gap?: { readonly key: string; readonly first: number };
}

export interface Pending {
  readonly parts: readonly Part[];
  /** Seqs that retention has removed, or that never came, before they were sent; and where the marks then stand. */
  readonly missed: readonly {
    readonly consumer: typeof SENT | typeof GAPS;
    readonly key: string;
    readonly first: number;
    readonly next: number;
  }[];
}

/** `sent` undefined: nothing of it, so that nothing that is gone already has been missed. `gaps`: of that chain alone: where each ends, and up to where it was sent. */
export function pending(
  { chain, stretches, removed = 0 }: StoredChain,
  sent: number | undefined,
  gaps: ReadonlyMap<number, number>,
): Pending {
  const cursors = [
    ...[...gaps].map(([end, next]) => ({ consumer: GAPS, key: gapKey(chain, end), next, end }) as const),
    { consumer: SENT, key: chain, next: sent ?? removed, end: Infinity } as const,
  ].filter(({ next, end }) => next < end);
  const parts: Part[] = [];
  const missed: Pending['missed'][number][] = [];
  for (const { consumer, key, next, end } of cursors) {
    let at = Math.min(Math.max(next, removed), end);
    if (at > next) missed.push({ consumer, key, first: next, next: at });
    for (const [from, to] of stretches) {
      const [first, last] = [Math.max(from, at), Math.min(to, end)];
      if (first >= last) continue;
      parts.push({ first, next: last, consumer, key, ...(first > at && { gap: { key: gapKey(chain, first), first: at } }) });
      at = last;
    }
  }
  return { parts, missed };
}

/** By chain. */
export function gapsByChain(marks: Marks): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const chains = new Map<string, Map<number, number>>();
  for (const [key, next] of Object.entries(marks)) {
    const at = key.lastIndexOf('@');
    const gaps = chains.get(key.slice(0, at)) ?? new Map<number, number>();
    chains.set(key.slice(0, at), gaps.set(Number(key.slice(at + 1)), next));
  }
  return chains;
}

function gapKey(chain: string, end: number): string {
  return `${chain}@${end}`;
}
