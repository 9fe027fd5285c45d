/** How an installation publishes whom to trust: ConfigMap `<release>-audit-trust`. */

/** Key of its data: TrustAnchors as JSON. */
export const TRUST_KEY = 'trust.json';
/** Annotation: where the log of the cluster stands, `{"chain", "seq", "hash"}`. */
export const HEAD_ANNOTATION = 'sluice.dev/audit-head';
