/**
 * Evidence of rows in a plan: the last step of the analysis, on the text as it would go upstream. What it adds to the text is compared with
 * what it meant to add, as every other change is; where that fails nothing is added, and the capture says so.
 */
import type { Node, ReturningClause } from '@pgsql/types';
import type { CaptureReason } from '../../audit/evidence.ts';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { ColumnData, RelationData } from '../../catalog/model.ts';
import { EVIDENCE_COLUMN } from '../../wire/second-line.ts';
import { asTag, namesOf, tagOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import type { Edit, RelationUse, StatementKind } from '../plan.ts';
import { blankComments } from '../text/comments.ts';
import { createSource } from '../text/source.ts';
import { sameTree } from '../text/verify.ts';
import { shown } from '../write/display.ts';
import { Clauses } from '../write/anatomy.ts';
import { evidenceColumn } from './column.ts';
import { callsUnknownCode, countWrites, relationHazards, type WrittenBy } from './hazards.ts';
import { insertInto } from './insert.ts';
import type { PlannedEvidence } from './planned.ts';

/** What of the plan changes. */
export interface WithEvidence {
  readonly text: string;
  readonly edits: readonly Edit[];
  /** The column stands in a list that the client did not ask for. */
  readonly swallow: boolean;
  readonly evidence: PlannedEvidence;
}

export interface PlannedText {
  /** As it would go upstream. */
  readonly text: string;
  readonly edits: readonly Edit[];
  /** Where in the client's text it begins. */
  readonly start: number;
  readonly reads: readonly RelationUse[];
  /** Nothing may be added: the client's rows could not be told from ours. */
  readonly countOnly: boolean;
}

type Body = {
  readonly relation?: { readonly alias?: { readonly aliasname?: string }; readonly relname?: string };
  readonly returningClause?: ReturningClause;
};

/** Characters that are added at most: what comes out is parsed once more. */
const MOST_SQL = 48 * 1024;

/** Undefined: the statement does not write. `original`: its tree as the analysis has left it. */
export function planEvidence(context: StatementContext, original: Node, planned: PlannedText): WithEvidence | undefined {
  const { catalog, kind } = context;
  const unchanged = (reasons: readonly CaptureReason[], target?: PlannedEvidence['target']): WithEvidence => ({
    text: planned.text,
    edits: planned.edits,
    swallow: false,
    evidence: { reasons: [...new Set(reasons)], ...(target === undefined ? {} : { target }) },
  });
  const { reads } = planned;
  const write = writeOf(kind);
  if (write === undefined || !context.writesRows) {
    if (makesRows(original)) return unchanged(['form']);
    const hidden = context.writesRows ? formOf(kind) : callsUnknownCode(catalog, original, reads) ? 'nested' : undefined;
    return hidden === undefined ? undefined : unchanged([hidden], copyTarget(context, original));
  }

  const tree = treeOf(context, planned.text);
  const relation = context.targets.get(bodyOfWrite(original)?.relation ?? {});
  const body = tree === undefined ? undefined : bodyOfWrite(tree);
  if (tree === undefined || body === undefined || relation === undefined) return unchanged(['not-analysed']);
  if (relation === null) return unchanged(['not-a-table']);

  const written = writtenBy(tree);
  const reasons = new Set<CaptureReason>();
  if (countWrites(tree) > 1 || callsUnknownCode(catalog, tree, reads)) reasons.add('nested');
  const action = onlyAction(written);
  const key = keyOf(relation);
  const target = {
    relation: shown(relation),
    ...(action === undefined ? {} : { action }),
    key: key === null ? [] : key.map((column) => column.name),
  };
  const refused = whyNothing(context, relation, written, kind, planned.countOnly);
  if (refused !== undefined) return unchanged([...reasons, refused], target);

  for (const reason of relationHazards(catalog, relation, written)) reasons.add(reason);
  if (relation.primaryKey === undefined) reasons.add('no-key');
  if ((relation.writes?.unreadable?.length ?? 0) > 0) reasons.add('privilege');
  const added = addColumn(context, planned, tree, body, relation, key, written);
  if (added === undefined) return unchanged([...reasons, 'form'], target);
  if (added.blind) reasons.add('before-image');
  return { ...added.text, swallow: added.swallow, evidence: { reasons: [...reasons], target, column: added.column } };
}

function addColumn(
  context: StatementContext,
  planned: PlannedText,
  tree: Node,
  body: Body,
  relation: RelationData,
  key: readonly ColumnData[] | null,
  written: WrittenBy,
) {
  const name = body.relation?.alias?.aliasname ?? body.relation?.relname ?? '';
  const clause = body.returningClause;
  const asked = (clause?.exprs?.length ?? 0) > 0;
  const old = context.catalog.serverMajor >= 18 ? oldName(tree, clause) : null;
  const assigned = written.assigned;
  const changes = assigned === null || (key ?? []).some((column) => assigned.has(column.name) || column.generated !== undefined);
  const column = evidenceColumn({
    catalog: context.catalog,
    relation,
    name,
    form: formOfWrite(tree, written),
    old: old?.name ?? null,
    key,
    keyChanges: changes || relation.keyDeferrable === true,
  });
  if (column === undefined || column.sql.length > MOST_SQL) return undefined;
  const needsOld = column.column.images === 'before-and-row' && old !== null;
  const options = needsOld && old.option !== null ? `WITH (${old.option}) ` : '';
  const place = placeOf(planned.text, body);
  if (place === undefined) return undefined;
  const ours = `${column.sql} AS ${quoteIdentifier(EVIDENCE_COLUMN)}`;
  const inserted = asked ? ` ${options}${ours}, ` : ` RETURNING ${options}${ours}`;
  const text = insertInto(planned, place, inserted);
  if (!isAsMeant(context, text.text, tree, column.sql, options !== '')) return undefined;
  return { text, swallow: !asked, column: column.column, blind: column.blind };
}

/** Where the list begins, behind RETURNING and its options, or where one can be added. */
function placeOf(text: string, body: Body): number | undefined {
  const bytes = Buffer.from(text);
  const place = { source: createSource(bytes), range: [0, bytes.length] as const };
  try {
    const clauses = Clauses.after(place, body.relation as { location?: number });
    const returning = clauses.find('returning');
    if ((body.returningClause?.exprs?.length ?? 0) > 0 !== returning >= 0) return undefined;
    if (returning < 0) return clauses.endBefore(-1);
    const options = (body.returningClause?.options?.length ?? 0) > 0;
    return clauses.items[options ? returning + 2 : returning]?.end;
  } catch {
    // A clause that is not where it should be: nothing is added.
    return undefined;
  }
}

function treeOf(context: StatementContext, text: string): Node | undefined {
  const outcome = context.parser.parse(blankComments(Buffer.from(text)).toString('utf8'));
  return outcome.ok && outcome.tree.stmts?.length === 1 ? outcome.tree.stmts[0]?.stmt : undefined;
}

/** The new text must be the old one's tree with our column in front of the list, and nothing else. */
function isAsMeant(context: StatementContext, text: string, before: Node, sql: string, ourOptions: boolean): boolean {
  const tree = treeOf(context, text);
  const body = tree === undefined ? undefined : (bodyOfWrite(tree) as { returningClause?: ReturningClause } | undefined);
  const clause = body?.returningClause;
  const first = asTag(clause?.exprs?.[0], 'ResTarget');
  if (
    tree === undefined ||
    body === undefined ||
    clause === undefined ||
    first?.val === undefined ||
    first.name !== EVIDENCE_COLUMN
  )
    return false;
  if (!sameTree(first.val, context.fragments.expression(sql))) return false;
  clause.exprs = clause.exprs!.slice(1);
  if (ourOptions) delete clause.options;
  if (clause.exprs.length === 0) delete body.returningClause;
  return sameTree(tree, before);
}

/** What the row before is called in RETURNING; `option` has to be added for it. Null: its name means something else and cannot be changed. */
function oldName(
  tree: Node,
  clause: ReturningClause | undefined,
): { readonly name: string; readonly option: string | null } | null {
  for (const option of clause?.options ?? []) {
    const body = asTag(option, 'ReturningOption');
    if (body?.option === 'RETURNING_OPTION_OLD') return { name: body.value ?? '', option: null };
  }
  const taken = fromNames(tree);
  const options = (clause?.options?.length ?? 0) > 0;
  if (!taken.has('old')) return { name: 'old', option: null };
  if (options) return null;
  let own = 'sluice_old';
  while (taken.has(own)) own += '_';
  return { name: own, option: `OLD AS ${own}` };
}

/** Names by which the statement's own level refers to relations. */
function fromNames(tree: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [tag, body] of Object.entries(node as Record<string, Record<string, unknown>>)) {
      const alias = (body['alias'] as { aliasname?: string } | undefined)?.aliasname;
      if (alias !== undefined) names.add(alias);
      else if (tag === 'RangeVar' && typeof body['relname'] === 'string') names.add(body['relname']);
      else if (tag === 'RangeFunction') for (const name of functionNames(body)) names.add(name);
      if (tag === 'JoinExpr') {
        visit(body['larg']);
        visit(body['rarg']);
      }
      if (tag === 'RangeTableSample') visit(body['relation']);
    }
  };
  const body = bodyOfWrite(tree) as {
    relation?: unknown;
    fromClause?: unknown[];
    usingClause?: unknown[];
    sourceRelation?: unknown;
  };
  visit({ RangeVar: body.relation });
  for (const item of [...(body.fromClause ?? []), ...(body.usingClause ?? []), body.sourceRelation]) visit(item);
  return names;
}

function functionNames(body: unknown): string[] {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'funcname') names.push(...(namesOf(inner as Node[]) ?? []));
      visit(inner);
    }
  };
  visit(body);
  return names;
}

function whyNothing(
  context: StatementContext,
  relation: RelationData,
  written: WrittenBy,
  kind: StatementKind,
  countOnly: boolean,
): CaptureReason | undefined {
  if (relation.kind !== 'table' && relation.kind !== 'partitioned') return 'not-a-table';
  const rules = relation.writes?.rules ?? '';
  if (
    (written.insert && rules.includes('I')) ||
    (written.update && rules.includes('U')) ||
    (written.delete && rules.includes('D'))
  )
    return 'rules';
  if (kind === 'merge' && context.catalog.serverMajor < 17) return 'form';
  // Rows that a RETURNING list would show must be visible to the policies for reading.
  if (relation.writes?.rowSecurity === true) return 'privilege';
  return countOnly ? 'over-limit' : undefined;
}

/** Null: none, or a part of it may not be read. */
function keyOf(relation: RelationData): readonly ColumnData[] | null {
  const unreadable = relation.writes?.unreadable ?? [];
  const key = (relation.primaryKey ?? []).map((attnum) => relation.columns.find((column) => column.attnum === attnum));
  const known = key.flatMap((column) => (column === undefined || unreadable.includes(column.attnum) ? [] : [column]));
  return known.length === 0 || known.length < key.length ? null : known;
}

function writtenBy(tree: Node): WrittenBy {
  const insert = asTag(tree, 'InsertStmt');
  if (insert !== undefined) {
    const conflict = insert.onConflictClause;
    const update = conflict?.action === 'ONCONFLICT_UPDATE';
    return { insert: true, update, delete: false, assigned: update ? names(conflict?.targetList) : new Set() };
  }
  const update = asTag(tree, 'UpdateStmt');
  if (update !== undefined) return { insert: false, update: true, delete: false, assigned: names(update.targetList) };
  if (tagOf(tree) === 'DeleteStmt') return { insert: false, update: false, delete: true, assigned: new Set() };
  const commands = new Set(
    (asTag(tree, 'MergeStmt')?.mergeWhenClauses ?? []).map((node) => asTag(node, 'MergeWhenClause')?.commandType),
  );
  return {
    insert: commands.has('CMD_INSERT'),
    update: commands.has('CMD_UPDATE'),
    delete: commands.has('CMD_DELETE'),
    assigned: null,
  };
}

function names(list: readonly Node[] | undefined): ReadonlySet<string> {
  return new Set((list ?? []).flatMap((node) => asTag(node, 'ResTarget')?.name ?? []));
}

function onlyAction(written: WrittenBy): 'Insert' | 'Update' | 'Delete' | undefined {
  const actions = [
    ...(written.insert ? (['Insert'] as const) : []),
    ...(written.update ? (['Update'] as const) : []),
    ...(written.delete ? (['Delete'] as const) : []),
  ];
  return actions.length === 1 ? actions[0] : undefined;
}

function formOfWrite(tree: Node, written: WrittenBy): 'row' | 'update' | 'upsert' | 'merge' {
  if (tagOf(tree) === 'MergeStmt') return 'merge';
  if (written.insert) return written.update ? 'upsert' : 'row';
  return written.update ? 'update' : 'row';
}

function writeOf(kind: StatementKind): StatementKind | undefined {
  return kind === 'insert' || kind === 'update' || kind === 'delete' || kind === 'merge' ? kind : undefined;
}

function formOf(kind: StatementKind): CaptureReason {
  return kind === 'copy-from' || kind === 'truncate' ? 'form' : 'nested';
}

/** CREATE TABLE AS, SELECT INTO, REFRESH: rows of a new table. */
function makesRows(node: Node): boolean {
  const tag = tagOf(node);
  return tag === 'CreateTableAsStmt' || tag === 'RefreshMatViewStmt' || asTag(node, 'SelectStmt')?.intoClause !== undefined;
}

function copyTarget(context: StatementContext, node: Node): PlannedEvidence['target'] {
  const relation = context.targets.get(asTag(node, 'CopyStmt')?.relation ?? {});
  if (relation === undefined || relation === null) return undefined;
  return { relation: shown(relation), action: 'Insert', key: (keyOf(relation) ?? []).map((column) => column.name) };
}

function bodyOfWrite(node: Node): Body | undefined {
  return (asTag(node, 'InsertStmt') ?? asTag(node, 'UpdateStmt') ?? asTag(node, 'DeleteStmt') ?? asTag(node, 'MergeStmt')) as
    | Body
    | undefined;
}
