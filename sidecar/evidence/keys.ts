/** What the recording of rows needs from whoever holds keys. Given to each session by its environment. */
import type { ImageSealer } from './sealer.ts';

export interface EvidenceKeys {
  /** Of the Database's digests (core/audit/digest.ts): 32 bytes. */
  readonly digestKey: Buffer;
  readonly sealer: ImageSealer;
}
