/**
 * Operator names -> allowed, or refused; and which of them tell nothing about the rows they see.
 *
 * Every operator of pg_catalog only computes on its operands. Operators of extensions that are written in C are taken as well: who
 * may install one may do anything. Operators in user schemas need a grant of their function. Where such an ungranted operator shares
 * its name with one of pg_catalog, an unqualified use is qualified.
 */
import type { OperatorData } from '../../catalog/model.ts';
import { type DenialDetails, denial } from '../../errors/denial.ts';
import { isGrantedFunction } from '../introspect/visible.ts';
import { isTrustedExtensionFunction } from './extensions.ts';
import type { NameContext } from './name-context.ts';

export interface CheckedOperator {
  readonly candidates: readonly OperatorData[];
  /** Replace the operator's token by this, e.g. `OPERATOR(pg_catalog.+)`. */
  readonly qualify?: readonly [schema: string, name: string];
  readonly volatile: boolean;
}

/**
 * @param name one or two parts (`OPERATOR(s.+)`).
 * @throws DenialError SLUICE-208
 */
export function checkOperator(
  context: NameContext,
  name: readonly string[],
  operands: 1 | 2,
  location: number | undefined,
): CheckedOperator {
  const located: DenialDetails = location === undefined ? {} : { location };
  const candidates = operatorCandidates(context, name, operands);
  const refused = candidates.filter((entry) => !isAllowed(context, entry));
  let chosen = candidates;
  let qualify: readonly [string, string] | undefined;
  if (refused.length > 0) {
    const builtIn = candidates.filter((entry) => entry.schema === 'pg_catalog');
    if (name.length === 1 && builtIn.length > 0) {
      chosen = builtIn;
      qualify = ['pg_catalog', builtIn[0]?.name ?? ''];
    } else {
      context.refuse(
        denial('SLUICE-208', `Operator ${name.join('.')} is not granted.`, {
          hint: 'Operators of the server and of extensions can be used; others need their function in a policy (functions:).',
          ...located,
        }),
      );
    }
  }
  return {
    candidates: chosen,
    ...(qualify === undefined ? {} : { qualify }),
    volatile: chosen.some((entry) => entry.volatility === 'volatile'),
  };
}

/** All operators a use may mean, nearest schema first. */
export function operatorCandidates(context: NameContext, name: readonly string[], operands: 1 | 2): readonly OperatorData[] {
  const named = context.catalog.operatorsNamed(name.at(-1) ?? '');
  const path = name.length === 1 ? context.catalog.searched(context.session.searchPath) : [name.at(-2) ?? ''];
  return path.flatMap((schema) => named.filter((entry) => entry.schema === schema && (entry.left === 0) === (operands === 1)));
}

function isAllowed(context: NameContext, entry: OperatorData): boolean {
  if (entry.schema === 'pg_catalog' || context.bundle.allowAll) return true;
  const implementation = context.catalog.function(entry.functionOid);
  if (implementation === undefined) return false;
  if (entry.extension !== undefined && implementation.language === 'c') return true;
  return isTrustedExtensionFunction(implementation) || isGrantedFunction(context.bundle, implementation);
}

const UNKNOWN = 705;
/** Types that a value of another type is passed as without any conversion. */
const SAME_BYTES: ReadonlyMap<number, number> = new Map([[1043, 25]]); // varchar as text

/**
 * True only if the operator that the server will choose is certainly leakproof: there is one for exactly these operand types, found
 * before any other on the path, and its function is marked leakproof.
 * @param left, right pg_type OIDs; 0 for an untyped literal or a parameter of unknown type (it takes the other side's type);
 *   undefined when the type is not known: the answer is false.
 */
export function isLeakproofOperator(
  context: NameContext,
  name: readonly string[],
  left: number | undefined,
  right: number | undefined,
): boolean {
  const chosen = exactOperator(context, name, left, right);
  return chosen?.leakproof === true && chosen.schema === 'pg_catalog';
}

/** Operators that raise no error and tell nothing for any value of their types, though not marked leakproof: reviewed by hand. */
const QUIET: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  // Distances raise an error for vectors of different dimensions only, which is a property of the column's type.
  ['vector', new Set(['<->', '<#>', '<=>', '<+>', '<~>', '<%>'])],
  ['pg_catalog', new Set(['@@', '@>', '<@', '?', '?|', '?&', '&&'])],
  ['pg_trgm', new Set(['%', '<%', '%>', '<<%', '%>>'])],
]);

/**
 * True if every operator the name may mean is leakproof or on the reviewed list of quiet ones (by owner and name), whatever the
 * operand types: for conditions such as `tsv @@ query`, `doc @> '{}'`, `embedding <-> $1`.
 */
export function isQuietOperator(context: NameContext, name: readonly string[], operands: 1 | 2): boolean {
  const candidates = operatorCandidates(context, name, operands);
  return candidates.length > 0 && candidates.every((entry) => entry.leakproof || isQuiet(entry));
}

function isQuiet(entry: OperatorData): boolean {
  const owner = entry.extension ?? entry.schema;
  // `text @@ text` parses its right side as a query and may raise a notice; arrays compare elements with any operator of their type.
  if (owner === 'pg_catalog' && (entry.left === 25 || entry.right === 25 || entry.left === 2277) && entry.name !== '?')
    return false;
  return QUIET.get(owner)?.has(entry.name) ?? false;
}

function exactOperator(
  context: NameContext,
  name: readonly string[],
  left: number | undefined,
  right: number | undefined,
): OperatorData | undefined {
  if (left === undefined || right === undefined) return undefined;
  const first = base(context, left);
  const second = base(context, right);
  const unknownLeft = first === 0 || first === UNKNOWN;
  const unknownRight = second === 0 || second === UNKNOWN;
  if (unknownLeft && unknownRight) return undefined;
  const leftType = unknownLeft ? second : first;
  const rightType = unknownRight ? first : second;
  return operatorCandidates(context, name, 2).find((entry) => entry.left === leftType && entry.right === rightType);
}

/** Domains act as their base type; varchar as text. */
function base(context: NameContext, oid: number): number {
  const type = context.catalog.type(oid);
  const inner = type?.kind === 'domain' && type.baseOid !== undefined ? base(context, type.baseOid) : oid;
  return SAME_BYTES.get(inner) ?? inner;
}
