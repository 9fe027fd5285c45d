/** Digests of a session's values. Literals of a prepared statement are digested once, what is bound with each Bind. */
import type { DigestKey } from '../../core/audit/digest.ts';
import {
  boundDigests,
  joinedValues,
  literalDigests,
  type LiteralValues,
  MOST_VALUES,
  type StatementValues,
} from '../../core/audit/statement-values.ts';
import { boundValues } from '../../core/wire/client-messages.ts';
import type { EvidenceKeys } from './keys.ts';

const NOTHING: StatementValues = { values: [], leftOut: 0 };

export class ValueDigests {
  readonly #evidence: () => EvidenceKeys | undefined;
  /** By the text of a prepared statement, which is kept as long as the statement. */
  readonly #literals = new WeakMap<Buffer, { readonly key: DigestKey; readonly literals: LiteralValues }>();

  constructor(evidence: () => EvidenceKeys | undefined) {
    this.#evidence = evidence;
  }

  /** `bind`: the body of a Bind that was taken; `types`: OIDs, as far as they are known. */
  bound(bind: Buffer, types: readonly number[]): StatementValues | undefined {
    const key = this.#evidence()?.digestKey;
    return key === undefined ? undefined : boundDigests(key, boundValues(bind, MOST_VALUES), types);
  }

  /** Of bytes `range` of `sql`, null where the text is not the client's; `bound`: what was bound, if anything can be. */
  of(sql: Buffer | null, range: readonly [start: number, end: number], bound: StatementValues | undefined): StatementValues {
    if (sql === null) return bound ?? NOTHING;
    const key = this.#evidence()?.digestKey;
    if (key === undefined) return NOTHING;
    if (bound === undefined) return joinedValues(literalDigests(key, sql, ...range), undefined);
    let known = this.#literals.get(sql);
    if (known?.key !== key) this.#literals.set(sql, (known = { key, literals: literalDigests(key, sql, ...range) }));
    return joinedValues(known.literals, bound);
  }
}
