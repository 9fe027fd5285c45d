/** Names that the injector writes into pods and that others look for: labels, annotations, volumes, paths. Changing one breaks pods that run. */

/** What a team writes: which Databases a pod may use. `orders`, `ns/orders`, a list with commas, `orders=6432`, or `true`. */
export const INJECT_ANNOTATION = 'sluice.dev/inject';
/** Which containers are touched (their environment), names with commas; default: all. */
export const CONTAINERS_ANNOTATION = 'sluice.dev/containers';
export const CPU_REQUEST_ANNOTATION = 'sluice.dev/cpu-request';
export const CPU_LIMIT_ANNOTATION = 'sluice.dev/cpu-limit';
export const MEMORY_REQUEST_ANNOTATION = 'sluice.dev/memory-request';
export const MEMORY_LIMIT_ANNOTATION = 'sluice.dev/memory-limit';
/** Written by the injector: the seal of what was rendered (operator/render). */
export const RENDER_ANNOTATION = 'sluice.dev/render';

/** Written by the injector, value `true`: informers select it. */
export const INJECTED_LABEL = 'sluice.dev/injected';

export const CONTAINER_NAME = 'sluice';
export const TOKEN_AUDIENCE = 'sluice.dev';
/** Seconds; the least a cluster issues. */
export const TOKEN_LIFETIME = 600;
/** Of the sidecar, and of nothing else in the pod. */
export const SIDECAR_UID = 64117;

export const TOKEN_VOLUME = 'sluice-token';
/** Memory: the last bundle and the credential survive a restart of the container there, and nothing else. */
export const STATE_VOLUME = 'sluice-state';
/** The sidecar's own authority for clients that verify; application containers mount it read-only. */
export const CLIENT_CA_VOLUME = 'sluice-ca';
/** Audit segments until they are collected. */
export const AUDIT_VOLUME = 'sluice-audit';

/** Empty: stands where the pod's token for the Kubernetes API would be mounted into the sidecar. */
export const NO_API_TOKEN_VOLUME = 'sluice-no-api-token';

export const TOKEN_PATH = '/var/run/sluice/token';
export const STATE_PATH = '/var/run/sluice/state';
export const CLIENT_CA_PATH = '/var/run/sluice/ca';
export const AUDIT_PATH = '/var/run/sluice/audit';
/** `PGSSLROOTCERT` of application containers. */
export const CLIENT_CA_FILE = `${CLIENT_CA_PATH}/ca.crt`;

/** Health and metrics, on the pod's address. */
export const HEALTH_PORT = 15_490;
