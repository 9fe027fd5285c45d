/**
 * Where calls, arguments and casts begin and end in the text. The tree has no end positions, and casts are located at their
 * `::`, so this walks tokens. Used only where something must be put around them.
 */
import type { FuncCall, TypeCast } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { leftmost, locationOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import type { Token } from '../text/lexer.ts';
import type { Source } from '../text/source.ts';

export type Span = readonly [start: number, end: number];

export interface CallSpans {
  /** Name and parentheses. */
  readonly call: Span;
  readonly name: Span;
  readonly arguments: readonly Span[];
}

function lost(location: number): never {
  return deny('SLUICE-105', 'The statement could not be rewritten safely: an expression was not found in the text.', {
    location: Math.max(0, location),
    rule: 'floor',
  });
}

/** `name(a, b)`. Throws SLUICE-105 for the forms of the grammar that are not written so. */
export function callSpans(context: StatementContext, call: FuncCall): CallSpans {
  const { source } = context;
  const start = locationOf(call);
  if (call.funcformat !== 'COERCE_EXPLICIT_CALL') lost(start);
  const name = source.nameAt(start);
  const open = source.tokenAt(name.end);
  if (open?.value !== '(') return lost(start);
  const close = source.closing(open.start);
  const spans = splitArguments(source, open, close);
  const star = call.agg_star === true;
  if (spans.length !== (star ? 1 : (call.args?.length ?? 0))) lost(start);
  return { call: [start, close + 1], name: [name.start, name.end], arguments: star ? [] : spans };
}

function splitArguments(source: Source, open: Token, close: number): Span[] {
  const spans: Span[] = [];
  let token = source.next(open);
  let first: Token | undefined;
  let last: Token | undefined;
  while (token !== undefined && token.start < close) {
    if (token.kind === 'punctuation' && token.value === ',') {
      if (first === undefined || last === undefined) return [];
      spans.push([first.start, last.end]);
      first = undefined;
    } else {
      first ??= token;
      last = token;
      if (token.kind === 'punctuation' && (token.value === '(' || token.value === '[')) {
        last = source.tokenAt(source.closing(token.start));
        if (last === undefined) return [];
      }
    }
    token = source.next(last === undefined || first === undefined ? token : last);
  }
  if (first !== undefined && last !== undefined) spans.push([first.start, last.end]);
  return spans;
}

export interface CastSpans {
  /** The whole cast. */
  readonly cast: Span;
  readonly operand: Span;
}

/** `x::t`, `CAST(x AS t)` and `t 'x'`. */
export function castSpans(context: StatementContext, cast: TypeCast): CastSpans {
  const { source } = context;
  const location = cast.location ?? 0;
  if (location < 0) return literalCast(context, cast);
  const token = source.tokenAt(location);
  if (token === undefined || token.start !== location) return lost(location);
  if (token.value === '::') return typecast(context, token, cast);
  const open = source.next(token);
  if (token.kind !== 'identifier' || token.value !== 'cast' || open?.value !== '(') return lost(location);
  const close = source.closing(open.start);
  const as = lastAs(source, open, close);
  const before = source.previous(as)!;
  return { cast: [location, close + 1], operand: [source.next(open)!.start, before.end] };
}

function lastAs(source: Source, open: Token, close: number): Token {
  let found: Token | undefined;
  for (let token = source.next(open); token !== undefined && token.start < close; token = source.next(token)) {
    if (token.kind === 'identifier' && token.value === 'as') found = token;
    if (token.kind === 'punctuation' && (token.value === '(' || token.value === '['))
      token = source.tokenAt(source.closing(token.start))!;
  }
  return found ?? lost(open.start);
}

/** The operand starts at the leftmost token of its tree; what stands before it in parentheses belongs to it. */
function typecast(context: StatementContext, operator: Token, cast: TypeCast): CastSpans {
  const { source } = context;
  const last = source.previous(operator)!;
  const start = openingOf(source, last, leftmost(cast.arg) ?? lost(operator.start));
  const end = typeEnd(source, operator);
  return { cast: [start, end], operand: [start, last.end] };
}

/** Opening parentheses directly before `start` whose partners end at or before the operand's last token. */
function openingOf(source: Source, last: Token, start: number): number {
  let first = start;
  for (let token = source.tokenAt(start); token !== undefined; ) {
    const previous = source.previous(token);
    if (previous?.value !== '(' || source.closing(previous.start) > last.start) break;
    first = previous.start;
    token = previous;
  }
  return first;
}

/** After `::`: a dotted name, modifiers in parentheses, array brackets or the word ARRAY. */
function typeEnd(source: Source, operator: Token): number {
  const name = source.next(operator);
  if (name === undefined) return lost(operator.start);
  let { end } = source.nameAt(name.start);
  const modifiers = source.tokenAt(end);
  if (modifiers?.value === '(') end = source.closing(modifiers.start) + 1;
  const array = source.tokenAt(end);
  if (array?.kind === 'identifier' && array.value === 'array') end = array.end;
  for (let next = source.tokenAt(end); next?.value === '['; next = source.tokenAt(end)) end = source.closing(next.start) + 1;
  return end;
}

/** Keywords that end a target at depth zero. */
const AFTER_TARGET: ReadonlySet<string> = new Set([
  ...[
    'from',
    'where',
    'group',
    'having',
    'window',
    'union',
    'intersect',
    'except',
    'order',
    'limit',
    'offset',
    'fetch',
    'for',
    'into',
  ],
]);

/** Where a target without AS that starts at `start` ends. */
export function targetEnd(context: StatementContext, start: number): number {
  const { source } = context;
  let end = start;
  for (let token = source.tokenAt(start); token !== undefined; token = source.next(token)) {
    if (token.kind === 'punctuation' && (token.value === ',' || token.value === ')' || token.value === ';')) break;
    if (token.kind === 'identifier' && AFTER_TARGET.has(token.value)) {
      const before = source.previous(token);
      if (token.value !== 'from' || before?.kind !== 'identifier' || before.value !== 'distinct') break;
    }
    if (token.start >= context.range[1]) break;
    if (token.kind === 'punctuation' && (token.value === '(' || token.value === '['))
      token = source.tokenAt(source.closing(token.start))!;
    end = token.end;
  }
  return end;
}

function literalCast(context: StatementContext, cast: TypeCast): CastSpans {
  const { source } = context;
  const start = cast.typeName?.location ?? 0;
  const literal = leftmost(cast.arg);
  const token = literal === undefined ? undefined : source.tokenAt(literal);
  if (token?.kind !== 'string') return lost(start);
  return { cast: [start, token.end], operand: [token.start, token.end] };
}
