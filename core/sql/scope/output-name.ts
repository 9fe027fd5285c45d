/** The name PostgreSQL gives a target without AS (FigureColname in src/backend/parser/parse_target.c). */
import type { Node } from '@pgsql/types';
import { namesOf, selectOf, stringOf } from '../ast/node.ts';

/** Never undefined: what has no name of its own is `?column?`. */
export function outputName(target: Node | undefined): string {
  return figure(target)?.name ?? '?column?';
}

interface Figured {
  readonly name: string;
  /** 2: a proper name; 1: a fall-back that a cast's type or another name replaces. */
  readonly strength: 1 | 2;
}

const weak = (name: string): Figured => ({ name, strength: 1 });
const strong = (name: string): Figured => ({ name, strength: 2 });

const JSON_FUNCTIONS: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
};

const XML_NAMES: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  IS_XMLSERIALIZE: 'xmlserialize',
};

function figure(node: Node | undefined): Figured | undefined {
  if (node === undefined) return undefined;
  if ('ColumnRef' in node) return last(node.ColumnRef.fields);
  if ('A_Indirection' in node) return last(node.A_Indirection.indirection) ?? figure(node.A_Indirection.arg);
  if ('FuncCall' in node) return strong(namesOf(node.FuncCall.funcname)?.at(-1) ?? '?column?');
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? strong('nullif') : undefined;
  if ('TypeCast' in node) {
    const inner = figure(node.TypeCast.arg);
    if (inner?.strength === 2) return inner;
    const type = namesOf(node.TypeCast.typeName?.names)?.at(-1);
    return type === undefined ? inner : weak(type);
  }
  if ('CollateClause' in node) return figure(node.CollateClause.arg);
  if ('CaseExpr' in node) {
    const inner = figure(node.CaseExpr.defresult);
    return inner?.strength === 2 ? inner : weak('case');
  }
  if ('GroupingFunc' in node) return strong('grouping');
  if ('MergeSupportFunc' in node) return strong('merge_action');
  if ('SubLink' in node) return sublink(node.SubLink.subLinkType, node.SubLink.subselect);
  if ('A_ArrayExpr' in node) return strong('array');
  if ('RowExpr' in node) return strong('row');
  if ('CoalesceExpr' in node) return strong('coalesce');
  if ('MinMaxExpr' in node) return strong(node.MinMaxExpr.op === 'IS_GREATEST' ? 'greatest' : 'least');
  if ('SQLValueFunction' in node) return strong(sqlValueName(node.SQLValueFunction.op));
  if ('XmlExpr' in node) return named(XML_NAMES[node.XmlExpr.op ?? '']);
  if ('XmlSerialize' in node) return strong('xmlserialize');
  if ('JsonParseExpr' in node) return strong('json');
  if ('JsonScalarExpr' in node) return strong('json_scalar');
  if ('JsonSerializeExpr' in node) return strong('json_serialize');
  if ('JsonObjectConstructor' in node) return strong('json_object');
  if ('JsonArrayConstructor' in node || 'JsonArrayQueryConstructor' in node) return strong('json_array');
  if ('JsonObjectAgg' in node) return strong('json_objectagg');
  if ('JsonArrayAgg' in node) return strong('json_arrayagg');
  if ('JsonFuncExpr' in node) return named(JSON_FUNCTIONS[node.JsonFuncExpr.op ?? '']);
  return undefined;
}

function named(name: string | undefined): Figured | undefined {
  return name === undefined ? undefined : strong(name);
}

function last(fields: readonly Node[] | undefined): Figured | undefined {
  for (let index = (fields?.length ?? 0) - 1; index >= 0; index -= 1) {
    const name = stringOf(fields?.[index]);
    if (name !== undefined) return strong(name);
  }
  return undefined;
}

function sublink(kind: string | undefined, select: Node | undefined): Figured | undefined {
  if (kind === 'EXISTS_SUBLINK') return strong('exists');
  if (kind === 'ARRAY_SUBLINK') return strong('array');
  if (kind !== 'EXPR_SUBLINK') return undefined;
  let body = selectOf(select);
  while (body?.larg !== undefined) body = body.larg;
  const target = body?.targetList?.[0];
  if (target === undefined || !('ResTarget' in target)) return undefined;
  return target.ResTarget.name !== undefined ? strong(target.ResTarget.name) : figure(target.ResTarget.val);
}

function sqlValueName(op: string | undefined): string {
  const name = (op ?? '')
    .replace(/^SVFOP_/, '')
    .replace(/_N$/, '')
    .toLowerCase();
  return name === '' ? '?column?' : name;
}
