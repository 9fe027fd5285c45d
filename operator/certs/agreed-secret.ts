/**
 * A Secret that all replicas agree on: whoever is first creates it (a second finds 409 and reads it), everybody follows it. What was read last
 * stays in force while the API server is away, while the Secret cannot be understood, and when somebody deletes it: then it is put back, since
 * running pods and the API server rely on what is in it.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, type KubeApi, type KubeMeta, type KubeObject, SECRETS } from '../api/kube-api.ts';
import { type Follower, followObject } from './follow-object.ts';

export type SecretData = Readonly<Record<string, Buffer>>;

export interface AgreedSecretOptions<T> {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
  /** What it holds when nobody has created it. Undefined: somebody else has to. */
  readonly initial: (() => Promise<SecretData>) | undefined;
  /** @throws SecretProblem */
  readonly parse: (data: SecretData) => T;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds between looks at it, in case the watch has missed something. */
  readonly pollEvery?: number;
}

export interface AgreedSecret<T> {
  readonly current: T | undefined;
  /** Why it is not what the Secret says now; one sentence without contents. */
  readonly problem: string | undefined;
  /** Resolves as soon as there is a `current`. Never rejects. */
  readonly ready: Promise<void>;
  /** Called with each new value, also the first. */
  onChange(listener: (value: T) => void): () => void;
  /** Writes what `change` makes of it, unless somebody else has written meanwhile: then it is read again, and `false`. */
  update(change: (current: T) => Promise<SecretData | undefined>): Promise<boolean>;
  /** Reads it now. Never rejects. */
  refresh(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** What a Secret contains is not what it should. The message names keys, never values. */
export class SecretProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SecretProblem';
  }
}

interface SecretObject extends KubeObject {
  readonly metadata: KubeMeta;
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'sluice-operator' };

export function createAgreedSecret<T>(options: AgreedSecretOptions<T>): AgreedSecret<T> {
  return new FollowedSecret(options);
}

class FollowedSecret<T> implements AgreedSecret<T> {
  current: T | undefined;
  problem: string | undefined;
  readonly ready: Promise<void>;
  readonly #options: AgreedSecretOptions<T>;
  readonly #listeners = new Set<(value: T) => void>();
  readonly #follower: Follower;
  #becameReady: () => void = () => {};
  /** Of `current`. */
  #data: SecretData | undefined;
  /** As last read. */
  #version: string | undefined;

  constructor(options: AgreedSecretOptions<T>) {
    this.#options = options;
    const { api, namespace, name, clock, log, pollEvery } = options;
    const look = (signal: AbortSignal): Promise<string | undefined> => this.#look(signal);
    this.#follower = followObject({ api, resource: SECRETS, ref: { namespace, name }, look, clock, log, pollEvery });
    this.ready = new Promise((resolve) => {
      this.#becameReady = resolve;
    });
  }

  onChange(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  refresh(): Promise<void> {
    return this.#follower.look();
  }

  async update(change: (current: T) => Promise<SecretData | undefined>): Promise<boolean> {
    const { api, namespace, name } = this.#options;
    const version = this.#version;
    if (this.current === undefined || version === undefined || this.problem !== undefined) return false;
    const data = await change(this.current);
    if (data === undefined) return true;
    try {
      // Entries only: what others have written into its metadata stays. With a resourceVersion, 409 where somebody was faster.
      const removed = Object.keys(this.#data ?? {}).map((key) => [key, null]);
      const patch = { metadata: { resourceVersion: version }, data: { ...Object.fromEntries(removed), ...base64(data) } };
      await api.patch<SecretObject>(SECRETS, { namespace, name }, patch, { type: 'merge' });
      await this.refresh();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      await this.refresh();
      return false;
    }
  }

  async #look(signal: AbortSignal): Promise<string | undefined> {
    const secret = await this.#readOrCreate(signal);
    if (secret === undefined) {
      this.#hasProblem('it does not exist, and this installation leaves creating it to others');
      return undefined;
    }
    try {
      this.#take(secret);
    } catch (error) {
      if (!(error instanceof SecretProblem)) throw error;
      this.#hasProblem(error.message);
    }
    return secret.metadata.resourceVersion;
  }

  async #readOrCreate(signal: AbortSignal): Promise<SecretObject | undefined> {
    const { api, namespace, name, initial, log } = this.#options;
    try {
      return await api.get<SecretObject>(SECRETS, { namespace, name }, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
    if (initial === undefined) return undefined;
    try {
      const created = await api.create<SecretObject>(SECRETS, this.#object(this.#data ?? (await initial())), signal);
      log.info({ secret: `${namespace}/${name}` }, this.#data === undefined ? 'secret-created' : 'secret-restored');
      return created;
    } catch (error) {
      // Another replica was faster.
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      return await api.get<SecretObject>(SECRETS, { namespace, name }, signal);
    }
  }

  #object(data: SecretData): SecretObject {
    const { namespace, name } = this.#options;
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name, labels: MANAGED_BY },
      type: 'Opaque',
      data: base64(data),
    };
  }

  #take(secret: SecretObject): void {
    if (secret.metadata.resourceVersion === this.#version && this.problem === undefined) return;
    const data: SecretData = Object.fromEntries(
      Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
    );
    this.#version = secret.metadata.resourceVersion;
    const value = this.#options.parse(data);
    const same = this.#data !== undefined && sameData(this.#data, data);
    this.#data = data;
    this.problem = undefined;
    if (same) return;
    this.current = value;
    this.#becameReady();
    for (const listener of this.#listeners) listener(value);
  }

  #hasProblem(problem: string): void {
    const { log, namespace, name } = this.#options;
    if (this.problem !== problem) log.error({ secret: `${namespace}/${name}`, problem }, 'secret-unusable');
    this.problem = problem;
  }
}

function base64(data: SecretData): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.toString('base64')]));
}

function sameData(one: SecretData, other: SecretData): boolean {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length && keys.every((key) => other[key] !== undefined && one[key]!.equals(other[key]))
  );
}
