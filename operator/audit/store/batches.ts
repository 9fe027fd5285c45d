/** What a store must be told before it takes anything, whichever it is. */
import type { ChainBatch, ChainOwner } from '../../../core/audit/store.ts';

/** The batch is none: a mistake of whoever sent it, not something that is better later. */
export class InvalidBatchError extends Error {
  override readonly name = 'InvalidBatchError';
}

/** @throws InvalidBatchError. Resolves to the batch with lines as they are when they come back from UTF-8. */
export function checkedBatch(batch: ChainBatch): ChainBatch {
  const { chain, first, lines } = batch;
  if (chain.length === 0 || chain.length > 256) throw new InvalidBatchError('the name of a chain has 1 to 256 characters');
  if (!chain.isWellFormed() || chain.includes('\0')) throw new InvalidBatchError('the name of a chain is not text');
  if (!Number.isSafeInteger(first) || first < 0 || !Number.isSafeInteger(first + lines.length))
    throw new InvalidBatchError('the first seq of a batch is not a number of a record');
  for (const line of lines)
    if (/[\0\n]/.test(line)) throw new InvalidBatchError('a line contains a newline or NUL: it is not one record');
  return { ...batch, lines: lines.map((line) => line.toWellFormed()) };
}

/** Whether two replicas, or a replica twice, mean the same writer. Node and image may be learned later. */
export function sameOwner(a: ChainOwner, b: ChainOwner): boolean {
  return (
    a.kind === b.kind &&
    a.database === b.database &&
    a.identity.namespace === b.identity.namespace &&
    a.identity.serviceAccount === b.identity.serviceAccount &&
    a.identity.podUid === b.identity.podUid
  );
}
