/**
 * Function names -> allowed, refused, or allowed with guards.
 *
 * PostgreSQL's overload resolution is not rebuilt: a call is allowed only if *every* function of that name that could be meant is
 * allowed. Could be meant: in the schema that is named, or in any schema of the path; and taking that number of arguments (if none
 * does, all of that name: the server will answer with its own error). Where a user's schema brings a function of the same name that is
 * not allowed, an unqualified call is qualified to pg_catalog.
 *
 * Allowed are: the reviewed safe list of pg_catalog (generated/safe-functions.ts); introspection functions with guarded arguments
 * (introspect/functions.ts); session features that the policy grants; reviewed functions of known extensions (extensions.ts); and
 * what `functions:` grants. What FORBIDDEN names is never allowed, whatever grants it.
 *
 * How to use the result (all of it, or the call is not safe):
 *   qualify  the call's name must be replaced by this one (in FROM, without an alias: `fromColumn` keeps its column's name)
 *   guards   each argument's text must be put between `prefix` and `suffix`
 *   result   the whole call must be put between `prefix` and `suffix` (after the arguments)
 * Edit and tree alike: `wrapNode` (wrap.ts) makes the tree of a wrap.
 */
import type { Node } from '@pgsql/types';
import { effectivePath } from '../../catalog/catalog.ts';
import type { FunctionData, RelationData } from '../../catalog/model.ts';
import { type DenialDetails, denial, DenialError } from '../../errors/denial.ts';
import { INTROSPECTION_FUNCTIONS, type IntrospectionFunction } from '../introspect/functions.ts';
import { argumentGuard, commentGuard, REG_TYPES, regGuard, type RegUse, regValue, type Wrap } from '../introspect/guards.ts';
import { isGrantedFunction, visibleTo } from '../introspect/visible.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { isInternalFunction, isTrustedExtensionFunction } from './extensions.ts';
import { displayName, nearest } from './hints.ts';
import { stringLiteral } from './literals.ts';
import { type NameContext, placeOf } from './name-context.ts';
import { objectLiteral } from './objects.ts';
import { isSafeFunction } from './safe.ts';
import { checkSessionFunction, isSessionFunction } from './session-functions.ts';
import { isVisibleTypeName } from './types.ts';

export interface ArgumentGuard extends Wrap {
  /** Zero-based. */
  readonly argument: number;
}

export interface CheckedFunction {
  /** Everything the call may mean. Empty when it is a cast in functional notation (`text(x)`). */
  readonly candidates: readonly FunctionData[];
  readonly qualify?: readonly [schema: string, name: string];
  readonly guards: readonly ArgumentGuard[];
  readonly result?: Wrap;
  /** The sequence that nextval(), setval() or currval() names. */
  readonly sequence?: RelationData;
  readonly aggregate: boolean;
  readonly window: boolean;
  readonly returnsSet: boolean;
  /** Some candidate is volatile. */
  readonly volatile: boolean;
  /** Every candidate is leakproof. */
  readonly leakproof: boolean;
}

export interface CallDetails {
  /** The argument nodes, in order, those of WITHIN GROUP (ORDER BY …) after the direct ones. */
  readonly arguments?: readonly Node[];
  /** How a reg* result is used; 'text' unless it is compared or passed to a function. */
  readonly use?: RegUse;
}

/** Never callable: they run text or code that nobody has looked at, or reach beyond the database. No grant and no mode changes that. */
export const FORBIDDEN =
  /^(?:query_to_xml.*|cursor_to_xml.*|table_to_xml.*|schema_to_xml.*|database_to_xml.*|ts_stat|crosstab.*|connectby.*|xpath_table|dblink.*|pg_read_.*file.*|pg_ls_.*dir|pg_stat_file|pg_file_.*|pg_logdir_ls|lo_import|lo_export|pg_logical_.*|pg_.*replication_.*|pg_replication_.*|binary_upgrade_.*|pg_reload_conf|pg_rotate_logfile.*|pg_promote|pg_backup_.*|pg_start_backup|pg_stop_backup|pg_switch_wal|pg_wal_replay_.*|pg_create_restore_point|pg_export_snapshot|currtid2?|pg_nextoid|pg_stop_making_pinned_objects|pg_extension_config_dump|pg_import_system_collations|pg_clear_.*_stats|pg_restore_.*_stats|plpgsql_.*|fmgr_.*|pg_.*_handler|get_raw_page|heap_page_.*|pg_get_wal_.*|pg_current_logfile|pg_hba_file_rules|pg_ident_file_mappings|pg_show_all_file_settings)$/;

/**
 * @param name one or two parts, folded.
 * @param location byte offset of the call, for messages.
 * @throws DenialError SLUICE-204, SLUICE-205 (settings), SLUICE-209 (session features), SLUICE-201 (objects named by a literal).
 */
export function checkFunction(
  context: NameContext,
  name: readonly string[],
  argumentCount: number,
  location: number | undefined,
  details: CallDetails = {},
): CheckedFunction {
  const located: DenialDetails = location === undefined ? {} : { location };
  const candidates = functionCandidates(context, name, argumentCount);
  if (candidates.length === 0) return checkCastNotation(context, name, argumentCount, located, details);
  const refused = candidates.filter((entry) => !isAllowed(context, entry, argumentCount));
  const builtIn = candidates.filter((entry) => entry.schema === 'pg_catalog');
  let chosen = candidates;
  let qualify: readonly [string, string] | undefined;
  if (refused.length > 0) {
    if (
      name.length === 1 &&
      builtIn.length > 0 &&
      !context.bundle.transparent &&
      !refused.some((entry) => entry.schema === 'pg_catalog')
    ) {
      chosen = builtIn;
      qualify = ['pg_catalog', builtIn[0]?.name ?? ''];
    } else {
      refuse(context, name, refused, located);
    }
  }
  const bare = chosen[0]?.name ?? '';
  const special = chosen.some((entry) => entry.schema === 'pg_catalog')
    ? specialRules(context, bare, argumentCount, located, details)
    : NOTHING;
  return {
    candidates: chosen,
    ...(qualify === undefined ? {} : { qualify }),
    ...special,
    aggregate: chosen.some((entry) => entry.kind === 'aggregate'),
    window: chosen.some((entry) => entry.kind === 'window'),
    returnsSet: chosen.some((entry) => entry.returnsSet),
    volatile: chosen.some((entry) => entry.volatility === 'volatile'),
    leakproof: chosen.every((entry) => entry.leakproof),
  };
}

/** The column that a function brings to FROM under its own name, where `qualify` puts another in its place. */
export function fromColumn(name: string): string | undefined {
  return Object.hasOwn(INTROSPECTION_FUNCTIONS, name) ? INTROSPECTION_FUNCTIONS[name]?.regSet : undefined;
}

/** A function that a user wrote may share its name with one of those: its grant is the administrator's word for it. */
function isForbidden(bundle: Bundle, entry: FunctionData): boolean {
  // Input functions of types and the like: what they can be called with the server decides.
  if (isInternalFunction(entry) && !bundle.transparent) return true;
  const foreign =
    entry.schema === 'pg_catalog' || entry.extension !== undefined || entry.language === 'c' || entry.language === 'internal';
  return foreign && FORBIDDEN.test(entry.name);
}

/** All functions a call may mean, nearest schema first. */
function functionCandidates(context: NameContext, name: readonly string[], argumentCount: number): readonly FunctionData[] {
  const bare = name.at(-1) ?? '';
  const named = context.catalog.functionsNamed(bare);
  if (named.length === 0 || name.length > 3) return [];
  const path = name.length === 1 ? context.catalog.searched(context.session.searchPath) : [name.at(-2) ?? ''];
  const reachable = path.flatMap((schema) => named.filter((entry) => entry.schema === schema));
  const fitting = reachable.filter((entry) => takes(entry, argumentCount));
  return fitting.length > 0 ? fitting : reachable;
}

function takes(entry: FunctionData, count: number): boolean {
  const most = entry.argumentTypes.length;
  if (entry.variadic) return count >= most - 1 - entry.defaults;
  return count <= most && count >= most - entry.defaults;
}

function isAllowed(context: NameContext, entry: FunctionData, argumentCount: number): boolean {
  if (isForbidden(context.bundle, entry)) return false;
  if (entry.schema === 'pg_catalog') {
    if (isSafeFunction(entry.name, argumentCount) || isSessionFunction(entry.name)) return true;
    if (Object.hasOwn(INTROSPECTION_FUNCTIONS, entry.name)) return true;
    return context.bundle.allowAll || isGrantedFunction(context.bundle, entry);
  }
  if (entry.schema === 'information_schema') return isSafeInformationSchema(entry.name);
  return isTrustedExtensionFunction(entry) || isGrantedFunction(context.bundle, entry);
}

/** Helpers of the information_schema views that compute on their arguments. */
function isSafeInformationSchema(name: string): boolean {
  return /^_pg_(?:char_max_length|char_octet_length|datetime_precision|interval_type|numeric_precision|numeric_precision_radix|numeric_scale|truetypid|truetypmod|expandarray)$/.test(
    name,
  );
}

const NOTHING: Pick<CheckedFunction, 'guards'> = { guards: [] };

function specialRules(
  context: NameContext,
  name: string,
  argumentCount: number,
  located: DenialDetails,
  details: CallDetails,
): Pick<CheckedFunction, 'guards' | 'result' | 'sequence' | 'qualify'> {
  if (isSessionFunction(name)) return { guards: checkSessionFunction(context, name, details.arguments ?? [], located) };
  const rule = Object.hasOwn(INTROSPECTION_FUNCTIONS, name) ? INTROSPECTION_FUNCTIONS[name] : undefined;
  return rule === undefined ? NOTHING : introspection(context, name, rule, argumentCount, located, details);
}

function introspection(
  context: NameContext,
  name: string,
  rule: IntrospectionFunction,
  argumentCount: number,
  located: DenialDetails,
  details: CallDetails,
): Pick<CheckedFunction, 'guards' | 'result' | 'sequence' | 'qualify'> {
  const reg: Pick<CheckedFunction, 'result'> =
    rule.reg === true && !visibleTo(context.bundle, context.catalog).all ? { result: regValue(details.use ?? 'text') } : {};
  const kinds = rule.arguments[argumentCount];
  if (kinds === undefined) {
    throw new DenialError(
      denial('SLUICE-204', `${name}() with ${argumentCount} arguments is not granted.`, {
        hint: `It can be called with ${Object.keys(rule.arguments).join(' or ')} arguments.`,
        ...located,
      }),
    );
  }
  const guards: ArgumentGuard[] = [];
  let sequence: RelationData | undefined;
  for (const [index, kind] of kinds.entries()) {
    const argument = details.arguments?.[index];
    if (kind === null) continue;
    if (kind === 'own' || kind === 'ownOrBuiltIn') {
      requireOwnRole(context, name, argument, located, kind === 'ownOrBuiltIn');
      continue;
    }
    const literal = stringLiteral(argument);
    if (literal !== undefined) {
      const checked = objectLiteral(context, kind, literal.value, located);
      if (checked.decided) {
        if (literal.location !== undefined) context.pinLiteral(literal.location);
        if (kind === 'sequence') sequence = checked.relation;
        continue;
      }
    }
    const guard = argumentGuard(context.bundle, context.catalog, kind, placeOf(context, located.location));
    if (guard !== undefined) guards.push({ argument: index, ...guard });
  }
  if (rule.regSet !== undefined && !visibleTo(context.bundle, context.catalog).all) return asNumbers(name, guards[0]);
  const comment =
    rule.comment === true ? commentGuard(context.bundle, context.catalog, placeOf(context, located.location)) : undefined;
  return {
    guards,
    ...reg,
    ...(comment === undefined ? {} : { result: comment }),
    ...(sequence === undefined ? {} : { sequence }),
  };
}

/** `f(x)` -> `pg_catalog.unnest(ARRAY(SELECT numbers of f(guarded x)))`: a set of the same rows that are no names. */
function asNumbers(name: string, guard: ArgumentGuard | undefined): Pick<CheckedFunction, 'guards' | 'qualify'> {
  const prefix = `ARRAY(SELECT p.o::pg_catalog.oid FROM pg_catalog.${name}(${guard?.prefix ?? '('}`;
  return { qualify: ['pg_catalog', 'unnest'], guards: [{ argument: 0, prefix, suffix: `${guard?.suffix ?? ')'}) AS p(o))` }] };
}

/** has_*_privilege(user, …): other roles' rights, and whether they exist, are not for this subject. */
function requireOwnRole(
  context: NameContext,
  name: string,
  argument: Node | undefined,
  located: DenialDetails,
  builtIn: boolean,
): void {
  if (visibleTo(context.bundle, context.catalog).all) return;
  if (argument !== undefined && 'SQLValueFunction' in argument) {
    const { op } = argument.SQLValueFunction;
    if (op === 'SVFOP_CURRENT_USER' || op === 'SVFOP_CURRENT_ROLE' || op === 'SVFOP_USER' || op === 'SVFOP_SESSION_USER') return;
  }
  const literal = stringLiteral(argument);
  // Nobody can create a role whose name begins with pg_.
  const known = literal?.value === context.catalog.data.login || (builtIn && literal?.value.startsWith('pg_') === true);
  if (literal !== undefined && known) {
    if (literal.location !== undefined) context.pinLiteral(literal.location);
    return;
  }
  throw new DenialError(
    denial('SLUICE-204', `${name}() can only be asked about the session's own user.`, {
      hint: `Leave the user out, or write current_user.`,
      rule: 'floor',
      ...located,
    }),
  );
}

/** `typename(x)` is a cast where no function has that name. */
function checkCastNotation(
  context: NameContext,
  name: readonly string[],
  argumentCount: number,
  located: DenialDetails,
  details: CallDetails,
): CheckedFunction {
  const bare = name.at(-1) ?? '';
  if (argumentCount === 1 && isVisibleTypeName(context, name)) {
    const builtIn =
      name.length === 1 ? effectivePath(context.session.searchPath)[0] === 'pg_catalog' : name.at(-2) === 'pg_catalog';
    const reg = builtIn ? regResult(context, bare, details, located) : undefined;
    return {
      candidates: [],
      guards: reg?.guards ?? [],
      ...(reg === undefined ? {} : { result: reg.result }),
      aggregate: false,
      window: false,
      returnsSet: false,
      volatile: false,
      leakproof: false,
    };
  }
  if (argumentCount === 1 && name.length === 1 && isAttribute(context, bare)) {
    return { candidates: [], guards: [], aggregate: false, window: false, returnsSet: false, volatile: false, leakproof: false };
  }
  // Nothing of that name: the server says so, where its answer gives nothing away. An extension that is newer than our catalog may
  // have brought what is never available.
  if (visibleTo(context.bundle, context.catalog).all && !FORBIDDEN.test(bare)) {
    return { candidates: [], guards: [], aggregate: false, window: false, returnsSet: false, volatile: true, leakproof: false };
  }
  return refuse(context, name, [], located);
}

/** `street(home)` is `(home).street` where no function has that name. Tables' columns are left out: their names may be hidden. */
function isAttribute(context: NameContext, name: string): boolean {
  if (context.catalog.functionsNamed(name).length > 0 || FORBIDDEN.test(name)) return false;
  return context.catalog.data.relations.some(
    ({ kind, columns }) => kind === 'composite' && columns.some((column) => column.name === name),
  );
}

function regResult(
  context: NameContext,
  type: string,
  details: CallDetails,
  located: DenialDetails,
): { guards: readonly ArgumentGuard[]; result: Wrap } | undefined {
  const kind = REG_TYPES.get(type)?.kind;
  const guard =
    kind === undefined || kind === null
      ? undefined
      : regGuard(context.bundle, context.catalog, type, false, 'oid', placeOf(context, located.location));
  if (guard === undefined) return undefined;
  return { guards: [{ argument: 0, ...guard }], result: regValue(details.use ?? 'text') };
}

function refuse(
  context: NameContext,
  name: readonly string[],
  refused: readonly FunctionData[],
  located: DenialDetails,
): CheckedFunction {
  const shown = displayName(...name);
  const floor = refused.find((entry) => isForbidden(context.bundle, entry));
  if (floor !== undefined) {
    throw new DenialError(
      denial('SLUICE-204', `Function ${shown} is never available here.`, {
        detail: `${displayName(floor.schema, floor.name)} runs text that is not analysed, or reaches beyond the tables that are granted.`,
        hint: 'Write the query itself instead of passing it as text; read tables with SELECT.',
        rule: 'floor',
        ...located,
      }),
    );
  }
  const granted = nearest(
    shown,
    context.bundle.functions.filter((entry) => entry.name !== '*').map((entry) => displayName(entry.schema, entry.name)),
  );
  const refusal = denial('SLUICE-204', `Function ${shown} does not exist or is not granted.`, {
    hint:
      granted === ''
        ? 'Built-in functions that only compute on their arguments are available; no other function is granted.'
        : `Granted beyond the built-in ones: ${granted}.`,
    ...located,
  });
  if (refused.length === 0) throw new DenialError(refusal);
  context.refuse(refusal);
  return {
    candidates: refused,
    guards: [],
    aggregate: refused.some((entry) => entry.kind === 'aggregate'),
    window: refused.some((entry) => entry.kind === 'window'),
    returnsSet: refused.some((entry) => entry.returnsSet),
    volatile: refused.some((entry) => entry.volatility === 'volatile'),
    leakproof: false,
  };
}
