/** Who acts: a Kubernetes service account. Standalone use names it with `--as NAMESPACE/NAME`. */
export interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Pod facts, absent standalone. */
  readonly pod?: string;
  readonly podUid?: string;
  readonly node?: string;
  readonly image?: string;
}
