/** What the recording of rows and values needs from whoever holds keys. Given to each session by its environment. */
import type { DigestKey } from '../../core/audit/digest.ts';
import type { ImageSealer } from './sealer.ts';

export interface EvidenceKeys {
  /** Of the Database's digests (core/audit/digest.ts). */
  readonly digestKey: DigestKey;
  readonly sealer: ImageSealer;
}
