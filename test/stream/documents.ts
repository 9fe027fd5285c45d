/** Test support: a Database and its policies, small. */

export function databaseYaml(
  name: string,
  options: { readonly port?: number; readonly database?: string; readonly extra?: string } = {},
): string {
  return `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: ${name}, namespace: data}
spec:
  endpoint: {host: db.data.svc, port: ${options.port ?? 5432}, database: ${options.database ?? name}}
  tls: {mode: Disable}
  credentialsSecretRef: {name: ${name}-login}
${options.extra ?? ''}
---
`;
}

export function policyYaml(
  name: string,
  database: string,
  options: { readonly grants?: string; readonly extra?: string; readonly subject?: string } = {},
): string {
  return `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: ${name}, namespace: data}
spec:
  databaseRef: {name: ${database}}
  subjects: [{serviceAccount: {namespace: agents, name: ${options.subject ?? 'bot'}}}]
  grants: ${options.grants ?? '[{tables: ["*.*"], actions: [Select]}]'}
${options.extra ?? ''}
---
`;
}
