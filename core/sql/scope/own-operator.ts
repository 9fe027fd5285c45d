/** Types for which the server has an operator of its own, found on every search path, that means what one expects. */
import type { Catalog } from '../../catalog/catalog.ts';
import { normalType } from './operator-choice.ts';

/** The geometric types: theirs compare areas and lengths, or round. */
const GEOMETRIC: ReadonlySet<number> = new Set([600, 601, 602, 603, 604, 628, 718]);

/** For two values of the type: `=` says whether they are the same value, `<` orders them. */
export function hasOwnOperator(catalog: Catalog, typeOid: number, name: '=' | '<'): boolean {
  const type = catalog.type(normalType(catalog, typeOid));
  if (type === undefined || GEOMETRIC.has(type.oid)) return false;
  if (type.kind !== 'base') return type.kind === 'enum' || type.kind === 'range' || type.kind === 'multirange';
  if (type.category === 'A' && type.elementOid !== undefined) return hasOwnOperator(catalog, type.elementOid, name);
  return catalog
    .operatorsNamed(name)
    .some(({ schema, left, right }) => schema === 'pg_catalog' && left === type.oid && right === type.oid);
}
