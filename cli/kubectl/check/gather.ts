/** Everything that is looked at, asked for at once; what may not be seen is an answer, too. */
import {
  ApiError,
  ApiUnreachableError,
  CUSTOM_RESOURCE_DEFINITIONS,
  DATABASES,
  type KubeApi,
  type KubeObject,
  LEASES,
  MUTATING_WEBHOOKS,
  POLICIES,
  type Resource,
} from '../../../operator/api/kube-api.ts';
import type { OperatorSettings } from '../../../operator/settings.ts';
import { KINDS } from '../../../crds/custom-resource-definition.ts';
import { GROUP } from '../../../crds/meta.ts';
import { listObjects } from '../cluster.ts';
import {
  type Installation,
  installationsOf,
  type InstallationOptions,
  PART_OF,
  readSettings,
  type Webhook,
} from '../installation.ts';
import type { Reported } from '../objects.ts';
import { type AnnotatedPod, annotatedPods } from '../pods.ts';
import type { Answer } from './result.ts';

export interface Crd extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number };
}

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly renewTime?: string | null;
    readonly leaseDurationSeconds?: number | null;
  };
}

export interface PolicyBinding extends KubeObject {
  readonly spec?: { readonly policyName?: string; readonly validationActions?: readonly string[] };
}

export interface Gathered {
  readonly version: Answer<{ readonly major: string; readonly minor: string; readonly gitVersion: string }>;
  readonly crds: readonly { readonly name: string; readonly answer: Answer<Crd> }[];
  readonly webhooks: Answer<readonly Webhook[]>;
  readonly installations: readonly Installation[];
  /** Of the one installation that was found or named. */
  readonly installation: Installation | undefined;
  readonly settings: Answer<OperatorSettings | undefined>;
  readonly deployment: Answer<Deployment>;
  readonly lease: Answer<Lease>;
  readonly admissionPolicies: Answer<readonly KubeObject[]>;
  readonly policyBindings: Answer<readonly PolicyBinding[]>;
  readonly databases: Answer<readonly Reported[]>;
  readonly policies: Answer<readonly Reported[]>;
  readonly pods: Answer<readonly AnnotatedPod[]>;
}

const admission = (kind: string, plural: string): Resource => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced: false,
});
const ADMISSION_POLICIES = admission('ValidatingAdmissionPolicy', 'validatingadmissionpolicies');
const POLICY_BINDINGS = admission('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings');
const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

/** `namespace`: of pods; undefined: all. */
export async function gather(api: KubeApi, options: InstallationOptions, namespace: string | undefined): Promise<Gathered> {
  const ours = { labelSelector: PART_OF };
  const [version, crds, webhooks, admissionPolicies, policyBindings, databases, policies, pods] = await Promise.all([
    answered(api.request<NonNullable<Gathered['version']['value']>>('GET', '/version')),
    Promise.all(
      KINDS.map(async ({ plural }) => {
        const name = `${plural}.${GROUP}`;
        return { name, answer: await answered(api.get<Crd>(CUSTOM_RESOURCE_DEFINITIONS, { name })) };
      }),
    ),
    answered(listObjects<Webhook>(api, MUTATING_WEBHOOKS, ours)),
    answered(listObjects(api, ADMISSION_POLICIES, ours)),
    answered(listObjects<PolicyBinding>(api, POLICY_BINDINGS, ours)),
    answered(listObjects<Reported>(api, DATABASES)),
    answered(listObjects<Reported>(api, POLICIES)),
    answered(annotatedPods(api, namespace)),
  ]);
  const installations = installationsOf(webhooks.value ?? []);
  const installation = chosen(installations, options);
  const where = { namespace: installation?.namespace ?? '', name: installation?.release ?? '' };
  const absent: Answer<never> = { problem: { kind: 'missing', message: 'Sluice is not installed' } };
  const [settings, deployment, lease] =
    installation === undefined
      ? [absent, absent, absent]
      : await Promise.all([
          answered(readSettings(api, installation)),
          answered(api.get<Deployment>(DEPLOYMENTS, { ...where, name: `${where.name}-operator` })),
          answered(api.get<Lease>(LEASES, { ...where, name: `${where.name}-leader` })),
        ]);
  return {
    version,
    crds,
    webhooks,
    installations,
    installation,
    settings,
    deployment,
    lease,
    admissionPolicies,
    policyBindings,
    databases,
    policies,
    pods,
  };
}

function chosen(installations: readonly Installation[], options: InstallationOptions): Installation | undefined {
  const { operatorNamespace, release } = options;
  if (operatorNamespace !== undefined && release !== undefined) return { release, namespace: operatorNamespace };
  const [first, ...more] = installations.filter(
    (each) =>
      (operatorNamespace === undefined || each.namespace === operatorNamespace) &&
      (release === undefined || each.release === release),
  );
  return more.length > 0 ? undefined : first;
}

async function answered<T>(asked: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await asked };
  } catch (error) {
    if (error instanceof ApiUnreachableError) return { problem: { kind: 'unreachable', message: error.message } };
    if (!(error instanceof ApiError)) throw error;
    const kind = error.status === 404 ? 'missing' : error.status === 403 || error.status === 401 ? 'forbidden' : 'unreachable';
    return { problem: { kind, message: error.message } };
  }
}
