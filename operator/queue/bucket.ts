/** A token bucket: so many at once, then so many a second. */
export class Bucket {
  readonly #size: number;
  readonly #rate: number;
  #level: number;
  #at: number;

  /** `now`, here and below: monotonic milliseconds. */
  constructor(size: number, rate: number, now: number) {
    this.#size = size;
    this.#rate = rate;
    this.#level = size;
    this.#at = now;
  }

  take(now: number, amount = 1): boolean {
    this.#level = Math.min(this.#size, this.#level + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
    if (this.#level < amount) return false;
    this.#level -= amount;
    return true;
  }
}
