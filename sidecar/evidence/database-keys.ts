/**
 * The keys of one Database's evidence: of digests, which is the same in all its sidecars when the operator or a file gives it, and of images. The chain says
 * under which key its digests are, by a name that does not tell it, before the first of them.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { type DigestKey, digestKeyId } from '../../core/audit/digest.ts';
import type { AuditSettings } from '../../core/policy/bundle.ts';
import type { EvidenceKeys } from './keys.ts';
import { type ImageSealer, Sealer, type SealerOptions } from './sealer.ts';

/** `process`: drawn by this process, so that digests of another cannot be compared with its own. */
export type DigestKeyOrigin = 'operator' | 'file' | 'process';

/** Bytes. */
export const DIGEST_KEY = 32;

export class DatabaseKeys implements EvidenceKeys {
  readonly #options: SealerOptions;
  readonly #sealer: Sealer;
  #digest: { readonly key: KeyObject; readonly origin: DigestKeyOrigin };
  #announced: KeyObject | undefined;

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#sealer = new Sealer(options);
    this.#digest = { key: secretKey(options.randomBytes(DIGEST_KEY)), origin: 'process' };
  }

  get digestKey(): DigestKey {
    const { key, origin } = this.#digest;
    if (this.#announced !== key) {
      this.#announced = key;
      this.#options.journal.defer({ type: 'event', event: 'digest-key', detail: { key: digestKeyId(key), origin } });
    }
    return key;
  }

  get sealer(): ImageSealer {
    return this.#sealer;
  }

  /** Settles when images can be sealed; never rejects. Undefined: there is nothing to wait for. */
  get ready(): Promise<void> | undefined {
    return this.#sealer.ready;
  }

  /** Takes the bytes over: they are overwritten. */
  setDigestKey(bytes: Buffer, origin: Exclude<DigestKeyOrigin, 'process'>): void {
    const key = secretKey(bytes);
    if (!key.equals(this.#digest.key)) this.#digest = { key, origin };
  }

  /** What the Database asks for now; undefined: nothing is in force. */
  configure(audit: AuditSettings | undefined): void {
    const images = audit !== undefined && audit.rows !== 'None';
    this.#sealer.setRecipients(images ? { audit: audit.recipients ?? [] } : {});
  }

  close(): void {
    this.#sealer.close();
  }
}

function secretKey(bytes: Buffer): KeyObject {
  if (bytes.length !== DIGEST_KEY) throw new RangeError(`a key of ${DIGEST_KEY} bytes is needed`);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
