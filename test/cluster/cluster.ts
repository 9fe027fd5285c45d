/**
 * A real Kubernetes for end-to-end tests: kubelet, containerd, kube-proxy, DNS. Three ways to have one, chosen by `findProvider`:
 * `kind` on the Docker that is there; the same `kind` on a dockerd of our own, with a node image built from packages, in a network
 * namespace without a route out; or the cluster that $KUBECONFIG names, which must be asked for (`--use-current-context`).
 */
export interface Cluster {
  readonly name: string;
  readonly provider: ProviderName;
  /** Of an administrator. Good inside the network of the cluster only: use it through `command`. */
  readonly kubeconfig: string;
  /**
   * What to run so that PROGRAM reaches the cluster, with KUBECONFIG and the right kubectl and helm in its environment (which is whole: this
   * process's own, and what is set in addition).
   */
  command(program: string, args: readonly string[]): ClusterCommand;
  /**
   * Images by reference from a builder's store (`test/images`), or archives by path; idempotent. A pod can use a reference as it was given
   * here (imagePullPolicy other than Always).
   */
  load(images: readonly string[]): Promise<void>;
  /** Everything that helps after a failure: kubelet, containerd, all pods' logs and Events, objects of ours. */
  collectLogs(directory: string): Promise<void>;
}

export type ProviderName = 'private' | 'docker' | 'current-context';

export interface ClusterCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export type Say = (line: string) => void;

export interface UpOptions {
  /** Nodes beside the control plane, which takes pods, too. Default 1, so that there is a node to drain. */
  readonly workers?: number;
}

export interface Provider {
  readonly name: ProviderName;
  /** Undefined: it can be used here. Otherwise one sentence that says what is missing and how to get it. */
  missing(): Promise<string | undefined>;
  /** Builds what is needed (once, into the cache), starts it; when it runs already, that one. Progress goes to `say`. */
  up(name: string, say: Say, options?: UpOptions): Promise<Cluster>;
  /** The one that runs under this name. */
  find(name: string): Promise<Cluster | undefined>;
  /** All of it, by pid; nothing of it is left. No error when there is none. */
  down(name: string): Promise<void>;
}

export const DEFAULT_NAME = 'sluice';

/** Names become those of nodes, cgroups and a network namespace. */
export function isName(name: string): boolean {
  return /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/.test(name);
}
