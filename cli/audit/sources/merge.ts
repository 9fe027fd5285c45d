/**
 * Several ordered streams as one, in the order of time; what stands in more than one of them comes once. Streams are begun when it is their
 * turn, so that of many files those alone are open whose time it is. A stream that goes back in time (a clock was set) keeps its own order.
 */
import { hashLine } from '../../../core/audit/chain.ts';
import { isBefore, type TimedLine } from './source.ts';

export interface Stream {
  /** Time of its first line at the earliest: it is not begun before. */
  readonly begins: string;
  lines(): AsyncIterator<TimedLine>;
}

interface Head {
  readonly iterator: AsyncIterator<TimedLine>;
  line: TimedLine;
}

/** Lines that are remembered so that they do not come twice: streams that hold the same are near each other in time. */
const REMEMBERED = 65_536;

/** `remembered`: 0 where no two streams hold the same. */
export async function* merge(streams: readonly Stream[], remembered = REMEMBERED): AsyncGenerator<TimedLine> {
  const waiting = streams.toSorted((a, b) => (a.begins < b.begins ? -1 : a.begins > b.begins ? 1 : 0));
  const heads = new Heap();
  const recent = remembered === 0 ? undefined : new Recent(remembered);
  let next = 0;
  let head: Head | undefined;
  try {
    for (;;) {
      while (next < waiting.length && (heads.size === 0 || waiting[next]!.begins <= heads.first!.line.time)) {
        const iterator = waiting[next]!.lines();
        next += 1;
        await advance({ iterator, line: NONE }, heads);
      }
      head = heads.pop();
      if (head === undefined) {
        if (next >= waiting.length) return;
        continue;
      }
      const { line } = head;
      if (recent?.add(`${line.chain} ${line.seq}`, line.line) !== false) yield line;
      await advance(head, heads);
    }
  } finally {
    for (; head !== undefined; head = heads.pop()) await head.iterator.return?.();
  }
}

const NONE: TimedLine = { chain: '', seq: 0, line: '', time: '' };

async function advance(head: Head, heads: Heap): Promise<void> {
  const { done, value } = await head.iterator.next();
  if (done === true) return;
  head.line = value;
  heads.push(head);
}

/** Of longer lines the hash is remembered. */
const LONG = 2_048;

/** The last lines by their place, in two generations. One that is not the same as the one remembered is another line, and comes. */
class Recent {
  readonly #generation: number;
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  constructor(limit: number) {
    this.#generation = Math.ceil(limit / 2);
  }

  /** False: it was there. */
  add(place: string, whole: string): boolean {
    const line = whole.length > LONG ? hashLine(whole) : whole;
    if (this.#young.get(place) === line || this.#old.get(place) === line) return false;
    this.#young.set(place, line);
    if (this.#young.size >= this.#generation) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return true;
  }
}

/** Binary min-heap by the heads' lines. */
class Heap {
  readonly #heads: Head[] = [];

  get size(): number {
    return this.#heads.length;
  }

  get first(): Head | undefined {
    return this.#heads[0];
  }

  push(head: Head): void {
    const heads = this.#heads;
    let at = heads.length;
    heads.push(head);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(head.line, heads[parent]!.line)) break;
      heads[at] = heads[parent]!;
      at = parent;
    }
    heads[at] = head;
  }

  pop(): Head | undefined {
    const heads = this.#heads;
    const [first] = heads;
    const last = heads.pop();
    if (first === undefined || last === undefined || heads.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heads.length) break;
      if (child + 1 < heads.length && isBefore(heads[child + 1]!.line, heads[child]!.line)) child += 1;
      if (!isBefore(heads[child]!.line, last.line)) break;
      heads[at] = heads[child]!;
      at = child;
    }
    heads[at] = last;
    return first;
  }
}
