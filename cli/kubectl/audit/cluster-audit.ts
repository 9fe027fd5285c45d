/** The records of a cluster, through its operator: a way to each replica, all of them as one source, and what else questions need from it. */
import { READ_PORT } from '../../../core/audit/reading.ts';
import type { DatabaseAccessPolicy } from '../../../crds/database-access-policy.ts';
import type { KubeApi } from '../../../operator/api/kube-api.ts';
import { CliError } from '../../errors.ts';
import type { Digest } from '../../audit/query/row-digests.ts';
import { askDigest, type Endpoint, httpSource } from '../../audit/sources/http.ts';
import { replicaSource } from '../../audit/sources/replicas.ts';
import type { AuditSource, Warn } from '../../audit/sources/source.ts';
import { type ClusterOptions, withCluster } from '../cluster.ts';
import { findInstallation, type InstallationOptions, readSettings } from '../installation.ts';
import { listGoverned } from '../objects.ts';
import { operatorPods } from './operator-pods.ts';
import { type Forward, forwardPort } from './port-forward.ts';

export interface ClusterAuditOptions extends ClusterOptions, InstallationOptions {
  /** `namespace/name`, for digests. */
  readonly database?: string;
}

export interface ClusterAudit {
  readonly source: AuditSource;
  readonly digest: Digest;
  /** Those of the namespaces where they count. */
  policies(): Promise<readonly DatabaseAccessPolicy[]>;
}

/** `program`: kubectl. Throws CliError. All ways are closed when `use` is done. */
export async function withClusterAudit<T>(
  options: ClusterAuditOptions,
  use: (audit: ClusterAudit) => Promise<T>,
  warn: Warn,
  program?: string,
): Promise<T> {
  return await withCluster(options, async ({ api }) => {
    const installation = await findInstallation(api, options);
    const settings = await readSettings(api, installation);
    const { ready, wanted } = await operatorPods(api, installation);
    // One store that all replicas share is read through one of them.
    const shared = settings?.audit.store === 'PostgreSQL';
    const asked = shared ? ready.slice(0, 1) : ready;
    if (!shared && ready.length < wanted)
      warn(`${ready.length} of ${wanted} replicas of the operator are ready: what only the others hold is not in this answer`);
    const forwards: Forward[] = [];
    try {
      const endpoints: Endpoint[] = [];
      for (const pod of asked) {
        const forward = await forwardPort(
          {
            namespace: installation.namespace,
            pod,
            port: settings?.audit.reading.port ?? READ_PORT,
            ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
            ...(options.context === undefined ? {} : { context: options.context }),
          },
          program,
        );
        forwards.push(forward);
        endpoints.push({ port: forward.port, name: pod });
      }
      return await use({
        source: replicaSource(endpoints.map(httpSource), () => Promise.resolve()),
        digest: operatorDigest(endpoints[0]!, options.database),
        policies: () => honouredPolicies(api, settings?.policyNamespaces),
      });
    } finally {
      await Promise.all(forwards.map((forward) => forward.close()));
    }
  });
}

function operatorDigest(endpoint: Endpoint, database: string | undefined): Digest {
  return async (relation, values) => {
    if (database?.includes('/') !== true)
      throw new CliError('--row wants --database NAMESPACE/NAME: each Database has a key of its own', 2);
    return await askDigest(endpoint, { database, relation, values });
  };
}

async function honouredPolicies(
  api: KubeApi,
  namespaces: readonly string[] | undefined,
): Promise<readonly DatabaseAccessPolicy[]> {
  if (namespaces === undefined) return (await listGoverned(api)).policies;
  const all = await Promise.all(namespaces.map((namespace) => listGoverned(api, namespace)));
  return all.flatMap(({ policies }) => policies);
}
