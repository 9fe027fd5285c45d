/** `--database [NAMESPACE/]NAME` among the Databases that the files define. */
import { didYouMean } from '../../core/policy/nearest.ts';
import type { Database } from '../../crds/database.ts';

export interface DatabaseName {
  readonly namespace?: string;
  readonly name: string;
}

export type Selection = { readonly ok: true; readonly database: Database } | { readonly ok: false; readonly reason: string };

export function selectDatabase(databases: readonly Database[], wanted: DatabaseName): Selection {
  const matching = databases.filter(
    ({ metadata }) =>
      metadata.name === wanted.name && (wanted.namespace === undefined || metadata.namespace === wanted.namespace),
  );
  const [database] = matching;
  if (database !== undefined && matching.length === 1) return { ok: true, database };
  if (matching.length > 1) {
    const choices = matching.map(displayDatabase).join(' or ');
    return { ok: false, reason: `Database ${wanted.name} exists in several namespaces; say ${choices}` };
  }
  const label = wanted.namespace === undefined ? wanted.name : `${wanted.namespace}/${wanted.name}`;
  if (databases.length === 0) return { ok: false, reason: `no Database is defined, so there is no ${label}` };
  const names = databases.map((each) => (wanted.namespace === undefined ? each.metadata.name : displayDatabase(each)));
  return { ok: false, reason: `there is no Database ${label}, only ${names.join(', ')}${didYouMean(label, names)}` };
}

function displayDatabase(database: Database): string {
  return `${database.metadata.namespace}/${database.metadata.name}`;
}
