/** CALL: a procedure is code that nobody has looked at, so it needs a grant under `functions:`. */
import type { CallStmt } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { denial, deny } from '../../errors/denial.ts';
import type { FunctionData } from '../../catalog/model.ts';
import { namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { displayName, nearest } from '../names/hints.ts';

export function analyseCall(context: StatementContext, body: CallStmt): undefined {
  const call = body.funccall!;
  const name = namesOf(call.funcname) ?? [];
  const location = call.location ?? 0;
  context.kind = 'call';
  context.writesRows = true;
  context.returnsRows = true;
  // What it reads is not known: its notices and errors are treated as coming from something governed.
  context.facts.governed();
  const procedures = candidates(context, name);
  for (const entry of procedures) requireGrant(context, entry, location);
  const first = procedures[0];
  const scope = context.analyser.scope(null, []);
  const walkArguments = (): void => {
    for (const argument of call.args ?? []) context.analyser.expression(context, argument, scope, 'values');
  };
  if (first === undefined && context.bundle.transparent) return walkArguments() as undefined;
  if (first === undefined) {
    return deny('SLUICE-204', `Procedure ${displayName(...name)} does not exist or is not granted.`, {
      location,
      hint: grantedProcedures(context, displayName(...name)),
    });
  }
  const { start, end } = context.source.nameAt(location);
  context.edit({ start, end, replacement: `${quoteIdentifier(first.schema)}.${quoteIdentifier(first.name)}` });
  call.funcname = [{ String: { sval: first.schema } }, { String: { sval: first.name } }];
  context.facts.function(displayName(first.schema, first.name));
  walkArguments();
}

/** Every procedure that the name may mean; all overloads must be granted. */
function candidates(context: StatementContext, name: readonly string[]): readonly FunctionData[] {
  const bare = name.at(-1) ?? '';
  const schemas = name.length > 1 ? [name.at(-2)!] : context.catalog.searched(context.session.searchPath);
  for (const schema of schemas) {
    const found = context.catalog.functionsNamed(bare).filter((entry) => entry.schema === schema && entry.kind === 'procedure');
    if (found.length > 0) return found;
  }
  return [];
}

function requireGrant(context: StatementContext, entry: FunctionData, location: number): undefined {
  const granted = context.bundle.functions.some(
    (grant) => (grant.schema === '*' || grant.schema === entry.schema) && (grant.name === '*' || grant.name === entry.name),
  );
  if (granted) return;
  const shown = displayName(entry.schema, entry.name);
  context.refuse(
    denial('SLUICE-204', `Procedure ${shown} does not exist or is not granted.`, {
      location,
      hint: grantedProcedures(context, shown),
    }),
  );
}

function grantedProcedures(context: StatementContext, wanted: string): string {
  const names = context.bundle.functions.map((grant) => displayName(grant.schema, grant.name));
  return names.length === 0 ? 'No procedure is granted (functions: of a policy).' : `Granted: ${nearest(wanted, names)}.`;
}
