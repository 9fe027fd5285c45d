/**
 * What the operator has said about one Database, as a source of policies. It holds as long as the operator is heard from: when nothing has
 * come for `maxStaleness`, nothing is in force until the operator has spoken about this Database again.
 */
import { createHash } from 'node:crypto';
import type { EventLog } from '../../core/event-log.ts';
import { type Findings, FindingsError, parseFindings } from '../../core/sensitivity/findings.ts';
import type { Code } from '../../core/errors/codes.ts';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { StateFrame } from '../../core/stream/frames.ts';
import { durationToMilliseconds } from '../../crds/meta.ts';
import type { Clock } from './clock.ts';
import type { PolicySnapshot, PolicySource } from './policy-source.ts';

export interface Credential {
  readonly username: string;
  readonly password: string;
}

/** What is kept over a restart. */
export type Remembered =
  | {
      readonly kind: 'state';
      readonly state: StateFrame;
      readonly credential?: Credential;
      /** 32 bytes, base64url. */
      readonly digestKey?: string;
      /** printFindings text. */
      readonly findings?: string;
    }
  | { readonly kind: 'withdrawn'; readonly reason: string };

export interface StreamedDatabaseOptions {
  /** `namespace/name`. */
  readonly key: string;
  readonly clock: Clock;
  /** Before anything has been said. */
  readonly remembered?: { readonly content: Remembered; readonly age: number };
  readonly log: EventLog;
}

export class StreamedDatabase implements PolicySource {
  readonly key: string;
  readonly #options: StreamedDatabaseOptions;
  readonly #listeners = new Set<(snapshot: PolicySnapshot) => void>();
  readonly #findingsListeners = new Set<(findings: Findings) => void>();
  readonly #digestKeyListeners = new Set<(key: Buffer) => void>();
  #state: StateFrame | undefined;
  #credential: Credential | undefined;
  #digestKey: string | undefined;
  #findingsText: string | undefined;
  #absence: { readonly reason: string; readonly code: Code } | undefined;
  /** Revision that could not be taken, and why. */
  #rejected: { readonly revision: string; readonly reason: string } | undefined;
  /** Monotonic milliseconds. */
  #contact: number;
  #stale = false;
  #cancel: () => void = () => undefined;
  #current: PolicySnapshot;

  constructor(options: StreamedDatabaseOptions) {
    this.#options = options;
    this.key = options.key;
    this.#contact = options.clock.monotonic() - (options.remembered?.age ?? 0);
    this.#absence = { reason: 'The operator has not been heard from yet.', code: 'SLUICE-708' };
    const content = options.remembered?.content;
    if (content?.kind === 'withdrawn') this.#absence = { reason: content.reason, code: 'SLUICE-703' };
    if (content?.kind === 'state') {
      this.#absence = undefined;
      this.#state = content.state;
      this.#credential = content.credential;
      if (content.digestKey !== undefined && isKey(content.digestKey)) this.#digestKey = content.digestKey;
      this.#findingsText = content.findings;
    }
    this.#stale = this.#isStale();
    this.#current = this.#snapshot();
    this.#watch();
  }

  get current(): PolicySnapshot {
    return this.#current;
  }

  /** Undefined: nothing to dial with. */
  get connection(): { readonly state: StateFrame; readonly credential: Credential } | undefined {
    if (this.#state === undefined || this.#credential === undefined || this.#current.database === undefined) return undefined;
    return { state: this.#state, credential: this.#credential };
  }

  get findings(): Findings | undefined {
    return this.#findingsText === undefined ? undefined : this.#parse(this.#findingsText);
  }

  /** Whether the operator has ever said anything about it, to this process or to the one before. */
  get heard(): boolean {
    return this.#absence?.code !== 'SLUICE-708';
  }

  get revision(): string | undefined {
    return this.#state?.revision;
  }

  get rejected(): { readonly revision: string; readonly reason: string } | undefined {
    return this.#rejected;
  }

  get remembered(): Remembered | undefined {
    if (this.#state !== undefined)
      return {
        kind: 'state',
        state: this.#state,
        ...(this.#credential === undefined ? {} : { credential: this.#credential }),
        ...(this.#digestKey === undefined ? {} : { digestKey: this.#digestKey }),
        ...(this.#findingsText === undefined ? {} : { findings: this.#findingsText }),
      };
    return this.#absence?.code === 'SLUICE-703' ? { kind: 'withdrawn', reason: this.#absence.reason } : undefined;
  }

  onChange(listener: (snapshot: PolicySnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onFindings(listener: (findings: Findings) => void): () => void {
    this.#findingsListeners.add(listener);
    return () => void this.#findingsListeners.delete(listener);
  }

  /** Calls back with the key of digests, now if there is one, and whenever there is another: a copy of its own. */
  onDigestKey(listener: (key: Buffer) => void): () => void {
    this.#digestKeyListeners.add(listener);
    if (this.#digestKey !== undefined) listener(Buffer.from(this.#digestKey, 'base64url'));
    return () => void this.#digestKeyListeners.delete(listener);
  }

  close(): void {
    this.#digestKeyListeners.clear();
    this.#cancel();
    this.#listeners.clear();
    this.#findingsListeners.clear();
  }

  // ---- what the operator says ------------------------------------------------------------------------------------------------

  state(frame: StateFrame): void {
    const same = this.#state?.revision === frame.revision && this.#rejected === undefined && !this.#stale;
    this.#state = frame;
    this.#absence = undefined;
    this.#rejected = undefined;
    this.#touch();
    if (!same) this.#publish();
  }

  /**
   * It said something that this release cannot enforce: better nothing is in force than what held before. Login and findings stay, since the
   * operator does not say again what it has said on this connection.
   */
  reject(revision: string, reason: string): void {
    this.#state = undefined;
    this.#rejected = { revision, reason };
    this.#absence = {
      reason: `The operator sent what this release of the sidecar does not understand: ${reason}.`,
      code: 'SLUICE-703',
    };
    this.#touch();
    this.#publish();
  }

  withdraw(reason: string): void {
    this.#forget();
    this.#absence = { reason, code: 'SLUICE-703' };
    this.#touch();
    this.#publish();
  }

  credential(credential: Credential): void {
    this.#credential = credential;
  }

  /** 32 bytes, base64url; what is none is passed over. */
  digestKey(text: string): void {
    if (text === this.#digestKey || !isKey(text)) return;
    this.#digestKey = text;
    for (const listener of [...this.#digestKeyListeners]) listener(Buffer.from(text, 'base64url'));
  }

  /** SHA-256 (hexadecimal) of the findings in use, so that the operator need not send them again. */
  get findingsDigest(): string | undefined {
    return this.#findingsText === undefined ? undefined : createHash('sha256').update(this.#findingsText).digest('hex');
  }

  foundText(text: string): void {
    if (text === this.#findingsText) return;
    const findings = this.#parse(text);
    if (findings === undefined) return;
    this.#findingsText = text;
    for (const listener of [...this.#findingsListeners]) listener(findings);
  }

  /** Something came from the operator, which has spoken about this Database on the same connection before. */
  heardFrom(): void {
    if (this.heard) this.#touch();
    if (this.#current.code === 'SLUICE-709' && !this.#stale) this.#publish();
  }

  #forget(): void {
    this.#state = undefined;
    this.#credential = undefined;
    this.#digestKey = undefined;
    this.#findingsText = undefined;
    this.#rejected = undefined;
  }

  #parse(text: string): Findings | undefined {
    try {
      return parseFindings(text);
    } catch (error) {
      if (!(error instanceof FindingsError)) throw error;
      this.#options.log('warn', 'findings-not-understood', { database: this.key, reason: error.message });
      return undefined;
    }
  }

  // ---- staleness -------------------------------------------------------------------------------------------------------------

  #touch(): void {
    this.#contact = this.#options.clock.monotonic();
    this.#stale = false;
    this.#watch();
  }

  get #limit(): number | undefined {
    return this.#state === undefined ? undefined : durationToMilliseconds(this.#state.object.spec.maxStaleness);
  }

  #isStale(): boolean {
    const limit = this.#limit;
    return limit !== undefined && this.#options.clock.monotonic() - this.#contact >= limit;
  }

  #watch(): void {
    this.#cancel();
    const limit = this.#limit;
    if (limit === undefined || this.#stale) return;
    const left = limit - (this.#options.clock.monotonic() - this.#contact);
    this.#cancel = this.#options.clock.after(Math.max(0, left), () => {
      this.#stale = this.#isStale();
      if (!this.#stale) return this.#watch();
      this.#options.log('warn', 'policy-stale', {
        database: this.key,
        maxStaleness: this.#state?.object.spec.maxStaleness ?? '',
      });
      this.#publish();
    });
  }

  // ---- what it comes to ------------------------------------------------------------------------------------------------------

  #publish(): void {
    this.#current = this.#snapshot();
    for (const listener of [...this.#listeners]) listener(this.#current);
  }

  #snapshot(): PolicySnapshot {
    const nothing = { policies: [], secrets: [], diagnostics: [], locate: unlocated };
    if (this.#state === undefined) return { ...nothing, ...this.#absence };
    if (this.#stale) {
      const { maxStaleness } = this.#state.object.spec;
      const reason = `The operator has not been heard from for ${maxStaleness} (maxStaleness of Database ${this.key}); access comes back by itself when it is.`;
      return { ...nothing, reason, code: 'SLUICE-709' };
    }
    return { ...nothing, database: this.#state.object, policies: this.#state.policies };
  }
}

function isKey(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text) && Buffer.from(text, 'base64url').length === 32;
}

/** There is no file that a mistake could be located in. */
function unlocated(diagnostic: Diagnostic): Diagnostic {
  return diagnostic;
}
