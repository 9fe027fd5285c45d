/** What the leader knows of the schemas of the trusted Databases, from connections of its own. No other replica connects to a database. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Classes } from '../../core/policy/sensitivity.ts';

/** Why the last attempt failed; also a condition's reason. */
export type ContactReason =
  | 'Unreachable'
  | 'IdentityUnverified'
  | 'LoginRefused'
  | 'DatabaseMissing'
  | 'ServerRefused'
  | 'Pooler'
  | 'ProtocolViolation'
  | 'SchemaUnreadable';

/** `message`: one sentence, without anything that the server or a Secret says, the same as long as the fault is. */
export type Contact = { readonly ok: true } | { readonly ok: false; readonly reason: ContactReason; readonly message: string };

export interface Knowledge {
  /** How the last attempt ended; undefined: none has, or something that is needed for one is missing. */
  readonly contact: Contact | undefined;
  /** As last read, by this leader or an earlier one. */
  readonly catalog: Catalog | undefined;
  /** By detection; empty where it is off. */
  readonly detected: Classes;
  /** Differs when `catalog` or `detected` does. */
  readonly revision: number;
  readonly serverVersion: string | undefined;
  /** What could not be published, one sentence each. */
  readonly problems: readonly { readonly reason: 'CatalogUnpublished' | 'FindingsUnpublished'; readonly message: string }[];
}

export interface Catalogs {
  /** `namespace/name`. Undefined: not a trusted Database, or nothing is known of it yet. */
  of(key: string): Knowledge | undefined;
  onChange(listener: (key: string) => void): () => void;
  /** On becoming the leader. */
  start(): void;
  /** On ceasing to be: connections end, nothing more is written. */
  stop(): Promise<void>;
}
