/** A map that forgets what was not used for longest once its entries weigh too much. */
export class WeightedLru<V> {
  readonly #entries = new Map<string, { value: V; weight: number }>();
  readonly #capacity: number;
  readonly #largest: number;
  #weight = 0;

  /** @param capacity bytes of all entries together; @param largest bytes of one, more are not kept. */
  constructor(capacity: number, largest: number) {
    this.#capacity = capacity;
    this.#largest = largest;
  }

  get size(): number {
    return this.#entries.size;
  }

  get weight(): number {
    return this.#weight;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // A Map keeps the order of insertion: what is used moves to the end.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Replaces what was under the key. */
  set(key: string, value: V, weight: number): void {
    this.delete(key);
    if (weight > this.#largest) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#capacity) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
