/**
 * `sluice check`: the same engine as the proxy's, asked instead of used. Nothing is sent to the database but the queries that
 * read its schema; with --schema not even that: the file is loaded into a throw-away server on loopback.
 */
import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { type Diagnostic, formatDiagnostic } from '../../core/policy/diagnostic.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import { prescan } from '../../core/sql/parse/prescan.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SessionState } from '../../core/sql/session-state.ts';
import type { Classes } from '../../core/policy/sensitivity.ts';
import { detectedClasses } from '../../core/sensitivity/findings.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';
import { readCatalog, type SimpleQueryConnection } from '../../sidecar/catalog/reader.ts';
import { scanDatabase } from '../../sidecar/sensitivity/scan.ts';
import type { DatabaseName } from '../arguments.ts';
import { CliError } from '../errors.ts';
import { openPolicies } from '../policies.ts';
import { withServer } from '../server.ts';
import { asJson, asText, type Verdict } from './verdict.ts';

export interface CheckCommandOptions {
  readonly policy: readonly string[];
  readonly as: Identity;
  readonly database: DatabaseName;
  readonly upstream?: string;
  readonly schema?: string;
  readonly file?: string;
  readonly output: 'text' | 'json';
}

/** The exit code: 0 all allowed, 3 any denied. Throws CliError. */
export async function runCheck(argument: string | undefined, options: CheckCommandOptions, out: Writable): Promise<number> {
  const source = await openPolicies(options.policy, options.database, () => {});
  try {
    const sql = await statementText(argument, options.file);
    const database = source.current.database!;
    const { catalog, detected } = await withServer(options, source, (connection) => learn(connection, database));
    const { policies } = source.current;
    const asked = { database, policies, identity: options.as, catalog, detected, sql, output: options.output };
    return await reportVerdicts({ ...asked, locate: (each) => source.current.locate(each) }, out, process.stderr);
  } finally {
    source.close();
  }
}

export interface Question {
  readonly database: Database;
  readonly policies: readonly DatabaseAccessPolicy[];
  readonly identity: Identity;
  readonly catalog: Catalog;
  readonly detected: Classes;
  /** Undefined: only the policies are checked. */
  readonly sql: string | undefined;
  readonly output: 'text' | 'json';
  readonly locate: (diagnostic: Diagnostic) => Diagnostic;
}

/** The exit code: 0 all allowed, 3 any denied; without a statement 1 where a policy has mistakes. Throws CliError. */
export async function reportVerdicts(question: Question, out: Writable, problemsTo: Writable): Promise<number> {
  const { database, policies, identity, catalog, detected, sql, output, locate } = question;
  const { bundle, diagnostics } = compileBundle({ database, policies, identity, catalog, detected, now: Date.now() });
  const problems = diagnostics.map(locate);
  for (const problem of problems) problemsTo.write(`${problem.severity}: ${formatDiagnostic(problem)}\n`);
  if (bundle === undefined)
    throw new CliError(
      `nothing is granted to ${identity.namespace}/${identity.serviceAccount} on ${database.metadata.namespace}/${database.metadata.name}`,
    );
  if (sql === undefined) {
    if (output === 'text')
      out.write(`the policies are in order: ${bundle.relations.length} relations granted, mode ${bundle.mode}\n`);
    return problems.some((each) => each.severity === 'error') ? 1 : 0;
  }
  const engine = createEngine({ catalog, bundle, parser: await createWasmParser(), salt: 'check' });
  const verdicts = judge(engine, createSessionState(catalog.data.defaultSearchPath), Buffer.from(sql));
  for (const verdict of verdicts) out.write(output === 'json' ? asJson(verdict) : asText(verdict));
  return verdicts.some((each) => each.plan.decision === 'deny') ? 3 : 0;
}

/** Each statement as if those before it had succeeded: a SET search_path or PREPARE counts for the next. */
function judge(engine: SqlEngine, state: SessionState, sql: Buffer): readonly Verdict[] {
  const looked = prescan(sql);
  if (looked.path === 'refused') throw new CliError(`${looked.denial.code}: ${looked.denial.message}`, 3);
  const verdicts: Verdict[] = [];
  const { mode } = engine.bundle;
  for (const { range } of engine.analyse({ sql, protocol: 'simple', parameterTypes: [] }, state)) {
    const statement = sql.subarray(...range);
    for (const plan of engine.analyse({ sql: statement, protocol: 'simple', parameterTypes: [] }, state)) {
      verdicts.push({ statement: statement.toString('utf8').trim(), plan, mode });
      if (plan.decision === 'allow') state.apply(plan.effect, engine.bundle.version);
    }
  }
  return verdicts;
}

/** Of the argument, of -f, or of standard input. Throws CliError. */
export async function statementText(argument: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (argument === '-' || file === '-') return readAll(process.stdin);
  if (file === undefined) return argument;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(
      `cannot read ${file}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : (error as Error).message}`,
    );
  }
}

/** The schema, and what of it is sensitive: a file holds no values, so there it is names and types that count. */
async function learn(
  connection: SimpleQueryConnection,
  database: Database,
): Promise<{ readonly catalog: Catalog; readonly detected: Classes }> {
  const catalog = new Catalog(await readCatalog(connection));
  if (database.spec.sensitivity.detection === 'Off') return { catalog, detected: new Map() };
  const { tables, verdicts } = await scanDatabase(connection, { catalog, now: () => performance.now() });
  return { catalog, detected: detectedClasses(catalog, tables, verdicts) };
}
