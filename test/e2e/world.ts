/**
 * What a test of the end-to-end suite has: the cluster with Sluice installed as the guide says, and short ways to do in it what a person with
 * kubectl would do. Nothing here knows what is right; that is the tests' business.
 */
import type { Cluster } from '../cluster/cluster.ts';

export interface World {
  readonly cluster: Cluster;
  /** Of this checkout, as they are in the cluster. */
  readonly images: { readonly operator: string; readonly sidecar: string; readonly agents: string; readonly postgres: string };
  /** kubectl as the administrator. Throws with its words, unless `mayFail`. */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** helm, and our plugin (`kubectl sluice …`). */
  helm(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  sluice(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Server-side apply of objects; those without a namespace go to `namespace`. */
  apply(namespace: string, ...objects: readonly object[]): Promise<void>;
  /** A new one, named after the purpose, of the `restricted` profile; deleted when the test file ends (kept with --keep on failure). */
  namespace(purpose: string): Promise<string>;
  /** A service account in `namespace`, and a policy in data-platform that grants it what `grants` says on Database `database` (default shop). */
  agent(options: AgentOptions): Promise<void>;
  /** An annotated pod of the agents' image (restricted, app user 1000) that runs `command`; `spec` is merged in. Resolves when it is created. */
  pod(options: PodOptions): Promise<void>;
  /** Resolves when it is Ready (`timeout` in seconds, default 90), rejects with its Events and logs otherwise. */
  ready(namespace: string, pod: string, timeout?: number): Promise<void>;
  /** Resolves with the exit code of the container when it has ended. */
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
  /** What the sidecar of a pod has written to its log: one object a line. */
  sidecarLog(namespace: string, pod: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** SQL as superuser in the database `shop` of the guide (psql in its pod); unaligned, tuples only. */
  sql(text: string, database?: string): Promise<string>;
  /** A sum of a metric over replicas of the operator, or of one sidecar. */
  operatorMetric(name: string): Promise<number>;
  sidecarMetric(namespace: string, pod: string, name: string): Promise<number>;
}

export interface CommandOptions {
  readonly input?: string;
  readonly mayFail?: boolean;
  /** Seconds; default 120. */
  readonly timeout?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
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
  /** Default: shop. */
  readonly inject?: string;
  readonly env?: readonly object[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** Merged into the pod's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}
