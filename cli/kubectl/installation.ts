/** Where Sluice is installed, found by its webhook, and what the chart told the operator. */
import { ApiError, CONFIG_MAPS, type KubeApi, type KubeObject, MUTATING_WEBHOOKS } from '../../operator/api/kube-api.ts';
import { type OperatorSettings, OperatorSettingsError, parseOperatorSettings } from '../../operator/settings.ts';
import { CliError } from '../errors.ts';
import { found, listObjects } from './cluster.ts';

/** On everything the chart makes. */
export const PART_OF = 'app.kubernetes.io/part-of=sluice';

export interface Webhook extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly failurePolicy?: string;
    readonly clientConfig: {
      readonly caBundle?: string;
      readonly service?: { readonly namespace: string; readonly name: string };
    };
  }[];
}

/** Full name of the release, and the namespace of the operator. */
export interface Installation {
  readonly release: string;
  readonly namespace: string;
}

export interface InstallationOptions {
  readonly operatorNamespace?: string;
  readonly release?: string;
}

/** `installation` of webhook configurations, one each. */
export function installationsOf(webhooks: readonly Webhook[]): readonly Installation[] {
  return webhooks.flatMap(({ webhooks: [first] = [] }) => {
    const service = first?.clientConfig.service;
    const release = /^(.+)-webhook$/.exec(service?.name ?? '')?.[1];
    return service === undefined || release === undefined ? [] : [{ release, namespace: service.namespace }];
  });
}

/** With both options the cluster is not asked: whoever may not list webhooks says where the operator is. */
export async function findInstallation(api: KubeApi, options: InstallationOptions): Promise<Installation> {
  const { operatorNamespace, release } = options;
  if (operatorNamespace !== undefined && release !== undefined) return { release, namespace: operatorNamespace };
  const all = installationsOf(await listObjects<Webhook>(api, MUTATING_WEBHOOKS, { labelSelector: PART_OF }).catch(sayWhere));
  const [first, ...more] = all.filter(
    (each) =>
      (operatorNamespace === undefined || each.namespace === operatorNamespace) &&
      (release === undefined || each.release === release),
  );
  if (first === undefined) {
    const there = all.map((each) => `${each.release} in ${each.namespace}`).join(', ');
    throw new CliError(
      there === ''
        ? 'Sluice is not installed in this cluster: no webhook of it is registered'
        : `there is no such installation; there is ${there}`,
    );
  }
  if (more.length > 0) {
    const names = [first, ...more].map((each) => `${each.release} in ${each.namespace}`).join(', ');
    throw new CliError(`Sluice is installed more than once (${names}): say which, with --operator-namespace and --release`, 2);
  }
  return first;
}

function sayWhere(error: unknown): never {
  if (error instanceof ApiError && error.status === 403)
    throw new CliError(
      'you may not list webhooks, by which the operator is found: say where it is, with --operator-namespace and --release',
    );
  throw error;
}

export function settingsMissing({ release, namespace }: Installation): string {
  return `the settings of ${release} in ${namespace} are missing, or of another release than this command`;
}

/** Undefined: there are none, or this release cannot read them. */
export async function readSettings(api: KubeApi, { release, namespace }: Installation): Promise<OperatorSettings | undefined> {
  const object = await found(
    api.get<KubeObject & { readonly data?: Readonly<Record<string, string>> }>(CONFIG_MAPS, {
      namespace,
      name: `${release}-settings`,
    }),
  );
  try {
    return parseOperatorSettings(object?.data?.['settings.yaml'] ?? '');
  } catch (error) {
    if (error instanceof OperatorSettingsError) return undefined;
    throw error;
  }
}
