/** Draws from a seed: the same seed draws the same values on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 1, 1 excluded (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  /** `length` characters of an alphabet. */
  chars(alphabet: string, length: number): string {
    let text = '';
    for (let index = 0; index < length; index += 1) text += alphabet[Math.floor(this.next() * alphabet.length)];
    return text;
  }

  digits(length: number): string {
    return this.chars('0123456789', length);
  }

  upper(length: number): string {
    return this.chars('ABCDEFGHIJKLMNOPQRSTUVWXYZ', length);
  }

  hex(length: number): string {
    return this.chars('0123456789abcdef', length);
  }

  base62(length: number): string {
    return this.chars('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', length);
  }

  /** `#` a digit, `!` 2 to 9, `@` a capital letter; everything else as it is. */
  pattern(pattern: string): string {
    return pattern.replace(/[#!@]/g, (sign) =>
      sign === '#' ? this.digits(1) : sign === '!' ? String(this.int(2, 9)) : this.upper(1),
    );
  }
}

/** FNV-1a: a number from a name, to seed a column by. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}
