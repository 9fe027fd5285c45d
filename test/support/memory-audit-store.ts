/**
 * Test support: an AuditStore that is honest and nothing else: what `append` has resolved for is there. A test may take it away for a while, have it
 * take its time, or have it say no.
 */
import { hashLine } from '../../core/audit/chain.ts';
import {
  type AuditStore,
  type ChainBatch,
  type ChainEnding,
  type ChainOwner,
  type ChainStanding,
  goesOn,
  StoreConflictError,
  type StoredChain,
  type StoredLine,
  StoreUnavailableError,
} from '../../core/audit/store.ts';

interface Kept {
  readonly owner: ChainOwner;
  readonly lines: Map<number, string>;
}

export class MemoryAuditStore implements AuditStore {
  readonly kept = new Map<string, Kept>();
  /** Nothing can be stored or asked. */
  away = false;
  /** Awaited before each append. */
  delay: () => Promise<void> = async () => {};
  appends = 0;

  async append({ chain, owner, first, lines }: ChainBatch): Promise<void> {
    this.appends += 1;
    await this.delay();
    if (this.away) throw new StoreUnavailableError('away');
    const kept = this.kept.get(chain) ?? { owner, lines: new Map<number, string>() };
    lines.forEach((line, index) => {
      const there = kept.lines.get(first + index);
      if (there !== undefined && there !== line) throw new StoreConflictError(chain, first + index);
    });
    this.kept.set(chain, kept);
    lines.forEach((line, index) => {
      kept.lines.set(first + index, line);
    });
  }

  async ending(chain: string): Promise<ChainEnding | undefined> {
    if (this.away) throw new StoreUnavailableError('away');
    const kept = this.kept.get(chain);
    if (kept === undefined) return undefined;
    const last = Math.max(...kept.lines.keys());
    return { next: last + 1, hash: hashLine(kept.lines.get(last)!) };
  }

  async standing(wanted: string, from: number): Promise<ChainStanding | undefined> {
    for await (const { chain, owner, stretches } of this.chains()) {
      if (chain !== wanted) continue;
      const stretch = goesOn({ stretches, removed: 0 }, from);
      const hash = stretch && hashLine(this.kept.get(chain)!.lines.get(stretch[1] - 1)!);
      return { owner, stretches, removed: 0, ...(hash !== undefined && { hash }) };
    }
    return undefined;
  }

  async *chains(): AsyncIterable<StoredChain> {
    if (this.away) throw new StoreUnavailableError('away');
    for (const [chain, { owner, lines }] of this.kept) {
      const seqs = [...lines.keys()].sort((a, b) => a - b);
      const stretches: [number, number][] = [];
      for (const seq of seqs) {
        const last = stretches.at(-1);
        if (last?.[1] === seq) last[1] = seq + 1;
        else stretches.push([seq, seq + 1]);
      }
      const time = (seq: number): string => (JSON.parse(lines.get(seq)!) as { time: string }).time;
      const next = seqs.at(-1)! + 1;
      yield {
        chain,
        owner,
        next,
        hash: hashLine(lines.get(next - 1)!),
        stretches,
        from: time(seqs[0]!),
        to: time(next - 1),
      };
    }
  }

  async *lines(chain: string, from = 0): AsyncIterable<StoredLine> {
    const lines = this.kept.get(chain)?.lines ?? new Map<number, string>();
    for (const seq of [...lines.keys()].sort((a, b) => a - b)) if (seq >= from) yield { chain, seq, line: lines.get(seq)! };
  }

  async *records(): AsyncIterable<StoredLine> {
    for (const chain of this.kept.keys()) yield* this.lines(chain);
  }

  async prune(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}
}

/** Of one chain, in order. */
export function linesOf(store: MemoryAuditStore, chain: string): readonly string[] {
  const lines = store.kept.get(chain)?.lines ?? new Map<number, string>();
  return [...lines].sort(([a], [b]) => a - b).map(([, line]) => line);
}
