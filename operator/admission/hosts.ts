/**
 * The names of a Database's host, as applications spell it, and which of them may be led to the sidecar in a pod.
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
 */
import { isIP } from 'node:net';
import { databaseKey } from '../../core/injection/sidecar-settings.ts';
import type { Database } from '../../crds/database.ts';

export interface DatabaseHost {
  /** One for all spellings. */
  readonly canonical: string;
  /** As `endpoint.host` has it, in lower case and without a trailing dot. */
  readonly given: string;
  /** All, in lower case. An IP address has itself alone. */
  readonly spellings: readonly string[];
  /** Namespace of the Service, where it is one. */
  readonly serviceNamespace?: string;
  readonly isAddress: boolean;
}

export interface Surroundings {
  readonly podNamespace: string;
  readonly clusterDomain: string;
  readonly allDatabases: readonly Database[];
}

/** Of an entry of /etc/hosts: RFC 1123 subdomains are all the API server takes. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
/** `127.1`, `2130706433`, `10.0x1`: inet_aton(3) reads them as addresses, and so does every resolver, before it looks at /etc/hosts. */
const NUMERIC = /(^|\.)(0x[0-9a-f]*|[0-9]+)$/;

/**
 * A Service is named by `name.namespace.svc`, with or without the cluster's domain; in the Database's own namespace also by `name.namespace` and by
 * `name` alone. In a pod `name` alone is one of its own namespace's Services: it is a spelling only where that is the Service's namespace, too.
 */
export function hostOf(database: Database, surroundings: Surroundings): DatabaseHost {
  const given = database.spec.endpoint.host.toLowerCase().replace(/\.$/, '');
  if (isIP(given) !== 0 || NUMERIC.test(given)) return { canonical: given, given, spellings: [given], isAddress: true };
  const service = serviceOf(given, database, surroundings);
  if (service === undefined) return { canonical: given, given, spellings: [given], isAddress: false };
  const { name, namespace } = service;
  const canonical = `${name}.${namespace}.svc.${surroundings.clusterDomain}`;
  return {
    canonical,
    given,
    spellings: [
      canonical,
      `${name}.${namespace}.svc`,
      `${name}.${namespace}`,
      ...(namespace === surroundings.podNamespace ? [name] : []),
    ],
    serviceNamespace: namespace,
    isAddress: false,
  };
}

function serviceOf(
  host: string,
  database: Database,
  { clusterDomain, podNamespace, allDatabases }: Surroundings,
): { readonly name: string; readonly namespace: string } | undefined {
  const domain = `.${clusterDomain.toLowerCase()}`;
  const short = host.endsWith(`.svc${domain}`) ? host.slice(0, -domain.length) : host;
  const labels = short.split('.');
  if (labels.at(-1) === 'svc' && labels.length >= 3) return { name: labels.slice(0, -2).join('.'), namespace: labels.at(-2)! };
  const own = database.metadata.namespace;
  if (labels.length === 1) return { name: host, namespace: own };
  // `orders.data-platform` may be an ordinary domain name. It is a Service where its end is a namespace that we know.
  const namespaces = new Set([own, podNamespace, ...allDatabases.map((each) => each.metadata.namespace)]);
  return labels.length === 2 && namespaces.has(labels[1]!) ? { name: labels[0]!, namespace: labels[1]! } : undefined;
}

export interface Aliasing {
  /** To be led to the sidecar. */
  readonly names: readonly string[];
  /** Why not all of them, in one sentence. */
  readonly warning?: string;
}

/**
 * The spellings that belong to this Database alone. A name that the Service of another namespace owns, or that a Database of another
 * namespace claims, stays what it is: whoever may write one Database must not be able to take over the names of others.
 */
export function aliasNames(
  database: Database,
  host: DatabaseHost,
  chosen: readonly Database[],
  surroundings: Surroundings,
): Aliasing {
  const key = databaseKey(database.metadata);
  const keep = (reason: string): Aliasing => ({
    names: [],
    warning: `Database ${key}: host ${host.given} ${reason}; clients reach it through localhost and PG* variables, not by that name`,
  });
  if (host.isAddress) return keep('is an address, which /etc/hosts cannot lead elsewhere');
  if (host.serviceNamespace !== undefined && host.serviceNamespace !== database.metadata.namespace)
    return keep(`is a Service of namespace ${host.serviceNamespace}, not of ${database.metadata.namespace}`);
  if (database.spec.endpoint.port < 1024)
    return keep(`has port ${database.spec.endpoint.port}, which needs privileges to listen on`);
  const picked = new Set(chosen.map((each) => databaseKey(each.metadata)));
  const claimed = new Map<string, string>();
  for (const other of surroundings.allDatabases) {
    const otherKey = databaseKey(other.metadata);
    if (other.metadata.namespace === database.metadata.namespace || picked.has(otherKey)) continue;
    const theirs = hostOf(other, surroundings);
    // A Database that points at somebody else's Service claims nothing.
    if (theirs.serviceNamespace !== undefined && theirs.serviceNamespace !== other.metadata.namespace) continue;
    for (const name of theirs.spellings) claimed.set(name, otherKey);
  }
  const names = host.spellings.filter((name) => !claimed.has(name) && SUBDOMAIN.test(name) && name.length <= 253);
  const owner = host.spellings.map((name) => claimed.get(name)).find((each) => each !== undefined);
  if (owner !== undefined && !names.includes(host.given)) return { ...keep(`is claimed by Database ${owner}, too`), names };
  if (!names.includes(host.given)) return { ...keep(whyUnusable(host, surroundings)), names };
  return { names };
}

function whyUnusable(host: DatabaseHost, { podNamespace }: Surroundings): string {
  return host.spellings.includes(host.given)
    ? 'cannot stand in /etc/hosts'
    : `means a Service of namespace ${podNamespace} in this pod`;
}
