/**
 * Credentials of a kubeconfig file, exec plugins included, by `@kubernetes/client-node`. It is loaded only here and only when asked for: it
 * takes 0.8 s and 90 MiB (ADR 18), and in a pod nothing of it is needed.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { type Credentials, type InClusterOptions, inClusterCredentials, type TlsMaterial } from './credentials.ts';
import { ApiUnreachableError } from './kube-api.ts';

export interface KubeconfigOptions {
  /** Default: $KUBECONFIG, else ~/.kube/config, as kubectl does. */
  readonly file?: string;
  readonly context?: string;
}

/** What KubeConfig writes into the options of a request. */
interface Applied {
  headers: Record<string, string>;
  auth?: string;
  ca?: Buffer;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export async function kubeconfigCredentials(options: KubeconfigOptions = {}): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  attempt(options.file ?? (process.env['KUBECONFIG'] || 'the kubeconfig'), () => {
    if (options.file === undefined) config.loadFromDefault();
    else config.loadFromFile(options.file);
  });
  if (options.file === undefined && isPlaceholder(config)) {
    throw new ApiUnreachableError('there is no kubeconfig: set $KUBECONFIG, or write ~/.kube/config', { kind: 'credentials' });
  }
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return configured(config);
}

/** From kubeconfig text, for tests and for those who keep it elsewhere. */
export async function kubeconfigTextCredentials(text: string): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  attempt('the kubeconfig', () => config.loadFromString(text));
  return configured(config);
}

/** A pod's own where there is no kubeconfig, else the kubeconfig's. */
export async function findCredentials(options: KubeconfigOptions & InClusterOptions = {}): Promise<Credentials> {
  const env = options.env ?? process.env;
  const named = options.file !== undefined || options.context !== undefined || env['KUBECONFIG'];
  return !named && env['KUBERNETES_SERVICE_HOST'] ? inClusterCredentials(options) : kubeconfigCredentials(options);
}

function configured(config: KubeConfig): Credentials {
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new ApiUnreachableError(`the kubeconfig's context "${config.getCurrentContext() ?? ''}" names no cluster`, {
      kind: 'credentials',
    });
  }
  if (cluster.proxyUrl) {
    throw new ApiUnreachableError('the kubeconfig asks for a proxy (proxy-url), which is not supported', { kind: 'credentials' });
  }
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  let last: TlsMaterial = {};
  const apply = async (): Promise<Applied> => {
    const applied: Applied = { headers: {} };
    try {
      await config.applyToHTTPSOptions(applied);
    } catch {
      // Without a cause: what an exec plugin wrote before it failed may be anything.
      throw new ApiUnreachableError(
        'the credentials of the kubeconfig cannot be had: a file is missing, or its credential plugin failed ("kubectl version" shows more)',
        { kind: 'credentials' },
      );
    }
    return applied;
  };
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ...(namespace ? { namespace } : {}),
    async tls() {
      const { ca, cert, key, servername, rejectUnauthorized } = await apply();
      const now: TlsMaterial = {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(servername === undefined ? {} : { servername }),
        ...(rejectUnauthorized === false ? { rejectUnauthorized } : {}),
      };
      if (!same(last, now)) last = now;
      return last;
    },
    async headers() {
      const { headers, auth } = await apply();
      const basic = auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
      return { ...basic, ...headers };
    },
    refused: () => {},
  };
}

/** What client-node makes up where it finds no file; no API server has answered there since Kubernetes 1.20. */
function isPlaceholder(config: KubeConfig): boolean {
  const server = config.getCurrentCluster()?.server;
  return config.getCurrentContext() === 'loaded-context' && server === 'http://localhost:8080';
}

function attempt(what: string, load: () => void): void {
  try {
    load();
  } catch (cause) {
    // A YAML error quotes the file, and the file holds keys.
    const code = (cause as NodeJS.ErrnoException).code;
    throw new ApiUnreachableError(`${what} cannot be read: ${code ?? 'it is no valid kubeconfig'}`, { kind: 'credentials' });
  }
}

function same(a: TlsMaterial, b: TlsMaterial): boolean {
  const text = (value: string | Buffer | undefined): string | undefined => value?.toString('utf8');
  return (
    text(a.ca) === text(b.ca) &&
    text(a.cert) === text(b.cert) &&
    text(a.key) === text(b.key) &&
    a.servername === b.servername &&
    a.rejectUnauthorized === b.rejectUnauthorized
  );
}
