/**
 * Finds any of thousands of patterns in a buffer in one pass: the first three bytes select candidates through a bit set and a
 * map, so that the cost does not grow with the number of patterns.
 */
import type { Pattern } from './encodings.ts';

export interface Hit {
  readonly pattern: Pattern;
  /** Offset of the pattern's last byte. */
  readonly end: number;
}

export class PatternSearch {
  readonly #present = new Uint8Array(1 << 21);
  readonly #candidates = new Map<number, Pattern[]>();
  /** Length of the longest pattern: how much of the past must be kept to find one across chunks. */
  readonly longest: number;

  constructor(patterns: readonly Pattern[]) {
    let longest = 0;
    for (const pattern of patterns) {
      const { bytes } = pattern;
      const key = ((bytes[0] ?? 0) << 16) | ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
      this.#present[key >> 3] = (this.#present[key >> 3] ?? 0) | (1 << (key & 7));
      const list = this.#candidates.get(key);
      if (list === undefined) this.#candidates.set(key, [pattern]);
      else list.push(pattern);
      longest = Math.max(longest, bytes.length);
    }
    this.longest = longest;
  }

  *find(buffer: Buffer): Generator<Hit> {
    const present = this.#present;
    let key = ((buffer[0] ?? 0) << 8) | (buffer[1] ?? 0);
    for (let at = 2; at < buffer.length; at++) {
      key = ((key << 8) | (buffer[at] ?? 0)) & 0xffffff;
      if (((present[key >> 3] ?? 0) & (1 << (key & 7))) === 0) continue;
      for (const pattern of this.#candidates.get(key) ?? []) {
        const { bytes } = pattern;
        const start = at - 2;
        const end = start + bytes.length;
        if (end > buffer.length) continue;
        // Two bytes more tell most candidates apart for less than a call of compare().
        if (buffer[at + 1] !== bytes[3] || buffer[end - 1] !== bytes[bytes.length - 1]) continue;
        if (buffer.compare(bytes, 0, bytes.length, start, end) === 0) yield { pattern, end: end - 1 };
      }
    }
  }
}
