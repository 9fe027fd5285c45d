/**
 * Several stores that hold parts of the same chains as one: each record once. Where replicas hold other lines for one place both come, since that
 * is a fork, and nobody may hide it.
 */
import { timeOfLine } from '../../../core/audit/questions/reading.ts';
import type { ChainOwner, RecordFilter, StoredChain, StoredLine } from '../../../core/audit/store.ts';
import { merge, type Stream } from './merge.ts';
import type { AuditSource, TimedLine } from './source.ts';

export function replicaSource(replicas: readonly AuditSource[], close: () => Promise<void>): AuditSource {
  return {
    chains: (filter) => unitedChains(replicas, filter),
    lines: (chain, from) => merge(replicas.map((each) => inOrder(each.lines(chain, from), bySeq))),
    records: (filter) => merge(replicas.map((each) => inOrder(each.records(filter), byTime))),
    owners: async (filter) => {
      const owners = new Map<string, ChainOwner>();
      for (const replica of replicas) for (const [chain, owner] of await replica.owners(filter)) owners.set(chain, owner);
      return owners;
    },
    close: async () => {
      for (const replica of replicas) await replica.close();
      await close();
    },
  };
}

function inOrder(lines: AsyncIterable<StoredLine>, key: (line: StoredLine) => string): Stream {
  return {
    begins: '',
    async *lines(): AsyncGenerator<TimedLine> {
      for await (const line of lines) yield { ...line, time: key(line) };
    },
  };
}

function byTime({ line, received }: StoredLine): string {
  return timeOfLine(line) ?? received ?? '';
}

/** Of one chain `seq` is the order, whatever the clock did. */
function bySeq({ seq }: StoredLine): string {
  return String(seq).padStart(16, '0');
}

/** A chain is what all replicas together hold of it: it ends where the one ends that has most. */
async function* unitedChains(replicas: readonly AuditSource[], filter: RecordFilter | undefined): AsyncGenerator<StoredChain> {
  const chains = new Map<string, StoredChain>();
  for (const replica of replicas)
    for await (const chain of replica.chains(filter)) {
      const other = chains.get(chain.chain);
      chains.set(chain.chain, other === undefined ? chain : united(other, chain));
    }
  yield* chains.values();
}

function united(a: StoredChain, b: StoredChain): StoredChain {
  const [longer, shorter] = a.next >= b.next ? [a, b] : [b, a];
  const { from } = a.from < b.from ? a : b;
  const { to } = a.to > b.to ? a : b;
  const stretches = unitedStretches([...a.stretches, ...b.stretches]);
  const removed =
    longer.removed === undefined || shorter.removed === undefined ? undefined : Math.min(longer.removed, shorter.removed);
  const { removed: _, ...rest } = longer;
  return { ...rest, from, to, stretches, ...(removed === undefined ? {} : { removed }) };
}

function unitedStretches(stretches: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const all: [number, number][] = [];
  for (const [first, next] of stretches.toSorted((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last !== undefined && first <= last[1]) last[1] = Math.max(last[1], next);
    else all.push([first, next]);
  }
  return all;
}
