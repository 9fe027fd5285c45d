/** Whether two databases that differ only in what is hidden gave the same answer. */
import { type Fleeting, withoutFleeting } from './fleeting.ts';
import type { Outcome } from './forms.ts';
import { transcript } from './transcript.ts';

export interface Comparing {
  /** The statement asks for an order. Otherwise the planner's choice may depend on how many rows there are in all. */
  readonly ordered: boolean;
  /** OIDs of relations made on the way, above this, depend on nothing hidden. */
  readonly newestOid: number;
  /** What the servers of the two cannot have in common; absent: nothing of it may be there. */
  readonly fleeting?: readonly [Fleeting, Fleeting];
}

/** The first line in which two answers differ, or null. */
export function firstDifference(a: Outcome, b: Outcome, { ordered, newestOid, fleeting }: Comparing): string | null {
  const fresh = (line: string): string =>
    line.replace(/@(\d+)\./g, (text, oid: string) => (Number(oid) > newestOid ? '@new.' : text));
  const lines = ({ messages }: Outcome, own: Fleeting | undefined): readonly string[] => {
    const all = transcript(messages, own === undefined ? undefined : (value) => withoutFleeting(value, own)).map(fresh);
    return ordered ? all : all.sort();
  };
  const [left, right] = [lines(a, fleeting?.[0]), lines(b, fleeting?.[1])];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    if (left[at] !== right[at]) return `message ${at}:\n  a: ${left[at]}\n  b: ${right[at]}`;
  }
  return null;
}
