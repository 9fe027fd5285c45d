/**
 * Guardrails of writes: what the database's protection forbids to everybody, and "no UPDATE or DELETE without WHERE".
 *
 * A condition counts as a WHERE if it restricts the target. The rule is meant to be predictable, not clever:
 *
 *   - a comparison or test counts if it mentions a column of the target;
 *   - not if both sides are the same text (`id = id`), nor `IS NOT NULL` on a column that is NOT NULL;
 *   - `a AND b` counts if one of them does, `a OR b` only if both do, `NOT a` as `a`;
 *   - constants, parameters and columns of other tables alone never count: `WHERE true`, `WHERE 1 = 1`, `WHERE $1`.
 *
 * The rule stops accidents; `maxAffectedRows` is the guardrail that stops the rest.
 */
import type { Node } from '@pgsql/types';
import { denial, deny } from '../../errors/denial.ts';
import type { RelationData } from '../../catalog/model.ts';
import type { Action } from '../../policy/bundle.ts';
import type { StatementContext } from '../context.ts';
import { asTag, tagOf } from '../ast/node.ts';
import { sameTree } from '../text/verify.ts';
import { shown } from './display.ts';

/** Denies what `Database.spec.protection.deny` forbids (SLUICE-303). */
export function checkProtection(context: StatementContext, action: Action): void {
  if (!context.bundle.protectionDeny.includes(action)) return;
  deny('SLUICE-303', `${action} is forbidden on this database for every subject.`, {
    rule: 'protection',
    detail: `protection.deny of Database ${context.bundle.database.namespace}/${context.bundle.database.name} lists ${action}.`,
    hint: 'No grant can lift this; ask the platform team.',
  });
}

/** The references to the target that were met in a condition: the ColumnRef's wrapper -> its attnum, or '*' for the whole row. */
export type TargetReferences = ReadonlyMap<Node, number | '*'>;

/** Denies an UPDATE, DELETE or MERGE action whose condition does not restrict the target (SLUICE-301). */
export function requireWhere(
  context: StatementContext,
  relation: RelationData,
  references: TargetReferences,
  conditions: readonly (Node | undefined)[],
  what: string,
): void {
  if (!context.bundle.guardrails.requireWhere) return;
  if (conditions.some((condition) => restricts(relation, references, condition, () => context.pinAll()))) return;
  context.refuse(
    denial('SLUICE-301', `${what} ${shown(relation)} needs a WHERE that restricts its rows.`, {
      rule: 'guardrails',
      detail:
        'guardrails.requireWhere is set. A condition that mentions no column of the target, or is always true, counts as none.',
      hint: `Name the rows, for example WHERE ${exampleColumn(relation)} = …`,
    }),
  );
}

function exampleColumn(relation: RelationData): string {
  const attnum = relation.primaryKey?.[0];
  return (relation.columns.find((column) => column.attnum === attnum) ?? relation.columns[0])?.name ?? 'id';
}

/**
 * Whether the condition depends on the target's rows, by the rule above. `pin` is called when the value of a literal decides
 * (`id + 1 = id + 1`).
 */
export function restricts(
  relation: RelationData,
  references: TargetReferences,
  condition: Node | undefined,
  pin: () => void,
): boolean {
  if (condition === undefined) return false;
  const within = (node: Node | undefined): boolean => restricts(relation, references, node, pin);
  switch (tagOf(condition)) {
    case 'CurrentOfExpr':
      return true;
    case 'BoolExpr': {
      const { boolop, args = [] } = asTag(condition, 'BoolExpr')!;
      return boolop === 'OR_EXPR' ? args.every(within) : args.some(within);
    }
    case 'A_Expr': {
      const { lexpr, rexpr } = asTag(condition, 'A_Expr')!;
      if (!mentions(references, condition)) return false;
      if (hasConstant(lexpr) && hasConstant(rexpr)) pin();
      return !sameTree(lexpr, rexpr);
    }
    case 'NullTest': {
      const test = asTag(condition, 'NullTest')!;
      return (
        !(test.nulltesttype === 'IS_NOT_NULL' && neverNull(relation, references, test.arg)) && mentions(references, condition)
      );
    }
    default:
      return mentions(references, condition);
  }
}

function neverNull(relation: RelationData, references: TargetReferences, node: Node | undefined): boolean {
  const attnum = node === undefined ? undefined : references.get(node);
  if (attnum === undefined || attnum === '*') return attnum === '*';
  return attnum < 0 || relation.columns.find((column) => column.attnum === attnum)?.notNull === true;
}

function mentions(references: TargetReferences, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => mentions(references, item));
  return references.has(value as Node) || Object.values(value).some((inner) => mentions(references, inner));
}

function hasConstant(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'A_Const' in value || Object.values(value).some(hasConstant);
}
