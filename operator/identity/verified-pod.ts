/** Who is at the other end of a stream, established from a projected token and the live pod. */
import type { RefusalCode } from '../../core/stream/frames.ts';

export interface VerifiedPod {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string;
  readonly podUid: string;
  readonly node?: string;
  /** Of the running sidecar container, imageID where the kubelet has reported it. */
  readonly image?: string;
  /** `namespace/name` of the Databases its sealed settings list. */
  readonly databases: readonly string[];
  /** Seconds since the epoch: the token must have been renewed by then. */
  readonly expiresAt: number;
}

export type Verification =
  | { readonly ok: true; readonly pod: VerifiedPod }
  | { readonly ok: false; readonly code: RefusalCode; readonly reason: string };

export interface IdentityVerifier {
  /** Never rejects. Counts refusals by code. */
  verify(token: string | undefined): Promise<Verification>;
  /** Whether the pod is still there under this UID, and as it was when it was accepted, from the informer. */
  isAlive(pod: Pick<VerifiedPod, 'namespace' | 'pod' | 'podUid'>): boolean;
  /** Called when an accepted pod's object is gone, or not what it was: its image or its ephemeral containers have changed. */
  onGone(listener: (podUid: string, why?: { readonly code: RefusalCode; readonly reason: string }) => void): () => void;
}
