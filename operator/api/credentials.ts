/**
 * Who we are to the API server, and how we know that it is it. In a pod: the service account's files, read again as the kubelet rotates
 * them. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
 */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { ApiUnreachableError } from './kube-api.ts';

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  /** Only where a kubeconfig says insecure-skip-tls-verify. */
  readonly rejectUnauthorized?: false;
}

export interface Credentials {
  /** `https://host:port`, with a path in front of a proxy that serves several clusters. */
  readonly server: string;
  /** Where the caller lives, or what the kubeconfig's context says. */
  readonly namespace?: string;
  /** Asked for each new connection. The same object while nothing has changed. */
  tls(): Promise<TlsMaterial>;
  /** Asked for each request. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The server answered 401: what was remembered may be too old. */
  refused(): void;
}

const SERVICE_ACCOUNT_FILES = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet replaces a token when 80 % of its life is over, so that this much is never too late. Milliseconds. */
const READ_AGAIN = 10_000;

export interface InClusterOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly folder?: string;
  readonly clock?: Clock;
}

/** Rejects where this is no pod, or its service account's token is not mounted. */
export async function inClusterCredentials(options: InClusterOptions = {}): Promise<Credentials> {
  const { env = process.env, folder = SERVICE_ACCOUNT_FILES, clock = systemClock } = options;
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) {
    throw new ApiUnreachableError('this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set', {
      kind: 'credentials',
    });
  }
  const token = readAgain(join(folder, 'token'), clock);
  const ca = readAgain(join(folder, 'ca.crt'), clock);
  await Promise.all([token.read(), ca.read()]);
  const namespace = await readFile(join(folder, 'namespace'), 'utf8').catch(() => '');
  let tls: { readonly ca: string } = { ca: await ca.read() };
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ...(namespace.trim() === '' ? {} : { namespace: namespace.trim() }),
    async tls() {
      const now = await ca.read();
      if (now !== tls.ca) tls = { ca: now };
      return tls;
    },
    headers: async () => ({ authorization: `Bearer ${await token.read()}` }),
    refused: token.forget,
  };
}

interface RereadFile {
  read(): Promise<string>;
  forget(): void;
}

/** What the file says, at most READ_AGAIN old; what it said last while it cannot be read. */
function readAgain(path: string, clock: Clock): RereadFile {
  let last: { readonly text: string; readonly at: number } | undefined;
  let fresh = false;
  return {
    async read() {
      const now = clock.monotonic();
      if (last !== undefined && fresh && now - last.at < READ_AGAIN) return last.text;
      try {
        const text = (await readFile(path, 'utf8')).trim();
        if (text === '') throw new Error('it is empty');
        last = { text, at: now };
        fresh = true;
      } catch (cause) {
        if (last === undefined) throw new ApiUnreachableError(`${path} cannot be read`, { cause, kind: 'credentials' });
      }
      return last.text;
    },
    forget: () => {
      fresh = false;
    },
  };
}
