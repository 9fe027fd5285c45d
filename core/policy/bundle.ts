/**
 * The compiled policy of one identity on one database: immutable, versioned, plain JSON. Everything names and globs said
 * has become OIDs and attnums here; nothing downstream reads a DatabaseAccessPolicy.
 */
import type { Identity } from '../identity/identity.ts';

export type Action = 'Select' | 'Insert' | 'Update' | 'Delete' | 'Truncate' | 'Explain' | 'Create' | 'Alter' | 'Drop';

/**
 * SQL text with column references left open: a string is literal text, a number is an attnum of the relation the template
 * belongs to. Rendered by `renderTemplate(template, attnum => 'alias."column"')`. Always self-contained: every name in it is
 * qualified with pg_catalog or the type's schema, it is enclosed in parentheses where needed, and it never contains `$n`.
 */
export type SqlTemplate = readonly (string | number)[];

export interface Mask {
  /** 'nullify' | 'redact' | 'partial' | 'email' | 'hash' | 'date' | 'number' | 'constant'. */
  readonly kind: string;
  /** Has exactly the type, typmod and collation of its column; NOT NULL-safe. */
  readonly template: SqlTemplate;
  /**
   * The column's type is a domain with CHECKs and the mask has its base type (what clients are told is the same): casting it
   * back to the domain, alone or in a row of the relation's type, could raise.
   */
  readonly ofBaseType?: true;
  /** The class that caused it, if one did. */
  readonly class?: string;
  /** `namespace/name` of the policy, or `class` for a default mask, or `protection`. */
  readonly rule: string;
}

export interface RowFilter {
  /** Boolean expression. */
  readonly template: SqlTemplate;
  /** attnums it reads. */
  readonly columns: readonly number[];
  /** True if it contains a sublink (must be CASE-wrapped to stay a scan filter, rewrite-facts section 5). */
  readonly hasSublink: boolean;
  /** True if the login may evaluate it before anything else at no risk: every operator in it is leakproof. */
  readonly leakproof: boolean;
  /** The policies it comes from. */
  readonly rules: readonly string[];
}

export interface ReadableColumn {
  readonly attnum: number;
  readonly mask?: Mask;
}

export interface ReadRule {
  /** The columns that exist for this subject, ordered by attnum. */
  readonly columns: readonly ReadableColumn[];
  readonly filter?: RowFilter;
  /** True when every column is listed, none masked, no filter: nothing of the relation as we know it is hidden. */
  readonly unrestricted: boolean;
  /**
   * Unrestricted, and so will be every column that is added before we know of it: the relation's own text may go upstream. Never while
   * detection could find such a column sensitive, nor where a grant lists columns.
   */
  readonly open: boolean;
  readonly rules: readonly string[];
}

export interface WriteRule {
  /** attnums that may be assigned (Insert, Update). Delete and Truncate: empty. */
  readonly columns: readonly number[];
  /** Update and Delete: rows that may be touched. Insert and Update: new rows must satisfy it too (WITH CHECK). */
  readonly filter?: RowFilter;
  readonly rules: readonly string[];
}

/**
 * Sequences: `insert` allows nextval() and currval() (it follows Insert on the owning table), `update` setval(), `select`
 * reading it as a table.
 */
export interface GovernedRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly select?: ReadRule;
  readonly insert?: WriteRule;
  readonly update?: WriteRule;
  readonly delete?: WriteRule;
  /** Further actions granted on it: Truncate, Explain, Alter, Drop. */
  readonly actions: readonly Action[];
  /** attnum -> sensitivity class, for audit and messages. */
  readonly classes: Readonly<Record<number, string>>;
}

export interface FunctionGrant {
  readonly schema: string;
  readonly name: string;
  readonly rule: string;
}

export interface SessionGrants {
  readonly temporaryTables: boolean;
  readonly listen: readonly string[];
  readonly notify: readonly string[];
  readonly advisoryLocks: boolean;
}

export interface Guardrails {
  readonly requireWhere: boolean;
  /** Undefined: no limit. */
  readonly maxAffectedRows?: number;
}

export interface Limits {
  readonly maxRows?: number;
  /** Milliseconds. */
  readonly statementTimeout?: number;
  readonly maxConnections?: number;
}

export interface PolicyRef {
  readonly namespace: string;
  readonly name: string;
  /** metadata.generation, 0 from a file. */
  readonly generation: number;
  /** Milliseconds since the epoch; the policy ends by itself. */
  readonly validUntil?: number;
}

export interface Bundle {
  readonly formatVersion: 1;
  /** SHA-256 (hex) over the canonical JSON of everything else in here. */
  readonly version: string;
  readonly identity: Identity;
  readonly database: {
    readonly namespace: string;
    readonly name: string;
    /** The name of the database on the server. */
    readonly database: string;
    readonly environment?: string;
  };
  readonly policies: readonly PolicyRef[];
  /** Observe only if every binding policy observes. */
  readonly mode: 'Enforce' | 'Observe';
  /** Whether masks and filters are applied; always 'Enforce' when mode is. */
  readonly masking: 'Enforce' | 'Record';
  /** By OID. A relation that is absent does not exist for the subject. System catalogs are not in here. */
  readonly relations: readonly GovernedRelation[];
  /**
   * Present only when `mode` is 'Observe': what is really applied there, for every user relation, by OID. Everything is
   * permitted; masks are those of `neverReveal` classes (they hold in Observe too), with masking 'Enforce' all masks and
   * filters. `relations` says what Enforce would have allowed, for recording.
   */
  readonly effective?: readonly GovernedRelation[];
  /** Schemas in which Create is granted (`schema.*` or `*.*` with Create). */
  readonly createIn: readonly string[];
  /** Everything granted: `*.*` with `*`, nothing masked. Introspection then has nothing to hide. */
  readonly allowAll: boolean;
  /**
   * Nothing is left to enforce but the floors, now and for whatever will be created: all tables and functions granted, detection
   * off, no class declared, no protection, no guardrail. Statements go upstream as they were written, and names that the catalog
   * does not know (yet) are the server's to answer.
   */
  readonly transparent: boolean;
  /** `functions: ['*']` gives schema '*' name '*'. */
  readonly functions: readonly FunctionGrant[];
  readonly session: SessionGrants;
  readonly guardrails: Guardrails;
  readonly limits: Limits;
  /** Database.spec.protection.deny: actions nobody may do. */
  readonly protectionDeny: readonly Action[];
  readonly audit: AuditSettings;
  /** True if any mask needs the session's HMAC key. */
  readonly usesMaskKey: boolean;
  /** In Enforce every column of a user relation that is masked or not granted for Select, in Observe those that are masked:
   * (OID, attnum) pairs that must never show up unmasked in a RowDescription: `${oid}.${attnum}`. */
  readonly protectedColumns: readonly string[];
}

/** Database.spec.audit. */
export interface AuditSettings {
  readonly durability: 'Local' | 'Synced' | 'Replicated';
  readonly rows: 'None' | 'Writes' | 'Keys' | 'Proof';
  /** Absent: None. */
  readonly values?: 'None' | 'Digest';
  /** age X25519 recipients, of which each holds its checksum. */
  readonly recipients?: readonly string[];
}

/** Names of the custom settings that carry the two HMAC key blocks (hex); clients can neither read nor set them. */
export const MASK_KEY_SETTINGS = { inner: 'sluice.mask_key_inner', outer: 'sluice.mask_key_outer' } as const;
/** No client may name any setting with this prefix by any route. */
export const RESERVED_SETTING_PREFIX = 'sluice.';

/**
 * Under what a prepared statement or cursor was allowed; it may go on as long as this stays the same. Nothing is governed in any
 * transparent bundle, so a schema that changes, and the bundle with it, ends nothing there.
 */
export function governance(bundle: Bundle): string {
  return bundle.transparent ? 'transparent' : bundle.version;
}

export function renderTemplate(template: SqlTemplate, column: (attnum: number) => string): string {
  let text = '';
  for (const part of template) text += typeof part === 'string' ? part : column(part);
  return text;
}
