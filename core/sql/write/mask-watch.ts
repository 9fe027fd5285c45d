/** Notices whether an expression's value is made from masked columns of relations that are read (the target's own are in its log). */
import type { StatementContext } from '../context.ts';

export class MaskWatch {
  readonly #context: StatementContext;
  readonly #before: number;

  constructor(context: StatementContext) {
    this.#context = context;
    this.#before = context.maskedReads.length;
  }

  /** The first masked column read since, as `schema.table.column`; undefined when there was none. */
  get first(): string | undefined {
    return this.#context.maskedReads[this.#before];
  }
}
