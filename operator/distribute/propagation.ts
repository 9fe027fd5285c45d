/** How long a change takes until the last sidecar that it concerns judges by it. */
import type { Publication } from './publications.ts';

export class Propagation {
  /** Who has not acknowledged it yet. */
  readonly #waiting = new Map<Publication, Set<object>>();
  readonly #monotonic: () => number;
  readonly #observe: (seconds: number) => void;

  constructor(monotonic: () => number, observe: (seconds: number) => void) {
    this.#monotonic = monotonic;
    this.#observe = observe;
  }

  /** `sidecar` is about to be sent it. What was there when it connected is no change. */
  expect(publication: Publication, sidecar: object): void {
    if (publication.seen === undefined || publication.revision === undefined) return;
    const waiting = this.#waiting.get(publication);
    if (waiting === undefined) this.#waiting.set(publication, new Set([sidecar]));
    else waiting.add(sidecar);
  }

  acknowledged(publication: Publication, sidecar: object): void {
    if (this.forget(publication, sidecar) && publication.seen !== undefined && !this.#waiting.has(publication))
      this.#observe((this.#monotonic() - publication.seen) / 1000);
  }

  /** It left, or was told something newer. True if it was waited for. */
  forget(publication: Publication, sidecar: object): boolean {
    const waiting = this.#waiting.get(publication);
    if (waiting?.delete(sidecar) !== true) return false;
    if (waiting.size === 0) this.#waiting.delete(publication);
    return true;
  }
}
