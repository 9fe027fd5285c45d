/** Where findings are kept between runs. Written beside itself and renamed, so that there is always a whole one. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { type Findings, FindingsError, NO_FINDINGS, parseFindings, printFindings } from '../../core/sensitivity/findings.ts';

/** None when there is no such file yet. @throws FindingsError: a file that cannot be used must not be overwritten. */
export async function readFindings(path: string): Promise<Findings> {
  try {
    return parseFindings(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NO_FINDINGS;
    const reason = error instanceof FindingsError ? error.message : ((error as NodeJS.ErrnoException).code ?? 'unknown error');
    throw new FindingsError(`the findings file ${path} cannot be used: ${reason}`);
  }
}

export async function writeFindings(path: string, findings: Findings): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, printFindings(findings), { mode: 0o600 });
  await rename(temporary, path);
}
