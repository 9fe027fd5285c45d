/** When to try a store again that could not take records: the same for all chains, since there is one store. */
const FIRST = 200;
const MOST = 10_000;

export class StoreBackoff {
  readonly #random: () => number;
  #wait = FIRST;

  constructor(random: () => number) {
    this.#random = random;
  }

  worked(): void {
    this.#wait = FIRST;
  }

  /** Milliseconds until the next attempt of whoever asks. Many ask at once, so it grows with each a little. */
  failed(): number {
    const wait = this.#wait;
    this.#wait = Math.min(MOST, wait * 1.25);
    return Math.round(wait * (0.5 + this.#random()));
  }
}
