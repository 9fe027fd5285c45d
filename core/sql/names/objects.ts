/** Objects named by a string literal in an argument or a cast: decided here, so that a typo gets a message instead of a NULL. */
import type { RelationData } from '../../catalog/model.ts';
import { FIRST_USER_OID } from '../../catalog/queries.ts';
import { type DenialDetails, denial, DenialError } from '../../errors/denial.ts';
import type { GuardKind } from '../introspect/guards.ts';
import { type Visible, visibleTo } from '../introspect/visible.ts';
import { displayName, nearest } from './hints.ts';
import { parseQualifiedName } from './literals.ts';
import type { NameContext } from './name-context.ts';
import { findRelation, relationDenial } from './relations.ts';

export interface ObjectLiteral {
  /** False: the literal says nothing by itself (a number, a kind that is not looked up); the argument needs its guard. */
  readonly decided: boolean;
  readonly relation?: RelationData;
}

const UNDECIDED: ObjectLiteral = { decided: false };

/**
 * The caller pins the literal when it is decided.
 * @throws DenialError SLUICE-201 when it names a relation that is not visible.
 */
export function objectLiteral(context: NameContext, kind: GuardKind, value: string, located: DenialDetails): ObjectLiteral {
  switch (kind) {
    case 'relation':
    case 'complete':
    case 'measurable':
    case 'definition':
    case 'relationName':
    case 'rooted':
      return relationLiteral(context, kind, value, located);
    case 'sequence':
    case 'sequenceName':
      return sequenceLiteral(context, value, located);
    default:
      return UNDECIDED;
  }
}

function relationLiteral(context: NameContext, kind: GuardKind, value: string, located: DenialDetails): ObjectLiteral {
  const visible = visibleTo(context.bundle, context.catalog);
  if (visible.all) return UNDECIDED;
  if (/^\d{1,10}$/.test(value)) return { decided: shows(visible, kind, Number(value)) };
  const name = parseQualifiedName(value);
  if (name === undefined) return UNDECIDED;
  const found = findRelation(context, name);
  if (found?.kind === 'temporary') return { decided: true };
  const oid = found?.relation.oid;
  if (found === undefined || oid === undefined || (oid >= FIRST_USER_OID && !visible.relations.has(oid))) {
    // to_regclass() and its like ask whether a relation exists: NULL is their answer.
    if (kind === 'relationName') return UNDECIDED;
    throw new DenialError(relationDenial(context, name, located));
  }
  return shows(visible, kind, oid) ? { decided: true, relation: found.relation } : UNDECIDED;
}

function shows(visible: Visible, kind: GuardKind, oid: number): boolean {
  if (oid < FIRST_USER_OID) return true;
  switch (kind) {
    case 'relation':
      return visible.relations.has(oid);
    case 'complete':
    case 'relationName':
      return visible.relations.has(oid) && !visible.partial.has(oid);
    case 'measurable':
      return visible.measurable.has(oid);
    case 'definition':
      return visible.definitions.has(oid);
    case 'rooted':
      return visible.rooted.has(oid);
    default:
      return false;
  }
}

function sequenceLiteral(context: NameContext, value: string, located: DenialDetails): ObjectLiteral {
  const visible = visibleTo(context.bundle, context.catalog);
  if (/^\d+$/.test(value)) return UNDECIDED;
  const name = parseQualifiedName(value);
  if (name === undefined) return UNDECIDED;
  const found = findRelation(context, name);
  if (found?.kind === 'relation' && (visible.all || visible.sequences.has(found.relation.oid)))
    return { decided: true, relation: found.relation };
  if (visible.all) return UNDECIDED;
  const usable = [...visible.sequences].flatMap((oid) => {
    const relation = context.catalog.relation(oid);
    return relation === undefined ? [] : [displayName(relation.schema, relation.name)];
  });
  throw new DenialError(
    denial('SLUICE-201', `Sequence ${displayName(...name)} does not exist or is not granted.`, {
      detail: 'A sequence may be used where Insert is granted on the table that owns it.',
      hint: usable.length === 0 ? 'No sequence is granted.' : `Granted: ${nearest(value, usable)}.`,
      ...located,
    }),
  );
}
