/** What the stream needs of the audit keys: the key of a Database's digests, for those Databases whose records hold any. */
import type { Database } from '../../crds/database.ts';
import type { FollowedAuditKeys } from './audit-keys.ts';

export interface DigestKeys {
  /** 32 bytes, of a Database (`namespace/name`). Undefined: not known yet. */
  digestKey(database: string): Buffer | undefined;
  /** Every key may be another one. */
  onChange(listener: () => void): () => void;
}

export function digestKeys(keys: Pick<FollowedAuditKeys, 'trust' | 'digestKey' | 'onChange'>): DigestKeys {
  return {
    digestKey: (database) => (keys.trust === undefined ? undefined : keys.digestKey(database)),
    onChange: (listener) => keys.onChange(() => listener()),
  };
}

/** A key is given to nobody who has no use for it: whoever has it can try guesses against the log. */
export function wantsDigests({ spec: { audit } }: Database): boolean {
  return audit.values === 'Digest' || audit.rows !== 'None';
}
