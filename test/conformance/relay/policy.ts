/** The policies that a foreign suite runs under: everything granted, as conformance means it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const IDENTITY = 'ai-agents/suite';

const HEAD = (database: string, more: string): string => `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: suite, namespace: data-platform}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: ${database}}
  tls: {mode: Disable}
  credentialsSecretRef: {name: suite-login}
${more}
---
apiVersion: v1
kind: Secret
metadata: {name: suite-login, namespace: data-platform}
stringData: {username: postgres, password: none}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: suite, namespace: data-platform}
spec:
  databaseRef: {name: suite}
  subjects:
    - serviceAccount: {namespace: ai-agents, name: suite}
  mode: Enforce
  session: {temporaryTables: true, listen: ["*"], notify: ["*"], advisoryLocks: true}
`;

/** Everything is granted: what the suite sees has to be what it would see without Sluice. */
export function allowAll(database: string): string {
  return `${HEAD(database, '  sensitivity: {detection: "Off"}')}  grants:
    - tables: ["*.*"]
      actions: ["*"]
  functions: ["*"]
`;
}

export interface Restrictions {
  /** Relation, column, class; those of class `secret` can never be revealed. */
  readonly classes: readonly (readonly [table: string, column: string, name: string])[];
  /** A YAML list, indented by four. */
  readonly grants: string;
}

/** Some columns masked, some rows filtered, some tables not granted. */
export function restricted(database: string, { classes, grants }: Restrictions): string {
  const columns = classes.map(([table, column, name]) => `      - {table: ${table}, column: ${column}, class: ${name}}`);
  const sensitivity = `  sensitivity:\n    detection: "Off"\n    columns:\n${columns.join('\n')}\n  protection: {neverReveal: [secret]}`;
  return `${HEAD(database, sensitivity)}  grants:${grants}\n`;
}

/** Calls `use` with a file that holds the policy. */
export async function withPolicyFile<T>(policy: string, use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
  try {
    const file = join(directory, 'policy.yaml');
    await writeFile(file, policy);
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
