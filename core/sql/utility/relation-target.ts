/**
 * Relations that a utility statement names: resolved, checked for the action, and spelled out in the text, so that what we have
 * checked is what the server finds, whatever its search_path says at that moment.
 */
import type { RangeVar } from '@pgsql/types';
import { qualifiedName, quoteIdentifier } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import { denial, deny } from '../../errors/denial.ts';
import type { Action, GovernedRelation } from '../../policy/bundle.ts';
import type { SessionRelation, StatementContext } from '../context.ts';
import { displayName } from '../names/hints.ts';
import { findRelation, grantsOf, permits, rangeVarName, resolveRelation } from '../names/relations.ts';
import { checkProtection } from '../write/guardrails.ts';

export type UtilityTarget =
  | SessionRelation
  | { readonly kind: 'governed'; readonly relation: RelationData; readonly grant: GovernedRelation };

/** Resolves, checks `action`, records the write (SLUICE-201, -203, -303), and qualifies the name in text and tree. */
export function openRelation(context: StatementContext, rangeVar: RangeVar, action: Action): UtilityTarget {
  // What the database's protection forbids concerns the database, not the session's own temporary tables.
  if (findRelation(context, rangeVarName(rangeVar))?.kind !== 'temporary') checkProtection(context, action);
  const resolved = resolveRelation(context, rangeVar, action);
  if (resolved.kind === 'system') return refuseSystem(rangeVar.location);
  if (resolved.kind === 'temporary') {
    qualifyRangeVar(context, rangeVar, 'pg_temp', resolved.name);
    return resolved;
  }
  context.facts.write(resolved.relation, null, action);
  qualifyRangeVar(context, rangeVar, resolved.relation.schema, resolved.relation.name);
  return resolved;
}

/** As `openRelation`, satisfied with any of `actions`; the first one is asked for when none is granted. */
export function openRelationForAny(
  context: StatementContext,
  rangeVar: RangeVar,
  actions: readonly [Action, ...Action[]],
): UtilityTarget {
  const entry = findRelation(context, rangeVarName(rangeVar));
  const grant = entry?.kind === 'relation' ? grantsOf(context.bundle).get(entry.relation.oid) : undefined;
  const granted = grant === undefined ? undefined : actions.find((action) => permits(grant, action));
  return openRelation(context, rangeVar, granted ?? actions[0]);
}

function refuseSystem(location: number | undefined): never {
  return deny('SLUICE-206', 'System catalogs cannot be changed or locked.', {
    rule: 'floor',
    ...(location === undefined ? {} : { location }),
  });
}

/** Writes `schema.name` where the RangeVar's name stands. */
export function qualifyRangeVar(context: StatementContext, rangeVar: RangeVar, schema: string, name: string): undefined {
  const { start, end } = context.source.nameAt(rangeVar.location ?? 0);
  context.edit({ start, end, replacement: `${quoteIdentifier(schema)}.${quoteIdentifier(name)}` });
  delete rangeVar.catalogname;
  rangeVar.schemaname = schema;
  rangeVar.relname = name;
}

/** True when the subject sees the relation as it is: all columns, all rows, nothing sensitive in it. */
export function isPlain(grant: GovernedRelation): boolean {
  const read = grant.select;
  return (read === undefined || read.unrestricted) && Object.keys(grant.classes).length === 0;
}

/**
 * DDL on a relation with masked, hidden or sensitive columns or filtered rows could bring them to light (an expression index fails
 * with the value, a generated column copies it, a renamed column loses its class): denied (SLUICE-602).
 */
export function requirePlain(context: StatementContext, target: UtilityTarget, what: string): undefined {
  if (target.kind === 'temporary') return;
  // A column that is newer than what we know could show a value in an error.
  if (target.grant.select?.open !== true) context.facts.governed();
  if (isPlain(target.grant)) return;
  deny(
    'SLUICE-602',
    `${what} on ${qualifiedName(target.relation)} is not possible: columns or rows of it are protected for this subject.`,
    {
      rule: 'floor',
      hint: 'Have the people who run the database change this table.',
    },
  );
}

/** The schema in which an unqualified CREATE lands; undefined when there is none. */
export function creationSchema(context: StatementContext, rangeVar: RangeVar): string | undefined {
  if (rangeVar.schemaname !== undefined) return rangeVar.schemaname;
  return context.session.searchPath.find((schema) => schema !== 'pg_temp' && context.catalog.hasSchema(schema));
}

/**
 * CREATE of a permanent object: needs Create in the schema (SLUICE-203); the name is qualified. `nameAt` may be given where the
 * tree has no place for the name.
 */
export function requireCreate(context: StatementContext, rangeVar: RangeVar, what: string): string {
  checkProtection(context, 'Create');
  const schema = creationSchema(context, rangeVar);
  const located = rangeVar.location === undefined ? {} : { location: rangeVar.location };
  if (schema === undefined && context.bundle.transparent) return '';
  if (schema === undefined)
    return deny('SLUICE-203', `There is no schema to create ${displayName(rangeVar.relname ?? '')} in.`, {
      ...located,
      rule: 'floor',
    });
  const own = schema === 'pg_temp' && context.bundle.transparent;
  if (!own && (schema === 'pg_catalog' || schema === 'information_schema' || schema.startsWith('pg_'))) {
    return deny('SLUICE-206', 'Nothing can be created in system schemas.', { ...located, rule: 'floor' });
  }
  if (!context.bundle.createIn.includes(schema) && !context.bundle.transparent) {
    const granted = context.bundle.createIn;
    context.refuse(
      denial('SLUICE-203', `${what} in schema ${displayName(schema)} is not granted.`, {
        ...located,
        detail: 'Create is granted by schema (`schema.*` with Create).',
        hint:
          granted.length > 0
            ? `Create is granted in: ${granted.map((name) => displayName(name)).join(', ')}.`
            : temporaryHint(context),
      }),
    );
  }
  return schema;
}

function temporaryHint(context: StatementContext): string {
  return context.bundle.session.temporaryTables ? 'Use CREATE TEMPORARY TABLE.' : 'Create is granted in no schema.';
}
