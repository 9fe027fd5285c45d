/** Where policies come from: files now, the operator's stream in a cluster. The host asks and listens; it never looks inside. */
import type { Code } from '../../core/errors/codes.ts';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { SecretObject } from '../../core/policy/documents.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';

export interface PolicySnapshot {
  /** Undefined: the Database object is gone, and with it all access. */
  readonly database?: Database;
  /** Why there is no Database. */
  readonly reason?: string;
  /** Of that reason, where it is not that access was withdrawn (SLUICE-703). */
  readonly code?: Code;
  /** All that are known. */
  readonly policies: readonly DatabaseAccessPolicy[];
  readonly secrets: readonly SecretObject[];
  /** Of reading, located. */
  readonly diagnostics: readonly Diagnostic[];
  /** Adds file, line and column to what compiling finds. */
  locate(diagnostic: Diagnostic): Diagnostic;
}

export interface PolicySource {
  readonly current: PolicySnapshot;
  /** Called after each change of `current`; returns the unsubscribe function. */
  onChange(listener: (snapshot: PolicySnapshot) => void): () => void;
  close(): void;
}
