/**
 * Features of a pod that let one of its containers reach the sidecar's memory, token or volumes, or stand in its place. A pod that wants them
 * cannot be governed, and is refused rather than governed in name. SECURITY.md: the boundary is custody of the credential.
 */
import { posix } from 'node:path';
import { SIDECAR_UID } from '../../core/injection/names.ts';
import { databaseKey } from '../../core/injection/sidecar-settings.ts';
import type { Database } from '../../crds/database.ts';
import type { InjectionProblem, RawPod } from './injection.ts';
import { type Raw, record, records, text, texts } from '../../core/json/read.ts';
import { annotation, containersOf, specOf } from './raw-pod.ts';

export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** Does not depend on the Databases. `sidecarUser` undefined: the cluster assigns one. */
export function unsafeFeatures(pod: RawPod, sidecarUser: number | undefined): readonly InjectionProblem[] {
  return [
    ...kindOfPod(pod),
    ...sharedNamespaces(pod),
    ...containersOf(pod).flatMap(({ name, container }) => containerPrivileges(name, container)),
    ...sidecarUsers(pod, sidecarUser ?? SIDECAR_UID),
    ...hostPaths(pod),
  ];
}

function kindOfPod(pod: RawPod): readonly InjectionProblem[] {
  const spec = specOf(pod);
  const problems: InjectionProblem[] = [];
  if (annotation(pod, MIRROR_ANNOTATION) !== undefined)
    problems.push({
      reason: 'MirrorPod',
      message: 'static pods have no service account and cannot be governed; use an ordinary pod',
    });
  const windows =
    text(record(spec['os'])?.['name']) === 'windows' || text(record(spec['nodeSelector'])?.['kubernetes.io/os']) === 'windows';
  if (windows)
    problems.push({
      reason: 'WindowsPod',
      message: 'the sidecar runs on Linux nodes only; remove the annotation or move the pod',
    });
  if (records(spec['ephemeralContainers']).length > 0)
    problems.push({ reason: 'EphemeralContainer', message: 'a new pod cannot have ephemeral containers; remove them' });
  return problems;
}

function sharedNamespaces(pod: RawPod): readonly InjectionProblem[] {
  const spec = specOf(pod);
  const problems: InjectionProblem[] = [];
  const shared = {
    hostNetwork: 'the node and every pod on it could reach the listeners of the sidecar',
    hostPID: 'processes of the pod could read the memory of the sidecar',
    hostIPC: 'processes of the pod could reach shared memory of the node',
  };
  for (const [field, why] of Object.entries(shared))
    if (spec[field] === true) problems.push({ reason: 'HostNamespace', message: `${field}: ${why}; remove it` });
  if (spec['shareProcessNamespace'] === true)
    problems.push({
      reason: 'SharedProcesses',
      message: 'shareProcessNamespace: processes of the pod could read the memory and files of the sidecar; remove it',
    });
  return problems;
}

/** SYS_PTRACE and its relatives, and what is as good as privileged. https://man7.org/linux/man-pages/man7/capabilities.7.html */
const CAPABILITIES = [
  'ALL',
  'BPF',
  'CHECKPOINT_RESTORE',
  'DAC_READ_SEARCH',
  'PERFMON',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
];
const NETWORK_CAPABILITIES = ['ALL', 'NET_ADMIN', 'NET_RAW'];

function added(container: Raw): readonly string[] {
  const capabilities = record(record(container['securityContext'])?.['capabilities']);
  return texts(capabilities?.['add']).map((each) => each.toUpperCase().replace(/^CAP_/, ''));
}

function containerPrivileges(name: string, container: Raw): readonly InjectionProblem[] {
  const context = record(container['securityContext']);
  const problems: InjectionProblem[] = [];
  if (context?.['privileged'] === true)
    problems.push({
      reason: 'Privileged',
      message: `container ${name} is privileged, which opens the memory and files of the sidecar to it; remove securityContext.privileged`,
    });
  if (record(context?.['windowsOptions'])?.['hostProcess'] === true)
    problems.push({
      reason: 'WindowsPod',
      message: `container ${name} is a Windows host process; the sidecar runs on Linux only`,
    });
  for (const capability of added(container).filter((each) => CAPABILITIES.includes(each)))
    problems.push({
      reason: 'Capability',
      message: `container ${name} adds the capability ${capability}, with which it could reach the memory or files of the sidecar; remove it`,
    });
  return problems;
}

/** Same user, same rights: over files the sidecar writes, and over its process where namespaces are shared. */
function sidecarUsers(pod: RawPod, user: number): readonly InjectionProblem[] {
  const of = (owner: Raw): unknown => record(owner['securityContext'])?.['runAsUser'];
  const pods = of(specOf(pod)) === user ? ['the pod'] : [];
  const containers = containersOf(pod)
    .filter(({ container }) => of(container) === user)
    .map(({ name }) => `container ${name}`);
  return [...pods, ...containers].map((who) => ({
    reason: 'SidecarUser',
    message: `${who} runs as user ${user}, which is the sidecar's own; choose another runAsUser`,
  }));
}

/** Where the kubelet and container runtimes keep volumes, tokens and sockets, and what shows processes of the node. */
const PROTECTED_PATHS = [
  '/var/lib/kubelet',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/docker',
  '/var/lib/crio',
  '/var/lib/rancher',
  '/var/lib/k0s',
  '/var/snap/microk8s',
  '/run/containerd',
  '/run/crio',
  '/run/docker',
  '/run/docker.sock',
  '/run/k3s',
  '/run/netns',
  '/etc/kubernetes',
  '/proc',
  '/sys',
];

function hostPaths(pod: RawPod): readonly InjectionProblem[] {
  return records(specOf(pod)['volumes']).flatMap((volume) => {
    const path = text(record(volume['hostPath'])?.['path']);
    if (path === undefined) return [];
    const normal = posix.resolve('/', path).replace(/^\/var\/run(?=\/|$)/, '/run');
    const reached = PROTECTED_PATHS.find((each) => contains(normal, each) || contains(each, normal));
    if (reached === undefined) return [];
    return [
      {
        reason: 'HostPath',
        message: `volume ${text(volume['name']) ?? ''} is hostPath ${path}, which reaches ${reached} of the node and with it the token and memory of the sidecar; remove it`,
      },
    ];
  });
}

function contains(directory: string, path: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/**
 * Where the server's certificate is not verified, whoever answers at its address is the database. Who decides about names and packets in the pod
 * could be that.
 */
export function unsafeWithWeakTls(
  pod: RawPod,
  databases: readonly Database[],
): { readonly problems: readonly InjectionProblem[]; readonly warnings: readonly string[] } {
  const weak = databases.filter(({ spec }) => spec.tls.mode === 'Require' || spec.tls.mode === 'Disable');
  if (weak.length === 0) return { problems: [], warnings: [] };
  const which = weak.map((each) => `Database ${databaseKey(each.metadata)} has tls.mode ${each.spec.tls.mode}`).join(', ');
  const hint = 'remove it, or set tls.mode to VerifyFull or VerifyCA';
  const problems: InjectionProblem[] = [];
  const spec = specOf(pod);
  const dns = record(spec['dnsConfig']);
  if (spec['dnsPolicy'] === 'None' || texts(dns?.['nameservers']).length > 0 || texts(dns?.['searches']).length > 0)
    problems.push({
      reason: 'OwnResolution',
      message: `the pod has its own DNS (dnsPolicy or dnsConfig) while ${which}; ${hint}`,
    });
  for (const { name, container } of containersOf(pod))
    for (const capability of added(container).filter((each) => NETWORK_CAPABILITIES.includes(each)))
      problems.push({ reason: 'OwnResolution', message: `container ${name} adds ${capability} while ${which}; ${hint}` });
  const loose = containersOf(pod).filter(({ container }) => mayHaveRawSockets(container));
  const warnings =
    loose.length === 0
      ? []
      : [
          `${which}, and by the runtime's default ${loose.map(({ name }) => name).join(', ')} may open raw sockets; drop the capability NET_RAW (or ALL) there`,
        ];
  return { problems, warnings };
}

/** https://github.com/containerd/containerd/blob/main/pkg/oci/spec.go, defaultUnixCaps: NET_RAW is among them. */
function mayHaveRawSockets(container: Raw): boolean {
  const dropped = texts(record(record(container['securityContext'])?.['capabilities'])?.['drop']);
  return !dropped.some((each) => ['ALL', 'NET_RAW', 'CAP_NET_RAW'].includes(each.toUpperCase()));
}
