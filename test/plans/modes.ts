/** Under which policies plans are compared, each compiled from the documents that a person would apply. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SqlParser } from '../../core/sql/parse/parser.ts';

export const MODES = ['open', 'masks', 'filter', 'identity', 'filter and masks'] as const;
export type Mode = (typeof MODES)[number];

export const filters = (mode: Mode): boolean => mode !== 'open' && mode !== 'masks';
export const masks = (mode: Mode): boolean => mode === 'masks' || mode === 'filter and masks';

/** What the filters come down to. */
export const TENANT = 't7';

const MASKS: Readonly<Record<string, string>> = {
  users: '[{columns: [email], mask: {email: {}}}, {columns: [salary], mask: {number: {round: 1000}}}]',
  documents: '[{columns: [title], mask: {redact: {}}}]',
};

function policy(tables: readonly string[], mode: Mode): string {
  const filter =
    mode === 'identity' ? 'rowFilter: "tenant = identity.namespace"' : filters(mode) ? `rowFilter: "tenant = '${TENANT}'"` : '';
  const grants = tables.map((table) => {
    const parts = [
      `tables: [public.${table}]`,
      'actions: [Select, Insert, Update, Delete, Explain]',
      ...(masks(mode) && MASKS[table] !== undefined ? [`masks: ${MASKS[table]}`] : []),
      ...(filter === '' ? [] : [filter]),
    ];
    return `    - {${parts.join(', ')}}`;
  });
  return `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: plans, namespace: data}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: postgres}
  sensitivity: {detection: "Off"}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: agent, namespace: data}
spec:
  databaseRef: {name: plans}
  subjects: [{serviceAccount: {namespace: ${TENANT}, name: agent}}]
  mode: Enforce
  grants:
${grants.join('\n')}
`;
}

export function engineOf(catalog: Catalog, parser: SqlParser, tables: readonly string[], mode: Mode): SqlEngine {
  const loaded = loadDocuments([{ name: 'plans.yaml', text: policy(tables, mode) }]);
  const database = loaded.databases[0];
  const problems = loaded.diagnostics.map(({ message }) => message);
  if (database === undefined || problems.length > 0) throw new Error(`policy of ${mode}: ${problems.join('; ')}`);
  const { bundle, diagnostics } = compileBundle({
    database,
    policies: loaded.policies,
    identity: { namespace: TENANT, serviceAccount: 'agent' },
    catalog,
    detected: new Map(),
    now: 0,
  });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (bundle === undefined || errors.length > 0)
    throw new Error(`policy of ${mode}: ${errors.map(({ message }) => message).join('; ')}`);
  return createEngine({ catalog, bundle, parser, salt: '7f' });
}
