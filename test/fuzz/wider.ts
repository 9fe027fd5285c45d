/** Whether one compiled policy allows anything that another does not. Undefined: no. */
import type { Bundle, GovernedRelation, ReadRule, WriteRule } from '../../core/policy/bundle.ts';
import { canonicalJson } from '../../core/json/canonical-json.ts';

export function widerThan(before: Bundle, after: Bundle): string | undefined {
  if (before.mode === 'Enforce' && after.mode === 'Observe') return 'it only observes';
  const known = new Map(before.relations.map((relation) => [relation.oid, relation]));
  for (const relation of after.relations) {
    const found = widerRelation(known.get(relation.oid), relation);
    if (found !== undefined) return `${relation.schema}.${relation.name}: ${found}`;
  }
  const more = (name: string, a: readonly unknown[], b: readonly unknown[]): string | undefined => {
    const had = new Set(a.map((each) => canonicalJson(each)));
    return b.every((each) => had.has(canonicalJson(each))) ? undefined : `more ${name}`;
  };
  const grants = ({ functions }: Bundle) => functions.map(({ schema, name }) => [schema, name]);
  return (
    more('schemas to create in', before.createIn, after.createIn) ??
    more('functions', grants(before), grants(after)) ??
    more('channels to listen on', before.session.listen, after.session.listen) ??
    more('channels to notify', before.session.notify, after.session.notify) ??
    more('actions, for want of protection', after.protectionDeny, before.protectionDeny) ??
    more('columns, for want of a class or mask', after.protectedColumns, before.protectedColumns) ??
    widerSettings(before, after)
  );
}

function widerSettings(before: Bundle, after: Bundle): string | undefined {
  for (const key of ['temporaryTables', 'advisoryLocks'] as const)
    if (after.session[key] && !before.session[key]) return `session.${key}`;
  if (before.guardrails.requireWhere && !after.guardrails.requireWhere) return 'no WHERE required';
  if (looser(before.guardrails.maxAffectedRows, after.guardrails.maxAffectedRows)) return 'more affected rows';
  for (const key of ['maxRows', 'statementTimeout', 'maxConnections'] as const)
    if (looser(before.limits[key], after.limits[key])) return `limits.${key}`;
  return after.allowAll && !before.allowAll ? 'everything' : undefined;
}

function looser(before: number | undefined, after: number | undefined): boolean {
  return (after ?? Number.POSITIVE_INFINITY) > (before ?? Number.POSITIVE_INFINITY);
}

function widerRelation(before: GovernedRelation | undefined, after: GovernedRelation): string | undefined {
  if (before === undefined) return 'granted';
  if (after.actions.some((action) => !before.actions.includes(action))) return 'more actions';
  for (const action of ['insert', 'update', 'delete'] as const) {
    const found = widerWrite(before[action], after[action]);
    if (found !== undefined) return `${action}: ${found}`;
  }
  return widerRead(before.select, after.select);
}

function widerWrite(before: WriteRule | undefined, after: WriteRule | undefined): string | undefined {
  if (after === undefined) return undefined;
  if (before === undefined) return 'granted';
  if (after.columns.some((column) => !before.columns.includes(column))) return 'more columns';
  return sameFilter(before, after) ? undefined : 'another row filter';
}

function widerRead(before: ReadRule | undefined, after: ReadRule | undefined): string | undefined {
  if (after === undefined) return undefined;
  if (before === undefined) return 'select: granted';
  const masks = new Map(before.columns.map(({ attnum, mask }) => [attnum, mask]));
  for (const { attnum, mask } of after.columns) {
    if (!masks.has(attnum)) return 'select: more columns';
    if (masks.get(attnum) !== undefined && mask === undefined) return 'select: a mask less';
    if (mask !== undefined && canonicalJson(mask.template) !== canonicalJson(masks.get(attnum)?.template ?? mask.template))
      return 'select: another mask';
  }
  return sameFilter(before, after) ? undefined : 'select: another row filter';
}

/** A filter more is narrower; any other change may not be. */
function sameFilter(before: WriteRule | ReadRule, after: WriteRule | ReadRule): boolean {
  return before.filter === undefined || canonicalJson(before.filter.template) === canonicalJson(after.filter?.template ?? null);
}
