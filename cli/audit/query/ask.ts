/** A question put to a source: rows are printed as they come, and on standard error how far it is. */
import type { Writable } from 'node:stream';
import { type Question, TooManyError } from '../../../core/audit/questions/question.ts';
import type { StatementReader } from '../../../core/audit/questions/statements.ts';
import { CliError } from '../../errors.ts';
import type { AuditSource } from '../sources/source.ts';
import { answers } from './answers.ts';
import type { Format } from './formats.ts';
import { answerWriter } from './output.ts';
import { Progress } from './progress.ts';

export interface AskOptions {
  readonly format: Format;
  /** Rows at most. */
  readonly limit?: number;
}

export interface Streams {
  readonly out: Writable;
  readonly error: Writable & { readonly isTTY?: boolean };
}

/** Throws CliError. Closes the source. */
export async function ask(source: AuditSource, question: Question, options: AskOptions, streams: Streams): Promise<void> {
  const { format, limit = Number.POSITIVE_INFINITY } = options;
  const progress = new Progress(streams.error, Date.now);
  const writer = answerWriter(format, question.columns, streams.out);
  let counts: StatementReader['counts'] | undefined;
  let written = 0;
  let more = false;
  try {
    const seen = (line: string): void => progress.line(line);
    for await (const answer of answers(source, question, { seen, read: (all) => (counts = all) })) {
      if ((more = written >= limit)) break;
      await writer.write(answer);
      written += 1;
    }
    await writer.end();
    progress.end();
    const say = (sentence: string): void => void streams.error.write(`sluice: ${sentence}\n`);
    if (more) say(`these are the first ${limit}; --limit says how many`);
    if (written === 0 && (format === 'table' || format === 'wide')) say('nothing');
    if (counts !== undefined) remarks(counts, say);
  } catch (error) {
    progress.end();
    throw error instanceof TooManyError ? new CliError(error.message, 1, { cause: error }) : error;
  } finally {
    await source.close();
  }
}

function remarks({ unreadable, unpaired }: StatementReader['counts'], say: (sentence: string) => void): void {
  if (unreadable > 0) say(`${unreadable} records could not be read and were left out`);
  if (unpaired > 0) say(`${unpaired} statements are shown without their outcome: too many ran at once`);
}
