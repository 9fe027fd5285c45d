/**
 * Which chain a line belongs to, where several are mixed as in the log of a container with two Databases. A line does not name its chain, but
 * carries the hash of the one before it. As long as there is one chain nothing is hashed.
 */
import { hashLine } from '../../../core/audit/chain.ts';
import { readRecord } from '../../../core/audit/questions/reading.ts';

const CHAIN_START = '"type":"chain-start"';
const PREV = /^\{"v":1,"seq":\d{1,15},"time":"[^"\\]{1,40}","prev":"([0-9a-f]{64})"/;
/** Chains that are held apart; of more, the longest silent is forgotten. */
const MOST = 1_000;

export class Demultiplexer {
  /** Last line of each chain; hashed when it is first asked for. */
  readonly #last = new Map<string, { readonly line: string; hash?: string }>();
  #current: string;

  /** `chain`: of lines that follow none. */
  constructor(chain: string) {
    this.#current = chain;
  }

  chainOf(line: string): string {
    const chain = this.#startOf(line) ?? this.#following(line) ?? this.#current;
    this.#last.delete(chain);
    this.#last.set(chain, { line });
    if (this.#last.size > MOST) for (const oldest of this.#last.keys()) if (this.#last.delete(oldest)) break;
    this.#current = chain;
    return chain;
  }

  #startOf(line: string): string | undefined {
    if (!line.includes(CHAIN_START)) return undefined;
    const record = readRecord(line);
    return record?.type === 'chain-start' ? record.chain : undefined;
  }

  #following(line: string): string | undefined {
    if (this.#last.size < 2) return undefined;
    const prev = PREV.exec(line)?.[1];
    for (const [chain, last] of this.#last) if ((last.hash ??= hashLine(last.line)) === prev) return chain;
    return undefined;
  }
}
