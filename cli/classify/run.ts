/** `sluice classify`: a scan of the database, what the Database declares on top of it, and lineage, as the proxy would have it. */
import type { Writable } from 'node:stream';
import { Catalog } from '../../core/catalog/catalog.ts';
import { formatDiagnostic } from '../../core/policy/diagnostic.ts';
import { type Classes, classify } from '../../core/policy/sensitivity.ts';
import { userRelations } from '../../core/policy/user-relations.ts';
import {
  classesBy,
  effective,
  findingOf,
  type Findings,
  FindingsError,
  grow,
  NO_FINDINGS,
} from '../../core/sensitivity/findings.ts';
import type { TableFacts } from '../../core/sensitivity/facts.ts';
import type { Database } from '../../crds/database.ts';
import { readCatalog, type SimpleQueryConnection } from '../../sidecar/catalog/reader.ts';
import { readFindings, writeFindings } from '../../sidecar/sensitivity/findings-file.ts';
import { type Scan, scanDatabase } from '../../sidecar/sensitivity/scan.ts';
import type { DatabaseName } from '../arguments.ts';
import { CliError } from '../errors.ts';
import { openPolicies } from '../policies.ts';
import { withServer } from '../server.ts';
import { type ClassifiedColumn, changes, classifiedColumn } from './columns.ts';
import { printColumns } from './print.ts';

export interface ClassifyCommandOptions {
  readonly policy: readonly string[];
  readonly database: DatabaseName;
  readonly upstream?: string;
  readonly schema?: string;
  readonly values: boolean;
  readonly findings?: string;
  readonly all?: boolean;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Throws CliError. */
export async function runClassify(options: ClassifyCommandOptions, out: Writable, progress: NodeJS.WriteStream): Promise<void> {
  const source = await openPolicies(options.policy, options.database, () => {});
  try {
    const database = source.current.database!;
    const before = options.findings === undefined ? NO_FINDINGS : await earlier(options.findings);
    const show = progressLine(progress);
    const { catalog, scan } = await withServer(options, source, (connection) => look(connection, options, show));
    show.end();
    const findings = grow(before, scan.tables, scan.verdicts);
    const { columns, problems } = judge(database, catalog, scan, findings);
    for (const problem of problems) progress.write(`${problem}\n`);
    out.write(
      printColumns(columns, { ...options, scan, changes: options.findings === undefined ? undefined : changes(before, columns) }),
    );
    if (options.findings !== undefined) await keep(options.findings, findings);
  } finally {
    source.close();
  }
}

/** Its schema and what of it is sensitive, over one connection. */
export async function look(
  connection: SimpleQueryConnection,
  options: Pick<ClassifyCommandOptions, 'values' | 'schema'>,
  show: (done: number, of: number, table: TableFacts) => void,
): Promise<{ readonly catalog: Catalog; readonly scan: Scan }> {
  const catalog = new Catalog(await readCatalog(connection));
  const sample = options.values && options.schema === undefined;
  return { catalog, scan: await scanDatabase(connection, { catalog, now: () => performance.now(), sample, progress: show }) };
}

/** What detection has found, what the Database declares on top of it, and what follows by lineage. */
export function judge(
  database: Database,
  catalog: Catalog,
  scan: Pick<Scan, 'tables' | 'verdicts'>,
  findings: Findings,
  detected: Classes = detectedClasses(catalog, scan, findings),
): { readonly columns: readonly ClassifiedColumn[]; readonly problems: readonly string[] } {
  // What is declared and what follows by lineage is told apart from what was found in the column itself.
  const { classes, diagnostics } = classify(database, catalog, detected);
  const tables = new Map(scan.tables.map((table) => [table.oid, table]));
  const verdicts = new Map(scan.verdicts.map((verdict) => [`${verdict.oid}.${verdict.attnum}`, verdict]));
  const columns = userRelations(catalog).flatMap((relation) =>
    relation.kind === 'sequence'
      ? []
      : relation.columns.map((column) =>
          classifiedColumn({
            database,
            catalog,
            relation,
            column,
            name: classes.get(relation.oid)?.get(column.attnum),
            detected: detected.get(relation.oid)?.get(column.attnum),
            verdict: verdicts.get(`${relation.oid}.${column.attnum}`),
            facts: tables.get(relation.oid),
            findings,
          }),
        ),
  );
  return { columns, problems: diagnostics.map((each) => `${each.severity}: ${formatDiagnostic(each)}`) };
}

function detectedClasses(catalog: Catalog, scan: Pick<Scan, 'tables' | 'verdicts'>, findings: Findings): Classes {
  return classesBy(scan.tables, scan.verdicts, catalog, (table, column, verdict) =>
    effective(findingOf(findings, table, column), table, column, verdict),
  );
}

async function earlier(path: string): Promise<Findings> {
  try {
    return await readFindings(path);
  } catch (error) {
    if (error instanceof FindingsError) throw new CliError(error.message);
    throw error;
  }
}

async function keep(path: string, findings: Findings): Promise<void> {
  await writeFindings(path, findings).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`the findings cannot be written to ${path}: ${error.code ?? error.message}`);
  });
}

/** A line that replaces itself on a terminal, a line every few seconds elsewhere. */
export function progressLine(
  stream: NodeJS.WriteStream,
): ((done: number, of: number, table: TableFacts) => void) & { end(): void } {
  let last = performance.now();
  let shown = false;
  const show = (done: number, of: number): void => {
    const now = performance.now();
    if (now - last < (stream.isTTY ? 100 : 5_000)) return;
    last = now;
    shown = true;
    stream.write(stream.isTTY ? `\r${done} of ${of} tables` : `${done} of ${of} tables\n`);
  };
  return Object.assign(show, {
    end: () => {
      if (shown && stream.isTTY) stream.write('\r\u001b[K');
    },
  });
}
