/**
 * What is really applied while policies only observe: everything is permitted, so that nothing that works today stops
 * working, except for the floors. With `masking: Enforce` masks and filters are applied as well.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import type { Action, GovernedRelation, Mask, ReadableColumn, WriteRule } from './bundle.ts';
import { compileClassMask } from './masks/compile-mask.ts';
import type { Classes } from './sensitivity.ts';

export interface ObserveInput {
  readonly catalog: Catalog;
  readonly classes: Classes;
  readonly neverReveal: ReadonlySet<string>;
  /** Detection may yet find columns sensitive that are not known now. */
  readonly detects: boolean;
  readonly masking: 'Enforce' | 'Record';
  /** As Enforce would have it. */
  readonly granted: ReadonlyMap<number, GovernedRelation>;
}

const FURTHER_ACTIONS: readonly Action[] = ['Truncate', 'Explain', 'Alter', 'Drop'];

/** By OID. */
export function observedRelations(input: ObserveInput, relations: readonly RelationData[]): readonly GovernedRelation[] {
  return relations.map((relation) => observedRelation(input, relation));
}

function observedRelation(input: ObserveInput, relation: RelationData): GovernedRelation {
  const granted = input.granted.get(relation.oid);
  const masks = new Map(granted?.select?.columns.map((column) => [column.attnum, column]));
  const columns = relation.columns.map(({ attnum }): ReadableColumn => {
    const mask = applies(input, relation, attnum, masks.get(attnum));
    return mask === undefined ? { attnum } : { attnum, mask };
  });
  const filter = input.masking === 'Enforce' ? granted?.select?.filter : undefined;
  const rules = ['observe'];
  const write = (rule: WriteRule | undefined, assigns: boolean): WriteRule => ({
    columns: assigns ? relation.columns.map((column) => column.attnum) : [],
    ...(input.masking === 'Enforce' && rule?.filter !== undefined ? { filter: rule.filter } : {}),
    rules,
  });
  const unrestricted = filter === undefined && columns.every((column) => column.mask === undefined);
  const masksLater = input.detects && (input.masking === 'Enforce' || input.neverReveal.size > 0);
  return {
    oid: relation.oid,
    schema: relation.schema,
    name: relation.name,
    select: {
      columns,
      ...(filter === undefined ? {} : { filter }),
      unrestricted,
      open: unrestricted && !masksLater,
      rules,
    },
    insert: write(granted?.insert, true),
    update: write(granted?.update, true),
    delete: write(granted?.delete, false),
    actions: FURTHER_ACTIONS,
    classes: Object.fromEntries(input.classes.get(relation.oid) ?? []),
  };
}

/** The granted mask where masks apply or the class is a floor; the class's own where the column is not granted at all. */
function applies(
  input: ObserveInput,
  relation: RelationData,
  attnum: number,
  granted: ReadableColumn | undefined,
): Mask | undefined {
  const sensitive = input.classes.get(relation.oid)?.get(attnum);
  const floor = sensitive !== undefined && input.neverReveal.has(sensitive);
  if (input.masking === 'Record' && !floor) return undefined;
  if (granted !== undefined) return granted.mask;
  const column = input.catalog.column(relation, attnum);
  if (sensitive === undefined || column === undefined) return undefined;
  return { ...compileClassMask(sensitive, column, input.catalog), class: sensitive, rule: floor ? 'protection' : 'class' };
}
