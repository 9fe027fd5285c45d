/**
 * Relation names -> what the subject may do with them. A relation that is not granted is answered exactly as one that does not
 * exist: same code, same words, same hint (the granted ones, nearest first).
 *
 * Names are searched as the server does it: pg_temp first for unqualified names (unless the path places it), then pg_catalog, then
 * the path, skipping schemas that do not exist or that the login may not use. Partitions and inheritance children are reachable only
 * under their own grant; a grant of the parent gives their rows through the parent.
 *
 * Sources: https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH
 */
import type { RangeVar } from '@pgsql/types';
import { type Catalog, effectivePath } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import { type DenialDetails, denial, DenialError, deny } from '../../errors/denial.ts';
import type { Action, Bundle, GovernedRelation } from '../../policy/bundle.ts';
import type { ResolvedRelation } from '../context.ts';
import { systemRule } from '../introspect/rules.ts';
import { displayName, nearest } from './hints.ts';
import { memoise, type NameContext } from './name-context.ts';

const TEMPORARY_SCHEMA = /^pg_(?:toast_)?temp(?:_|$)/;
const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set(['pg_catalog', 'information_schema']);

/** bundle.relations by OID. */
export const grantsOf: (bundle: Bundle) => ReadonlyMap<number, GovernedRelation> = memoise(
  (bundle: Bundle) => new Map(bundle.relations.map((relation) => [relation.oid, relation])),
);

/** A name found, before any permission is asked. */
export type FoundRelation =
  | { readonly kind: 'temporary'; readonly name: string; readonly columns: readonly string[] | null }
  | { readonly kind: 'relation'; readonly relation: RelationData };

/**
 * Looks a name up; undefined when no such relation is known.
 * @param name the last one, two or three parts of a qualified name, folded as the parser gives them.
 */
export function findRelation(context: NameContext, name: readonly string[]): FoundRelation | undefined {
  const relname = name.at(-1);
  const schema = name.at(-2);
  if (relname === undefined || name.length > 3) return undefined;
  if (name.length === 3 && name[0] !== context.bundle.database.database && name[0] !== context.catalog.data.database)
    return undefined;
  if (schema !== undefined) {
    if (schema === 'pg_temp') return temporary(context, relname);
    if (TEMPORARY_SCHEMA.test(schema)) return undefined;
    return found(context.catalog.relationNamed(schema, relname));
  }
  const path = context.session.searchPath;
  const steps = path.includes('pg_temp') ? effectivePath(path) : ['pg_temp', ...effectivePath(path)];
  const usable = new Set(context.catalog.searched(path));
  for (const step of steps) {
    const entry =
      step === 'pg_temp'
        ? temporary(context, relname)
        : usable.has(step)
          ? found(context.catalog.relationNamed(step, relname))
          : undefined;
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/**
 * @param action what the statement does with it. `Explain`, `Alter`, `Drop` … ask GovernedRelation.actions.
 * @throws DenialError SLUICE-201 (not granted, or no such relation), SLUICE-203 (granted, but not for this).
 */
export function resolveRelation(context: NameContext, rangeVar: RangeVar, action: Action): ResolvedRelation {
  const name = rangeVarName(rangeVar);
  const located = rangeVar.location === undefined ? {} : { location: rangeVar.location };
  const entry = findRelation(context, name);
  if (entry === undefined) return notGranted(context, name, action, located);
  if (entry.kind === 'temporary') return entry;
  const { relation } = entry;
  if (SYSTEM_SCHEMAS.has(relation.schema)) return system(context, relation, action, located);
  if (relation.kind === 'index' || relation.kind === 'composite') return notGranted(context, name, action, located);
  const grant = grantsOf(context.bundle).get(relation.oid);
  if (grant === undefined) return ungranted(context, relation, name, located);
  if (!permits(grant, action)) return actionNotGranted(context, relation, grant, action, located);
  return { kind: 'governed', relation, grant };
}

/** The parts of a RangeVar's name as written. */
export function rangeVarName(rangeVar: RangeVar): readonly string[] {
  return [rangeVar.catalogname, rangeVar.schemaname, rangeVar.relname].filter(
    (part): part is string => part !== undefined && part !== '',
  );
}

/** Whether the grant covers the action at all (columns are another question). */
export function permits(grant: GovernedRelation, action: Action): boolean {
  switch (action) {
    case 'Select':
      return grant.select !== undefined;
    case 'Insert':
      return grant.insert !== undefined;
    case 'Update':
      return grant.update !== undefined;
    case 'Delete':
      return grant.delete !== undefined;
    default:
      return grant.actions.includes(action);
  }
}

/** The actions a grant covers, for messages. */
export function grantedActions(grant: GovernedRelation): readonly Action[] {
  const rows = (['Select', 'Insert', 'Update', 'Delete'] as const).filter((action) => permits(grant, action));
  return [...new Set<Action>([...rows, ...grant.actions])];
}

function temporary(context: NameContext, name: string): FoundRelation | undefined {
  const entry = context.session.temporary.get(name);
  return entry === undefined ? undefined : { kind: 'temporary', name, columns: entry.columns };
}

function found(relation: RelationData | undefined): FoundRelation | undefined {
  return relation === undefined ? undefined : { kind: 'relation', relation };
}

function system(context: NameContext, relation: RelationData, action: Action, located: DenialDetails): ResolvedRelation {
  const shown = displayName(relation.schema, relation.name);
  if (action !== 'Select' && action !== 'Explain') {
    deny('SLUICE-203', `System catalogs such as ${shown} can be read, not changed.`, { ...located, rule: 'floor' });
  }
  const rule = systemRule(context.bundle, context.catalog, relation);
  if (rule === undefined) {
    deny('SLUICE-201', `The system relation ${shown} is not readable here.`, {
      ...located,
      detail: 'It can show data, statements or names beyond what is granted.',
      hint: 'Use information_schema or pg_catalog relations such as pg_class and pg_attribute: they show what is granted.',
      rule: 'floor',
    });
  }
  return { kind: 'system', relation, rule };
}

/** The one answer for "does not exist" and "exists but is not yours". */
export function relationDenial(
  context: NameContext,
  name: readonly string[],
  details: DenialDetails = {},
): ReturnType<typeof denial> {
  const shown = displayName(...name);
  const granted = nearest(shown, grantedNames(context.bundle, context.catalog));
  return denial('SLUICE-201', `Relation ${shown} does not exist or is not granted.`, {
    detail: `No policy of ${context.bundle.identity.namespace}/${context.bundle.identity.serviceAccount} grants it.`,
    hint: granted === '' ? 'No relation is granted.' : `Granted: ${granted}.`,
    ...details,
  });
}

const grantedNames = (bundle: Bundle, _catalog: Catalog): readonly string[] =>
  bundle.relations.map((relation) => displayName(relation.schema, relation.name));

function notGranted(context: NameContext, name: readonly string[], action: Action, located: DenialDetails): ResolvedRelation {
  if (!context.bundle.transparent) throw new DenialError(relationDenial(context, name, located));
  context.facts?.unknown(displayName(...name), action);
  return { kind: 'temporary', name: name.at(-1) ?? '', columns: null, unknown: true };
}

/** Exists, is not granted. Observe records it and lets the statement see it as it is, unless that could show a floor column. */
function ungranted(
  context: NameContext,
  relation: RelationData,
  name: readonly string[],
  located: DenialDetails,
): ResolvedRelation {
  const refusal = relationDenial(context, name, located);
  if (context.bundle.protectedColumns.some((column) => column.startsWith(`${relation.oid}.`))) throw new DenialError(refusal);
  context.refuse(refusal);
  return { kind: 'governed', relation, grant: observedGrant(relation) };
}

function actionNotGranted(
  context: NameContext,
  relation: RelationData,
  grant: GovernedRelation,
  action: Action,
  located: DenialDetails,
): ResolvedRelation {
  const shown = displayName(relation.schema, relation.name);
  context.refuse(
    denial('SLUICE-203', `${action} on ${shown} is not granted.`, {
      detail: `The policies grant ${grantedActions(grant).join(', ')} on it.`,
      hint: hintForAction(context.bundle, action),
      ...located,
    }),
  );
  const observed = observedGrant(relation);
  return {
    kind: 'governed',
    relation,
    grant: { ...observed, ...grant, actions: observed.actions, ...missing(grant, observed) },
  };
}

function missing(grant: GovernedRelation, observed: GovernedRelation): Partial<GovernedRelation> {
  return {
    ...(grant.select === undefined && observed.select !== undefined ? { select: observed.select } : {}),
    ...(grant.insert === undefined && observed.insert !== undefined ? { insert: observed.insert } : {}),
    ...(grant.update === undefined && observed.update !== undefined ? { update: observed.update } : {}),
    ...(grant.delete === undefined && observed.delete !== undefined ? { delete: observed.delete } : {}),
  };
}

function hintForAction(bundle: Bundle, action: Action): string {
  const others = bundle.relations
    .filter((relation) => permits(relation, action))
    .map((relation) => displayName(relation.schema, relation.name));
  return others.length === 0 ? `${action} is granted on no relation.` : `${action} is granted on ${nearest('', others)}.`;
}

/** What Observe uses where nothing is granted: everything, as it would be without us. */
function observedGrant(relation: RelationData): GovernedRelation {
  const attnums = relation.columns.map((column) => column.attnum);
  const write = { columns: attnums, rules: ['observe'] };
  return {
    oid: relation.oid,
    schema: relation.schema,
    name: relation.name,
    select: { columns: attnums.map((attnum) => ({ attnum })), unrestricted: true, open: true, rules: ['observe'] },
    insert: write,
    update: write,
    delete: { columns: [], rules: ['observe'] },
    actions: ['Truncate', 'Explain', 'Alter', 'Drop'],
    classes: {},
  };
}
