/** A question put to a source, without printing: rows as they come. */
import type { Answer, Question } from '../../../core/audit/questions/question.ts';
import { StatementReader } from '../../../core/audit/questions/statements.ts';
import type { AuditSource } from '../sources/source.ts';

export interface AnswerOptions {
  /** Each line that was read. */
  readonly seen?: (line: string) => void;
  /** Before the end. */
  readonly read?: (counts: StatementReader['counts']) => void;
}

/** Throws TooManyError, and whatever the source throws. Does not close the source. */
export async function* answers(source: AuditSource, question: Question, options: AnswerOptions = {}): AsyncGenerator<Answer> {
  let waiting: Answer[] = [];
  const reader = new StatementReader(
    {
      statement: (statement) => void waiting.push(...question.statement(statement)),
      other: (record) => void waiting.push(...(question.other?.(record) ?? [])),
    },
    await source.owners(question.filter),
  );
  for await (const line of source.records(question.filter)) {
    reader.line(line);
    options.seen?.(line.line);
    if (waiting.length === 0) continue;
    const ready = waiting;
    waiting = [];
    yield* ready;
  }
  reader.end();
  options.read?.(reader.counts);
  yield* waiting;
  yield* question.end();
}
