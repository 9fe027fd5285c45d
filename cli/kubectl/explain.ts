/** `kubectl sluice explain`: what would become of a statement, by the policies of the cluster and the operator's view of the schema. */
import type { Writable } from 'node:stream';
import type { Identity } from '../../core/identity/identity.ts';
import type { DatabaseName } from '../arguments.ts';
import { reportVerdicts, statementText } from '../check/run.ts';
import { CliError } from '../errors.ts';
import { type ClusterOptions, withCluster } from './cluster.ts';
import { chooseDatabase } from './database-choice.ts';
import type { InstallationOptions } from './installation.ts';
import { nameOf } from './objects.ts';
import { readPublished } from './published.ts';

export interface ExplainOptions extends ClusterOptions, InstallationOptions {
  readonly as: Identity;
  readonly database: DatabaseName;
  readonly file?: string;
  readonly output: 'text' | 'json';
}

/** The exit code: 0 all allowed, 3 any denied. Throws CliError. */
export function runExplain(
  argument: string | undefined,
  options: ExplainOptions,
  out: Writable,
  notes: Writable,
): Promise<number> {
  return withCluster(options, async (cluster) => {
    const sql = await statementText(argument, options.file);
    const { database, policies, honoured, operatorNamespace } = await chooseDatabase(cluster, options.database, options);
    if (honoured === false)
      throw new CliError(
        `${nameOf(database)} is in a namespace that is not honoured (policyNamespaces): nothing is granted on it`,
        3,
      );
    const { catalog, detected } = await readPublished(cluster.api, database, operatorNamespace);
    const question = { database, policies, identity: options.as, catalog, detected, sql, output: options.output };
    return reportVerdicts({ ...question, locate: (each) => each }, out, notes);
  });
}
