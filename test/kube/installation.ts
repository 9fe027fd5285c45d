/**
 * Sluice installed on a control plane as a user would: CRDs by kubectl, the chart rendered by helm and applied, the operator as a process
 * that has the rights of its own service account and no others. What a kubelet would do is done here with a node's credentials: a pod's
 * projected token is asked for, and its sidecar is started with the environment that the injector gave it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { TOKEN_AUDIENCE, TOKEN_LIFETIME } from '../../core/injection/names.ts';
import { applyCrds, installChart, restrictedNamespace, ROOT, SYSTEM } from './chart.ts';
import { freePort, freePorts } from '../support/free-ports.ts';
import type { ControlPlane } from './control-plane.ts';

export interface Installation {
  /** Starts a replica; resolves when it is ready. The Services lead to the last one started. */
  startOperator(name: string, options?: OperatorOptions): Promise<RunningOperator>;
  /** Leads the webhook's Service to this replica. */
  use(ports: OperatorPorts): void;
}

export interface RunningOperator extends RunningProcess {
  readonly ports: OperatorPorts;
  /** Port of loopback on which its audit is read. */
  readonly reading: number;
}

export interface OperatorOptions {
  /** Of one that has ended: sidecars find this one where that was. */
  readonly ports?: OperatorPorts;
  /** False: resolves at once. */
  readonly untilReady?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface OperatorPorts {
  readonly webhook: number;
  readonly stream: number;
  readonly health: number;
}

export interface RunningProcess {
  readonly pid: number;
  output(): string;
  /** Resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface InstallOptions {
  readonly policyNamespaces: readonly string[];
  /**
   * The operator is told who changes policies. Not by default: `kubectl()` holds up this process, which routes the API server's question, so that
   * each change would wait for it in vain. Change them by another process then.
   */
  readonly authors?: boolean;
  /** Of the chart, beside those that tests need. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** Nothing here runs the Deployment's pods; `startOperator` does what they would. */
export async function install(kube: ControlPlane, options: InstallOptions): Promise<Installation> {
  applyCrds(kube);
  await restrictedNamespace(kube, SYSTEM);
  for (const namespace of options.policyNamespaces) kube.kubectl(['create', 'namespace', namespace]);
  const values = join(kube.directory, 'values.yaml');
  writeFileSync(values, stringify({ policyNamespaces: options.policyNamespaces, ...options.values }));
  installChart(kube, { more: ['--values', values] });
  const configMap = await kube.request<{ data: { 'settings.yaml': string } }>(
    'GET',
    `/api/v1/namespaces/${SYSTEM}/configmaps/sluice-settings`,
  );
  const settings = configMap.body.data['settings.yaml'];
  const { serviceName: webhookService, configurationName } = (
    parse(settings) as { webhook: { serviceName: string; configurationName: string } }
  ).webhook;
  if (options.authors !== true) {
    const registration = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${configurationName}`;
    await kube.request('PATCH', registration, [{ op: 'remove', path: '/webhooks/1' }], {
      contentType: 'application/json-patch+json',
    });
  }
  await policiesEnforced(kube);
  const use = (ports: OperatorPorts): void => kube.route({ namespace: SYSTEM, name: webhookService, port: 443 }, ports.webhook);
  return {
    use,
    async startOperator(name, { untilReady = true, environment = {}, ports: given } = {}) {
      const ports = given ?? (await freeOperatorPorts());
      const own = parse(settings) as Record<string, Record<string, unknown>>;
      for (const [room, port] of Object.entries(ports)) own[room] = { ...own[room], host: '127.0.0.1', port };
      const reading = await freePort();
      own['audit'] = {
        ...own['audit'],
        embedded: { ...(own['audit']?.['embedded'] as object), directory: join(kube.directory, `audit-${name}`) },
        reading: { host: '127.0.0.1', port: reading },
        peers: { host: '127.0.0.1', port: 0 },
      };
      const file = join(kube.directory, `settings-${name}.yaml`);
      writeFileSync(file, stringify(own));
      const token = await kube.serviceAccountToken(SYSTEM, 'sluice', { expirationSeconds: 86_400 });
      const running = run(['operator/main.ts', '--settings', file], {
        // As the chart's Deployment has it.
        NODE_OPTIONS: '--max-semi-space-size=4',
        MALLOC_ARENA_MAX: '2',
        ...environment,
        KUBECONFIG: kube.kubeconfigFor(token),
        SLUICE_POD_NAME: name,
      });
      if (untilReady) {
        await ready(running, ports.health);
        use(ports);
      }
      return { ...running, ports, reading };
    },
  };
}

/** ValidatingAdmissionPolicies take effect a moment after they were written. */
async function policiesEnforced(kube: ControlPlane): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await kube.request<{ message?: string }>(
      'POST',
      '/api/v1/namespaces/default/serviceaccounts/default/token?dryRun=All',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [TOKEN_AUDIENCE] } },
    );
    if (answer.status >= 400) return;
    await sleep(50);
  }
  throw new Error('the ValidatingAdmissionPolicies have no effect');
}

/** What is read of a pod that came back from admission. */
export interface InjectedPod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly initContainers?: readonly PodContainer[];
    readonly containers: readonly PodContainer[];
    readonly hostAliases?: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  };
}

interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
}

export interface RunningSidecar extends RunningProcess {
  /** Where the kubelet would keep the token; written again by `renewToken`. */
  readonly tokenFile: string;
  readonly health: number;
  readonly directory: string;
  renewToken(): Promise<void>;
}

export interface SidecarOptions {
  /** Where the operator's Service leads. */
  readonly stream: number;
  /** Of an earlier run of the same container: its volumes. */
  readonly directory?: string;
  readonly untilStarted?: boolean;
}

/** Plays the kubelet of node-1: the pod is bound there, gets its token, and its sidecar runs. */
export async function startSidecar(kube: ControlPlane, pod: InjectedPod, options: SidecarOptions): Promise<RunningSidecar> {
  const { namespace, name, uid } = pod.metadata;
  const container = pod.spec.initContainers?.find((each) => each.name === 'sluice');
  if (container === undefined) throw new Error(`pod ${namespace}/${name} has no sidecar`);
  const directory = options.directory ?? mkdtempSync(join(kube.directory, `${name}-`));
  for (const volume of ['token', 'state', 'ca', 'audit']) mkdirSync(join(directory, volume), { recursive: true });
  const tokenFile = join(directory, 'token', 'token');
  const renewToken = async (): Promise<void> => {
    const token = await kube.serviceAccountToken(namespace, pod.spec.serviceAccountName, {
      audiences: [TOKEN_AUDIENCE],
      pod: { name, uid },
      expirationSeconds: TOKEN_LIFETIME,
      as: kube.nodeToken,
    });
    writeFileSync(tokenFile, token);
  };
  await renewToken();
  const health = await freePort();
  const facts: Readonly<Record<string, string>> = {
    'metadata.namespace': namespace,
    'metadata.name': name,
    'metadata.uid': uid,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'spec.nodeName': 'node-1',
    'status.podIP': '127.0.0.1',
  };
  const environment = Object.fromEntries(
    (container.env ?? []).map((each) => [each.name, each.value ?? facts[each.valueFrom?.fieldRef?.fieldPath ?? ''] ?? '']),
  );
  const running = run(['sidecar/main.ts', ...(container.args ?? [])], {
    ...environment,
    SLUICE_OPERATOR_ADDRESS: `127.0.0.1:${options.stream}`,
    SLUICE_TOKEN_FILE: tokenFile,
    SLUICE_STATE_DIRECTORY: join(directory, 'state'),
    SLUICE_CLIENT_CA_FILE: join(directory, 'ca', 'ca.crt'),
    SLUICE_AUDIT_DIRECTORY: join(directory, 'audit'),
    SLUICE_HEALTH_HOST: '127.0.0.1',
    SLUICE_HEALTH_PORT: String(health),
  });
  if (options.untilStarted !== false) {
    await ready(running, health, '/startupz');
    await reportRunning(kube, pod, container);
  }
  return { ...running, tokenFile, health, directory, renewToken };
}

/** The kubelet's own report, by the kubelet's own rights. */
async function reportRunning(
  kube: ControlPlane,
  { metadata: { namespace, name } }: InjectedPod,
  sidecar: PodContainer,
): Promise<void> {
  const status = {
    phase: 'Running',
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
    initContainerStatuses: [
      {
        name: sidecar.name,
        image: sidecar.image,
        imageID: '',
        started: true,
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: new Date().toISOString() } },
      },
    ],
  };
  const answer = await kube.request<{ message?: string }>(
    'PATCH',
    `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    { status },
    { token: kube.nodeToken, contentType: 'application/strategic-merge-patch+json' },
  );
  if (answer.status !== 200) throw new Error(`pod status (${answer.status}): ${answer.body.message}`);
}

function run(command: readonly string[], environment: Readonly<Record<string, string>>): RunningProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...command], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('close', () => process.removeListener('exit', endWithUs));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    stop: (signal = 'SIGTERM') => stopped(child, signal),
  };
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const forced = setTimeout(() => child.kill('SIGKILL'), 40_000);
  return exited.finally(() => clearTimeout(forced));
}

async function ready(running: RunningProcess, health: number, path = '/readyz'): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${health}${path}`).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`not ready: ${running.output().slice(-6_000)}`);
}

async function freeOperatorPorts(): Promise<OperatorPorts> {
  const [webhook = 0, stream = 0, health = 0] = await freePorts(3);
  return { webhook, stream, health };
}

/** A metric's value, or the sum over all its labels; 0 where there is none. */
export async function metric(operator: Pick<RunningOperator, 'ports'>, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${operator.ports.health}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
