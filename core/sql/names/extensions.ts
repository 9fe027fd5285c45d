/**
 * Functions of well-known extensions that only compute on their arguments. The list is by extension and name, never by extension
 * alone: the same extension may also carry a function that reads tables (PostGIS) or changes a setting (pg_trgm).
 * Everything else of an extension needs a grant in `functions:`.
 */
import type { FunctionData } from '../../catalog/model.ts';

interface ExtensionRule {
  /** Names that may be called. Absent: all. */
  readonly only?: RegExp;
  /** Names that may not. */
  readonly except?: RegExp;
}

const TRUSTED: Readonly<Record<string, ExtensionRule>> = {
  vector: {},
  pg_trgm: { except: /^set_limit$/ },
  unaccent: { only: /^unaccent$/ },
  citext: {},
  hstore: {},
  'uuid-ossp': {},
  pgcrypto: {},
  fuzzystrmatch: {},
  intarray: {},
  ltree: {},
  cube: {},
  earthdistance: {},
  seg: {},
  isn: { except: /^isn_weak$/ },
  tablefunc: { only: /^normal_rand$/ },
  // Some read tables or statistics by name (extents, SRIDs of columns) or change them.
  postgis: {
    only: /^(?:_?st_|geometry|geography|box2d|box3d|spheroid|postgis_(?:full_|lib_|proj_|geos_)?version$)/,
    except: /estimated_?extent|findextent|find_srid|populate|column|table|_pgis|rows|gdal|asmvt_/,
  },
};

/** Pseudo-types no client value has: functions over them are the server's internals. */
const INTERNAL_TYPES: ReadonlySet<number> = new Set([
  2275, // cstring
  2279, // trigger
  2280, // language_handler
  1263, // cstring[]
  2281, // internal
  3115, // fdw_handler
  3838, // event_trigger
  325, // index_am_handler
  269, // table_am_handler
  3310, // tsm_handler
]);

/** True for I/O, support, trigger and handler functions: never callable through us. */
export function isInternalFunction(entry: Pick<FunctionData, 'argumentTypes' | 'returnType'>): boolean {
  return INTERNAL_TYPES.has(entry.returnType) || entry.argumentTypes.some((type) => INTERNAL_TYPES.has(type));
}

/** True for a function of a reviewed extension that only computes. */
export function isTrustedExtensionFunction(entry: FunctionData): boolean {
  if (entry.extension === undefined || !Object.hasOwn(TRUSTED, entry.extension)) return false;
  const rule = TRUSTED[entry.extension];
  if (rule === undefined || entry.language === 'other' || entry.securityDefiner || entry.kind === 'procedure') return false;
  if (isInternalFunction(entry)) return false;
  return (rule.only === undefined || rule.only.test(entry.name)) && !(rule.except?.test(entry.name) ?? false);
}
