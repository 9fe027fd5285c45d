/** An access review written into a directory: `access-review.json`, `.md` and `.html`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { AccessReviewer } from '../../../core/audit/questions/access-review.ts';
import { TooManyError } from '../../../core/audit/questions/question.ts';
import type { Selection } from '../../../core/audit/questions/selection.ts';
import { StatementReader } from '../../../core/audit/questions/statements.ts';
import type { Trail, Trusted } from '../../../core/audit/trail.ts';
import type { DatabaseAccessPolicy } from '../../../crds/database-access-policy.ts';
import { CliError } from '../../errors.ts';
import { neutralJson } from '../query/neutral.ts';
import { Progress } from '../query/progress.ts';
import type { AuditSource } from '../sources/source.ts';
import { reviewChains } from './chains.ts';
import { htmlPage } from './html.ts';
import { markdownPage } from './markdown.ts';
import type { Page } from './page.ts';

export interface ReportOptions {
  readonly selection: Selection;
  readonly policies?: readonly DatabaseAccessPolicy[];
  readonly since?: string;
  /** Its chains are read whole and verified. Absent: nothing is said about them. */
  readonly trail?: () => Promise<Trail>;
  readonly trusted?: Trusted;
  /** As they are named in the review. */
  readonly sources: readonly string[];
  readonly directory: string;
}

/** True if every chain holds. Closes the source. Throws CliError. */
export async function report(
  source: AuditSource,
  options: ReportOptions,
  out: Writable,
  error: Writable & { readonly isTTY?: boolean },
): Promise<boolean> {
  const progress = new Progress(error, Date.now);
  try {
    const { page, faults } = await review(source, options, progress);
    progress.end();
    const files = write(options.directory, page);
    out.write(files.map((file) => `${file}\n`).join(''));
    if (faults > 0) error.write(`sluice: ${faults} chains do not hold or are missing: see Chains\n`);
    return faults === 0;
  } catch (failure) {
    progress.end();
    throw failure instanceof TooManyError ? new CliError(failure.message, 1, { cause: failure }) : failure;
  } finally {
    await source.close();
  }
}

async function review(
  source: AuditSource,
  options: ReportOptions,
  progress: Progress,
): Promise<{ readonly page: Page; readonly faults: number }> {
  const { selection, policies, since, sources, trail, trusted } = options;
  const reviewer = new AccessReviewer(selection, {
    ...(policies === undefined ? {} : { policies }),
    ...(since === undefined ? {} : { since }),
  });
  const reader = new StatementReader(reviewer, await source.owners());
  for await (const line of source.records(reviewer.filter)) {
    reader.line(line);
    progress.line(line.line);
  }
  reader.end();
  const { summary, sections } = reviewer.end();
  const { unreadable, unpaired } = reader.counts;
  const chains = trail === undefined ? undefined : await reviewChains(await trail(), trusted);
  const page: Page = {
    ...(selection.from === undefined ? {} : { from: selection.from }),
    ...(selection.to === undefined ? {} : { to: selection.to }),
    sources,
    summary,
    sections: chains === undefined ? sections : [...sections, chains.section],
    remarks: [
      ...(policies === undefined ? ['No policies were given: nothing is said about what was granted and not used.'] : []),
      ...(trail === undefined ? ['Chains were not verified.'] : []),
      ...(trail !== undefined && trusted === undefined
        ? ['No trust anchors were given: that a chain holds does not say who wrote it.']
        : []),
      ...(unreadable > 0 ? [`${unreadable} records could not be read and were left out.`] : []),
      ...(unpaired > 0 ? [`${unpaired} statements are counted without their outcome: too many ran at once.`] : []),
    ],
  };
  return { page, faults: chains?.faults ?? 0 };
}

function write(directory: string, page: Page): readonly string[] {
  const texts = {
    'access-review.json': json(page),
    'access-review.md': markdownPage(page),
    'access-review.html': htmlPage(page),
  };
  try {
    mkdirSync(directory, { recursive: true });
    return Object.entries(texts).map(([name, text]) => {
      const file = join(directory, name);
      writeFileSync(file, text);
      return file;
    });
  } catch (error) {
    throw new CliError(`cannot write into ${directory}: ${(error as Error).message}`, 1, { cause: error });
  }
}

/** One row a line, so that two reviews can be compared by lines. */
function json({ from, to, sources, summary, sections, remarks }: Page): string {
  const head = {
    v: 1,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    sources,
    remarks,
    summary: Object.fromEntries(summary),
  };
  const parts = sections.map(
    ({ id, rows }) =>
      `${neutralJson(id)}:[${rows.map((row) => `\n${neutralJson(row)}`).join(',')}${rows.length > 0 ? '\n' : ''}]`,
  );
  return `${neutralJson(head).slice(0, -1)},\n${parts.join(',\n')}}\n`;
}
