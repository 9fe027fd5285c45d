/**
 * `caBundle` of the webhook's registration: every authority that may have signed a replica's certificate. Written by the holder of the Lease
 * alone, and again whenever somebody has blanked or changed it.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { type KubeApi, type KubeObject, MUTATING_WEBHOOKS } from '../api/kube-api.ts';
import type { Leadership } from '../leader/leadership.ts';
import { type Follower, followObject } from './follow-object.ts';

export interface CaBundleOptions {
  readonly api: KubeApi;
  /** Name of the MutatingWebhookConfiguration. */
  readonly configurationName: string;
  /** PEM each. Empty: nothing is written. */
  readonly trusted: () => readonly string[];
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pollEvery?: number;
}

export interface CaBundle {
  /** Whether every webhook of the registration had this certificate when it was last read. */
  contains(certificate: string): boolean;
  /** Reads and mends it now, where this replica is to. Never rejects. */
  refresh(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

export function keepCaBundle(options: CaBundleOptions): CaBundle {
  return new KeptCaBundle(options);
}

class KeptCaBundle implements CaBundle {
  readonly #options: CaBundleOptions;
  readonly #follower: Follower;
  /** One text for each webhook, as last read. */
  #bundles: readonly string[] = [];
  #unsubscribe: () => void = () => {};

  constructor(options: CaBundleOptions) {
    this.#options = options;
    const { api, configurationName, clock, log, pollEvery } = options;
    const look = (signal: AbortSignal): Promise<string | undefined> => this.#mend(signal);
    this.#follower = followObject({
      api,
      resource: MUTATING_WEBHOOKS,
      ref: { name: configurationName },
      look,
      clock,
      log,
      pollEvery,
    });
  }

  contains(certificate: string): boolean {
    return this.#bundles.length > 0 && this.#bundles.every((bundle) => bundle.includes(certificate.trim()));
  }

  start(): void {
    this.#unsubscribe = this.#options.leadership.onChange(() => void this.refresh());
    this.#follower.start();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#follower.stop();
  }

  refresh(): Promise<void> {
    return this.#follower.look();
  }

  async #mend(signal: AbortSignal): Promise<string | undefined> {
    const { api, configurationName: name, trusted, leadership, log } = this.#options;
    if (!leadership.isLeader) return undefined;
    const read = await api.get<WebhookConfiguration>(MUTATING_WEBHOOKS, { name }, signal);
    this.#bundles = bundlesOf(read);
    const wanted = trusted().join('');
    if (wanted === '' || this.#bundles.every((bundle) => bundle === wanted) || !leadership.isLeader) {
      return read.metadata.resourceVersion;
    }
    const value = Buffer.from(wanted).toString('base64');
    // Tests first: were the list another one meanwhile, nothing would be written. https://www.rfc-editor.org/rfc/rfc6902
    const patch = (read.webhooks ?? []).flatMap((webhook, index) => [
      { op: 'test', path: `/webhooks/${index}/name`, value: webhook.name },
      { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value },
    ]);
    const written = await api.patch<WebhookConfiguration>(MUTATING_WEBHOOKS, { name }, patch, { type: 'json', signal });
    this.#bundles = bundlesOf(written);
    log.info({ configuration: name, certificates: trusted().length }, 'ca-bundle-written');
    return written.metadata.resourceVersion;
  }
}

function bundlesOf(configuration: WebhookConfiguration): readonly string[] {
  return (configuration.webhooks ?? []).map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
}
