/** Objects as tests apply them: what a restricted namespace demands is here once. */
import type { AgentOptions, PodOptions } from './world.ts';

/** Of the guide. */
export const POLICY_NAMESPACE = 'data-platform';
export const SYSTEM_NAMESPACE = 'sluice-system';

const RESTRICTED_POD = { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } };
const RESTRICTED_CONTAINER = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** A container that a restricted namespace admits. */
export function containerObject(name: string, image: string, command: readonly string[], more: object = {}): object {
  return { name, image, imagePullPolicy: 'IfNotPresent', command, securityContext: RESTRICTED_CONTAINER, ...more };
}

/** `metadata` and `spec` of a pod: for pods, and for the templates of Jobs and Deployments. */
export function podTemplate(options: PodOptions, image: string): { readonly metadata: object; readonly spec: object } {
  const {
    serviceAccount,
    command,
    inject = 'shop',
    env = [],
    annotations = {},
    labels = {},
    container = {},
    spec = {},
  } = options;
  return {
    metadata: {
      labels: { app: options.name, ...labels },
      annotations: { ...(inject === null ? {} : { 'sluice.dev/inject': inject }), ...annotations },
    },
    spec: {
      serviceAccountName: serviceAccount,
      securityContext: RESTRICTED_POD,
      terminationGracePeriodSeconds: 10,
      containers: [containerObject('app', image, command, { env, ...container })],
      ...spec,
    },
  };
}

export function podObject(options: PodOptions, image: string): object {
  const { metadata, spec } = podTemplate(options, image);
  const { name, namespace } = options;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, namespace }, spec: { restartPolicy: 'Never', ...spec } };
}

export function policyObject({
  namespace,
  serviceAccount,
  database = 'shop',
  grants = [],
  spec = {},
}: AgentOptions): PolicyObject {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'DatabaseAccessPolicy',
    metadata: { name: `${namespace}-${serviceAccount}`, namespace: POLICY_NAMESPACE },
    spec: {
      databaseRef: { name: database },
      subjects: [{ serviceAccount: { namespace, name: serviceAccount } }],
      grants,
      ...spec,
    },
  };
}

export interface PolicyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}
