/**
 * The walker's side of the name checks: what names/ decides about a call, an operator or a type, and what the row-filter
 * tiers need to know of it (may it raise an error, is it an aggregate, what does it return).
 */
import type { FuncCall, Node, SQLValueFunction, TypeCast, TypeName } from '@pgsql/types';
import type { FunctionData } from '../../catalog/model.ts';
import { deny } from '../../errors/denial.ts';
import { locationOf, namesOf } from '../ast/node.ts';
import type { Scope, StatementContext } from '../context.ts';

export interface CallFacts {
  /** Every candidate is leakproof by the catalog. */
  readonly quiet: boolean;
  /** A candidate is volatile: evaluated per row even without arguments. */
  readonly volatile: boolean;
  readonly aggregate: boolean;
  /** The one return type of all candidates, 0 when they differ. */
  readonly returnType: number;
}

/** Checks the call's name; throws what names/ throws. */
export function checkCall(context: StatementContext, _node: Node, call: FuncCall, _scope: Scope): CallFacts {
  const candidates = candidatesOf(context, call);
  if (candidates.length === 0 || candidates.some((entry) => entry.schema !== 'pg_catalog' || entry.volatility === 'volatile')) {
    deny('SLUICE-204', `The function ${(namesOf(call.funcname) ?? []).join('.')} is not granted.`, {
      location: locationOf(call),
    });
  }
  return callFacts(candidates);
}

function candidatesOf(context: StatementContext, call: FuncCall): readonly FunctionData[] {
  const names = namesOf(call.funcname) ?? [];
  const schema = names.length > 1 ? names.at(-2) : undefined;
  const all = context.catalog.functionsNamed(names.at(-1) ?? '');
  return schema === undefined ? all : all.filter((entry) => entry.schema === schema);
}

function callFacts(candidates: readonly FunctionData[]): CallFacts {
  const first = candidates[0]!;
  return {
    quiet: candidates.every((entry) => entry.leakproof),
    volatile: candidates.some((entry) => entry.volatility === 'volatile'),
    aggregate: candidates.every((entry) => entry.kind === 'aggregate'),
    returnType:
      candidates.every((entry) => entry.returnType === first.returnType) && !isPolymorphic(first.returnType)
        ? first.returnType
        : 0,
  };
}

/** anyelement and the like: the type depends on the arguments. */
function isPolymorphic(type: number): boolean {
  return (
    type === 2283 ||
    type === 2277 ||
    type === 2776 ||
    type === 3500 ||
    type === 3831 ||
    (type >= 5077 && type <= 5080) ||
    type === 2249
  );
}

export function checkOperatorName(_context: StatementContext, _name: readonly Node[] | undefined, _location: number): void {}

export function checkCast(context: StatementContext, _node: Node, cast: TypeCast, _scope: Scope): void {
  if (cast.typeName !== undefined) checkTypeName(context, cast.typeName);
}

export function checkTypeName(_context: StatementContext, _type: TypeName): void {}

/** CURRENT_DATE and the like are harmless; the type is what the tiers use. */
export function checkSqlValue(_context: StatementContext, value: SQLValueFunction): number {
  switch (value.op) {
    case 'SVFOP_CURRENT_DATE':
      return 1082;
    case 'SVFOP_CURRENT_TIMESTAMP':
    case 'SVFOP_CURRENT_TIMESTAMP_N':
      return 1184;
    case 'SVFOP_LOCALTIMESTAMP':
    case 'SVFOP_LOCALTIMESTAMP_N':
      return 1114;
    case 'SVFOP_CURRENT_TIME':
    case 'SVFOP_CURRENT_TIME_N':
      return 1266;
    case 'SVFOP_LOCALTIME':
    case 'SVFOP_LOCALTIME_N':
      return 1083;
    default:
      return 19;
  }
}
