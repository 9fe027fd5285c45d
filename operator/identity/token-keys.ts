/**
 * Issuer and keys of the cluster's service account tokens, as its discovery document says: never assumed, since every provider has its own.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 *
 * Where `jwks_uri` is on another host (EKS, GKE: for those who federate), the keys are still read from `/openid/v1/jwks` of the API server. It
 * serves the same keys, and nobody else's certificate, DNS or proxy has a say in who we believe.
 */
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { Logger } from 'pino';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi } from '../api/kube-api.ts';

export interface TokenKeys {
  readonly issuer: string;
  readonly find: ReturnType<typeof createLocalJWKSet>;
}

export interface TokenKeysSource {
  /** @throws KeysUnavailableError */
  current(): Promise<TokenKeys>;
  /** Asked because `known` did not do: newer ones, or `known` where the server has no others. @throws KeysUnavailableError also while cooling down */
  newerThan(known: TokenKeys): Promise<TokenKeys>;
}

export class KeysUnavailableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeysUnavailableError';
  }
}

export interface TokenKeysOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds; the defaults are below. */
  readonly refreshAfter?: number;
  readonly staleAfter?: number;
  readonly coolDown?: number;
}

/** Keys that are taken away stop counting after this, at the next token. */
const REFRESH_AFTER = 5 * 60_000;
/** So long the last keys do while the API server is away; it tells caches the same (Cache-Control: max-age=3600). */
const STALE_AFTER = 60 * 60_000;
/** Between two requests, however many unknown keys are named. */
const COOL_DOWN = 10_000;

/** Between two that fail, while there are no keys. */
const RETRY_AFTER = 1000;
const UNREADABLE = 'the keys of the cluster cannot be read now; try again';

const DISCOVERY = '/.well-known/openid-configuration';
const KEYS = '/openid/v1/jwks';
const MOST_KEYS = 100;

export function createTokenKeys(options: TokenKeysOptions): TokenKeysSource {
  return new ClusterTokenKeys(options);
}

class ClusterTokenKeys implements TokenKeysSource {
  readonly #options: TokenKeysOptions;
  #keys: TokenKeys | undefined;
  #text = '';
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<TokenKeys> | undefined;

  constructor(options: TokenKeysOptions) {
    this.#options = options;
  }

  async current(): Promise<TokenKeys> {
    const { refreshAfter = REFRESH_AFTER, staleAfter = STALE_AFTER } = this.#options;
    const age = this.#options.clock.monotonic() - this.#fetchedAt;
    if (this.#keys === undefined || age >= staleAfter) {
      if (this.#fetching === undefined && this.#hasJustFailed()) throw new KeysUnavailableError(UNREADABLE);
      return await this.#fetch();
    }
    if (age >= refreshAfter && !this.#isCoolingDown()) this.#fetch().catch(() => {});
    return this.#keys;
  }

  async newerThan(known: TokenKeys): Promise<TokenKeys> {
    if (this.#keys !== undefined && this.#keys !== known) return this.#keys;
    if (this.#fetching === undefined && this.#isCoolingDown()) {
      throw new KeysUnavailableError('the cluster has been asked for its keys a moment ago; try again');
    }
    return await this.#fetch();
  }

  #isCoolingDown(): boolean {
    return this.#options.clock.monotonic() - this.#triedAt < (this.#options.coolDown ?? COOL_DOWN);
  }

  #hasJustFailed(): boolean {
    return this.#triedAt > this.#fetchedAt && this.#options.clock.monotonic() - this.#triedAt < RETRY_AFTER;
  }

  #fetch(): Promise<TokenKeys> {
    this.#fetching ??= this.#ask().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #ask(): Promise<TokenKeys> {
    const { api, clock, log } = this.#options;
    this.#triedAt = clock.monotonic();
    try {
      const [discovery, keys] = await Promise.all([
        api.request<{ readonly issuer?: unknown }>('GET', DISCOVERY),
        api.request<{ readonly keys?: unknown }>('GET', KEYS),
      ]);
      this.#take(discovery.issuer, keys);
      this.#fetchedAt = clock.monotonic();
      return this.#keys!;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      log.warn({ reason }, 'token-keys-not-read');
      throw new KeysUnavailableError(UNREADABLE);
    }
  }

  #take(issuer: unknown, keys: { readonly keys?: unknown }): void {
    if (typeof issuer !== 'string' || issuer === '') throw new Error(`${DISCOVERY} names no issuer`);
    if (!Array.isArray(keys.keys) || keys.keys.length === 0 || keys.keys.length > MOST_KEYS)
      throw new Error(`${KEYS} lists no keys`);
    const text = JSON.stringify([issuer, keys]);
    if (text === this.#text) return;
    // Whoever asks for newer ones learns by identity that there are.
    this.#keys = { issuer, find: createLocalJWKSet(keys as JSONWebKeySet) };
    this.#text = text;
  }
}
