/** What `proxy` and `check` share: policy files into objects, and the way to the database. */
import { type Diagnostic, formatDiagnostic } from '../core/policy/diagnostic.ts';
import { systemClock } from '../sidecar/bundle/clock.ts';
import { openFileSource, PolicyError } from '../sidecar/bundle/file-source.ts';
import { PolicyFileError } from '../sidecar/bundle/policy-files.ts';
import type { PolicySource } from '../sidecar/bundle/policy-source.ts';
import { type Access, AccessError, accessFromObjects, accessFromUrl } from '../sidecar/proxy/access.ts';
import { parseUpstreamUrl, UpstreamUrlError } from '../sidecar/upstream/upstream-url.ts';
import type { DatabaseName } from './arguments.ts';
import { CliError } from './errors.ts';

/** Throws CliError; mistakes in the files are all listed, a line each. */
export async function openPolicies(
  paths: readonly string[],
  database: DatabaseName,
  report: (diagnostics: readonly Diagnostic[]) => void,
): Promise<PolicySource> {
  try {
    return await openFileSource({ paths, database, clock: systemClock, report });
  } catch (error) {
    if (error instanceof PolicyFileError) throw new CliError(error.message);
    if (error instanceof PolicyError)
      throw new CliError([error.message, ...error.diagnostics.map((each) => `  ${formatDiagnostic(each)}`)].join('\n'));
    throw error;
  }
}

/** Looked up at each call, so that changed Secrets are used at once. Throws CliError for a URL that is none. */
export function accessFor(upstream: string | undefined, source: PolicySource): () => Access {
  if (upstream === undefined) {
    return () => {
      const { database, secrets, reason } = source.current;
      if (database === undefined) throw new AccessError(reason ?? 'the Database was withdrawn');
      return said(() => accessFromObjects(database, secrets));
    };
  }
  const url = said(() => parseUpstreamUrl(upstream), 2);
  const access = said(() => accessFromUrl(url, source.current.database!));
  return () => access;
}

function said<T>(step: () => T, exitCode: 1 | 2 = 1): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof UpstreamUrlError || error instanceof AccessError)
      throw new CliError(error.message, exitCode, { cause: error });
    throw error;
  }
}
