/** Many changes of few things become one call each: pods come and go by the hundred. */
import type { Clock } from '../../sidecar/bundle/clock.ts';

export class Coalescer {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #act: (key: string) => void;
  readonly #waiting = new Set<string>();
  #cancel: (() => void) | undefined;

  /** `pause`: milliseconds between the first change and the call. */
  constructor(clock: Clock, pause: number, act: (key: string) => void) {
    this.#clock = clock;
    this.#pause = pause;
    this.#act = act;
  }

  note(key: string): void {
    this.#waiting.add(key);
    this.#cancel ??= this.#clock.after(this.#pause, () => {
      this.#cancel = undefined;
      const keys = [...this.#waiting];
      this.#waiting.clear();
      for (const each of keys) this.#act(each);
    });
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting.clear();
  }
}
