/**
 * Masked values and writing. A client that loads an entity, changes one field and saves all of them sends the masks back; that
 * must not destroy what is stored, so a value equal to the column's mask means "unchanged":
 *
 *     SET email = $1
 *     SET email = (SELECT CASE WHEN w.v IS NOT DISTINCT FROM mask(t.email) THEN t.email ELSE w.v END
 *                  FROM (SELECT ($1)::varchar AS v) AS w)
 *
 * The stored value is used only to be stored again in its own row and column. The client's expression stays where it is and is
 * evaluated once; the cast gives an untyped parameter the column's type, as the plain assignment does.
 *
 * What is *made from* a masked value is refused (SLUICE-601) wherever it would be stored, temporary tables aside: it would
 * replace data by their masks.
 */
import type { Node } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { ColumnData, TypeData } from '../../catalog/model.ts';
import { denial } from '../../errors/denial.ts';
import type { Mask } from '../../policy/bundle.ts';
import type { StatementContext } from '../context.ts';
import { asTag, namesOf, tagOf } from '../ast/node.ts';
import { hasOwnOperator } from '../scope/own-operator.ts';
import { columnText, type LoggedReference, renderColumn } from './in-place.ts';
import type { Target } from './target.ts';
import { expressionTree, slot } from './template.ts';
import { shown, shownColumn } from './display.ts';

/** What is put around the client's expression, and the whole as a tree. */
export interface KeptValue {
  readonly before: string;
  readonly after: string;
  readonly tree: Node;
}

/** Wraps the new value of a masked column so that its own mask leaves it as it is. `name`: how the stored row is referred to. */
export function keepIfUnchanged(
  context: StatementContext,
  target: Target,
  column: ColumnData,
  mask: Mask,
  value: Node,
): KeptValue {
  const own = quoteIdentifier(`sluice_new_${context.salt}`);
  const before = `(SELECT ${keptColumn(context, target, column, mask, `${own}.v`)} FROM (SELECT (`;
  const after = `)${castText(context, column)} AS v) AS ${own})`;
  return { before, after, tree: expressionTree(context, `${before}${slot(0)}${after}`, [value]) };
}

/** The stored value where `sent` is its mask, else `sent`. */
function keptColumn(context: StatementContext, target: Target, column: ColumnData, mask: Mask, sent: string): string {
  context.facts.governed();
  context.facts.mask(target.relation, column.name, mask);
  const masked = renderColumn(target, mask.template);
  // All others (json, xml, types of extensions and users) are compared as the text that was shown.
  const same = hasOwnOperator(context.catalog, column.typeOid, '=')
    ? `${sent} IS NOT DISTINCT FROM ${masked}`
    : `${sent}::pg_catalog.text IS NOT DISTINCT FROM (${masked})::pg_catalog.text`;
  return `CASE WHEN ${same} THEN ${columnText(target, column.attnum)} ELSE ${sent} END`;
}

function castText(context: StatementContext, column: ColumnData): string {
  const type = baseType(context, column.typeOid);
  return type === undefined ? '' : `::${typeText(type)}`;
}

/** The same for `(a, b) = (SELECT …)`: the subquery becomes the FROM of one that gives each column, kept where it is masked. */
export function keepQueryIfUnchanged(
  context: StatementContext,
  target: Target,
  columns: readonly { readonly column: ColumnData | undefined; readonly mask: Mask | undefined }[],
): { readonly before: string; readonly after: string; tree(query: Node): Node } {
  const own = quoteIdentifier(`sluice_new_${context.salt}`);
  const values = columns.map(({ column, mask }, index) => {
    const sent = `${own}.v${index + 1}`;
    return mask === undefined || column === undefined
      ? sent
      : keptColumn(context, target, column, mask, `(${sent}${castText(context, column)})`);
  });
  const before = `(SELECT ${values.join(', ')} FROM `;
  const after = ` AS ${own}(${columns.map((_, index) => `v${index + 1}`).join(', ')}))`;
  return {
    before,
    after,
    tree(query) {
      const tree = expressionTree(context, `${before}(SELECT 1)${after}`);
      const from = asTag(asTag(asTag(tree, 'SubLink')?.subselect, 'SelectStmt')?.fromClause?.[0], 'RangeSubselect');
      if (from !== undefined) from.subquery = query;
      return tree;
    },
  };
}

/** A domain's base type: a mask need not satisfy the domain's CHECK, and what is stored is checked when it is assigned. */
function baseType(context: StatementContext, typeOid: number): TypeData | undefined {
  let type = context.catalog.type(typeOid);
  for (let hops = 0; hops < 8 && type?.kind === 'domain' && type.baseOid !== undefined; hops += 1)
    type = context.catalog.type(type.baseOid);
  return type;
}

/** The type without a modifier: a modifier in an explicit cast would cut silently what an assignment refuses. */
function typeText(type: TypeData): string {
  return `${quoteIdentifier(type.schema)}.${quoteIdentifier(type.name)}`;
}

/** `SET email = email`: nothing changes, so the stored value may stay as it is. */
export function isOwnColumn(target: Target, column: string, value: Node | undefined): boolean {
  const names = namesOf(asTag(value, 'ColumnRef')?.fields);
  if (names === undefined || names.at(-1) !== column) return false;
  return (
    names.length === 1 ||
    (names.at(-2) === target.name && (names.length === 2 || (names.length === 3 && names[0] === target.options.schema)))
  );
}

/** Which references of an assigned expression carry a value into it, and which only decide or stand for the column itself. */
export interface ValueFlow {
  /** In a condition: CASE WHEN here THEN …. */
  readonly deciding: ReadonlySet<unknown>;
  /** Handed on as it is: an argument of COALESCE, a branch of CASE. */
  readonly passing: ReadonlySet<unknown>;
}

/** Call it before the expression is analysed. */
export function valueFlow(value: Node): ValueFlow {
  const deciding = new Set<unknown>();
  const passing = new Set<unknown>();
  const pass = (node: Node | undefined): void => {
    if (node === undefined) return;
    switch (tagOf(node)) {
      case 'ColumnRef':
        passing.add(node);
        break;
      case 'CoalesceExpr':
        for (const argument of asTag(node, 'CoalesceExpr')?.args ?? []) pass(argument);
        break;
      case 'CaseExpr': {
        const body = asTag(node, 'CaseExpr')!;
        collect(body.arg, deciding);
        for (const arm of body.args ?? []) {
          const when = asTag(arm, 'CaseWhen');
          collect(when?.expr, deciding);
          pass(when?.result);
        }
        pass(body.defresult);
        break;
      }
      default:
        break;
    }
  };
  pass(value);
  return { deciding, passing };
}

function collect(value: unknown, into: Set<unknown>): void {
  if (typeof value !== 'object' || value === null) return;
  into.add(value);
  for (const inner of Object.values(value)) collect(inner, into);
}

/** The masked columns of the target whose masks an assigned value would be made from, `own` passed on unchanged aside. */
export function takenMasks(references: readonly LoggedReference[], flow: ValueFlow, own: number | undefined): readonly number[] {
  const taken: number[] = [];
  for (const { node, attnum, masked } of references) {
    if (!masked || attnum === '*' || flow.deciding.has(node)) continue;
    if (attnum === own && flow.passing.has(node)) continue;
    taken.push(attnum);
  }
  return taken;
}

/** SLUICE-601. */
export function refuseMaskedValue(
  context: StatementContext,
  target: Target,
  column: string | null,
  source: string,
  location: number,
): void {
  context.refuse(
    denial(
      'SLUICE-601',
      `A value made from the masked ${source} would be written to ${shown(target.relation)}${column === null ? '' : `, column ${shownColumn(column)}`}.`,
      {
        location,
        rule: 'masking',
        detail: 'The database would store the mask instead of the value.',
        hint: 'Write values that do not come from masked columns; a masked column that is set to its own mask stays as it is.',
      },
    ),
  );
}
