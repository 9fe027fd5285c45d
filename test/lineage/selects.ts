/**
 * The SELECTs inside a statement, each as text that stands for itself: the statement, what INSERT inserts, what a cursor, a prepared
 * statement, CREATE TABLE AS, a view, EXPLAIN or COPY runs. The parse tree has no end positions, so a piece of the text is taken
 * only if it parses to the very tree that was found.
 */
import type { Node } from '@pgsql/types';
import { asTag, tagOf } from '../../core/sql/ast/node.ts';
import type { SqlParser } from '../../core/sql/parse/parser.ts';
import { createSource } from '../../core/sql/text/source.ts';
import { sameTree } from '../../core/sql/text/verify.ts';

export interface FoundSelect {
  /** Without a final semicolon. */
  readonly text: string;
  /** What it stands in: `SelectStmt`, `InsertStmt`, … */
  readonly within: string;
}

/** SELECTs of every statement of a text, in order. Empty where the text does not parse. */
export function selectsIn(parser: SqlParser, sql: string): readonly FoundSelect[] {
  const outcome = parser.parse(sql);
  if (!outcome.ok) return [];
  const bytes = Buffer.from(sql);
  const found: FoundSelect[] = [];
  for (const { stmt, stmt_location: start = 0, stmt_len: length } of outcome.tree.stmts ?? []) {
    if (stmt === undefined) continue;
    const text = bytes.toString('utf8', start, length === undefined || length === 0 ? bytes.length : start + length);
    const tag = tagOf(stmt) ?? '';
    if (!readsRelations(stmt)) continue;
    if (tag === 'SelectStmt') {
      if (asTag(stmt, 'SelectStmt')?.intoClause === undefined) found.push({ text: text.trim(), within: tag });
      continue;
    }
    const inner = selectInside(stmt);
    if (inner === undefined) continue;
    const types = (asTag(stmt, 'PrepareStmt')?.argtypes ?? []).length;
    const piece = pieceFor(parser, Buffer.from(text), inner);
    if (piece !== undefined) found.push({ text: types > 0 ? withoutParameters(text, piece) : piece, within: tag });
  }
  return found;
}

/** Whether a relation name stands in a FROM or in a join; a statement without one reads nothing. */
function readsRelations(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some(readsRelations);
  return Object.entries(node).some(([name, value]) => name === 'RangeVar' || readsRelations(value));
}

/** Statements that change neither the schema nor what a name means. */
const QUIET: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'ExplainStmt',
  'DeclareCursorStmt',
  'FetchStmt',
  'ClosePortalStmt',
  'PrepareStmt',
  'DeallocateStmt',
  'VacuumStmt',
  'LockStmt',
  'CheckPointStmt',
  'NotifyStmt',
  'ListenStmt',
  'UnlistenStmt',
  'VariableShowStmt',
  'CommentStmt',
]);

/** Whether a text may change what a name means: schema, search path, or the transaction that changed them. */
export function changesNames(parser: SqlParser, sql: string): boolean {
  const outcome = parser.parse(sql);
  if (!outcome.ok) return false;
  return (outcome.tree.stmts ?? []).some(({ stmt }) => {
    const tag = tagOf(stmt) ?? '';
    if (tag === 'SelectStmt') return asTag(stmt, 'SelectStmt')?.intoClause !== undefined;
    if (tag === 'TransactionStmt')
      return !['TRANS_STMT_BEGIN', 'TRANS_STMT_START', 'TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE'].includes(
        asTag(stmt, 'TransactionStmt')?.kind ?? '',
      );
    if (tag === 'VariableSetStmt')
      return /search_path|^role$|session_authorization|^$/.test(asTag(stmt, 'VariableSetStmt')?.name ?? '');
    return !QUIET.has(tag);
  });
}

/** The query of a statement that runs one. */
function selectInside(stmt: Node): Node | undefined {
  const inner =
    asTag(stmt, 'InsertStmt')?.selectStmt ??
    asTag(stmt, 'CreateTableAsStmt')?.query ??
    asTag(stmt, 'DeclareCursorStmt')?.query ??
    asTag(stmt, 'PrepareStmt')?.query ??
    asTag(stmt, 'ExplainStmt')?.query ??
    asTag(stmt, 'CopyStmt')?.query ??
    asTag(stmt, 'ViewStmt')?.query;
  if (inner === undefined) return undefined;
  if ('SelectStmt' in inner) return inner.SelectStmt.intoClause === undefined ? inner : undefined;
  return selectInside(inner);
}

const STARTS: ReadonlySet<string> = new Set(['select', 'with', 'values', 'table', '(']);
const ENDS: ReadonlySet<string> = new Set(['with', 'on', 'returning', ')']);

function pieceFor(parser: SqlParser, bytes: Buffer, wanted: Node): string | undefined {
  const source = createSource(bytes);
  const starts: number[] = [];
  const ends: number[] = [];
  for (let token = source.tokenAt(0); token !== undefined; token = source.next(token)) {
    const word = token.kind === 'identifier' || token.kind === 'punctuation' ? token.value : '';
    if (STARTS.has(word) && starts.length < 6) starts.push(token.start);
    if (ENDS.has(word)) ends.unshift(token.start);
  }
  for (const end of [bytes.length, ...ends.slice(0, 4)]) {
    for (const start of starts) {
      if (start >= end) continue;
      const text = bytes.toString('utf8', start, end).trim();
      const outcome = parser.parse(text);
      const statements = outcome.ok ? (outcome.tree.stmts ?? []) : [];
      if (statements.length === 1 && sameTree(statements[0]?.stmt, wanted)) return text;
    }
  }
  return undefined;
}

/** `$n` as NULL of the type that PREPARE declares: a view has no parameters. */
function withoutParameters(prepare: string, body: string): string {
  const types = /^\s*prepare\s+\S+?\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*as/i.exec(prepare)?.[1]?.split(/,(?![^(]*\))/) ?? [];
  return body.replace(/\$(\d+)/g, (whole, index: string) => {
    const type = types[Number(index) - 1]?.trim();
    return type === undefined || type === 'unknown' ? whole : `(NULL::${type})`;
  });
}
