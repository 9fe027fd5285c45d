/** Where records are read from: files, stores, the replicas of a cluster. All alike: what a store is to those who only read it. */
import type { AuditStore, ChainOwner, RecordFilter, StoredLine } from '../../../core/audit/store.ts';

export interface AuditSource extends Pick<AuditStore, 'chains' | 'lines' | 'records' | 'close'> {
  /** Of whom the chains are, as far as that is known without reading them whole. */
  owners(filter?: RecordFilter): Promise<ReadonlyMap<string, ChainOwner>>;
}

/** What is worth saying on standard error, one sentence. */
export type Warn = (sentence: string) => void;

export function storeSource(store: Pick<AuditStore, 'chains' | 'lines' | 'records' | 'close'>): AuditSource {
  return {
    chains: (filter) => store.chains(filter),
    lines: (chain, from) => store.lines(chain, from),
    records: (filter) => store.records(filter),
    close: () => store.close(),
    owners: async (filter) => {
      const owners = new Map<string, ChainOwner>();
      for await (const { chain, owner } of store.chains(filter)) owners.set(chain, owner);
      return owners;
    },
  };
}

/** Orders lines of different chains, and of one chain in different places. */
export interface TimedLine extends StoredLine {
  /** RFC 3339 UTC. */
  readonly time: string;
}

export function isBefore(a: TimedLine, b: TimedLine): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.chain === b.chain ? a.seq < b.seq : a.chain < b.chain;
}
