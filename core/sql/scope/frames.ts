/**
 * What PostgreSQL may evaluate before a row filter. A frame is one predicate (a conjunct of WHERE, ON or HAVING, a function in
 * FROM, a nested target expression); it collects the columns of row-filtered relations that it depends on, its sublinks
 * included, and whether anything in it can raise an error or have an effect. A frame that can has *reached* its columns:
 * they must be guarded (rewrite-facts section 5).
 */
import { distinctReaches, markReached, type Reach, type ReadSite } from '../read/site.ts';

interface Frame {
  readonly start: number;
  unsafe: boolean;
  volatile: boolean;
}

export class FrameStack {
  readonly #reaches: Reach[] = [];
  readonly #stack: Frame[] = [];

  enter(): void {
    this.#stack.push({ start: this.#reaches.length, unsafe: false, volatile: false });
  }

  /**
   * Ends the innermost frame; what it holds belongs to the enclosing one too. `predicate`: if it is unsafe its columns are
   * reached. `level`: the sites of the query level, fenced when an unsafe predicate without any column is evaluated per row.
   */
  leave(predicate: boolean, level: readonly ReadSite[]): void {
    const frame = this.#stack.pop();
    if (frame === undefined) return;
    if (predicate && frame.unsafe) {
      for (let index = frame.start; index < this.#reaches.length; index += 1) markReached(this.#reaches[index]!);
      if (frame.volatile) for (const site of level) site.fence = true;
    }
    const outer = this.#stack.at(-1);
    if (outer === undefined) this.#reaches.length = 0;
    else {
      outer.unsafe ||= frame.unsafe;
      outer.volatile ||= frame.volatile;
    }
  }

  /** The columns that the innermost frame has touched so far. */
  touched(): readonly Reach[] {
    const frame = this.#stack.at(-1);
    return frame === undefined || frame.start === this.#reaches.length
      ? NOTHING
      : distinctReaches(this.#reaches.slice(frame.start));
  }

  get active(): boolean {
    return this.#stack.length > 0;
  }

  /** Whether the innermost frame is unsafe so far. */
  get unsafeSoFar(): boolean {
    return this.#stack.at(-1)?.unsafe ?? false;
  }

  touch(reach: Reach): void {
    if (this.#stack.length > 0 && reach.site.rule.filter !== undefined) this.#reaches.push(reach);
  }

  /** How often the innermost frame is evaluated can be seen from outside (nextval). */
  get volatileSoFar(): boolean {
    return this.#stack.at(-1)?.volatile ?? false;
  }

  /** Something in the innermost frame may raise an error or have an effect. */
  unsafe(volatile = false): void {
    const frame = this.#stack.at(-1);
    if (frame === undefined) return;
    frame.unsafe = true;
    if (volatile) frame.volatile = true;
  }
}

const NOTHING: readonly Reach[] = [];
