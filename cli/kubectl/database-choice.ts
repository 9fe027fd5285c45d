/** Which Database is meant, and where the operator publishes what it knows of it. */
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import type { DatabaseName } from '../arguments.ts';
import type { Cluster } from './cluster.ts';
import { CliError } from '../errors.ts';
import { findInstallation, type InstallationOptions, readSettings, settingsMissing } from './installation.ts';
import { findDatabase } from './objects.ts';

export interface ChosenDatabase {
  readonly database: Database;
  /** Of its namespace. */
  readonly policies: readonly DatabaseAccessPolicy[];
  /** False: the operator does not look at it. Undefined: not known. */
  readonly honoured: boolean | undefined;
  readonly operatorNamespace: string;
}

/** A name without namespace is looked for in --namespace, else where policies are honoured. Throws CliError. */
export async function chooseDatabase(
  cluster: Cluster,
  asked: DatabaseName,
  options: InstallationOptions,
): Promise<ChosenDatabase> {
  const installation = await findInstallation(cluster.api, options);
  const settings = await readSettings(cluster.api, installation);
  if (settings === undefined && asked.namespace === undefined && !cluster.namespaceGiven)
    throw new CliError(`${settingsMissing(installation)}: say the Database's namespace, with -n or as NAMESPACE/NAME`);
  const namespaces = cluster.namespaceGiven ? [cluster.namespace] : (settings?.policyNamespaces ?? [cluster.namespace]);
  const { database, policies } = await findDatabase(cluster.api, asked, namespaces);
  return {
    database,
    policies,
    honoured: settings?.policyNamespaces.includes(database.metadata.namespace),
    operatorNamespace: installation.namespace,
  };
}
