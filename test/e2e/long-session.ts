/**
 * A session that is as old as the suite, for what takes its time: tokens live for ten minutes, and the kubelet renews them after eight. Begun by
 * one of the first files (`long-session.e2e.ts`), looked at by the last (`disruptive/token-rotation.e2e.ts`).
 */
export const LONG_NAMESPACE = 'e2e-long-session';
export const LONG_AGENT = 'worker';
/** Those that drain nodes leave pods with this label `app` where they are. */
export const LONG_POD = 'long-session';
