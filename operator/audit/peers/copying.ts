/**
 * One look at another replica: what it holds and this one lacks is copied. A copy is checked as it comes: each line must follow the one before it,
 * and what is here on either side. What does not is a fork, which is told and never stored over what is there.
 */
import { hashLine } from '../../../core/audit/chain.ts';
import { isRecord } from '../../../core/json/read.ts';
import { type AuditStore, type StoredChain, StoreConflictError, type StoredLine } from '../../../core/audit/store.ts';
import { split } from '../store/stretches.ts';
import type { PeerClient } from './peer-client.ts';

export interface CopyOptions {
  readonly store: AuditStore;
  readonly peer: PeerClient;
  readonly signal: AbortSignal;
  /** Records that are here now and were not. */
  readonly onCopied: (records: number) => void;
  /** The peer has another history of a chain. */
  readonly onFork: (chain: string, seq: number) => void;
}

const BATCH = { lines: 500, characters: 1024 * 1024 };

/** Rejects where the peer or the store is away; what was copied until then stays. */
export async function copyFrom(options: CopyOptions): Promise<void> {
  const { store, peer, signal } = options;
  const answer = await peer.chains(signal);
  if (answer === undefined) return;
  // As a whole: the peer does not wait while lines are copied.
  const theirs: StoredChain[] = [];
  for await (const chain of answer) theirs.push(chain);
  const ours = new Map<string, StoredChain>();
  for await (const chain of store.chains()) ours.set(chain.chain, chain);
  for (const chain of theirs) await copyChain(options, chain, ours.get(chain.chain));
}

async function copyChain(options: CopyOptions, theirs: StoredChain, ours: StoredChain | undefined): Promise<void> {
  const { chain } = theirs;
  if (ours !== undefined && ours.next === theirs.next && ours.hash !== theirs.hash) return options.onFork(chain, ours.next - 1);
  for (const [first, next] of theirs.stretches) {
    const { missing } = split(ours?.stretches ?? [], Math.max(first, ours?.removed ?? 0), Math.max(next, ours?.removed ?? 0));
    for (const [begin, end] of missing) {
      const fork = await copyStretch(options, theirs, begin, end);
      if (fork !== undefined) return options.onFork(chain, fork);
    }
  }
}

/** Resolves to the seq where it is another history than ours. */
async function copyStretch(
  { store, peer, signal, onCopied }: CopyOptions,
  { chain, owner }: StoredChain,
  begin: number,
  end: number,
): Promise<number | undefined> {
  let before = begin === 0 ? undefined : await lineAt(store, chain, begin - 1);
  let batch: StoredLine[] = [];
  let characters = 0;
  const append = async (): Promise<void> => {
    const [first] = batch;
    if (first === undefined) return;
    // The latest: kept rather longer than shorter.
    const received = batch.map((each) => each.received ?? '').reduce((a, b) => (a > b ? a : b));
    await store.append({
      chain,
      owner,
      first: first.seq,
      lines: batch.map(({ line }) => line),
      ...(received !== '' && { received }),
    });
    onCopied(batch.length);
    batch = [];
    characters = 0;
  };
  try {
    let expected = begin;
    for await (const line of await peer.lines(chain, begin, signal)) {
      if (line.seq >= end) break;
      if (line.seq !== expected || !follows(line.line, expected, before)) return expected;
      before = line.line;
      expected += 1;
      const [first] = batch;
      const full = batch.length >= BATCH.lines || characters + line.line.length > BATCH.characters;
      if (first !== undefined && (full || first.received?.slice(0, 13) !== line.received?.slice(0, 13))) await append();
      batch.push(line);
      characters += line.line.length;
    }
    const after = await lineAt(store, chain, expected);
    if (after !== undefined && !follows(after, expected, before)) return expected;
    await append();
  } catch (error) {
    if (error instanceof StoreConflictError) return error.seq;
    throw error;
  }
  return undefined;
}

function follows(line: string, seq: number, before: string | undefined): boolean {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return false;
  }
  if (!isRecord(value) || value['seq'] !== seq) return false;
  return before === undefined || value['prev'] === hashLine(before);
}

async function lineAt(store: AuditStore, chain: string, seq: number): Promise<string | undefined> {
  for await (const line of store.lines(chain, seq)) return line.seq === seq ? line.line : undefined;
  return undefined;
}
