/** The documents of these tests: one Database, recorded as asked for, and what `ai-agents/agent` may do in it. */

/** `audit`: of the Database, YAML of one line. `rest`: of the policy's spec, from `grants` on, each line indented by two. */
export function documents(audit: string, rest: string): string {
  return `
apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: shop, namespace: data-platform}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: shop}
  tls: {mode: Disable}
  credentialsSecretRef: {name: shop-login}
  sensitivity: {detection: "Off"}
  audit: ${audit}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: some, namespace: data-platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai-agents, name: agent}}]
${rest}`;
}
