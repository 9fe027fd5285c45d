/** `functions:` of the policies: functions and procedures beyond the built-in safe list, by name, all overloads. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { objectName, policyName } from './bind.ts';
import type { FunctionGrant } from './bundle.ts';
import type { Diagnostic } from './diagnostic.ts';
import { displayName, parseNamePattern } from './name-pattern.ts';
import { didYouMean } from './nearest.ts';
import { isSystemSchema } from './user-relations.ts';

export interface FunctionGrants {
  readonly functions: readonly FunctionGrant[];
  readonly diagnostics: readonly Diagnostic[];
}

export function compileFunctions(policies: readonly DatabaseAccessPolicy[], catalog: Catalog): FunctionGrants {
  const grants = new Map<string, FunctionGrant>();
  const diagnostics: Diagnostic[] = [];
  for (const policy of policies) {
    policy.spec.functions.forEach((text, index) => {
      const pattern = parseNamePattern(text);
      const problem = pattern === null ? `"${text}" is not a function name; write schema.function` : unknown(text, catalog);
      if (problem !== undefined) {
        diagnostics.push({
          severity: 'warning',
          reason: 'UnknownFunction',
          object: objectName(policy),
          path: `spec.functions[${index}]`,
          message: problem,
        });
      }
      if (pattern === null) return;
      const key = displayName(pattern.schema, pattern.name);
      const rule = policyName(policy);
      const before = grants.get(key);
      if (before === undefined || rule < before.rule) grants.set(key, { schema: pattern.schema, name: pattern.name, rule });
    });
  }
  return { functions: [...grants].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, grant]) => grant), diagnostics };
}

function unknown(text: string, catalog: Catalog): string | undefined {
  const pattern = parseNamePattern(text);
  if (pattern === null || pattern.any !== 'exact') return undefined;
  if (catalog.functionsNamed(pattern.name).some((entry) => entry.schema === pattern.schema)) return undefined;
  const names = new Set(
    catalog.data.functions.filter((entry) => !isSystemSchema(entry.schema)).map((entry) => displayName(entry.schema, entry.name)),
  );
  return `function ${text} does not exist${didYouMean(displayName(pattern.schema, pattern.name), names)}`;
}
