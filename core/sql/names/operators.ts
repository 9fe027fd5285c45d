/**
 * Operator names -> allowed, or refused. (Which of them tell nothing about the rows they see is scope/safety.ts.)
 *
 * Every operator of pg_catalog only computes on its operands. Operators of extensions that are written in C are taken as well: who
 * may install one may do anything. Operators in user schemas need a grant of their function. Where such an ungranted operator shares
 * its name with one of pg_catalog, an unqualified use is qualified.
 */
import type { OperatorData } from '../../catalog/model.ts';
import { type DenialDetails, denial } from '../../errors/denial.ts';
import { isGrantedFunction } from '../introspect/visible.ts';
import { isTrustedExtensionFunction } from './extensions.ts';
import type { NameContext } from './name-context.ts';

export interface CheckedOperator {
  readonly candidates: readonly OperatorData[];
  /** Replace the operator's token by this, e.g. `OPERATOR(pg_catalog.+)`. */
  readonly qualify?: readonly [schema: string, name: string];
  readonly volatile: boolean;
}

/**
 * @param name one or two parts (`OPERATOR(s.+)`).
 * @throws DenialError SLUICE-208
 */
export function checkOperator(
  context: NameContext,
  name: readonly string[],
  operands: 1 | 2,
  location: number | undefined,
): CheckedOperator {
  const located: DenialDetails = location === undefined ? {} : { location };
  const candidates = operatorCandidates(context, name, operands);
  const refused = candidates.filter((entry) => !isAllowed(context, entry));
  let chosen = candidates;
  let qualify: readonly [string, string] | undefined;
  if (refused.length > 0) {
    const builtIn = candidates.filter((entry) => entry.schema === 'pg_catalog');
    if (name.length === 1 && builtIn.length > 0) {
      chosen = builtIn;
      qualify = ['pg_catalog', builtIn[0]?.name ?? ''];
    } else {
      context.refuse(
        denial('SLUICE-208', `Operator ${name.join('.')} is not granted.`, {
          hint: 'Operators of the server and of extensions can be used; others need their function in a policy (functions:).',
          ...located,
        }),
      );
    }
  }
  return {
    candidates: chosen,
    ...(qualify === undefined ? {} : { qualify }),
    volatile: chosen.some((entry) => entry.volatility === 'volatile'),
  };
}

/** All operators a use may mean, nearest schema first. */
function operatorCandidates(context: NameContext, name: readonly string[], operands: 1 | 2): readonly OperatorData[] {
  const named = context.catalog.operatorsNamed(name.at(-1) ?? '');
  const path = name.length === 1 ? context.catalog.searched(context.session.searchPath) : [name.at(-2) ?? ''];
  return path.flatMap((schema) => named.filter((entry) => entry.schema === schema && (entry.left === 0) === (operands === 1)));
}

function isAllowed(context: NameContext, entry: OperatorData): boolean {
  if (entry.schema === 'pg_catalog' || context.bundle.allowAll) return true;
  const implementation = context.catalog.function(entry.functionOid);
  if (implementation === undefined) return false;
  if (entry.extension !== undefined && implementation.language === 'c') return true;
  return isTrustedExtensionFunction(implementation) || isGrantedFunction(context.bundle, implementation);
}
