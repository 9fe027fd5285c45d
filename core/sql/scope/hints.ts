/** Hints that name what is allowed, nearest first: the reader of a refusal is often a language model. */
import { distance } from 'fastest-levenshtein';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { ScopeSource, StatementContext } from '../context.ts';

const LISTED = 20;

/** `candidates` ordered by likeness to `name`, without duplicates. */
export function nearest(name: string, candidates: readonly string[]): readonly string[] {
  const scored = [...new Set(candidates)].map((candidate) => ({
    candidate,
    score: distance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  return scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1)).map((entry) => entry.candidate);
}

export function columnHint(context: StatementContext, source: ScopeSource, name: string): string {
  const granted = (source.columns ?? []).filter((column) => !column.ungranted).map((column) => column.name);
  const table =
    source.relation === undefined ? (source.name ?? 'the source') : sqlName(source.relation.schema, source.relation.name);
  if (granted.length === 0) return `No column of ${table} is granted to ${subject(context)}.`;
  const listed = nearest(name, granted).slice(0, LISTED).map(sqlIdentifier).join(', ');
  return `Granted columns of ${table}: ${listed}${granted.length > LISTED ? ', …' : ''}.`;
}

function subject(context: StatementContext): string {
  return `${context.bundle.identity.namespace}/${context.bundle.identity.serviceAccount}`;
}

function sqlName(schema: string, name: string): string {
  return `${sqlIdentifier(schema)}.${sqlIdentifier(name)}`;
}

/** Quoted only where it must be, for people. */
export function sqlIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}
