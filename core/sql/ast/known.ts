/**
 * The first half of default deny: every node of a statement must be one we know, wherever it stands, and one that the
 * server's own grammar has. The walk is generic over all keys, so nothing can hide in a field that nobody looks at. The
 * second half are the walkers in scope/, read/, write/ and utility/, which deny what they have no case for.
 */
import { denial } from '../../errors/denial.ts';
import { DenialError } from '../../errors/denial.ts';
import { MAJOR_OF_FIELD, MAJOR_OF_TAG, STATEMENT_TAGS, STRUCTURE_TAGS } from './tags.ts';

/** Deeper trees cannot be walked safely; the pre-scan keeps ordinary statements far below. */
const MAX_DEPTH = 2_000;

/**
 * Throws SLUICE-102 for a node that is not known, SLUICE-103 for one that the server's major version does not have,
 * SLUICE-104 for a tree too deep to walk.
 */
export function checkKnownNodes(tree: unknown, serverMajor: number): void {
  visit(tree, serverMajor, 0);
}

function visit(value: unknown, major: number, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new DenialError(denial('SLUICE-104', 'The statement is nested too deeply.', { rule: 'floor' }));
  if (Array.isArray(value)) {
    for (const item of value) visit(item, major, depth + 1);
    return;
  }
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    const first = key.charCodeAt(0);
    if (first >= 65 && first <= 90) checkTag(key, inner, major);
    else if (MAJOR_OF_FIELD.has(key)) checkField(key, inner, major);
    if (typeof inner === 'object') visit(inner, major, depth + 1);
  }
}

function checkTag(tag: string, body: unknown, major: number): void {
  if (!STRUCTURE_TAGS.has(tag) && !STATEMENT_TAGS.has(tag)) {
    throw new DenialError(
      denial('SLUICE-102', `The statement uses a form (${tag}) that Sluice does not understand, so it was not run.`, {
        ...place(body),
        rule: 'floor',
        hint: 'Plain SELECT, INSERT, UPDATE, DELETE and MERGE on granted tables are understood.',
      }),
    );
  }
  const needed = MAJOR_OF_TAG.get(tag);
  if (needed !== undefined && needed > major) tooNew(tag, needed, major, body);
}

function checkField(key: string, value: unknown, major: number): void {
  const needed = MAJOR_OF_FIELD.get(key)!;
  if (needed <= major || value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return;
  tooNew(key, needed, major, undefined);
}

function tooNew(what: string, needed: number, major: number, body: unknown): never {
  throw new DenialError(
    denial('SLUICE-103', `The statement uses syntax (${what}) of PostgreSQL ${needed}; the server is version ${major}.`, {
      ...place(body),
      rule: 'floor',
    }),
  );
}

function place(body: unknown): { location?: number } {
  const location = typeof body === 'object' && body !== null ? (body as { location?: unknown }).location : undefined;
  return typeof location === 'number' && location >= 0 ? { location } : {};
}
