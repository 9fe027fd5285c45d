/** Compares what our resolver says a statement reads with what the server's analyser recorded. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import { FIRST_UNPINNED, type Lineage } from './node-tree.ts';

export type Verdict =
  | { readonly kind: 'same' }
  /** We list more than is read: allowed, as long as somebody can say why. */
  | { readonly kind: 'superset'; readonly extra: readonly string[] }
  /** The server reads what we do not list: a hole. */
  | { readonly kind: 'missing'; readonly missing: readonly string[] }
  | { readonly kind: 'denied'; readonly code: string; readonly message: string };

export function judge(plan: StatementPlan, server: Lineage, catalog: Catalog): Verdict {
  if (plan.denial !== undefined) return { kind: 'denied', code: plan.denial.code, message: plan.denial.message };
  const ours = new Set<string>();
  for (const { oid, columns } of plan.facts.reads) {
    ours.add(String(oid));
    const relation = catalog.relation(oid);
    for (const name of columns) ours.add(`${oid}.${relation?.columns.find((column) => column.name === name)?.attnum ?? name}`);
  }
  const theirs = readsOf(server, catalog);
  const say = (key: string): string => {
    const [oid, attnum] = key.split('.');
    const relation = catalog.relation(Number(oid));
    const column = relation?.columns.find((each) => each.attnum === Number(attnum))?.name;
    return `${relation === undefined ? oid : `${relation.schema}.${relation.name}`}${attnum === undefined ? '' : `.${column ?? attnum}`}`;
  };
  const missing = [...theirs].filter((key) => !ours.has(key));
  if (missing.length > 0) return { kind: 'missing', missing: missing.map(say) };
  const extra = [...ours].filter((key) => !theirs.has(key));
  return extra.length > 0 ? { kind: 'superset', extra: extra.map(say) } : { kind: 'same' };
}

/** Relations and columns as `oid` and `oid.attnum`; a whole row reads every column; system columns carry no value of a cell. */
export function readsOf(server: Lineage, catalog: Catalog): ReadonlySet<string> {
  const reads = new Set<string>([...server.relations].map(String));
  for (const key of [...server.columns, ...server.rowColumns]) if (!key.includes('-')) reads.add(key);
  for (const oid of server.wholeRows)
    for (const column of catalog.relation(oid)?.columns ?? []) reads.add(`${oid}.${column.attnum}`);
  return reads;
}

/**
 * Under a policy that masks every column by a constant NULL, the rewritten text reads no column of a governed relation at all.
 * What it still reads is a hole of the rewriter's.
 */
export function unmasked(server: Lineage, governed: ReadonlySet<number>): readonly string[] {
  return [
    ...[...server.columns, ...server.rowColumns].filter((key) => !key.includes('-') && governed.has(Number(key.split('.')[0]))),
    ...[...server.wholeRows].filter((oid) => governed.has(oid)).map((oid) => `${oid}.*`),
  ];
}

/**
 * Where pg_depend and the rule tree do not agree the oracle itself is wrong. Fields of composite types are columns to pg_depend,
 * whether their relation is read or not (a field of a whole row among them); dependencies on what initdb made first are not recorded.
 */
export function disagreement(lineage: Lineage, recorded: ReadonlySet<string>): readonly string[] {
  const relation = (key: string): number => Number(key.split('.')[0]);
  return [
    ...[...recorded].filter(
      (key) =>
        !lineage.columns.has(key) &&
        !lineage.rowColumns.has(key) &&
        !lineage.wholeRows.has(relation(key)) &&
        lineage.relations.has(relation(key)),
    ),
    ...[...lineage.columns].filter((key) => !recorded.has(key) && relation(key) >= FIRST_UNPINNED),
  ];
}
