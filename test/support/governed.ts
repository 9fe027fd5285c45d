/** Test support: Databases and policies as an API server holds them (defaults filled in or not, as one likes). */
import type { KubeObject } from '../../operator/api/kube-api.ts';

export interface GovernedInput extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export function databaseObject(
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
  namespace = 'data-platform',
): GovernedInput {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Database',
    metadata: { name, namespace, generation: 1 },
    spec: {
      endpoint: { host: 'orders-db.data-platform.svc', port: 5432, database: 'orders' },
      credentialsSecretRef: { name: `${name}-login` },
      ...spec,
    },
  };
}

export function policyObject(
  name: string,
  database: string,
  spec: Readonly<Record<string, unknown>> = {},
  namespace = 'data-platform',
): GovernedInput {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'DatabaseAccessPolicy',
    metadata: { name, namespace, generation: 1 },
    spec: {
      databaseRef: { name: database },
      subjects: [{ serviceAccount: { namespace: 'ai-agents', name: 'support-agent' } }],
      grants: [{ tables: ['public.customers'], actions: ['Select'] }],
      ...spec,
    },
  };
}
