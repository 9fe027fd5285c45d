/**
 * An authority of our own, shared by all replicas through a Secret, and this replica's leaf, which is in memory only. Every replica signs its
 * leaf itself; only the holder of the Lease moves the succession on.
 */
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { Leadership } from '../leader/leadership.ts';
import { type AgreedSecret, createAgreedSecret } from './agreed-secret.ts';
import type { CaBundle } from './ca-bundle.ts';
import * as steps from './succession.ts';
import { certificatesOf, issueAuthority, issueLeaf, type KeyPair, validityOf } from '../../core/certificates/x509.ts';

export interface AuthorityOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly secretName: string;
  /** Of metrics: `webhook`, `stream`. */
  readonly purpose: string;
  /** Host names and addresses of the leaf, the most usual first. */
  readonly names: readonly string[];
  readonly succession: steps.Succession;
  /** False: somebody else makes and renews the authority in the Secret. */
  readonly manage: boolean;
  /** Where those who verify learn what is trusted; a successor signs only when it is there. */
  readonly announceIn?: (trusted: () => readonly string[]) => CaBundle;
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of certificateExpiryGauge. */
  readonly expiry: Gauge<'certificate'>;
  /** Milliseconds; default 7 days. */
  readonly leafLifetime?: number;
  readonly pollEvery?: number;
}

export interface Authority {
  /** PEM: this replica's leaf and its key. Undefined until the Secret has been read. */
  readonly leaf: KeyPair | undefined;
  /** PEM each: all that clients are to trust now, the successor included. */
  readonly trusted: readonly string[];
  /** One sentence where the Secret cannot be used as it is. */
  readonly problem: string | undefined;
  /** Resolves with the first leaf. */
  readonly ready: Promise<void>;
  /** Called with each new leaf, also the first. */
  onLeaf(listener: (leaf: KeyPair) => void): () => void;
  onTrusted(listener: (trusted: readonly string[]) => void): () => void;
  start(): void;
  stop(): Promise<void>;
}

const LEAF_LIFETIME = 7 * 24 * 3600_000;
const LOOK_EVERY = 10_000;

export function createAuthority(options: AuthorityOptions): Authority {
  return new SecretAuthority(options);
}

class SecretAuthority implements Authority {
  leaf: KeyPair | undefined;
  trusted: readonly string[] = [];
  readonly ready: Promise<void>;
  readonly #options: AuthorityOptions;
  readonly #secret: AgreedSecret<steps.Authorities>;
  readonly #bundle: CaBundle | undefined;
  readonly #onLeaf = new Set<(leaf: KeyPair) => void>();
  readonly #onTrusted = new Set<(trusted: readonly string[]) => void>();
  #becameReady: () => void = () => {};
  #signedBy: string | undefined;
  #renewAt = 0;
  #work: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};
  #unsubscribe: () => void = () => {};
  #stopped = false;

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.ready = new Promise((resolve) => {
      this.#becameReady = resolve;
    });
    const { api, namespace, secretName, clock, log, pollEvery, purpose, succession } = options;
    this.#secret = createAgreedSecret({
      api,
      namespace,
      name: secretName,
      initial: options.manage
        ? async () => steps.found(await newAuthority(purpose, clock.now(), succession), clock.now())
        : undefined,
      parse: steps.parseAuthorities,
      clock,
      log,
      ...(pollEvery === undefined ? {} : { pollEvery }),
    });
    this.#secret.onChange(() => this.#look());
    this.#bundle = options.announceIn?.(() => this.trusted);
  }

  get problem(): string | undefined {
    return this.#secret.problem;
  }

  onLeaf(listener: (leaf: KeyPair) => void): () => void {
    this.#onLeaf.add(listener);
    return () => this.#onLeaf.delete(listener);
  }

  onTrusted(listener: (trusted: readonly string[]) => void): () => void {
    this.#onTrusted.add(listener);
    return () => this.#onTrusted.delete(listener);
  }

  start(): void {
    this.#unsubscribe = this.#options.leadership.onChange(() => this.#look());
    this.#secret.start();
    this.#bundle?.start();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#unsubscribe();
    await this.#secret.stop();
    await this.#bundle?.stop();
    await this.#work;
  }

  #schedule(): void {
    this.#cancel = this.#options.clock.after(this.#options.pollEvery ?? LOOK_EVERY, () => {
      this.#look();
      this.#schedule();
    });
  }

  /** One after another. */
  #look(): void {
    this.#work = this.#work.then(async () => {
      const authorities = this.#secret.current;
      if (authorities === undefined || this.#stopped) return;
      try {
        this.#publish(authorities);
        await this.#renewLeaf(authorities.signing);
        if (this.#options.manage && this.#options.leadership.isLeader) await this.#succeed(authorities);
      } catch (error) {
        this.#options.log.error({ certificate: this.#options.purpose, err: error }, 'certificates-failed');
      }
    });
  }

  #publish(authorities: steps.Authorities): void {
    const { clock, expiry, purpose } = this.#options;
    const trusted = steps.unexpired(authorities, clock.now());
    expiry.set({ certificate: `${purpose}-ca` }, expiresAt(authorities.signing) / 1000);
    if (trusted.join() === this.trusted.join()) return;
    this.trusted = trusted;
    void this.#bundle?.refresh();
    for (const listener of this.#onTrusted) listener(trusted);
  }

  async #renewLeaf(signing: KeyPair): Promise<void> {
    const { clock, expiry, purpose, names, leafLifetime = LEAF_LIFETIME, log } = this.#options;
    const now = clock.now();
    if (this.#signedBy === signing.certificate && now < this.#renewAt) return;
    const leaf = await issueLeaf(signing, names, { from: now, until: now + leafLifetime });
    if (this.#stopped) return;
    this.leaf = leaf;
    this.#signedBy = signing.certificate;
    // At half its life, or half of what an authority near its end leaves it; not again at once where nothing is left.
    this.#renewAt = now + Math.max((expiresAt(leaf) - now) / 2, Math.min(leafLifetime / 2, 60_000));
    expiry.set({ certificate: purpose }, expiresAt(leaf) / 1000);
    log.info({ certificate: purpose, expires: new Date(expiresAt(leaf)).toISOString() }, 'certificate-issued');
    this.#becameReady();
    for (const listener of this.#onLeaf) listener(leaf);
  }

  async #succeed(authorities: steps.Authorities): Promise<void> {
    const { clock, succession, purpose, log } = this.#options;
    const now = clock.now();
    const step = steps.nextStep(authorities, now, succession);
    if (step === undefined) return;
    if (step === 'promote' && this.#bundle?.contains(authorities.next!.certificate) === false) return;
    await this.#secret.update(async (current) => {
      // What was decided on is still what is there, or it is decided again.
      if (current !== authorities) return undefined;
      log.info({ certificate: `${purpose}-ca`, step }, 'authority-succession');
      if (step === 'promote') return steps.promote(current, now);
      if (step === 'prune') return steps.prune(current, now);
      return steps.announce(current, await newAuthority(purpose, now, succession), now);
    });
  }
}

function newAuthority(purpose: string, now: number, { lifetime }: steps.Succession): Promise<KeyPair> {
  return issueAuthority(`sluice ${purpose} authority`, { from: now, until: now + lifetime });
}

function expiresAt(pair: KeyPair): number {
  return validityOf(certificatesOf(pair.certificate)[0]!).until;
}
