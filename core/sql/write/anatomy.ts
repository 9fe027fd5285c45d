/**
 * Where the clauses of a data-modifying statement begin and end. The tree has no end positions, and INSERT, UPDATE, DELETE
 * and MERGE have no position at all; but what lies between their keywords is known: those that matter (WHERE, RETURNING,
 * FROM, ON) are reserved words that can stand for nothing else outside parentheses, except after a dot or AS.
 *
 * What this file gets wrong is caught later: the rewritten text is parsed again and compared with the intended tree.
 */
import { deny } from '../../errors/denial.ts';
import type { StatementContext } from '../context.ts';
import type { Token } from '../text/lexer.ts';

/** All that is needed to find places in a statement. */
export type StatementText = Pick<StatementContext, 'source' | 'range'>;

/** Byte offsets, end exclusive. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** A token outside all parentheses, or a parenthesised group, or a whole CASE … END. */
export interface Item extends Extent {
  /** Lower-case keyword or name of an unquoted identifier in a place where it may be a keyword; '(' '[' 'case' for groups; punctuation and operators as they are. Else ''. */
  readonly word: string;
}

/** The items from the token at `offset` to the end of the (possibly parenthesised) statement it belongs to. */
export function itemsFrom(context: StatementText, offset: number): readonly Item[] {
  const { source } = context;
  const limit = context.range[1];
  const items: Item[] = [];
  let token = source.tokenAt(offset);
  let previous = token === undefined ? undefined : source.previous(token);
  let caseDepth = 0;
  let caseStart = 0;
  while (token !== undefined && token.start < limit) {
    let end = token.end;
    let word = wordOf(token, previous);
    if (word === ')' || word === ']' || word === ';') break;
    let last: Token = token;
    if (word === '(' || word === '[') {
      const closing = source.tokenAt(source.closing(token.start));
      if (closing === undefined) return lost(context, offset);
      last = closing;
      end = closing.end;
    }
    const start = token.start;
    if (word === 'case') {
      if (caseDepth === 0) caseStart = start;
      caseDepth += 1;
    } else if (word === 'end' && caseDepth > 0) {
      caseDepth -= 1;
      if (caseDepth === 0) items.push({ word: 'case', start: caseStart, end });
      word = 'end of case';
    }
    if (caseDepth === 0 && word !== 'end of case') items.push({ word, start, end });
    previous = last;
    token = source.next(last);
  }
  if (caseDepth > 0) return lost(context, offset);
  return items;
}

function wordOf(token: Token, previous: Token | undefined): string {
  switch (token.kind) {
    case 'identifier':
      return previous !== undefined && (isDot(previous) || (previous.kind === 'identifier' && previous.value === 'as'))
        ? ''
        : token.value;
    case 'punctuation':
    case 'operator':
      return token.value;
    default:
      return '';
  }
}

function isDot(token: Token): boolean {
  return token.kind === 'punctuation' && token.value === '.';
}

/** A run of items, cut at keywords. */
export class Clauses {
  readonly items: readonly Item[];
  readonly #context: StatementText;
  readonly #begin: number;

  /** `begin`: the end of what stands before the items. */
  constructor(context: StatementText, items: readonly Item[], begin: number) {
    this.#context = context;
    this.#begin = begin;
    this.items = items;
  }

  static from(context: StatementText, offset: number): Clauses {
    return new Clauses(context, itemsFrom(context, offset), offset);
  }

  /** What follows the target's name, `ONLY (name)` included. */
  static after(context: StatementText, target: { readonly location?: number }): Clauses {
    const { source } = context;
    const name = source.nameAt(target.location ?? 0);
    const first = source.tokenAt(name.start);
    const before = first === undefined ? undefined : source.previous(first);
    const end = before?.kind === 'punctuation' && before.value === '(' ? source.closing(before.start) + 1 : name.end;
    return Clauses.from(context, end);
  }

  /** Index of the first item with this word at or after `from`; -1 for none. */
  find(word: string, from = 0): number {
    for (let index = from; index < this.items.length; index += 1) if (this.items[index]!.word === word) return index;
    return -1;
  }

  /** As find, but it must be there: the tree says so. */
  need(word: string, from = 0): number {
    const index = this.find(word, from);
    return index < 0 ? lost(this.#context, this.items[from]?.start ?? 0) : index;
  }

  /** Index of the first of these words at or after `from`, or the number of items. */
  firstOf(words: readonly string[], from: number): number {
    for (let index = from; index < this.items.length; index += 1) if (words.includes(this.items[index]!.word)) return index;
    return this.items.length;
  }

  /** Bytes of items [from, to). */
  extent(from: number, to: number): Extent {
    const first = this.items[from];
    const last = this.items[to - 1];
    if (first === undefined || last === undefined || to <= from) return lost(this.#context, this.items[0]?.start ?? 0);
    return { start: first.start, end: last.end };
  }

  /** Where the item before `index` ends; for -1, the last one. */
  endBefore(index: number): number {
    return (index < 0 ? this.items.at(-1) : this.items[index - 1])?.end ?? this.#begin;
  }

  /** Items [from, to) split at commas. */
  list(from: number, to: number): readonly { readonly from: number; readonly to: number }[] {
    const parts: { from: number; to: number }[] = [];
    let begin = from;
    for (let index = from; index <= to; index += 1) {
      if (index < to && this.items[index]!.word !== ',') continue;
      parts.push({ from: begin, to: index });
      begin = index + 1;
    }
    return parts;
  }
}

/** The items inside the parentheses of a group. */
export function inside(context: StatementText, group: Item): Clauses {
  const open = context.source.tokenAt(group.start);
  const first = open === undefined ? undefined : context.source.next(open);
  if (first === undefined) return lost(context, group.start);
  return Clauses.from(context, first.start);
}

/** Tree and text do not agree on where a clause is: nothing can be changed there safely. */
export function lost(context: StatementText, offset: number): never {
  return deny('SLUICE-105', 'The statement could not be rewritten safely: a clause is not where the parser saw it.', {
    location: Math.max(context.range[0], offset),
    rule: 'floor',
    hint: 'Write the statement more simply: no keywords as column labels, and clauses in their usual order.',
  });
}
