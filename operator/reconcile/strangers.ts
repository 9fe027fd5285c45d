/**
 * Objects of our kinds in namespaces that the chart does not list: nothing is served, dialled or read for them. Their authors are told, and
 * that is all. Only the holder follows them, without their specs, and with a queue of their own: whoever creates thousands delays nobody.
 *
 * | condition | status | reason              | when                                  |
 * | --------- | ------ | ------------------- | ------------------------------------- |
 * | Accepted  | False  | NamespaceNotTrusted | always                                |
 * | Ready     | False  | NamespaceNotTrusted | always                                |
 */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { DATABASES, type KubeApi, POLICIES, type Resource } from '../api/kube-api.ts';
import type { Controller, Reconcile } from '../queue/controller.ts';
import { type RawGoverned, objectKey, splitKey } from '../view/governed-object.ts';
import type { Informer } from '../watch/informer.ts';
import type { OpenInformer } from '../watch/open-informer.ts';
import type { Verdict } from './conditions.ts';
import { StatusWriter } from './status-writer.ts';

export interface StrangersOptions {
  readonly api: KubeApi;
  readonly open: OpenInformer;
  readonly policyNamespaces: readonly string[];
  readonly clock: Clock;
  readonly controller: (name: string, reconcile: Reconcile) => Controller;
}

export interface Strangers {
  start(): void;
  stop(): Promise<void>;
}

export function createStrangers(options: StrangersOptions): Strangers {
  const parts = [DATABASES, POLICIES].map((resource) => new StrangersOfKind(resource, options));
  return {
    start() {
      for (const part of parts) part.start();
    },
    async stop() {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}

class StrangersOfKind {
  readonly #resource: Resource;
  readonly #options: StrangersOptions;
  readonly #writer: StatusWriter;
  readonly #verdicts: readonly Verdict[];
  #informer: Informer<RawGoverned> | undefined;
  #controller: Controller | undefined;

  constructor(resource: Resource, options: StrangersOptions) {
    this.#resource = resource;
    this.#options = options;
    this.#writer = new StatusWriter(options.api, resource, options.clock);
    this.#verdicts = verdictsFor(options.policyNamespaces);
  }

  start(): void {
    const { open, controller, policyNamespaces } = this.#options;
    const fieldSelector = policyNamespaces.map((namespace) => `metadata.namespace!=${namespace}`).join();
    this.#informer = open<RawGoverned>({ resource: this.#resource, fieldSelector }, withoutSpec);
    this.#controller = controller(`${this.#resource.plural}-elsewhere`, (key, signal) => this.#reconcile(key, signal));
    this.#informer.onChange(({ object }) => this.#controller?.enqueue(objectKey(object)));
    this.#controller.start();
    this.#informer.start();
  }

  async stop(): Promise<void> {
    await this.#informer?.stop();
    await this.#controller?.stop();
    this.#informer = undefined;
    this.#controller = undefined;
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    const object = this.#informer?.get(...splitKey(key));
    if (object === undefined) this.#writer.forget(key);
    // Should a selector ever be ignored: a trusted object's status is not ours.
    else if (!this.#options.policyNamespaces.includes(object.metadata.namespace ?? ''))
      await this.#writer.write(object, this.#verdicts, {}, signal);
    return undefined;
  }
}

function verdictsFor(policyNamespaces: readonly string[]): readonly Verdict[] {
  const message = `this namespace is not among the policyNamespaces of the Sluice chart (${policyNamespaces.slice(0, 10).join(', ')}), so nothing in it is honoured; move the object there, or ask a cluster administrator to list this namespace`;
  return ['Ready', 'Accepted'].map((type) => ({ type, status: 'False', reason: 'NamespaceNotTrusted', message }));
}

function withoutSpec({ apiVersion, kind, metadata, status }: RawGoverned): RawGoverned {
  const { name, namespace, uid, generation, resourceVersion } = metadata;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(generation === undefined ? {} : { generation }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    ...(status === undefined ? {} : { status }),
  };
}
