/** `kubectl sluice status`: who is governed by what, which annotated pods are not, which sidecars are outdated. */
import type { Writable } from 'node:stream';
import { bindPolicies, policyName } from '../../core/policy/bind.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import { databaseKey } from '../../core/injection/sidecar-settings.ts';
import type { Database } from '../../crds/database.ts';
import { ApiError } from '../../operator/api/kube-api.ts';
import type { OperatorSettings } from '../../operator/settings.ts';
import { CliError } from '../errors.ts';
import { asColumns, printable } from '../table.ts';
import { type Cluster, type ClusterOptions, withCluster } from './cluster.ts';
import { imageTag } from './images.ts';
import { findInstallation, type InstallationOptions, readSettings } from './installation.ts';
import { condition, listGoverned } from './objects.ts';
import { type AnnotatedPod, annotatedPods } from './pods.ts';

export interface StatusOptions extends ClusterOptions, InstallationOptions {
  readonly allNamespaces?: boolean;
  readonly output: 'text' | 'json';
}

export interface PodStatus {
  readonly namespace: string;
  readonly pod: string;
  readonly serviceAccount: string;
  /** `namespace/name`; of a pod without a sidecar what its annotation says. */
  readonly databases: readonly string[];
  /** `namespace/name` of those that bind the service account on one of the Databases. */
  readonly policies: readonly string[];
  readonly sidecar: string | undefined;
  readonly state: 'Governed' | 'NotReady' | 'Outdated' | 'NotInjected' | 'NoPolicy';
}

export function runStatus(options: StatusOptions, out: Writable, now: () => number): Promise<void> {
  return withCluster(options, async (cluster) => {
    const namespace = options.allNamespaces === true ? undefined : cluster.namespace;
    const settings = await settingsOf(cluster, options);
    const [pods, written] = await Promise.all([
      annotatedPods(cluster.api, namespace),
      writtenIn(cluster, settings?.policyNamespaces),
    ]);
    const statuses = pods.map((pod) => statusOf(pod, written, settings?.injector.image, now()));
    if (options.output === 'json') {
      out.write(`${JSON.stringify(statuses, undefined, 2)}\n`);
      return;
    }
    if (statuses.length === 0) {
      const where = namespace === undefined ? 'in this cluster' : `in namespace ${namespace} (-A: all)`;
      out.write(`No pod ${where} asks for a Database (annotation sluice.dev/inject).\n`);
      return;
    }
    out.write(asTable(statuses, namespace === undefined));
    for (const line of notEverywhere(statuses, written)) out.write(`\n${line}\n`);
  });
}

/** Where they cannot be found or seen, nothing is said about outdated sidecars. */
async function settingsOf({ api }: Cluster, options: InstallationOptions): Promise<OperatorSettings | undefined> {
  try {
    return await readSettings(api, await findInstallation(api, options));
  } catch (error) {
    if (error instanceof CliError && error.exitCode !== 2) return undefined;
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

/** Databases with the policies of their namespace. */
export type Written = readonly { readonly database: Database; readonly policies: readonly DatabaseAccessPolicy[] }[];

/** In the namespaces that count; where those are not known, in all. */
async function writtenIn({ api }: Cluster, namespaces: readonly string[] | undefined): Promise<Written> {
  const lists = await Promise.all((namespaces ?? [undefined]).map((namespace) => listGoverned(api, namespace)));
  return lists.flatMap(({ databases, policies }) =>
    databases.map((database) => ({
      database,
      policies: policies.filter((each) => each.metadata.namespace === database.metadata.namespace),
    })),
  );
}

/** `image`: of the sidecars of this release; undefined: not known. */
export function statusOf(pod: AnnotatedPod, written: Written, image: string | undefined, now: number): PodStatus {
  const { namespace, name, serviceAccount, sidecar } = pod;
  const identity = { namespace, serviceAccount };
  const served = sidecar?.databases ?? [];
  const policies = written
    .filter(({ database }) => served.includes(databaseKey(database.metadata)))
    .flatMap((each) => bindPolicies(each.database, each.policies, identity, now).policies.map(policyName));
  return {
    namespace,
    pod: name,
    serviceAccount,
    databases: sidecar === undefined ? pod.asked.split(',').map((each) => each.trim()) : served,
    policies,
    sidecar: sidecar?.image,
    state: stateOf(pod, policies, image),
  };
}

function stateOf({ sidecar }: AnnotatedPod, policies: readonly string[], image: string | undefined): PodStatus['state'] {
  if (sidecar === undefined) return 'NotInjected';
  if (policies.length === 0) return 'NoPolicy';
  if (!sidecar.ready) return 'NotReady';
  return image !== undefined && sidecar.image !== image ? 'Outdated' : 'Governed';
}

function asTable(statuses: readonly PodStatus[], withNamespace: boolean): string {
  const head = ['POD', 'SERVICE ACCOUNT', 'DATABASES', 'POLICIES', 'SIDECAR', 'STATE'];
  const rows = statuses.map((each) => [
    each.pod,
    each.serviceAccount,
    each.databases.join(','),
    each.policies.join(',') || '-',
    each.sidecar === undefined ? '-' : imageTag(each.sidecar),
    each.state,
  ]);
  const table = [head, ...rows];
  const full = withNamespace
    ? table.map((row, index) => [index === 0 ? 'NAMESPACE' : statuses[index - 1]!.namespace, ...row])
    : table;
  return `${asColumns(full)}${remarks(statuses)}`;
}

/** A sidecar that runs may have lost the operator: what the policies of the pods shown say of that. */
export function notEverywhere(statuses: readonly PodStatus[], written: Written): readonly string[] {
  const shown = new Set(statuses.flatMap((each) => each.policies));
  return written
    .flatMap(({ policies }) => policies)
    .filter((policy) => shown.has(policyName(policy)))
    .flatMap((policy) => {
      const programmed = condition(policy, 'Programmed');
      return programmed?.status === 'False' ? [printable(`${policyName(policy)}: ${programmed.message}`)] : [];
    });
}

const REMARKS: Readonly<Partial<Record<PodStatus['state'], string>>> = {
  NotInjected: 'have the annotation but no sidecar, and so no database: delete them, their controller makes them anew',
  NotReady: 'have a sidecar that is not ready: kubectl describe pod, kubectl logs POD -c sluice',
  NoPolicy: 'are bound by no policy any more: every statement of theirs is refused',
  Outdated: 'run a sidecar of another release; it stays valid: kubectl rollout restart when it suits',
};

function remarks(statuses: readonly PodStatus[]): string {
  return Object.entries(REMARKS)
    .map(([state, remark]) => ({ count: statuses.filter((each) => each.state === state).length, remark }))
    .filter(({ count }) => count > 0)
    .map(({ count, remark }) => `\n${count} ${remark}\n`)
    .join('')
    .replaceAll('\n\n', '\n');
}
