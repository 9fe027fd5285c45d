/** DROP of tables, views, sequences and indexes: needs Drop on each (of an index: on its table). */
import type { DropStmt, Node } from '@pgsql/types';
import { qualifiedName, quoteIdentifier } from '../../catalog/catalog.ts';
import { deny } from '../../errors/denial.ts';
import { asTag, namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { displayName } from '../names/hints.ts';
import { findRelation, grantsOf, permits, relationDenial, resolveRelation } from '../names/relations.ts';
import { checkProtection } from '../write/guardrails.ts';
import { droppedNames, type NameInText } from './names-in-text.ts';

const KINDS: Readonly<Record<string, readonly string[]>> = {
  OBJECT_TABLE: ['table', 'partitioned'],
  OBJECT_VIEW: ['view'],
  OBJECT_MATVIEW: ['matview'],
  OBJECT_FOREIGN_TABLE: ['foreign'],
  OBJECT_SEQUENCE: ['sequence'],
  OBJECT_INDEX: ['index'],
};

export function analyseDrop(context: StatementContext, body: DropStmt): undefined {
  context.kind = 'drop';
  const kinds = KINDS[body.removeType ?? ''];
  if (kinds === undefined) {
    return deny('SLUICE-206', 'Only tables, views, sequences and indexes can be dropped here.', {
      rule: 'floor',
      detail: 'No policy can grant it.',
    });
  }
  if (body.behavior === 'DROP_CASCADE' && !context.bundle.allowAll) {
    deny('SLUICE-206', 'DROP … CASCADE would drop objects that the statement does not name.', {
      rule: 'floor',
      hint: 'Drop them by name, without CASCADE.',
    });
  }
  const objects = body.objects ?? [];
  const places = droppedNames(context, objects.length);
  const temporary: string[] = [];
  for (const [index, object] of objects.entries()) {
    const name = dropOne(context, object, places[index]!, kinds, body.missing_ok ?? false);
    if (name !== undefined) temporary.push(name);
  }
  // Mixed statements change the schema; what they say of temporary tables is then learned by asking again.
  if (temporary.length === objects.length) context.effect = { kind: 'drop-temporary', names: temporary };
  else if (temporary.length === 0 || context.bundle.transparent) context.effect = { kind: 'schema-change' };
  else
    deny('SLUICE-206', 'Temporary and permanent tables cannot be dropped in one statement.', {
      rule: 'floor',
      hint: 'Use two statements.',
    });
}

/** Returns the name of a temporary table. */
function dropOne(
  context: StatementContext,
  object: Node,
  place: NameInText,
  kinds: readonly string[],
  missingOk: boolean,
): string | undefined {
  const list = asTag(object, 'List');
  const name = namesOf(list?.items);
  if (list === undefined || name === undefined || name.join('\0') !== place.parts.join('\0')) {
    return deny('SLUICE-105', 'The statement could not be rewritten safely: its names were not found.', {
      rule: 'floor',
      location: place.start,
    });
  }
  const rename = (schema: string, relname: string): void => {
    context.edit({ start: place.start, end: place.end, replacement: `${quoteIdentifier(schema)}.${quoteIdentifier(relname)}` });
    list.items = [{ String: { sval: schema } }, { String: { sval: relname } }];
  };
  const found = findRelation(context, name);
  if (found?.kind === 'temporary') {
    rename('pg_temp', found.name);
    return found.name;
  }
  if (found === undefined) return dropUnknown(context, name, place, missingOk, rename);
  checkProtection(context, 'Drop');
  const { relation } = found;
  const table =
    relation.kind === 'index' && relation.indexOf !== undefined ? context.catalog.relation(relation.indexOf) : relation;
  if (!kinds.includes(relation.kind) || table === undefined) {
    if (context.bundle.transparent) return unknown(context, name);
    return deny('SLUICE-201', relationDenial(context, name).message, {
      location: place.start,
      hint: `DROP names another kind of object than ${relation.kind}.`,
    });
  }
  const target =
    relation.kind === 'sequence' && relation.ownedBy !== undefined
      ? (context.catalog.relation(relation.ownedBy[0]) ?? relation)
      : table;
  resolveRelation(context, { schemaname: target.schema, relname: target.name, location: place.start }, 'Drop');
  requireChildren(context, target.oid);
  context.facts.write(target, null, 'Drop');
  rename(relation.schema, relation.name);
  return undefined;
}

/** Everything is granted: the server says what it is, and the schema is read again afterwards. */
function unknown(context: StatementContext, name: readonly string[]): undefined {
  context.facts.unknown(displayName(...name), 'Drop');
}

/** `DROP TABLE IF EXISTS x` before a CREATE TEMPORARY TABLE: can only mean a temporary table, and is written so. */
function dropUnknown(
  context: StatementContext,
  name: readonly string[],
  place: NameInText,
  missingOk: boolean,
  rename: (schema: string, name: string) => void,
): string | undefined {
  if (context.bundle.transparent) return unknown(context, name);
  const temporary = name.length === 1 || name[0] === 'pg_temp';
  if (!missingOk || !temporary || !context.bundle.session.temporaryTables) {
    const refusal = relationDenial(context, name, { location: place.start });
    return deny(refusal.code, refusal.message, refusal);
  }
  const bare = name.at(-1)!;
  rename('pg_temp', bare);
  return bare;
}

/** Dropping a partitioned table drops its partitions. */
function requireChildren(context: StatementContext, oid: number): undefined {
  const grants = grantsOf(context.bundle);
  for (const child of context.catalog.children(oid)) {
    const grant = grants.get(child.oid);
    if (grant !== undefined && permits(grant, 'Drop')) requireChildren(context, child.oid);
    else deny('SLUICE-203', `DROP would also drop ${qualifiedName(child)}, on which Drop is not granted.`, { rule: 'floor' });
  }
}
