/**
 * Operators that neither raise an error that depends on the values of a row nor have effects, although the catalog does not call
 * them leakproof. Reviewed one by one, for the operand types they are reviewed for; everything else is not quiet. Not among them:
 * distances of vectors (two vectors of different dimensions raise), geometry (overflows), `text @@ …` (a document may be too long), json
 * (which holds escapes that no text can, and says so when it is taken apart).
 */
import { FIRST_USER_OID } from '../../catalog/queries.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { OperatorData } from '../../catalog/model.ts';
import { normalType, TEXT, UNKNOWN_TYPE } from './operator-choice.ts';

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='];
const NUMERIC = 1700;
const JSONB = 3802;
const TSVECTOR = 3614;
const TSQUERY = 3615;
const INET = 869;

/** By the left operand's type, of pg_catalog. */
const OF_TYPE: ReadonlyMap<number, ReadonlySet<string>> = new Map([
  [NUMERIC, new Set(COMPARISONS)],
  [JSONB, new Set([...COMPARISONS, '@>', '<@', '?', '?|', '?&', '->', '->>', '#>', '#>>', '@?', '@@'])],
  [TSVECTOR, new Set(['@@'])],
  [TSQUERY, new Set(['@@'])],
  [INET, new Set([...COMPARISONS, '<<', '<<=', '>>', '>>=', '&&'])],
]);
const OF_ENUMS = new Set(COMPARISONS);
const OF_ARRAYS = new Set(['=', '<>', '@>', '<@', '&&']);
const OF_RANGES = new Set([...COMPARISONS, '@>', '<@', '&&', '<<', '>>', '&<', '&>', '-|-']);
/** By the extension that brings them. */
const OF_EXTENSION: Readonly<Record<string, ReadonlySet<string>>> = {
  citext: new Set(COMPARISONS),
  hstore: new Set(['=', '<>', '@>', '<@', '?', '?|', '?&', '->']),
  pg_trgm: new Set(['%', '<%', '%>', '<<%', '%>>', '<->', '<<->', '<->>', '<<<->', '<->>>']),
};

/** @param left and right types of the operands; `UNKNOWN_TYPE` is taken for the other's. */
export function isQuiet(catalog: Catalog, operator: OperatorData, left: number, right: number): boolean {
  if (operator.schema !== 'pg_catalog')
    return operator.extension !== undefined && (OF_EXTENSION[operator.extension]?.has(operator.name) ?? false);
  if (OF_TYPE.get(operator.left)?.has(operator.name)) return true;
  const operands = [left, right].filter((type) => type !== UNKNOWN_TYPE).map((type) => normalType(catalog, type));
  const kinds = operands.map((type) => catalog.type(type)?.kind);
  if (operator.left === ANY_ENUM) return OF_ENUMS.has(operator.name);
  if (ANY_ARRAYS.has(operator.left) && ANY_ARRAYS.has(operator.right))
    return OF_ARRAYS.has(operator.name) && operands.every((type) => comparesPlainly(catalog, type));
  // Ranges of the server's own types: what compares them is not the user's.
  const ofServer = operands.every((type) => type < FIRST_USER_OID);
  return ofServer && OF_RANGES.has(operator.name) && kinds.some((kind) => kind === 'range' || kind === 'multirange');
}

const ANY_ENUM = 3500;
const ANY_ARRAYS: ReadonlySet<number> = new Set([2277, 5078]);

/** Arrays whose elements are compared by a leakproof `=` (or are numbers of any size). */
function comparesPlainly(catalog: Catalog, array: number): boolean {
  const element = catalog.type(array)?.elementOid;
  if (element === undefined || element === 0) return false;
  const normal = normalType(catalog, element);
  return (
    normal === TEXT ||
    normal === NUMERIC ||
    catalog.operatorsNamed('=').some((operator) => operator.left === normal && operator.right === normal && operator.leakproof)
  );
}
