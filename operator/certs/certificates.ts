/** The two authorities of an installation: one for the API server that calls the webhook, one for the sidecars that open streams. Never the same. */
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { Leadership } from '../leader/leadership.ts';
import { type Authority, createAuthority } from './authority.ts';
import { keepCaBundle } from './ca-bundle.ts';
import { STREAM_SUCCESSION, type Succession, WEBHOOK_SUCCESSION } from './succession.ts';
import { serviceNames } from './service-names.ts';

export interface CertificatesOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly release: string;
  readonly clusterDomain: string;
  readonly serviceName: string;
  /** Beside the Service's names: for tests without a Service. */
  readonly additionalNames?: readonly string[];
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly expiry: Gauge<'certificate'>;
  readonly succession?: Succession;
  readonly leafLifetime?: number;
  readonly pollEvery?: number;
}

export interface WebhookCertificatesOptions extends CertificatesOptions {
  readonly configurationName: string;
  /** False: something else makes the authority in `<release>-webhook-ca` (tls.crt, tls.key, ca.crt) and writes caBundle; leafs are still ours. */
  readonly manageCaBundle: boolean;
}

export function createWebhookAuthority(options: WebhookCertificatesOptions): Authority {
  const { manageCaBundle } = options;
  return createAuthority({
    ...shared(options, 'webhook'),
    succession: options.succession ?? WEBHOOK_SUCCESSION,
    manage: manageCaBundle,
    ...(manageCaBundle ? { announceIn: (trusted: () => readonly string[]) => keepCaBundle({ ...options, trusted }) } : {}),
  });
}

export function createStreamAuthority(options: CertificatesOptions): Authority {
  return createAuthority({ ...shared(options, 'stream'), succession: options.succession ?? STREAM_SUCCESSION, manage: true });
}

function shared(options: CertificatesOptions, purpose: 'webhook' | 'stream') {
  const { namespace, release, serviceName, clusterDomain, additionalNames = [] } = options;
  return {
    ...options,
    purpose,
    secretName: `${release}-${purpose}-ca`,
    names: [...serviceNames(serviceName, namespace, clusterDomain), ...additionalNames],
  };
}
