/**
 * The constant that a mask shows should be one that the column could hold: the constant of the type where the column's CHECKs let
 * it pass, else one made from the constants that stand in the CHECKs themselves. It is the same for every row, so it says nothing of
 * any. A CHECK that cannot be understood is left alone: the choice is a matter of plausibility, never of safety.
 */
import type { Catalog } from '../../catalog/catalog.ts';
import type { Comparison, Condition, Truth, Value } from './check-condition.ts';
import { readCondition, comparableOf } from './check-condition.ts';
import type { Family, TypeShape, ValueCheck } from './type-shape.ts';

const COMPARISONS: Readonly<Partial<Record<Family, Comparison>>> = {
  text: 'text',
  char: 'blank-padded',
  citext: 'citext',
  name: 'text',
  enum: 'text',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  numeric: 'number',
  float4: 'number',
  float8: 'number',
  bool: 'boolean',
  date: 'time',
  timestamp: 'time',
  timestamptz: 'time',
};

/** Undefined where there is nothing to observe. NULL can be judged for every type, other values where they compare. */
export function plausibilityOf(shape: TypeShape, catalog: Catalog): Plausibility | undefined {
  if (shape.checks.length === 0) return undefined;
  const comparison = COMPARISONS[shape.family];
  return new Plausibility(
    shape.checks.map((check, index) =>
      conditionOf(catalog, index < MAX_CHECKS ? check : { ...check, text: '' }, comparison ?? 'text'),
    ),
    comparison,
  );
}

/** Partitions share their CHECKs, and reading one takes a millisecond or more: each text is read once for a catalog. */
const READ = new WeakMap<Catalog, Map<string, Condition>>();

function conditionOf(catalog: Catalog, { text, name }: ValueCheck, comparison: Comparison): Condition {
  let known = READ.get(catalog);
  if (known === undefined) READ.set(catalog, (known = new Map()));
  const key = JSON.stringify([comparison, name, text]);
  let condition = known.get(key);
  if (condition === undefined) known.set(key, (condition = readCondition(text, name, comparison)));
  return condition;
}

/** More would cost time at every compilation and gain little. */
const MAX_CHECKS = 8;
const MAX_CANDIDATES = 200;
const LONGEST = 1000;
const DAY = 86_400_000;

export class Plausibility {
  readonly #conditions: readonly Condition[];
  readonly #comparison: Comparison | undefined;

  constructor(conditions: readonly Condition[], comparison: Comparison | undefined) {
    this.#conditions = conditions;
    this.#comparison = comparison;
  }

  /** False: some CHECK certainly refuses the literal (null is NULL). True: all certainly let it pass. */
  verdict(literal: string | null): boolean | undefined {
    const value = literal === null ? null : this.#comparison === undefined ? undefined : comparableOf(literal, this.#comparison);
    if (value === undefined) return undefined;
    const truths: readonly Truth[] = this.#conditions.map((condition) => condition.truth(value));
    return truths.includes(false) ? false : truths.includes(undefined) ? undefined : true;
  }

  /**
   * @param usual what is shown when nothing speaks against it
   * @param others further literals to try, best first (an enum's labels)
   * @param valid whether the type takes a literal
   */
  choose(usual: string, others: readonly string[], valid: (literal: string) => boolean): string {
    if (this.#comparison === undefined || this.verdict(usual) === true) return usual;
    const candidates = [usual, ...others, ...this.#candidates()].slice(0, MAX_CANDIDATES);
    const usable = candidates.filter((literal, index) => index === 0 || valid(literal));
    const verdicts = usable.map((literal) => this.verdict(literal));
    const best = verdicts.indexOf(true);
    // Failing that the usual one, unless it certainly is none and another might be.
    const index = best >= 0 ? best : verdicts.findIndex((verdict) => verdict !== false);
    return usable[Math.max(index, 0)] ?? usual;
  }

  #candidates(): readonly string[] {
    if (this.#comparison === 'boolean') return ['true', 'false'];
    const values = this.#conditions.flatMap((condition) => condition.constants);
    const simplest = this.#comparison === 'number' || this.#comparison === 'time' ? [] : ['****', '*'];
    return [
      ...new Set([
        ...values.flatMap((value) => this.#literals(value)),
        ...values.flatMap((value) => this.#neighbours(value)),
        ...simplest,
      ]),
    ];
  }

  #literals(value: Exclude<Value, null>): readonly string[] {
    switch (this.#comparison) {
      case 'number':
        return typeof value === 'number' ? [decimal(value)] : [];
      case 'time':
        return typeof value === 'number' ? moments(value) : [];
      default:
        return typeof value === 'string' && value !== '' ? [value] : [];
    }
  }

  /** What lies beside a limit; for text a number is taken to be a length. */
  #neighbours(value: Exclude<Value, null>): readonly string[] {
    if (typeof value !== 'number') return [];
    if (this.#comparison === 'number')
      return [value + 1, value - 1, value + 0.5, value - 0.5, value + 0.01, value - 0.01].map(decimal);
    if (this.#comparison === 'time') return [...moments(value + DAY), ...moments(value - DAY)];
    return [value, value + 1, value - 1].filter((length) => length > 0 && length <= LONGEST).map((length) => '*'.repeat(length));
  }
}

function decimal(value: number): string {
  const text = String(Math.round(value * 100) / 100);
  return text.includes('e') ? '0' : text;
}

/** As a date and as timestamps with and without zone: the type takes the one that fits it. */
function moments(time: number): readonly string[] {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return [];
  const text = date.toISOString().slice(0, 19).replace('T', ' ');
  return /^\d{4}-/.test(text) ? [text.slice(0, 10), text, `${text}+00`] : [];
}
