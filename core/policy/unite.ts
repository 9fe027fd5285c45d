/**
 * Grants of several policies on one table and action become one rule, or turn out to contradict each other.
 *
 * With one row filter (or none) everything unites: columns are added up, an explicit mask beats a bare grant. With different
 * row filters the rows are added up instead (OR), which only means something if every grant shows the same columns in the
 * same way: adding up per cell would invent NULLs. A grant without a filter counts as one that lets every row through.
 */
import type { MaskSpec } from '../../crds/database-access-policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Action, RowFilter } from './bundle.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import type { Contribution } from './grants.ts';
import { displayName } from './name-pattern.ts';
import { anyOf } from './row-filter.ts';

export interface ExplicitMask {
  readonly spec: MaskSpec;
  /** `namespace/name`. */
  readonly policy: string;
}

/** What all contributions to one relation and action amount to, before classes and floors. */
export interface United {
  /** Ordered. */
  readonly columns: readonly number[];
  readonly allColumns: boolean;
  readonly masks: ReadonlyMap<number, ExplicitMask>;
  readonly reveal: ReadonlySet<number>;
  readonly filter?: RowFilter;
  /** Policies, sorted. */
  readonly rules: readonly string[];
}

/** Contributions by relation and action. */
export type ContributionIndex = ReadonlyMap<string, readonly Contribution[]>;

export function contributionKey(oid: number, action: Action): string {
  return `${oid}.${action}`;
}

export function indexContributions(contributions: readonly Contribution[]): Map<string, Contribution[]> {
  const index = new Map<string, Contribution[]>();
  for (const contribution of contributions) {
    const key = contributionKey(contribution.relation.oid, contribution.action);
    const list = index.get(key);
    if (list === undefined) index.set(key, [contribution]);
    else list.push(contribution);
  }
  return index;
}

export interface Contradiction {
  readonly first: Contribution;
  readonly second: Contribution;
  /** Half a sentence: "give column x of t two different masks". */
  readonly what: string;
}

/** The first contradiction among contributions to one relation and action. */
export function contradiction(contributions: readonly Contribution[], catalog: Catalog): Contradiction | undefined {
  return maskContradiction(contributions, catalog) ?? filterContradiction(contributions);
}

function maskContradiction(contributions: readonly Contribution[], catalog: Catalog): Contradiction | undefined {
  const masks = new Map<number, { readonly text: string; readonly from: Contribution }>();
  for (const contribution of contributions) {
    for (const [attnum, spec] of contribution.masks) {
      const text = canonicalJson(spec);
      const before = masks.get(attnum);
      if (before !== undefined && before.text !== text) {
        return {
          first: before.from,
          second: contribution,
          what: `give ${columnLabel(contribution, attnum, catalog)} two different masks`,
        };
      }
      if (before === undefined) masks.set(attnum, { text, from: contribution });
    }
  }
  for (const contribution of contributions) {
    for (const attnum of contribution.reveal) {
      const mask = masks.get(attnum);
      if (mask === undefined) continue;
      return { first: mask.from, second: contribution, what: `mask and reveal ${columnLabel(contribution, attnum, catalog)}` };
    }
  }
  return undefined;
}

function filterContradiction(contributions: readonly Contribution[]): Contradiction | undefined {
  const groups = byFilter(contributions);
  const [head, ...others] = groups;
  if (head === undefined || others.length === 0) return undefined;
  const shape = presentation(head);
  for (const other of others) {
    const [first, second] = [head[0], other[0]];
    if (first === undefined || second === undefined || presentation(other) === shape) continue;
    const table = displayName(second.relation.schema, second.relation.name);
    return {
      first,
      second,
      what: `have different row filters for ${second.action} on ${table} and so must list the same columns, masks and reveals`,
    };
  }
  return undefined;
}

/** Grants with the same compiled filter, in the order of first appearance. */
function byFilter(contributions: readonly Contribution[]): Contribution[][] {
  const groups = new Map<string, Contribution[]>();
  for (const contribution of contributions) {
    const key = contribution.filter === undefined ? '' : canonicalJson(contribution.filter.template);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [contribution]);
    else group.push(contribution);
  }
  return [...groups.values()];
}

/** Columns, masks and reveals of grants that belong together. Delete has no columns to show. */
function presentation(group: readonly Contribution[]): string {
  const action = group[0]?.action;
  if (action === 'Delete') return '';
  const columns = [...new Set(group.flatMap((each) => each.columns))].sort((a, b) => a - b);
  if (action !== 'Select') return canonicalJson(columns);
  const masks = new Map(group.flatMap((each) => [...each.masks].map(([attnum, spec]) => [attnum, canonicalJson(spec)] as const)));
  const reveal = [...new Set(group.flatMap((each) => [...each.reveal]))].sort((a, b) => a - b);
  return canonicalJson([columns, [...masks].sort(([a], [b]) => a - b), reveal]);
}

/** Call only with contributions that do not contradict each other. Undefined for none. */
export function unite(contributions: readonly Contribution[]): United | undefined {
  if (contributions.length === 0) return undefined;
  const masks = new Map<number, ExplicitMask>();
  for (const contribution of contributions) {
    for (const [attnum, spec] of contribution.masks) {
      const before = masks.get(attnum);
      if (before === undefined || contribution.policy < before.policy) masks.set(attnum, { spec, policy: contribution.policy });
    }
  }
  const filter = unitedFilter(contributions);
  return {
    columns: [...new Set(contributions.flatMap((each) => each.columns))].sort((a, b) => a - b),
    allColumns: contributions.some((each) => each.allColumns),
    masks,
    reveal: new Set(contributions.flatMap((each) => [...each.reveal])),
    ...(filter === undefined ? {} : { filter }),
    rules: [...new Set(contributions.map((each) => each.policy))].sort(),
  };
}

function unitedFilter(contributions: readonly Contribution[]): RowFilter | undefined {
  const filters: { readonly key: string; readonly filter: RowFilter }[] = [];
  for (const group of byFilter(contributions)) {
    const filter = group[0]?.filter;
    if (filter === undefined) return undefined;
    const rules = [...new Set(group.map((each) => each.policy))].sort();
    filters.push({ key: canonicalJson(filter.template), filter: { ...filter, rules } });
  }
  filters.sort((a, b) => (a.key < b.key ? -1 : 1));
  return anyOf(filters.map((each) => each.filter));
}

function columnLabel(contribution: Contribution, attnum: number, catalog: Catalog): string {
  const name = catalog.column(contribution.relation, attnum)?.name ?? String(attnum);
  return `column "${name}" of ${displayName(contribution.relation.schema, contribution.relation.name)}`;
}
