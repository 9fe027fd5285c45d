/** A question put to a source: rows are printed as they come, and on standard error how far it is. */
import type { Writable } from 'node:stream';
import { type Answer, type Question, TooManyError } from '../../../core/audit/questions/question.ts';
import { StatementReader } from '../../../core/audit/questions/statements.ts';
import { CliError } from '../../errors.ts';
import type { AuditSource } from '../sources/source.ts';
import type { Format } from './formats.ts';
import { type AnswerWriter, answerWriter } from './output.ts';
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
  const progress = new Progress(streams.error, Date.now);
  const printer = new Printer(answerWriter(options.format, question.columns, streams.out), options.limit);
  try {
    const reader = await read(source, question, printer, progress);
    if (reader !== undefined) for (const answer of question.end()) if (!printer.add(answer)) break;
    await printer.end();
    progress.end();
    remarks(printer, reader, options, streams.error);
  } catch (error) {
    progress.end();
    throw error instanceof TooManyError ? new CliError(error.message, 1, { cause: error }) : error;
  } finally {
    await source.close();
  }
}

/** Undefined: enough was found before everything was read. */
async function read(
  source: AuditSource,
  question: Question,
  printer: Printer,
  progress: Progress,
): Promise<StatementReader | undefined> {
  const reader = new StatementReader(
    {
      statement: (statement) => printer.addAll(question.statement(statement)),
      other: (record) => printer.addAll(question.other?.(record) ?? []),
    },
    await source.owners(question.filter),
  );
  for await (const line of source.records(question.filter)) {
    reader.line(line);
    progress.line(line.line);
    if (printer.pending) await printer.flush();
    if (printer.full) return undefined;
  }
  reader.end();
  await printer.flush();
  return printer.full ? undefined : reader;
}

function remarks(
  printer: Printer,
  reader: StatementReader | undefined,
  { limit, format }: AskOptions,
  error: Streams['error'],
): void {
  if (printer.full) error.write(`sluice: these are the first ${limit}; --limit says how many\n`);
  if (printer.count === 0 && (format === 'table' || format === 'wide')) error.write('sluice: nothing\n');
  if (reader === undefined) return;
  const { unreadable, unpaired } = reader.counts;
  if (unreadable > 0) error.write(`sluice: ${unreadable} records could not be read and were left out\n`);
  if (unpaired > 0) error.write(`sluice: ${unpaired} statements are shown without their outcome: too many ran at once\n`);
}

/** Collects rows between two waits. */
class Printer {
  readonly #writer: AnswerWriter;
  readonly #limit: number;
  #waiting: Answer[] = [];
  #count = 0;
  #refused = false;

  constructor(writer: AnswerWriter, limit = Number.POSITIVE_INFINITY) {
    this.#writer = writer;
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get pending(): boolean {
    return this.#waiting.length > 0;
  }

  /** There was more than the limit. */
  get full(): boolean {
    return this.#refused;
  }

  /** False: it is one too many. */
  add(answer: Answer): boolean {
    if (this.#count >= this.#limit) {
      this.#refused = true;
      return false;
    }
    this.#count += 1;
    this.#waiting.push(answer);
    return true;
  }

  addAll(answers: readonly Answer[]): void {
    for (const answer of answers) if (!this.add(answer)) return;
  }

  async flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const answer of waiting) await this.#writer.write(answer);
  }

  async end(): Promise<void> {
    await this.flush();
    await this.#writer.end();
  }
}
