/** A safe conjunct as text of its own, over the raw column inside a fence. Only forms that `predicate.ts` remembers come here. */
import type { Node } from '@pgsql/types';
import { quoteIdentifier, quoteLiteral } from '../../catalog/catalog.ts';
import { namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import type { Conjunct } from './site.ts';

/** Null when a part of it has no plain text: it is then not copied, which costs an index and nothing else. */
export function renderConjunct(context: StatementContext, conjunct: Conjunct, column: (attnum: number) => string): string | null {
  const { node, attnum } = conjunct;
  const left = column(attnum);
  if ('NullTest' in node) return `${left} IS ${node.NullTest.nulltesttype === 'IS_NOT_NULL' ? 'NOT ' : ''}NULL`;
  if (!('A_Expr' in node)) return null;
  const { kind, name, rexpr } = node.A_Expr;
  const operator = namesOf(name)?.at(-1) ?? '';
  const items = rexpr !== undefined && 'List' in rexpr ? (rexpr.List.items ?? []) : rexpr === undefined ? [] : [rexpr];
  const texts = items.map((item) => constantText(context, item));
  if (texts.length === 0 || texts.some((text) => text === null)) return null;
  if (kind === 'AEXPR_IN') return `${left} ${operator === '=' ? 'IN' : 'NOT IN'} (${texts.join(', ')})`;
  if (kind === 'AEXPR_BETWEEN') return `${left} BETWEEN ${texts[0]} AND ${texts[1]}`;
  const qualified = `OPERATOR(pg_catalog.${operator})`;
  return kind === 'AEXPR_OP_ANY' ? `${left} ${qualified} ANY (${texts[0]})` : `${left} ${qualified} ${texts[0]}`;
}

/** Its value goes into our text, so it is pinned. */
function constantText(context: StatementContext, node: Node): string | null {
  if ('ParamRef' in node) return `$${node.ParamRef.number ?? 0}`;
  if ('TypeCast' in node) return castText(context, node);
  if (!('A_Const' in node)) return null;
  const value = node.A_Const;
  context.pinLiteral(value.location ?? 0);
  if (value.isnull) return 'NULL';
  if (value.ival !== undefined) return (value.ival.ival ?? 0) < 0 ? `(${value.ival.ival})` : String(value.ival.ival ?? 0);
  if (value.boolval !== undefined) return value.boolval.boolval ? 'true' : 'false';
  if (value.sval !== undefined) return quoteLiteral(value.sval.sval ?? '');
  return value.fval?.fval !== undefined && /^[0-9.]+(?:e[+-]?\d+)?$/i.test(value.fval.fval) ? value.fval.fval : null;
}

function castText(context: StatementContext, node: Extract<Node, { TypeCast: unknown }>): string | null {
  const type = node.TypeCast.typeName;
  const names = namesOf(type?.names);
  if (type === undefined || names === undefined || type.setof || type.typmods !== undefined || node.TypeCast.arg === undefined)
    return null;
  const inner = constantText(context, node.TypeCast.arg);
  return inner === null
    ? null
    : `(${inner})::${names.map(quoteIdentifier).join('.')}${(type.arrayBounds ?? []).map(() => '[]').join('')}`;
}
