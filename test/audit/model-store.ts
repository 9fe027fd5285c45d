/** What a store must be, in memory and as plain as possible: the suites compare the others with it. */
import { hashLine } from '../../core/audit/chain.ts';
import { bound, joinFacts, matches, ownerMatches, recordFacts, rfc3339, type RecordFacts } from '../../core/audit/facts.ts';
import {
  type AuditStore,
  type ChainBatch,
  type ChainEnding,
  type ChainOwner,
  type ChainStanding,
  goesOn,
  type RecordFilter,
  StoreConflictError,
  type StoredChain,
  type StoredLine,
} from '../../core/audit/store.ts';
import { sameOwner } from '../../operator/audit/store/batches.ts';

interface ModelRecord {
  readonly line: string;
  readonly received: number;
  readonly facts: RecordFacts;
}

interface ModelChain {
  readonly owner: ChainOwner;
  readonly records: Map<number, ModelRecord>;
  removed: number;
}

export class ModelStore implements AuditStore {
  readonly #chains = new Map<string, ModelChain>();
  readonly #now: () => number;
  readonly #prunes: 'beginnings' | 'everything';

  /** `now`: milliseconds. `prunes`: of a chain whose records came in another order, what is old at its beginning, or all that is old. */
  constructor(now: () => number, prunes: 'beginnings' | 'everything' = 'beginnings') {
    this.#now = now;
    this.#prunes = prunes;
  }

  async append({ chain, owner, first, lines, received }: ChainBatch): Promise<void> {
    if (lines.length === 0) return;
    const known = this.#chains.get(chain) ?? { owner, records: new Map<number, ModelRecord>(), removed: 0 };
    if (!sameOwner(known.owner, owner)) throw new StoreConflictError(chain, first);
    lines.forEach((line, index) => {
      const there = known.records.get(first + index);
      if (there !== undefined && there.line !== line) throw new StoreConflictError(chain, first + index);
    });
    const time = received === undefined ? this.#now() * 1000 : bound(received);
    lines.forEach((line, index) => {
      const seq = first + index;
      if (seq < known.removed || known.records.has(seq)) return;
      known.records.set(seq, { line, received: time, facts: recordFacts(line) });
    });
    this.#chains.set(chain, known);
  }

  async ending(chain: string): Promise<ChainEnding | undefined> {
    const known = this.#chains.get(chain);
    const [stretch] = stretchesOf(known);
    return stretch && { next: stretch[1], hash: hashLine(known!.records.get(stretch[1] - 1)!.line) };
  }

  async standing(chain: string, from: number): Promise<ChainStanding | undefined> {
    const known = this.#chains.get(chain);
    if (known === undefined) return undefined;
    const standing = { owner: known.owner, stretches: stretchesOf(known), removed: known.removed };
    const stretch = goesOn(standing, from);
    return { ...standing, ...(stretch && { hash: hashLine(known.records.get(stretch[1] - 1)!.line) }) };
  }

  async *chains(filter: RecordFilter = {}): AsyncGenerator<StoredChain, undefined> {
    for (const [chain, known] of this.#chains) {
      const times = [...known.records.values()].map(timeOf).sort((a, b) => a - b);
      const within = times.some(
        (time) => time >= bound(filter.from ?? EPOCH) && (filter.to === undefined || time < bound(filter.to)),
      );
      if (!within || !ownerMatches(filter, chain, known.owner)) continue;
      const ending = (await this.ending(chain))!;
      const { owner, removed } = known;
      yield {
        chain,
        owner,
        ...ending,
        stretches: stretchesOf(known),
        from: rfc3339(times[0]!),
        to: rfc3339(times.at(-1)!),
        removed,
      };
    }
  }

  async *lines(chain: string, from = 0): AsyncGenerator<StoredLine, undefined> {
    const known = this.#chains.get(chain);
    for (const seq of sorted(known)) if (seq >= from) yield stored(chain, seq, known!.records.get(seq)!);
  }

  /** Exactly what is asked for; a store may return more. */
  async *records(filter: RecordFilter): AsyncGenerator<StoredLine, undefined> {
    const found: { readonly time: number; readonly line: StoredLine }[] = [];
    for (const [chain, known] of this.#chains)
      for (const [seq, each] of known.records) {
        const others = [...known.records].filter(([at, { facts }]) => at !== seq && isOther(each.facts, facts));
        const facts = others.reduce((all, [, { facts: other }]) => joinFacts(all, other), each.facts);
        if (matches(filter, chain, known.owner, facts, each.received))
          found.push({ time: timeOf(each), line: stored(chain, seq, each) });
      }
    found.sort((a, b) => a.time - b.time);
    yield* found.map(({ line }) => line);
  }

  async prune(before: string): Promise<number> {
    let count = 0;
    for (const known of this.#chains.values()) {
      const all = sorted(known);
      const isOld = (seq: number): boolean => known.records.get(seq)!.received < bound(before);
      const fresh = all.findIndex((seq) => !isOld(seq));
      const beginning = fresh === -1 ? all : all.slice(0, fresh);
      const gone = (this.#prunes === 'beginnings' ? beginning : all.filter(isOld)).filter((seq) => seq !== all.at(-1));
      for (const seq of gone) known.records.delete(seq);
      const [first = 0] = sorted(known);
      if (gone.some((seq) => seq < first)) known.removed = Math.max(known.removed, first);
      count += gone.length;
    }
    return count;
  }

  async close(): Promise<void> {}
}

const EPOCH = '1970-01-01T00:00:00Z';

function isOther(a: RecordFacts, b: RecordFacts): boolean {
  return a.statement !== undefined && a.statement === b.statement;
}

function timeOf({ facts, received }: ModelRecord): number {
  return facts.time ?? received;
}

function sorted(known: ModelChain | undefined): readonly number[] {
  return [...(known?.records.keys() ?? [])].sort((a, b) => a - b);
}

function stretchesOf(known: ModelChain | undefined): readonly (readonly [number, number])[] {
  const stretches: [number, number][] = [];
  for (const seq of sorted(known)) {
    const last = stretches.at(-1);
    if (last?.[1] === seq) last[1] = seq + 1;
    else stretches.push([seq, seq + 1]);
  }
  return stretches;
}

function stored(chain: string, seq: number, { line, received }: ModelRecord): StoredLine {
  return { chain, seq, line, received: rfc3339(received) };
}
