/** Policies whose grants are compared with their use: the very YAML that kubectl applies. */
import { formatDiagnostic } from '../../../core/policy/diagnostic.ts';
import { loadDocuments } from '../../../core/policy/documents.ts';
import type { DatabaseAccessPolicy } from '../../../crds/database-access-policy.ts';
import { PolicyFileError, readPolicyFiles } from '../../../sidecar/bundle/policy-files.ts';
import { CliError } from '../../errors.ts';

/** Throws CliError with every mistake in the files. */
export async function policiesOf(paths: readonly string[]): Promise<readonly DatabaseAccessPolicy[]> {
  try {
    const { policies, diagnostics } = loadDocuments(await readPolicyFiles(paths));
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0)
      throw new CliError(['the policies have mistakes', ...errors.map((each) => `  ${formatDiagnostic(each)}`)].join('\n'));
    return policies;
  } catch (error) {
    if (error instanceof PolicyFileError) throw new CliError(error.message, 1, { cause: error });
    throw error;
  }
}
