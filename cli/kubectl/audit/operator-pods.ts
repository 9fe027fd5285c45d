/** The replicas of the operator that can be asked. */
import { record, records, text } from '../../../core/json/read.ts';
import { type KubeApi, type KubeObject, PODS, type Resource } from '../../../operator/api/kube-api.ts';
import { CliError } from '../../errors.ts';
import { found, listObjects } from '../cluster.ts';
import type { Installation } from '../installation.ts';

const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

export interface OperatorPods {
  /** Ready, in order of names. */
  readonly ready: readonly string[];
  /** How many there should be. */
  readonly wanted: number;
}

/** Throws CliError when there is none. */
export async function operatorPods(api: KubeApi, { release, namespace }: Installation): Promise<OperatorPods> {
  const name = `${release}-operator`;
  const deployment = await found(api.get<KubeObject & { readonly spec?: unknown }>(DEPLOYMENTS, { namespace, name }));
  const spec = record(deployment?.spec);
  const labels = Object.entries(record(record(spec?.['selector'])?.['matchLabels']) ?? {});
  if (labels.length === 0) throw new CliError(`there is no Deployment ${name} in ${namespace}: the operator cannot be found`);
  const labelSelector = labels.map(([key, value]) => `${key}=${String(value)}`).join(',');
  const pods = await listObjects<KubeObject>(api, PODS, { namespace, labelSelector });
  const ready = pods.filter(isReady).map(({ metadata }) => metadata.name);
  if (ready.length === 0) throw new CliError(`no replica of ${name} in ${namespace} is ready`);
  const replicas = spec?.['replicas'];
  return { ready: ready.toSorted(), wanted: typeof replicas === 'number' ? replicas : 1 };
}

function isReady(pod: KubeObject): boolean {
  const status = record((pod as unknown as Readonly<Record<string, unknown>>)['status']);
  return records(status?.['conditions']).some((each) => text(each['type']) === 'Ready' && text(each['status']) === 'True');
}
