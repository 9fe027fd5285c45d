/** Answers as they are printed: a table whose columns are measured on its first rows, an object a line, or CSV. All as they come. */
import type { Writable } from 'node:stream';
import { once } from 'node:events';
import type { Answer, Column } from '../../../core/audit/questions/question.ts';
import { printable } from '../../table.ts';
import type { Format } from './formats.ts';
import { csvField, neutralJson } from './neutral.ts';

export interface AnswerWriter {
  /** Resolves when more may come. */
  write(answer: Answer): Promise<void>;
  end(): Promise<void>;
}

export function answerWriter(format: Format, columns: readonly Column[], out: Writable): AnswerWriter {
  if (format === 'json') return lineWriter(out, '', (answer) => neutralJson(answer));
  if (format === 'csv') {
    const head = columns.map(({ key }) => key).join(',');
    return lineWriter(out, `${head}\r\n`, (answer) => `${columns.map(({ key }) => csvField(scalar(answer[key]))).join(',')}\r`);
  }
  return new TableWriter(format === 'wide' ? columns : columns.filter(({ wide }) => wide !== true), format === 'wide', out);
}

function lineWriter(out: Writable, head: string, line: (answer: Answer) => string): AnswerWriter {
  let begun = false;
  const begin = (): string => {
    const text = begun ? '' : head;
    begun = true;
    return text;
  };
  return {
    write: (answer) => put(out, `${begin()}${line(answer)}\n`),
    end: () => put(out, begin()),
  };
}

/** Rows after which widths are settled; wider cells push the rest of their line. */
const MEASURED = 200;
const CELL = 60;

class TableWriter implements AnswerWriter {
  readonly #columns: readonly Column[];
  readonly #whole: boolean;
  readonly #out: Writable;
  #waiting: (readonly string[])[] = [];
  #widths: readonly number[] | undefined;

  constructor(columns: readonly Column[], whole: boolean, out: Writable) {
    this.#columns = columns;
    this.#whole = whole;
    this.#out = out;
  }

  async write(answer: Answer): Promise<void> {
    const cells = this.#columns.map(({ key }) => this.#cell(answer[key]));
    if (this.#widths !== undefined) return await put(this.#out, this.#line(cells, this.#widths));
    this.#waiting.push(cells);
    if (this.#waiting.length >= MEASURED) await this.#settle();
  }

  async end(): Promise<void> {
    if (this.#widths === undefined && this.#waiting.length > 0) await this.#settle();
  }

  async #settle(): Promise<void> {
    const rows = [this.#columns.map(({ title }) => title), ...this.#waiting];
    const widths = this.#columns.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)));
    this.#widths = widths;
    this.#waiting = [];
    await put(this.#out, rows.map((row) => this.#line(row, widths)).join(''));
  }

  #line(cells: readonly string[], widths: readonly number[]): string {
    const padded = cells.map((cell, index) =>
      this.#columns[index]?.right ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!),
    );
    return `${padded.join('  ').trimEnd()}\n`;
  }

  #cell(value: Answer[string]): string {
    const text = printable(String(scalar(value)).replaceAll(/\s+/g, ' '));
    if (text === '') return '-';
    return this.#whole || text.length <= CELL ? text : `${text.slice(0, CELL - 1)}…`;
  }
}

function scalar(value: Answer[string]): string | number | boolean {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.join('; ') : value;
}

async function put(out: Writable, text: string): Promise<void> {
  if (text !== '' && !out.write(text)) await once(out, 'drain');
}
