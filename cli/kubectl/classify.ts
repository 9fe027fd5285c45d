/** `kubectl sluice classify`: which columns are sensitive, by what the operator has found, or by a look of one's own. */
import type { Writable } from 'node:stream';
import { NO_FINDINGS } from '../../core/sensitivity/findings.ts';
import { accessFromUrl } from '../../sidecar/proxy/access.ts';
import { parseUpstreamUrl, UpstreamUrlError } from '../../sidecar/upstream/upstream-url.ts';
import type { DatabaseName } from '../arguments.ts';
import { printColumns } from '../classify/print.ts';
import { judge, look, progressLine } from '../classify/run.ts';
import { CliError } from '../errors.ts';
import { withUpstream } from '../server.ts';
import { type ClusterOptions, withCluster } from './cluster.ts';
import { chooseDatabase } from './database-choice.ts';
import type { InstallationOptions } from './installation.ts';
import { readPublished } from './published.ts';

export interface ClassifyOptions extends ClusterOptions, InstallationOptions {
  readonly database: DatabaseName;
  /** Undefined: what the operator has found. */
  readonly upstream?: string;
  readonly values: boolean;
  readonly all?: boolean;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Throws CliError. */
export function runClassify(options: ClassifyOptions, out: Writable, progress: NodeJS.WriteStream): Promise<void> {
  return withCluster(options, async (cluster) => {
    const { database, operatorNamespace } = await chooseDatabase(cluster, options.database, options);
    if (options.upstream === undefined) {
      const published = await readPublished(cluster.api, database, operatorNamespace);
      const judged = judge(database, published.catalog, published, published.findings, published.detected);
      for (const problem of judged.problems) progress.write(`${problem}\n`);
      out.write(printColumns(judged.columns, { ...options, scan: 'as the operator has found', changes: undefined }));
      return;
    }
    const access = accessFromUrl(url(options.upstream), database);
    const show = progressLine(progress);
    const { catalog, scan } = await withUpstream(access, (connection) => look(connection, options, show));
    show.end();
    const { columns, problems } = judge(database, catalog, scan, NO_FINDINGS);
    for (const problem of problems) progress.write(`${problem}\n`);
    out.write(printColumns(columns, { ...options, scan, changes: undefined }));
  });
}

function url(text: string): ReturnType<typeof parseUpstreamUrl> {
  try {
    return parseUpstreamUrl(text);
  } catch (error) {
    if (error instanceof UpstreamUrlError) throw new CliError(error.message, 2, { cause: error });
    throw error;
  }
}
