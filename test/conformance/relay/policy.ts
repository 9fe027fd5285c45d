/** The policies that a foreign suite runs under: everything granted, as conformance means it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const IDENTITY = 'ai-agents/suite';

/** Everything is granted: what the suite sees has to be what it would see without Sluice. */
export function allowAll(database: string): string {
  return `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: suite, namespace: data-platform}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: ${database}}
  tls: {mode: Disable}
  credentialsSecretRef: {name: suite-login}
  sensitivity: {detection: "Off"}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: everything, namespace: data-platform}
spec:
  databaseRef: {name: suite}
  subjects:
    - serviceAccount: {namespace: ai-agents, name: suite}
  mode: Enforce
  grants:
    - tables: ["*.*"]
      actions: ["*"]
  functions: ["*"]
  session: {temporaryTables: true, listen: ["*"], notify: ["*"], advisoryLocks: true}
`;
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
