/**
 * Which operators a name may mean between two types, after the server's own rules (func_select_candidate in parse_func.c, "Operator
 * Type Resolution"): an exact match, an untyped literal taken for the other side's type, the wider numeric type, a polymorphic
 * operator. Where several are possible all of them are given, and each must pass what is asked of it.
 */
import type { Catalog } from '../../catalog/catalog.ts';
import type { OperatorData } from '../../catalog/model.ts';
import { memoise } from '../names/name-context.ts';

/** The pseudo-type of string constants and untyped parameters. */
export const UNKNOWN_TYPE = 705;
export const TEXT = 25;
const VARCHAR = 1043;
const NUMERIC = 1700;
const CIDR = 650;
const INET = 869;

/** Widening order of the numeric types: an operator without an exact match takes the wider side's. */
const NUMERIC_ORDER: readonly number[] = [21, 23, 20, NUMERIC, 700, 701];
/** oid and its aliases. */
const OID_ALIASES: ReadonlySet<number> = new Set([24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191]);

/** Domains are their base type, varchar is text, cidr is inet, reg* values are OIDs. */
export function normalType(catalog: Catalog, type: number): number {
  let oid = type;
  for (let hops = 0; hops < 8; hops += 1) {
    const base = catalog.type(oid)?.baseOid;
    if (base === undefined || base === 0) break;
    oid = base;
  }
  if (oid === VARCHAR) return TEXT;
  if (oid === CIDR) return INET;
  return OID_ALIASES.has(oid) ? 26 : oid;
}

const arraysOf = memoise((catalog: Catalog): ReadonlyMap<number, number> => {
  const arrays = new Map<number, number>();
  for (const { oid, elementOid, category } of catalog.data.types)
    if (category === 'A' && elementOid !== undefined && elementOid !== 0) arrays.set(elementOid, oid);
  return arrays;
});

/** The array type of an element type, 0 when there is none. */
export function arrayOf(catalog: Catalog, element: number): number {
  return arraysOf(catalog).get(element) ?? 0;
}

export interface Meant {
  readonly operators: readonly OperatorData[];
  /** An operand is converted in a way that may fail: a numeric too large for a double raises. */
  readonly lossy: boolean;
}

export function operatorsMeant(catalog: Catalog, name: string, left: number, right: number): Meant {
  const named = catalog.operatorsNamed(name);
  const [a, b] = [normalType(catalog, left), normalType(catalog, right)];
  const exact = (x: number, y: number) => named.filter((operator) => operator.left === x && operator.right === y);
  const fitting = (x: number | undefined, y: number | undefined) =>
    named.filter(
      (operator) =>
        operator.left !== 0 &&
        (x === undefined || fits(catalog, operator.left, x)) &&
        (y === undefined || fits(catalog, operator.right, y)),
    );
  const first = (...choices: readonly (() => readonly OperatorData[])[]): Meant => {
    for (const choice of choices) {
      const operators = choice();
      if (operators.length > 0) return { operators, lossy: false };
    }
    return { operators: [], lossy: false };
  };
  if (a === UNKNOWN_TYPE && b === UNKNOWN_TYPE) return first(() => exact(TEXT, TEXT));
  if (b === UNKNOWN_TYPE)
    return first(
      () => exact(a, a),
      () => fitting(a, undefined),
    );
  if (a === UNKNOWN_TYPE)
    return first(
      () => exact(b, b),
      () => fitting(undefined, b),
    );
  const plain = first(() => exact(a, b));
  if (plain.operators.length > 0) return plain;
  if (NUMERIC_ORDER.includes(a) && NUMERIC_ORDER.includes(b)) {
    const [low, high] = [NUMERIC_ORDER.indexOf(a), NUMERIC_ORDER.indexOf(b)].sort((x, y) => x - y) as [number, number];
    const wider = NUMERIC_ORDER[high]!;
    return { operators: exact(wider, wider), lossy: NUMERIC_ORDER[low] === NUMERIC && high > low };
  }
  return first(() => fitting(a, b));
}

/** Pseudo-types of polymorphic operators and the kinds of type they stand for. */
const ANY_ARRAY: ReadonlySet<number> = new Set([2277, 5078]);
const ANY_ENUM = 3500;
const ANY_RANGE: ReadonlySet<number> = new Set([3831, 5080]);
const ANY_MULTIRANGE: ReadonlySet<number> = new Set([4537, 4538]);
const ANYTHING: ReadonlySet<number> = new Set([2276, 2283, 2776, 5077, 5079]);

function fits(catalog: Catalog, declared: number, actual: number): boolean {
  if (declared === actual || ANYTHING.has(declared)) return true;
  const type = catalog.type(actual);
  if (ANY_ARRAY.has(declared)) return type?.category === 'A';
  if (declared === ANY_ENUM) return type?.kind === 'enum';
  if (ANY_RANGE.has(declared)) return type?.kind === 'range';
  return ANY_MULTIRANGE.has(declared) && type?.kind === 'multirange';
}
