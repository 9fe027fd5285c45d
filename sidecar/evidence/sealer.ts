/**
 * Seals images of rows to people who are not here: under an AES key in this process's memory, which is itself sealed with age to the recipients of the
 * Database and stands so in the chain. Sealing is synchronous; keys are made ahead of time, since that takes public-key operations.
 *
 * A key comes into use with its first image, and is replaced after an hour, after many images and when recipients change. Its bytes are overwritten as soon as they are
 * sealed; what is left is a KeyObject, which Node clears when it is let go. Its record goes to the journal before the record with the first image can.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SealedImages } from '../../core/audit/evidence.ts';
import type { SealingKey, WithoutHeader } from '../../core/audit/record.ts';
import { Nonces, SEALING_KEY, sealImages } from '../../core/audit/sealing.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../bundle/clock.ts';
import type { Journal } from '../journal/journal.ts';

export interface SealedImage {
  /** `RowEvidence.images`. */
  readonly images: string;
  /** `RowEvidence.sealedBy`. */
  readonly sealedBy: string;
}

export interface ImageSealer {
  /**
   * Undefined: there is nobody to seal to (reason `no-recipients`). Record the outcome that carries it after this call, not before:
   * the key's own record must come first. `images.statement`: of the record that will carry it.
   */
  seal(images: SealedImages): SealedImage | undefined;
}

/** age X25519 recipients (age1…) by what they may open images for. */
export type Recipients = Readonly<Partial<Record<'audit' | 'undo', readonly string[]>>>;

export interface SealerOptions {
  readonly journal: Pick<Journal, 'defer'>;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly randomBytes: (count: number) => Buffer;
  readonly log: EventLog;
  /** An age file with `content` for all of `recipients`. Default: age-encryption. */
  readonly encrypt?: (recipients: readonly string[], content: Buffer) => Promise<Buffer>;
  /** Milliseconds that a key is in use. Default: an hour. */
  readonly lifetime?: number;
  /** Images that a key seals. */
  readonly most?: number;
}

const LIFETIME = 3_600_000;
/** Far below what AES-GCM allows with nonces that never repeat; bounds what one key opens. */
const MOST = 1 << 20;
/** Milliseconds until a key that could not be made is tried again. */
const AGAIN = 30_000;

interface PreparedKey {
  readonly id: string;
  readonly key: KeyObject;
  readonly nonces: Nonces;
  readonly record: WithoutHeader<SealingKey>;
}

export class Sealer implements ImageSealer {
  readonly #options: SealerOptions;
  #recipients: Recipients = {};
  /** Counts changes: what was begun for other recipients is not used. */
  #generation = 0;
  #current: PreparedKey | undefined;
  #next: PreparedKey | undefined;
  #preparing: Promise<void> | undefined;
  #closed = false;
  #cancelExpiry: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** Settles when the key that is being made is there; never rejects. */
  get ready(): Promise<void> | undefined {
    return this.#preparing;
  }

  /** Until the first key for them is made, images go on being sealed to those before, if there were any and are any now. */
  setRecipients(recipients: Recipients): void {
    if (this.#closed || spelling(recipients) === spelling(this.#recipients)) return;
    this.#recipients = recipients;
    this.#generation += 1;
    this.#next = undefined;
    this.#cancelRetry();
    if (spelling(recipients) === '') this.#retire();
    else this.#prepare(true);
  }

  seal(images: SealedImages): SealedImage | undefined {
    const worn = (this.#current?.nonces.used ?? 0) >= (this.#options.most ?? MOST);
    if (worn && this.#next !== undefined) this.#retire();
    const key = (this.#current ??= this.#begin());
    if (key === undefined) return undefined;
    return { images: sealImages(key.key, key.id, key.nonces.next(), images), sealedBy: key.id };
  }

  close(): void {
    this.#closed = true;
    this.#generation += 1;
    this.#retire();
    this.#next = undefined;
    this.#cancelRetry();
  }

  /** The key that was made ahead is in use from now on, and the one after it is made. */
  #begin(): PreparedKey | undefined {
    const key = this.#next;
    if (key === undefined) return undefined;
    this.#next = undefined;
    const { journal, clock, lifetime } = this.#options;
    journal.defer(key.record);
    this.#cancelExpiry = clock.after(lifetime ?? LIFETIME, () => this.#retire());
    this.#prepare(false);
    return key;
  }

  #retire(): void {
    this.#cancelExpiry();
    this.#current = undefined;
  }

  /** `replaces`: what is in use must not be when it is there. */
  #prepare(replaces: boolean): void {
    const generation = this.#generation;
    const preparing = this.#make()
      .then(
        (key) => {
          if (generation !== this.#generation) return;
          if (replaces) this.#retire();
          this.#next = key;
        },
        (error: unknown) => {
          if (generation !== this.#generation) return;
          this.#options.log('error', 'sealing-key-not-made', { reason: error instanceof Error ? error.message : 'unknown' });
          // Better no image than one for those who are not to read it any more.
          if (replaces) this.#retire();
          this.#cancelRetry = this.#options.clock.after(AGAIN, () => this.#prepare(replaces));
        },
      )
      .finally(() => {
        if (this.#preparing === preparing) this.#preparing = undefined;
      });
    this.#preparing = preparing;
  }

  async #make(): Promise<PreparedKey> {
    const { randomBytes, encrypt = encryptWithAge } = this.#options;
    const bytes = randomBytes(SEALING_KEY);
    const id = randomBytes(16).toString('base64url');
    const sealed: SealingKey['sealed'][number][] = [];
    try {
      for (const purpose of PURPOSES) {
        const recipients = this.#recipients[purpose] ?? [];
        if (recipients.length === 0) continue;
        sealed.push({ purpose, recipients, file: (await encrypt(recipients, bytes)).toString('base64') });
      }
      const key = createSecretKey(bytes);
      return { id, key, nonces: new Nonces(randomBytes(6)), record: { type: 'sealing-key', id, sealed } };
    } finally {
      bytes.fill(0);
    }
  }
}

const PURPOSES = ['audit', 'undo'] as const;

/** Empty: nobody. */
function spelling(recipients: Recipients): string {
  return PURPOSES.flatMap((purpose) => (recipients[purpose] ?? []).map((each) => `${purpose} ${each}`)).join('\n');
}

/** Loaded when somebody is to be sealed to: most have nobody. */
async function encryptWithAge(recipients: readonly string[], content: Buffer): Promise<Buffer> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(content));
}
