/**
 * The floors of conformance-floors.json, and which of them explains a refusal. A case is "refused by floor" only when a floor
 * matches it **and** Sluice refused it; a statement that a floor names and Sluice serves is compared like any other.
 *
 * How a matcher is read: all of its parts must hold.
 *   nodes      a node with one of these tags stands anywhere in the statement's tree
 *   where      … and has these fields. `a.b` is a path, `a|b` either of the two. A list: one of these values; true: there and not
 *              false; {"not": list}: there and none of these; {"matches": pattern}: a text that the pattern finds (without case)
 *   calls      a function whose last name the pattern finds is called anywhere
 *   relations  a relation whose last name the pattern finds stands anywhere
 *   refusal    Sluice's own words: the code, and a pattern for the message. For rules that depend on more than the statement
 *   message    the type byte of a protocol message
 *   startup    a key of the startup packet (`a|b` either; `*.*` any with a dot) whose value the pattern finds
 *   direct     what the direct run met: authentication requests, the SQLSTATE of a refused login, TLS
 */
import { readFileSync } from 'node:fs';

type Condition =
  | readonly (string | number | boolean)[]
  | true
  | { readonly not: readonly string[] }
  | { readonly matches: string };

export interface Matcher {
  readonly nodes?: readonly string[];
  readonly where?: Readonly<Record<string, Condition>>;
  readonly calls?: string;
  readonly relations?: string;
  readonly refusal?: { readonly code: string; readonly message?: string };
  readonly message?: string;
  readonly startup?: Readonly<Record<string, string>>;
  readonly direct?: { readonly authentication?: readonly number[]; readonly sqlstate?: string; readonly tls?: true };
}

export interface Floor {
  readonly id: string;
  readonly why: string;
  readonly any: readonly Matcher[];
}

/** What is known of a case; what is left out matches nothing that asks for it. */
export interface Refused {
  /** Trees of the statements, as libpg-query gives them (`stmt` of each RawStmt). */
  readonly trees?: readonly unknown[];
  /** Sluice's ErrorResponse: the code that its DETAIL begins with, and its message. */
  readonly refusal?: { readonly code: string; readonly message: string };
  /** Type byte of the refused protocol message. */
  readonly message?: string;
  readonly startup?: Readonly<Record<string, string>>;
  readonly direct?: { readonly authentication?: readonly number[]; readonly sqlstate?: string; readonly tls?: boolean };
}

const FLOORS = (
  JSON.parse(readFileSync(new URL('conformance-floors.json', import.meta.url), 'utf8')) as { readonly floors: readonly Floor[] }
).floors;

export function allFloors(): readonly Floor[] {
  return FLOORS;
}

/** The first floor that names the case; null: none does. */
export function floorOf(refused: Refused): string | null {
  return FLOORS.find((floor) => floor.any.some((matcher) => matches(matcher, refused)))?.id ?? null;
}

/** Code and message of a refusal by Sluice, out of an ErrorResponse's fields; null for an error of the server. */
export function refusalOf(fields: Readonly<Record<string, string>>): { readonly code: string; readonly message: string } | null {
  const code = /^(SLUICE-\d{3})\b/.exec(fields['D'] ?? '')?.[1];
  return code === undefined ? null : { code, message: fields['M'] ?? '' };
}

function matches(matcher: Matcher, refused: Refused): boolean {
  const { nodes, where, calls, relations, refusal, message, startup, direct } = matcher;
  const trees = refused.trees ?? [];
  if (nodes !== undefined && !trees.some((tree) => hasNode(tree, nodes, where ?? {}))) return false;
  if (calls !== undefined && !trees.some((tree) => hasCall(tree, new RegExp(calls, 'i')))) return false;
  if (relations !== undefined && !trees.some((tree) => hasRelation(tree, new RegExp(relations)))) return false;
  if (refusal !== undefined && !saysSo(refusal, refused.refusal)) return false;
  if (message !== undefined && refused.message !== message) return false;
  if (startup !== undefined && !startsSo(startup, refused.startup ?? {})) return false;
  if (direct !== undefined && !metDirectly(direct, refused.direct ?? {})) return false;
  return true;
}

function saysSo(wanted: NonNullable<Matcher['refusal']>, said: Refused['refusal']): boolean {
  return (
    said !== undefined &&
    said.code === wanted.code &&
    (wanted.message === undefined || new RegExp(wanted.message).test(said.message))
  );
}

function startsSo(wanted: Readonly<Record<string, string>>, startup: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([keys, pattern]) =>
    Object.entries(startup).some(
      ([key, value]) =>
        (keys === '*.*' ? key.includes('.') : keys.split('|').includes(key)) && new RegExp(pattern, 'i').test(value),
    ),
  );
}

function metDirectly(wanted: NonNullable<Matcher['direct']>, met: NonNullable<Refused['direct']>): boolean {
  if (wanted.authentication !== undefined && !met.authentication?.some((kind) => wanted.authentication?.includes(kind)))
    return false;
  if (wanted.sqlstate !== undefined && !(met.sqlstate !== undefined && new RegExp(wanted.sqlstate).test(met.sqlstate)))
    return false;
  return wanted.tls === undefined || met.tls === true;
}

/** Every (key, object) pair of a tree: tagged nodes appear under their tag. */
function* nodesOf(tree: unknown): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  if (typeof tree !== 'object' || tree === null) return;
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) yield [key, value as Record<string, unknown>];
    yield* nodesOf(value);
  }
}

function hasNode(tree: unknown, tags: readonly string[], where: Readonly<Record<string, Condition>>): boolean {
  for (const [key, body] of nodesOf(tree)) {
    if (tags.includes(key) && Object.entries(where).every(([paths, condition]) => holds(body, paths, condition))) return true;
  }
  return false;
}

function hasCall(tree: unknown, pattern: RegExp): boolean {
  for (const [key, body] of nodesOf(tree)) {
    if (key === 'FuncCall' && pattern.test(lastName(body['funcname']))) return true;
  }
  return false;
}

function hasRelation(tree: unknown, pattern: RegExp): boolean {
  for (const [, body] of nodesOf(tree)) {
    if (typeof body['relname'] === 'string' && pattern.test(body['relname'])) return true;
  }
  return false;
}

function lastName(names: unknown): string {
  const last = Array.isArray(names) ? (names.at(-1) as { String?: { sval?: string } } | undefined) : undefined;
  return last?.String?.sval ?? '';
}

function holds(body: unknown, paths: string, condition: Condition): boolean {
  return paths.split('|').some((path) => {
    const value = path
      .split('.')
      .reduce<unknown>(
        (at, part) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined),
        body,
      );
    if (condition === true) return value !== undefined && value !== false;
    if (value === undefined) return false;
    if ('not' in condition) return !condition.not.includes(String(value));
    if ('matches' in condition) return new RegExp(condition.matches, 'i').test(String(value));
    return condition.includes(value as string);
  });
}
