/**
 * Insertions of text at clause borders. Several of them can fall on one offset (the end of a condition is also the end of
 * its last conjunct), where their order matters; they are collected here and handed over as one edit an offset.
 */
import type { StatementContext } from '../context.ts';

export class Splices {
  readonly #at = new Map<number, { closing: string; opening: string }>();

  /** Text that belongs to what ends at `offset`. What is added later encloses what was added before. */
  close(offset: number, text: string): void {
    this.#slot(offset).closing += text;
  }

  /** Text that belongs to what starts at `offset`. What is added later encloses what was added before. */
  open(offset: number, text: string): void {
    const slot = this.#slot(offset);
    slot.opening = text + slot.opening;
  }

  /** Around [start, end). */
  wrap(extent: { readonly start: number; readonly end: number }, before: string, after: string): void {
    this.open(extent.start, before);
    this.close(extent.end, after);
  }

  /**
   * What opens is written right behind the token before, so that it stands outside of whatever else is inserted where the
   * expression begins (a qualified function name, a guard around a cast).
   */
  flush(context: StatementContext): void {
    for (const [offset, { closing }] of this.#at)
      if (closing !== '') context.edit({ start: offset, end: offset, replacement: closing });
    for (const [offset, { opening }] of this.#at) {
      if (opening === '') continue;
      const first = context.source.tokenAt(offset);
      const at = first === undefined ? offset : (context.source.previous(first)?.end ?? offset);
      context.edit({ start: at, end: at, replacement: ` ${opening}` });
    }
    this.#at.clear();
  }

  #slot(offset: number): { closing: string; opening: string } {
    let slot = this.#at.get(offset);
    if (slot === undefined) this.#at.set(offset, (slot = { closing: '', opening: '' }));
    return slot;
  }
}
