/** The policy Sluice enforces while it is measured: masks on two tables, column lists, limits; nothing is switched off. */
export const POLICY = `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: bench, namespace: bench}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: bench}
  tls: {mode: Disable}
  environment: benchmark
  sensitivity:
    detection: "Off"
    columns:
      - {table: public.people, column: email, class: pii.email}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: agent, namespace: bench}
spec:
  databaseRef: {name: bench}
  subjects:
    - serviceAccount: {namespace: bench, name: agent}
  mode: Enforce
  grants:
    - tables: [public.pgbench_accounts]
      actions: [Select]
      columns: [aid, bid, abalance, filler]
      masks:
        - {columns: [filler], mask: {redact: {}}}
    - tables: [public.people]
      actions: [Select]
    - tables: [public.people_open]
      actions: [Select]
  guardrails: {requireWhere: true, maxAffectedRows: 100}
`;
