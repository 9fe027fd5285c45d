/**
 * What a test of the end-to-end suite has: the cluster with Sluice installed as the guide says, and short ways to do in it what a person with
 * kubectl would do. Nothing here knows what is right; that is the tests' business.
 *
 *     const world = await openWorld();
 *     const namespace = await world.namespace('jobs');
 */
import { afterAll, afterEach } from 'vitest';
import type { Cluster, ProviderName } from '../cluster/cluster.ts';
import { attach } from './attach.ts';
import type { CommandOptions, CommandResult } from './commands.ts';
import { createWorld } from './kubernetes-world.ts';

export type { CommandOptions, CommandResult } from './commands.ts';

export interface World {
  readonly cluster: Cluster;
  /** Of this checkout, as they are in the cluster. */
  readonly images: Images;
  /** kubectl as the administrator. Throws with its words, unless `mayFail`. */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** helm, and our plugin (`kubectl sluice …`). */
  helm(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  sluice(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** One object, parsed; `kind` as kubectl takes it. */
  get<T = KubernetesObject>(namespace: string, kind: string, name: string): Promise<T>;
  /** Server-side apply of objects; those without a namespace go to `namespace`. */
  apply(namespace: string, ...objects: readonly object[]): Promise<void>;
  /** A new one, named after the purpose, of the `restricted` profile; deleted when the test file ends (kept with --keep on failure). */
  namespace(purpose: string): Promise<string>;
  /**
   * A service account in `namespace`, and a policy `NAMESPACE-NAME` in data-platform that grants it what `grants` says on Database `database`
   * (default shop). Resolves when the policy is accepted; it is deleted when the test file ends.
   */
  agent(options: AgentOptions): Promise<void>;
  /** An annotated pod of the agents' image (restricted, container `app`, user 1000) that runs `command`. Resolves when it is created. */
  pod(options: PodOptions): Promise<void>;
  /** Resolves when it is Ready (`timeout` in seconds, default 90), rejects with its Events and logs otherwise. */
  ready(namespace: string, pod: string, timeout?: number): Promise<void>;
  /** Resolves with the exit code of the container (default `app`) when it has ended. */
  ended(namespace: string, pod: string, container?: string, timeout?: number): Promise<number>;
  /** A command in a container of a running pod. */
  exec(
    namespace: string,
    pod: string,
    container: string,
    command: readonly string[],
    options?: CommandOptions,
  ): Promise<CommandResult>;
  logs(namespace: string, pod: string, container: string, options?: { readonly previous?: boolean }): Promise<string>;
  /** What the sidecar of a pod has written, log and audit records: one object a line. */
  sidecarLog(namespace: string, pod: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** SQL as superuser in the database `shop` of the guide (psql in its pod); unaligned, tuples only. */
  sql(text: string, database?: string): Promise<string>;
  /** A sum of a metric over replicas of the operator, or of one sidecar; all label sets together. */
  operatorMetric(name: string): Promise<number>;
  sidecarMetric(namespace: string, pod: string, name: string): Promise<number>;
}

export interface Images {
  readonly operator: string;
  readonly sidecar: string;
  readonly agents: string;
  readonly postgres: string;
}

export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: ObjectStatus;
}

/** The parts of a pod's, a Database's or a policy's that tests look at. */
export interface ObjectStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly boundPods?: number;
  readonly programmedPods?: number;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: { readonly running?: object; readonly waiting?: { readonly reason: string }; readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}

export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
}

export interface AgentOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly database?: string;
  /** As in a DatabaseAccessPolicy; default: what the guide's policy grants. */
  readonly grants?: readonly object[];
  /** Other fields of the policy's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface PodOptions {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly command: readonly string[];
  /** Value of the annotation; default `shop`. Null: none, an ordinary pod. */
  readonly inject?: string | null;
  readonly env?: readonly object[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Merged into the container `app`. */
  readonly container?: Readonly<Record<string, unknown>>;
  /** Merged into the pod's spec, field by field (`containers` replaces them all). */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** Once a test file, at its top: what it makes is taken away when the file ends. */
export async function openWorld(): Promise<World> {
  const { cluster, images, keep } = installed();
  const { world, dispose } = createWorld(await attach(cluster), images);
  let failed = false;
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });
  afterAll(() => (keep && failed ? undefined : dispose()));
  return world;
}

/** What the run (`run.ts`) tells the tests. */
export interface Installed {
  readonly cluster: { readonly provider: ProviderName; readonly name: string };
  readonly images: Images;
  /** What a failing test file has made stays for looking at it. */
  readonly keep: boolean;
}

export const INSTALLED_VARIABLE = 'SLUICE_E2E_INSTALLED';

function installed(): Installed {
  const text = process.env[INSTALLED_VARIABLE];
  if (text === undefined) throw new Error('run end-to-end tests by npm run e2e, which brings up what they need');
  return JSON.parse(text) as Installed;
}
