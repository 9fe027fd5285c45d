/**
 * A guide as a program: the commands of its ```console blocks, in order, and what it says they print. `…` in the output stands for whatever
 * differs from cluster to cluster; a line of `…` alone for any lines. Blocks of other kinds are not run.
 */

export interface Step {
  /** Of the guide's text, from 1. */
  readonly line: number;
  /** As a shell takes it; several lines where the guide continues one or has a here-document. */
  readonly command: string;
  /** Empty: the guide does not show any. */
  readonly output: readonly string[];
}

export function stepsOf(markdown: string): readonly Step[] {
  const steps: Step[] = [];
  let fence: string | undefined;
  let block: Numbered[] = [];
  for (const [index, text] of markdown.split('\n').entries()) {
    const mark = /^```(.*)$/.exec(text);
    if (mark === null) {
      if (fence === 'console') block.push({ line: index + 1, text });
    } else if (fence === undefined) {
      fence = mark[1]!.trim();
      block = [];
    } else {
      if (fence === 'console') steps.push(...stepsOfBlock(block));
      fence = undefined;
    }
  }
  return steps;
}

interface Numbered {
  readonly line: number;
  readonly text: string;
}

function stepsOfBlock(lines: readonly Numbered[]): readonly Step[] {
  const steps: Step[] = [];
  let at = 0;
  while (at < lines.length) {
    const { line, text } = lines[at++]!;
    if (!text.startsWith('$ '))
      throw new Error(`line ${line}: a command begins with "$ "; this stands before the first one: ${text}`);
    const command = [text.slice(2)];
    while (command.at(-1)!.endsWith('\\')) command.push(lines[at++]?.text ?? '');
    const end = /<<-?\s*(['"]?)(\w+)\1/.exec(command.join('\n'))?.[2];
    if (end !== undefined) {
      while (lines[at] !== undefined && command.at(-1) !== end) command.push(lines[at++]!.text);
      if (command.at(-1) !== end) throw new Error(`line ${line}: the here-document does not end with ${end}`);
    }
    const output: string[] = [];
    while (lines[at] !== undefined && !lines[at]!.text.startsWith('$ ')) output.push(lines[at++]!.text);
    steps.push({ line, command: command.join('\n'), output });
  }
  return steps;
}

/** Undefined when it is what the guide says; otherwise both, side by side. Runs of spaces count as one: columns are as wide as their content. */
export function difference(shown: readonly string[], printed: string): string | undefined {
  const real = printed
    .split('\n')
    .map(plain)
    .filter((line) => line !== '');
  const expected = shown.map(plain).filter((line) => line !== '');
  if (expected.length === 0 || matches(expected, real)) return undefined;
  return `the guide says\n${indent(expected)}\nit printed\n${indent(real)}`;
}

function matches(expected: readonly string[], real: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return real.length === 0;
  if (first === '…') return real.some((_, at) => matches(rest, real.slice(at))) || matches(rest, []);
  return real.length > 0 && pattern(first).test(real[0]!) && matches(rest, real.slice(1));
}

function pattern(line: string): RegExp {
  return new RegExp(
    `^${line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
}

/** Rules under headings are as long as their columns are wide. */
function plain(line: string): string {
  return line.replaceAll(/\s+/g, ' ').replaceAll(/-{3,}/g, '---').trim();
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `    ${line}`).join('\n');
}
