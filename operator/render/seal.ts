/**
 * Which sidecars this installation has issued. The injector seals what it rendered, for this namespace and service account, with a key that
 * only the operator's replicas hold; before a bundle is served the live pod is reduced to the same text and compared. So renders of earlier
 * releases stay valid, and what another webhook or a pod's author changed does not.
 */

/** The part of a pod that the sidecar's trustworthiness rests on, in canonical JSON. Computed from a raw pod, before or after admission. */
export type CanonicalRender = string;

export interface RenderSeals {
  /** The value of RENDER_ANNOTATION. */
  seal(subject: { readonly namespace: string; readonly serviceAccount: string }, render: CanonicalRender): string;
  verify(
    subject: { readonly namespace: string; readonly serviceAccount: string },
    render: CanonicalRender,
    seal: string,
  ): boolean;
}
