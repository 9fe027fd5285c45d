/**
 * `sluice check`: the same engine as the proxy's, asked instead of used. Nothing is sent to the database but the queries that
 * read its schema; with --schema not even that: the file is loaded into a throw-away server on loopback.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { formatDiagnostic } from '../../core/policy/diagnostic.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import { prescan } from '../../core/sql/parse/prescan.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SessionState } from '../../core/sql/session-state.ts';
import { openQueryClient } from '../../sidecar/catalog/query-client.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { type Access, accessFromUrl } from '../../sidecar/proxy/access.ts';
import { connectUpstream } from '../../sidecar/upstream/connect.ts';
import { upstreamSettings } from '../../sidecar/upstream/startup-settings.ts';
import { UpstreamError } from '../../sidecar/upstream/upstream-error.ts';
import { parseUpstreamUrl } from '../../sidecar/upstream/upstream-url.ts';
import type { DatabaseName } from '../arguments.ts';
import { startLocalPostgres } from '../demo/local-postgres.ts';
import { CliError } from '../errors.ts';
import { accessFor, openPolicies } from '../policies.ts';
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
    const data =
      options.schema === undefined
        ? await said(() => schemaOf(accessFor(options.upstream, source)(), options.as))
        : await withSchemaFile(options.schema, database.spec.endpoint.database, (url) =>
            schemaOf(accessFromUrl(parseUpstreamUrl(url), database), options.as),
          );
    const catalog = new Catalog(data);
    const compiled = compileBundle({
      database,
      policies: source.current.policies,
      identity: options.as,
      catalog,
      now: Date.now(),
    });
    const problems = compiled.diagnostics.map((each) => source.current.locate(each));
    for (const problem of problems) process.stderr.write(`${problem.severity}: ${formatDiagnostic(problem)}\n`);
    if (compiled.bundle === undefined)
      throw new CliError(
        `nothing is granted to ${options.as.namespace}/${options.as.serviceAccount} on ${database.metadata.namespace}/${database.metadata.name}`,
      );
    if (sql === undefined) {
      if (options.output === 'text')
        out.write(
          `the policies are in order: ${compiled.bundle.relations.length} relations granted, mode ${compiled.bundle.mode}\n`,
        );
      return problems.some((each) => each.severity === 'error') ? 1 : 0;
    }
    const engine = createEngine({ catalog, bundle: compiled.bundle, parser: await createWasmParser(), salt: 'check' });
    const verdicts = judge(engine, createSessionState(data.defaultSearchPath), Buffer.from(sql));
    for (const verdict of verdicts) out.write(options.output === 'json' ? asJson(verdict) : asText(verdict));
    return verdicts.some((each) => each.plan.decision === 'deny') ? 3 : 0;
  } finally {
    source.close();
  }
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

async function statementText(argument: string | undefined, file: string | undefined): Promise<string | undefined> {
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

async function schemaOf(access: Access, identity: Identity): Promise<Awaited<ReturnType<typeof readCatalog>>> {
  const connection = await connectUpstream({
    target: access.target,
    user: access.user,
    ...(access.password === undefined ? {} : { password: access.password }),
    database: access.database,
    requireChannelBinding: access.requireChannelBinding,
    settings: upstreamSettings(`sluice-check/${identity.namespace}/${identity.serviceAccount}`, []),
  });
  const client = openQueryClient(connection);
  try {
    return await readCatalog(client);
  } finally {
    client.close();
  }
}

async function withSchemaFile<T>(file: string, database: string, read: (url: string) => Promise<T>): Promise<T> {
  const schema = await readFile(file, 'utf8').catch(() => {
    throw new CliError(`cannot read the schema file ${file}`);
  });
  const { Client, escapeIdentifier } = createRequire(import.meta.url)('pg') as typeof import('pg');
  const server = await startLocalPostgres({ major: 18 });
  try {
    const run = async (name: string, sql: string): Promise<void> => {
      const client = new Client({ connectionString: server.url(name) });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    };
    if (database !== 'postgres') await run('postgres', `CREATE DATABASE ${escapeIdentifier(database)}`);
    await run(encodeURIComponent(database), schema).catch((error: Error) => {
      throw new CliError(`the schema file ${file} cannot be loaded: ${error.message}`);
    });
    return await read(server.url(encodeURIComponent(database)));
  } finally {
    await server.stop();
  }
}

async function said<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof UpstreamError)
      throw new CliError(error.hint === undefined ? error.message : `${error.message} (${error.hint})`, 1, { cause: error });
    throw error;
  }
}
