/**
 * A real control plane for tests: etcd, kube-apiserver and kube-controller-manager on loopback, about five seconds to start. Admission, CRDs,
 * CEL, RBAC, tokens, garbage collection and service accounts are all real; there is no kubelet, so what a node would do (pod status, token
 * requests) the test does with a node's credentials.
 *
 * The API server reaches webhooks through an egress proxy of ours (a Unix socket): a Service keeps its name, its certificate is checked
 * against that name, and no packet leaves loopback.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARIES } from './binaries.ts';
import { Components } from './components.ts';
import { type EgressProxy, startEgressProxy } from './egress-proxy.ts';
import { ServiceAccountKeys } from './service-account-keys.ts';
import { freePorts } from '../support/free-ports.ts';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';

export interface ControlPlaneOptions {
  readonly apiServerArguments?: readonly string[];
  readonly etcdArguments?: readonly string[];
  /** Default true. Without it there are no default service accounts and nothing is garbage collected. */
  readonly controllerManager?: boolean;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly body: T;
}

export interface ControlPlane {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly ca: string;
  /** Of group system:masters. */
  readonly adminToken: string;
  /** Of system:node:node-1, group system:nodes. */
  readonly nodeToken: string;
  /** Of a user without any rights, `nobody`. */
  readonly nobodyToken: string;
  /** File with the admin's credentials. */
  readonly kubeconfig: string;
  /** Where logs and keys are. */
  readonly directory: string;
  /** File for another bearer. */
  kubeconfigFor(token: string): string;
  /** As admin unless a token is given. Answers of any status resolve; rejects when there is none. */
  request<T = unknown>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>>;
  /** Throws with the server's words unless the exit code is 0. */
  kubectl(args: readonly string[], stdin?: string): string;
  helm(args: readonly string[], stdin?: string): string;
  /** The TokenRequest API, as admin. */
  serviceAccountToken(namespace: string, name: string, options?: TokenOptions): Promise<string>;
  /** A Service's port is answered by this loopback port: for webhooks and the API server's service proxy. */
  route(service: { readonly namespace: string; readonly name: string; readonly port: number }, loopbackPort: number): void;
  /** Another set of service account keys signs from now on; the old one is still verified. */
  rotateServiceAccountKey(): Promise<void>;
  stopApiServer(signal?: NodeJS.Signals): Promise<void>;
  startApiServer(): Promise<void>;
  /** Stops or continues the process as it is: what is asked meanwhile hangs. */
  freezeApiServer(frozen: boolean): void;
  stop(): Promise<void>;
}

export interface RequestOptions {
  readonly token?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface TokenOptions {
  readonly audiences?: readonly string[];
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly expirationSeconds?: number;
  /** Who asks; default: the admin. */
  readonly as?: string;
}

const STARTED_WITHIN = 60_000;

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-kube-'));
  const file = (name: string, content?: string): string => {
    const path = join(directory, name);
    if (content !== undefined) writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const [etcdClient, etcdPeer, port] = await freePorts(3);
  const tls = await makeLocalCertificate(['127.0.0.1', 'localhost', 'kubernetes.default.svc'], Date.now());
  const [adminToken, nodeToken, nobodyToken, managerToken] = Array.from({ length: 4 }, () => randomBytes(24).toString('hex')) as [
    string,
    string,
    string,
    string,
  ];
  file('ca.crt', tls.authority);
  file('server.crt', tls.certificate);
  file('server.key', tls.key);
  file(
    'tokens.csv',
    [
      `${adminToken},admin,admin,"system:masters"`,
      `${nodeToken},system:node:node-1,node-1,"system:nodes"`,
      `${nobodyToken},nobody,nobody`,
      `${managerToken},system:kube-controller-manager,manager,"system:masters"`,
      '',
    ].join('\n'),
  );
  const url = `https://127.0.0.1:${port}`;
  const kubeconfigFor = (token: string): string =>
    file(`kubeconfig-${token.slice(0, 8)}${token.length}`, kubeconfigText(url, tls.authority, token));
  const kubeconfig = kubeconfigFor(adminToken);
  const keys = new ServiceAccountKeys(file);
  let egress: EgressProxy | undefined;
  const children = new Components(directory);

  const request: ControlPlane['request'] = (method, path, body, { token, contentType, signal } = {}) =>
    send({ url, ca: tls.authority, token: token ?? adminToken, method, path, body, contentType, signal }) as Promise<
      Answer<never>
    >;
  const ready = async (): Promise<void> => {
    const late = Date.now() + STARTED_WITHIN;
    for (;;) {
      const answer = await request('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) return;
      const dead = children.dead();
      if (dead !== undefined) throw new Error(`${dead} ended: ${children.tail(dead)}`);
      if (Date.now() > late) throw new Error(`kube-apiserver is not ready: ${children.tail('kube-apiserver')}`);
      await sleep(50);
    }
  };
  const startApiServer = async (): Promise<void> => {
    children.start('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${etcdClient}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--tls-cert-file=${file('server.crt')}`,
      `--tls-private-key-file=${file('server.key')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      '--api-audiences=https://kubernetes.default.svc.cluster.local',
      ...keys.flags(),
      `--egress-selector-config-file=${file('egress.yaml')}`,
      ...(options.apiServerArguments ?? []),
    ]);
    await ready();
  };
  const stop = async (): Promise<void> => {
    await children.stopAll();
    await egress?.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    egress = await startEgressProxy(join(directory, 'egress.sock'), async (clusterIp) => {
      const list = await request<{ items: readonly ServiceObject[] }>('GET', '/api/v1/services');
      return list.body.items.find((each) => each.spec.clusterIP === clusterIp)?.metadata;
    });
    file('egress.yaml', egressConfiguration(join(directory, 'egress.sock')));
    children.start('etcd', [
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${etcdClient}`,
      `--advertise-client-urls=http://127.0.0.1:${etcdClient}`,
      `--listen-peer-urls=http://127.0.0.1:${etcdPeer}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      ...(options.etcdArguments ?? []),
    ]);
    await startApiServer();
    if (options.controllerManager !== false) {
      children.start('kube-controller-manager', [
        `--kubeconfig=${file('manager.kubeconfig', kubeconfigText(url, tls.authority, managerToken))}`,
        `--service-account-private-key-file=${keys.current}`,
        `--root-ca-file=${file('ca.crt')}`,
        '--leader-elect=false',
        '--secure-port=0',
        // Without kubelets nodes do not answer: what waits for that would delete the pods that tests bind to them.
        '--controllers=*,-pod-garbage-collector-controller,-node-lifecycle-controller,-taint-eviction-controller',
      ]);
      await defaultServiceAccount(request);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const opened = egress;
  const command = (program: string, args: readonly string[], stdin: string | undefined): string => {
    const result = spawnSync(join(BINARIES, program), args, {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        KUBECONFIG: kubeconfig,
        HELM_CACHE_HOME: directory,
        HELM_CONFIG_HOME: directory,
        HELM_DATA_HOME: directory,
      },
      ...(stdin === undefined ? {} : { input: stdin }),
    });
    if (result.status !== 0)
      throw new Error(`${program} ${args.join(' ')} (exit ${result.status}): ${result.stderr}${result.stdout}`);
    return result.stdout;
  };
  return {
    url,
    ca: tls.authority,
    adminToken,
    nodeToken,
    nobodyToken,
    kubeconfig,
    directory,
    kubeconfigFor,
    request,
    kubectl: (args, stdin) => command('kubectl', args, stdin),
    helm: (args, stdin) => command('helm', args, stdin),
    async serviceAccountToken(namespace, name, { audiences, pod, expirationSeconds, as } = {}) {
      const answer = await request<{ status: { token: string }; message?: string }>(
        'POST',
        `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
        {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            ...(audiences === undefined ? {} : { audiences }),
            expirationSeconds: expirationSeconds ?? 3600,
            ...(pod === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...pod } }),
          },
        },
        as === undefined ? {} : { token: as },
      );
      if (answer.status !== 201) throw new Error(`no token (${answer.status}): ${answer.body.message}`);
      return answer.body.status.token;
    },
    route: (service, loopbackPort) => opened.route(service, loopbackPort),
    async rotateServiceAccountKey() {
      keys.rotate();
      await children.stop('kube-apiserver');
      await startApiServer();
    },
    stopApiServer: (signal) => children.stop('kube-apiserver', signal),
    startApiServer,
    freezeApiServer: (frozen) => children.signal('kube-apiserver', frozen ? 'SIGSTOP' : 'SIGCONT'),
    stop,
  };
}

interface ServiceObject {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: { readonly clusterIP?: string };
}

/** The first pods need it. */
async function defaultServiceAccount(request: ControlPlane['request']): Promise<void> {
  const late = Date.now() + STARTED_WITHIN;
  while ((await request('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status !== 200) {
    if (Date.now() > late) throw new Error('kube-controller-manager made no default service account');
    await sleep(50);
  }
}

interface Sent {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly contentType: string | undefined;
  readonly signal: AbortSignal | undefined;
}

function send({ url, ca, token, method, path, body, contentType, signal }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      `${url}${path}`,
      {
        method,
        ca,
        agent: false,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          'content-type': contentType ?? 'application/json',
        },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, body: parsed(text) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function kubeconfigText(server: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
    'current-context': 'test',
  });
}

/** https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/ names the format. */
function egressConfiguration(socket: string): string {
  return JSON.stringify({
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [
      { name: 'cluster', connection: { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: socket } } } },
    ],
  });
}
