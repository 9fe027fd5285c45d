/**
 * The values of a statement as keyed digests, in the order of the placeholders of its normalised text (core/sql/text/fingerprint.ts): what is bound to $1 and
 * so on, then literals. What is left out keeps its place as an empty text; nothing is ever in clear.
 */
import { numberText, stringText } from '../sql/text/literal-text.ts';
import { NUMBER, PARAMETER, Scanner, STRING } from '../sql/text/scanner.ts';
import { parameterText } from '../wire/parameter-text.ts';
import type { BoundValues } from '../wire/client-messages.ts';
import { type DigestKey, valueDigest } from './digest.ts';

/** Of one record. */
export const MOST_VALUES = 16;
/** Of one value; a digest tells whether somebody's guess is right, and nobody guesses more. */
const MOST_BYTES = 4_096;
const LEFT_OUT = '';

export interface StatementValues {
  readonly values: readonly (string | null)[];
  /** Values that have no digest. */
  readonly leftOut: number;
}

/** What there is before anything is bound. */
export interface LiteralValues extends StatementValues {
  /** The highest parameter that the text names. */
  readonly parameters: number;
}

/** Of bytes [start, end): one statement that the server's scanner would take, as far as it would. */
export function literalDigests(key: DigestKey, sql: Buffer, start: number, end: number): LiteralValues {
  const scanner = new Scanner(sql, start, end);
  const values: string[] = [];
  let leftOut = 0;
  let parameters = 0;
  while (scanner.next()) {
    if (scanner.kind === PARAMETER) {
      const number = Number(sql.toString('latin1', scanner.start + 1, scanner.end));
      if (number > parameters && number <= 65_535) parameters = number;
      continue;
    }
    if (scanner.kind !== STRING && scanner.kind !== NUMBER) continue;
    const digest = values.length < MOST_VALUES ? literalDigest(key, sql, scanner) : LEFT_OUT;
    if (digest === LEFT_OUT) leftOut += 1;
    if (values.length < MOST_VALUES) values.push(digest);
  }
  return { values, leftOut, parameters };
}

function literalDigest(key: DigestKey, sql: Buffer, { kind, start, end }: Scanner): string {
  if (end - start > MOST_BYTES) return LEFT_OUT;
  const text = kind === NUMBER ? numberText(sql, start, end) : stringText(sql, start, end);
  return text === undefined ? LEFT_OUT : valueDigest(key, text);
}

/** Of a Bind's values. `types`: OIDs as far as they are known. */
export function boundDigests(key: DigestKey, bound: BoundValues, types: readonly number[]): StatementValues {
  const values: (string | null)[] = [];
  let leftOut = Math.max(0, bound.count - Math.min(bound.values.length, MOST_VALUES));
  for (const [index, bytes] of bound.values.slice(0, MOST_VALUES).entries()) {
    const text =
      bytes === null || bytes.length > MOST_BYTES ? undefined : parameterText(bytes, bound.format(index), types[index] ?? 0);
    if (bytes !== null && text === undefined) leftOut += 1;
    values.push(bytes === null ? null : text === undefined ? LEFT_OUT : valueDigest(key, text));
  }
  return { values, leftOut };
}

/** Literals have their places after the parameters that the text names, whatever was bound. */
export function joinedValues(literals: LiteralValues, bound: StatementValues | undefined): StatementValues {
  if (literals.parameters === 0 && bound === undefined) return literals;
  const { parameters } = literals;
  const before = (bound?.values ?? []).slice(0, parameters);
  // Bound without a place in the text: of a parameter that it declares and does not use.
  const beyond = (bound?.values ?? []).slice(parameters).filter((value) => value !== LEFT_OUT).length;
  const places = Math.min(parameters, MOST_VALUES);
  const values = [...before, ...Array.from({ length: Math.max(0, places - before.length) }, () => LEFT_OUT), ...literals.values];
  const cut = values.slice(MOST_VALUES).filter((value) => value !== LEFT_OUT).length;
  return { values: values.slice(0, MOST_VALUES), leftOut: (bound?.leftOut ?? 0) + literals.leftOut + beyond + cut };
}
