/** A metrics API where the cluster has none: autoscalers on utilisation ask it. */
import { METRICS_SERVER } from '../images/e2e.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { run } from './commands.ts';

const NAME = 'metrics-server';
const NAMESPACE = 'kube-system';
const account = { kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE };
const RBAC = 'rbac.authorization.k8s.io';

const OBJECTS = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAMESPACE } },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: NAME },
    rules: [
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
    ],
  },
  binding('ClusterRoleBinding', NAME, { kind: 'ClusterRole', name: NAME }),
  binding('ClusterRoleBinding', `${NAME}-delegator`, { kind: 'ClusterRole', name: 'system:auth-delegator' }),
  binding('RoleBinding', `${NAME}-reader`, { kind: 'Role', name: 'extension-apiserver-authentication-reader' }),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: { selector: { app: NAME }, ports: [{ port: 443, targetPort: 10_250 }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: { app: NAME } },
      template: {
        metadata: { labels: { app: NAME } },
        spec: {
          serviceAccountName: NAME,
          containers: [
            {
              name: NAME,
              image: METRICS_SERVER,
              imagePullPolicy: 'IfNotPresent',
              // The kubelets of a test cluster sign their own certificates.
              args: [
                ...['--cert-dir=/tmp', '--secure-port=10250', '--metric-resolution=15s'],
                ...['--kubelet-insecure-tls', '--kubelet-preferred-address-types=InternalIP'],
              ],
              volumeMounts: [{ name: 'certificates', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'certificates', emptyDir: {} }],
        },
      },
    },
  },
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: {
      service: { name: NAME, namespace: NAMESPACE },
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      insecureSkipTLSVerify: true,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  },
];

/** Unless it has one. Not waited for. */
export async function giveMetrics(cluster: Cluster): Promise<void> {
  const there = await run(cluster, 'kubectl', ['get', 'apiservice', 'v1beta1.metrics.k8s.io'], { mayFail: true });
  if (there.code === 0) return;
  await cluster.load([METRICS_SERVER]);
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS });
  await run(cluster, 'kubectl', ['apply', '--server-side', '-f', '-'], { input });
}

function binding(kind: string, name: string, role: object): object {
  const namespace = kind === 'RoleBinding' ? { namespace: NAMESPACE } : {};
  return {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name, ...namespace },
    roleRef: { apiGroup: RBAC, ...role },
    subjects: [account],
  };
}
