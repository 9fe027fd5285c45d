/** What the cluster's administrators allow and the platform teams have written: Databases and policies, indexed. Every replica has one. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';

export interface ServiceAccountRef {
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface ClusterView {
  /** After the first lists of Databases and policies in all trusted namespaces. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** Whether objects of this namespace are honoured (the chart's policyNamespaces). */
  trusted(namespace: string): boolean;
  /** Of trusted namespaces only; objects that do not fit this release's schema are left out, and reported by the reconciler. */
  database(namespace: string, name: string): Database | undefined;
  databases(): readonly Database[];
  policy(namespace: string, name: string): DatabaseAccessPolicy | undefined;
  /** Those of its namespace that name it, those that have ended included. */
  policiesOf(database: Database): readonly DatabaseAccessPolicy[];
  /** Databases on which some policy in force binds the service account at `now` (milliseconds since the epoch). */
  databasesFor(subject: ServiceAccountRef, now: number): readonly Database[];
  /** `key` is `namespace/name` of the Database that is, or was, concerned. */
  onChange(listener: (key: string) => void): () => void;
}
