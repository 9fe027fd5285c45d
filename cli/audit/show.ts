/** `sluice audit show`: pairs intents with outcomes and prints one line a statement. */
import type { Writable } from 'node:stream';
import type { AuditRecord, Intent, Outcome } from '../../core/audit/record.ts';
import { CliError } from '../errors.ts';
import { eachLine } from './lines.ts';

export interface ShowOptions {
  readonly output: 'table' | 'json';
  readonly session?: string;
  readonly denied?: boolean;
  readonly last?: number;
}

interface Shown {
  readonly intent: Intent;
  outcome?: Outcome;
}

/** Statements are printed in the order of their intents; only those still open are held in memory (and the last n). */
export async function show(file: string, options: ShowOptions, out: Writable): Promise<void> {
  const queue: Shown[] = [];
  const open = new Map<string, Shown>();
  let lineNumber = 0;
  let printed = 0;
  const print = (shown: Shown): void => {
    printed += 1;
    out.write(
      options.output === 'json' ? `${JSON.stringify({ ...shown.intent, outcome: shown.outcome ?? null })}\n` : row(shown),
    );
  };
  /** Prints what is complete at the head of the queue. */
  const flush = (all: boolean): void => {
    while (queue.length > 0 && (all || queue[0]?.outcome !== undefined) && options.last === undefined) print(queue.shift()!);
    while (options.last !== undefined && queue.length > options.last) queue.shift();
  };
  await eachLine(file, (bytes) => {
    lineNumber += 1;
    const record = parse(bytes, file, lineNumber);
    if (record.type === 'intent') {
      if (options.session !== undefined && !record.session.startsWith(options.session)) return;
      if (options.denied === true && record.decision !== 'deny') return;
      const shown: Shown = { intent: record };
      queue.push(shown);
      open.set(record.statement, shown);
    } else if (record.type === 'outcome') {
      const shown = open.get(record.statement);
      if (shown !== undefined) shown.outcome = record;
      open.delete(record.statement);
      flush(false);
    }
  });
  flush(true);
  if (options.last !== undefined) for (const shown of queue) print(shown);
  if (printed === 0 && options.output === 'table') out.write('no statements\n');
}

function parse(bytes: Buffer, file: string, line: number): AuditRecord {
  try {
    return JSON.parse(bytes.toString('utf8')) as AuditRecord;
  } catch {
    throw new CliError(`${file}, line ${line} is not an audit record (sluice audit verify ${file} says more)`);
  }
}

function row({ intent, outcome }: Shown): string {
  const time = intent.time.slice(11, 23);
  const decision =
    intent.decision === 'deny' ? `DENY ${intent.code ?? ''}` : (intent.observed?.length ?? 0) > 0 ? 'observe' : 'allow';
  const touched = [
    ...intent.reads.map((use) => `read ${use.relation}(${use.columns.join(', ')})`),
    ...intent.writes.map(
      (use) => `${use.action.toLowerCase()} ${use.relation}${use.columns.length > 0 ? `(${use.columns.join(', ')})` : ''}`,
    ),
  ];
  const masked = Object.entries(intent.masks).map(([column, mask]) => `${column.slice(column.lastIndexOf('.') + 1)}→${mask}`);
  const end = ending(outcome);
  const details = [touched.join('; '), masked.length > 0 ? `masked ${masked.join(', ')}` : '']
    .filter((text) => text !== '')
    .join(' · ');
  return `${time}  ${decision.padEnd(15)} ${end.padEnd(22)} ${intent.text.replaceAll(/\s+/g, ' ').slice(0, 160)}\n${details === '' ? '' : `${' '.repeat(14)}${details}\n`}`;
}

function ending(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'outcome unknown';
  if (outcome.result === 'ok') return `ok ${outcome.rows ?? 0} rows`;
  if (outcome.result === 'denied') return 'not run';
  return outcome.sqlstate === undefined ? outcome.result : `${outcome.result} ${outcome.sqlstate}`;
}
