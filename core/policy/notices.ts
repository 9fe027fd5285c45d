/** What is in force as written but perhaps not as meant: said once, when policies are compiled. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import { objectName } from './bind.ts';
import type { GovernedRelation } from './bundle.ts';
import type { Diagnostic } from './diagnostic.ts';
import { displayName } from './name-pattern.ts';

/** About the policies alone. */
export function policyNotices(policies: readonly DatabaseAccessPolicy[]): readonly Diagnostic[] {
  const notices: Diagnostic[] = [];
  for (const policy of policies) {
    if (policy.spec.credentialsSecretRef === undefined) continue;
    notices.push({
      severity: 'warning',
      reason: 'Ignored',
      object: objectName(policy),
      path: 'spec.credentialsSecretRef',
      message: "a login of a policy's own is not used by this release: statements run under the login of the Database",
    });
  }
  return notices;
}

/**
 * A view that is granted shows what its definition shows: the row filters and explicit masks that the same subjects have on
 * the tables underneath do not follow into it (classes do).
 */
export function viewNotices(governed: ReadonlyMap<number, GovernedRelation>, catalog: Catalog): readonly Diagnostic[] {
  const notices: Diagnostic[] = [];
  for (const relation of governed.values()) {
    const view = catalog.relation(relation.oid);
    if (relation.select === undefined || view?.dependsOn === undefined) continue;
    const names = [...underneath(view, catalog)]
      .filter((oid) => oid !== relation.oid && hides(governed.get(oid)))
      .map((oid) => catalog.relation(oid))
      .filter((base) => base !== undefined)
      .map((base) => displayName(base.schema, base.name))
      .sort();
    if (names.length === 0) continue;
    const [policy] = relation.select.rules;
    notices.push({
      severity: 'warning',
      reason: 'View',
      ...(policy === undefined ? {} : { object: `DatabaseAccessPolicy ${policy}` }),
      message: `view ${displayName(view.schema, view.name)} is granted and reads ${names.join(', ')}, whose row filters and masks do not apply inside it; give the view a rowFilter of its own if it shows too much`,
    });
  }
  return notices;
}

function hides(base: GovernedRelation | undefined): boolean {
  const rule = base?.select;
  return (
    rule?.filter !== undefined || (rule?.columns.some(({ mask }) => mask !== undefined && mask.class === undefined) ?? false)
  );
}

/** OIDs of everything a view reads, through views. */
function underneath(view: RelationData, catalog: Catalog): ReadonlySet<number> {
  const found = new Set<number>();
  const open: RelationData[] = [view];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [oid] of next.dependsOn ?? []) {
      const relation = found.has(oid) ? undefined : catalog.relation(oid);
      found.add(oid);
      if (relation !== undefined) open.push(relation);
    }
  }
  return found;
}
