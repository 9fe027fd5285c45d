/** The injector's contract: a pure function from a raw pod and what is known of the cluster to a JSONPatch or a refusal. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import type { RenderSeals } from '../render/seal.ts';

/** A pod as the API server sent it: fields that this release does not know must survive. */
export type RawPod = Readonly<Record<string, unknown>>;

export interface InjectionInput {
  readonly pod: RawPod;
  /** Of the request: a pod in an AdmissionReview may have none of its own yet. */
  readonly namespace: string;
  /** Trusted Databases with a policy in force for this service account, and all trusted ones, to tell "no policy" from "no such Database". */
  readonly databases: readonly { readonly database: Database; readonly policies: readonly DatabaseAccessPolicy[] }[];
  readonly allDatabases: readonly Database[];
  readonly settings: InjectorSettings;
  readonly seals: RenderSeals;
}

export interface InjectorSettings {
  /** Reference of the sidecar image, best with a digest. */
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly operator: { readonly address: string; readonly serverName: string; readonly ca: string };
  readonly resources: {
    readonly cpuRequest: string;
    readonly memoryRequest: string;
    readonly memoryLimit: string;
    readonly cpuLimit?: string;
  };
  /** Undefined: not set (OpenShift assigns one). */
  readonly runAsUser?: number;
  readonly clusterDomain: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'replace' | 'remove' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

export type Injection =
  /** `patch` is empty where everything is in place already. */
  | { readonly outcome: 'injected'; readonly patch: readonly JsonPatchOperation[]; readonly warnings: readonly string[] }
  /** No annotation, or one that says no. */
  | { readonly outcome: 'skipped'; readonly reason: string }
  /** All problems at once, a sentence each. */
  | { readonly outcome: 'refused'; readonly problems: readonly InjectionProblem[] };

export interface InjectionProblem {
  /** One CamelCase word: log, metric and Event share it. */
  readonly reason: string;
  readonly message: string;
}
