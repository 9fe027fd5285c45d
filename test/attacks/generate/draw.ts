/**
 * The dice of the generator. A case is drawn from its seed and its number alone, so that it can be drawn again without those
 * before it; the honest twin of a case throws the same dice and steps on to the next thing where a choice is not honest.
 */
export class Draw {
  #state: number;

  constructor(seed: number, index: number) {
    this.#state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
    // The first numbers of neighbours are alike.
    for (let warm = 0; warm < 4; warm++) this.next();
  }

  /** 0 ≤ x < 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of the list; where it is not allowed, the next that is. One number is drawn whatever is allowed. */
  pick<T>(list: readonly T[], allowed: (each: T) => boolean = () => true): T {
    const start = this.below(list.length);
    for (let step = 0; step < list.length; step++) {
      const each = list[(start + step) % list.length] as T;
      if (allowed(each)) return each;
    }
    throw new NothingFits();
  }

  /** As many of them, in their order. */
  some<T>(list: readonly T[], count: number): readonly T[] {
    const chosen = new Set<number>();
    for (let tries = 0; tries < 4 * count && chosen.size < Math.min(count, list.length); tries++)
      chosen.add(this.below(list.length));
    return [...chosen].sort((a, b) => a - b).map((at) => list[at] as T);
  }
}

/** No choice that is allowed: the case does not exist in this mode. */
export class NothingFits extends Error {
  constructor() {
    super('nothing fits');
    this.name = 'NothingFits';
  }
}
