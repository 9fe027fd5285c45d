/** https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */

/** The names of a Service, as others in the cluster may call it. The API server uses the third. */
export function serviceNames(service: string, namespace: string, clusterDomain: string): readonly string[] {
  const full = `${service}.${namespace}.svc`;
  return [full, `${full}.${clusterDomain}`, `${service}.${namespace}`, service];
}
