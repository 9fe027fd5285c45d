/** Building scopes. A scope is one query level; sources are added while FROM is walked, so that LATERAL sees what stands before it. */
import type { CteSource, ExpressionPlace, Scope, ScopeSource } from '../context.ts';
import type { ReadSite } from '../read/site.ts';

const NO_CTES: ReadonlyMap<string, CteSource> = new Map();

export interface ScopeOptions {
  readonly ctes?: ReadonlyMap<string, CteSource>;
  /** Default: as the parent. */
  readonly nested?: boolean;
  readonly nullable?: boolean;
}

/** A new level inside `parent`. */
export function createScope(parent: Scope | null, sources: readonly ScopeSource[], options: ScopeOptions = {}): Scope {
  return {
    parent,
    sources,
    ctes: options.ctes ?? NO_CTES,
    place: 'other',
    nested: options.nested ?? parent?.nested ?? false,
    nullable: options.nullable ?? parent?.nullable ?? false,
  };
}

/** The CTE that an unqualified relation name means, if any: the innermost WITH that has it. */
export function findCte(start: Scope | null, name: string): CteSource | undefined {
  for (let scope = start; scope !== null; scope = scope.parent) {
    const cte = scope.ctes.get(name);
    if (cte !== undefined) return cte;
  }
  return undefined;
}

/** All replaced relations of a level, those below derived tables included. */
export function sitesOf(sources: readonly ScopeSource[]): readonly ReadSite[] {
  const sites = new Set<ReadSite>();
  for (const source of sources) for (const site of source.sites ?? []) sites.add(site);
  return [...sites];
}

/** Runs `walk` with the level's place set, so that references from inside sublinks know where they are evaluated. */
export function at<T>(scope: Scope, place: ExpressionPlace, walk: () => T): T {
  const before = scope.place;
  scope.place = place;
  try {
    return walk();
  } finally {
    scope.place = before;
  }
}

/** Places that PostgreSQL evaluates only for rows that passed the level's own filters. */
export function isLate(scope: Scope): boolean {
  switch (scope.place) {
    case 'aggregate':
    case 'order':
    case 'group':
    case 'limit':
      return true;
    case 'target':
    case 'values':
      return !scope.nested;
    default:
      return false;
  }
}
