/**
 * One place in a statement where a relation is read and must be replaced by a subquery. The site is made when FROM is
 * walked and collects what the rest of the statement does with it; the replacement is written at the statement's end
 * (replace.ts), because only then is it known which columns unsafe expressions reach.
 */
import type { ColumnRef, Node, RangeTableSample, RangeVar } from '@pgsql/types';
import type { RelationData } from '../../catalog/model.ts';
import type { ReadRule } from '../../policy/bundle.ts';

/** A part of FROM within which predicates and row filters commute: everything up to the nullable side of an outer join. */
export interface Region {
  readonly id: number;
}

export interface ReadSite {
  readonly relation: RelationData;
  readonly rule: ReadRule;
  /** The wrapped RangeVar (or RangeTableSample around it), which becomes a RangeSubselect. */
  readonly node: Node;
  readonly rangeVar: RangeVar;
  /** Bytes of the relation expression: ONLY, name, `*`, TABLESAMPLE; without the alias unless a sample follows it. */
  readonly range: readonly [start: number, end: number];
  /** Without inheritance children. */
  readonly only: boolean;
  /** `TABLESAMPLE …` as written, to be moved inside. */
  readonly sample?: { readonly text: string; readonly node: RangeTableSample };
  /** The name it is referenced by outside: the alias, or the relation's own name. */
  readonly name: string;
  /** The client wrote an alias, which stays where it is (unless a sample follows it). */
  readonly aliased: boolean;
  /** Set when two relations of one name meet in one FROM: the generated name. */
  renamed: string | null;
  readonly region: Region;
  /** On the nullable side of an outer join, or below a sublink that may become a join: a column guard is not enough. */
  nullable: boolean;
  /** ctid, xmin, … that are referenced: exposed after the user's columns. */
  readonly systemColumns: Set<string>;
  /** attnums that an unsafe expression may see before the filter has been applied. */
  readonly guarded: Set<number>;
  guardAll: boolean;
  /** Only a fence keeps the filter first. */
  fence: boolean;
  /** A locking clause applies to its rows. */
  locked: boolean;
  /** attnums the statement names, in any place: the subquery shows no others. */
  readonly used: Set<number>;
  /** What is used is not certain (or is everything). */
  useAll: boolean;
  /** A whole-row reference: its row type must stay as it is. */
  wholeRow: boolean;
  /** attnums referenced outside WHERE and ON: what GROUP BY of the primary key must carry. */
  readonly late: Set<number>;
  /** Its system columns, and whether its whole row is, in such a place. */
  readonly lateSystem: Set<string>;
  lateRow: boolean;
  /** Conjuncts that may be copied inside a fence: a safe comparison of an unmasked column with constants. */
  readonly conjuncts: Conjunct[];
  /** References through the relation's own name, for when it loses its schema or its name. */
  readonly qualified: { readonly reference: ColumnRef; readonly names: readonly string[] }[];
  /** Member of a NATURAL join, or of a join whose alias lists columns: every column that the subquery shows takes part. */
  positional: boolean;
  /** On the nullable side of an outer join of its own level. */
  readonly outer: boolean;
}

export interface Conjunct {
  readonly attnum: number;
  readonly node: Node;
}

/** A column of a site that an expression depends on. */
export interface Reach {
  readonly site: ReadSite;
  readonly attnum: number | 'all';
}

/** For names that may or may not mean a column of these. */
export function keepAllColumns(sites: readonly ReadSite[] | undefined): void {
  for (const site of sites ?? []) site.useAll = true;
}

/**
 * Each column once: a value made from a column twice, level upon level, would otherwise double its list with every level.
 */
export function distinctReaches(reaches: readonly Reach[]): readonly Reach[] {
  if (reaches.length < 2) return reaches;
  const seen = new Map<ReadSite, Set<number | 'all'>>();
  return reaches.filter(({ site, attnum }) => {
    let attnums = seen.get(site);
    if (attnums === undefined) seen.set(site, (attnums = new Set()));
    if (attnums.has(attnum)) return false;
    attnums.add(attnum);
    return true;
  });
}

/** The columns an unsafe expression touches are shown to it only for rows that pass the filter. */
export function markReached(reach: Reach): void {
  if (reach.attnum === 'all') reach.site.guardAll = true;
  else reach.site.guarded.add(reach.attnum);
}

export interface SiteMark {
  readonly sites: number;
  readonly uses: number;
}

/** A point in the walk. */
export function siteMark(context: { readonly sites: readonly ReadSite[]; readonly cteUses: readonly ReadSite[] }): SiteMark {
  return { sites: context.sites.length, uses: context.cteUses.length };
}

/** The relations read since then, directly or through CTEs. */
export function sitesSince(
  context: { readonly sites: readonly ReadSite[]; readonly cteUses: readonly ReadSite[] },
  mark: SiteMark,
): readonly ReadSite[] {
  return [...new Set([...context.sites.slice(mark.sites), ...context.cteUses.slice(mark.uses)])];
}
