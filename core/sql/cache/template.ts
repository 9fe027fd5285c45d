/**
 * A plan with holes: made for one statement, filled for another of the same shape. The literals' own bytes go where the first
 * statement's stood; everything else of the text, edits included, moves along.
 */
import type { ParseTree } from '../parse/parser.ts';
import type { Edit, StatementPlan } from '../plan.ts';
import { freeLiterals } from './free-literals.ts';
import type { Shape } from './shape.ts';

export interface Template {
  readonly plan: StatementPlan;
  /** Of the statement it was made for. */
  readonly literals: readonly number[];
  /** Indices (into the list of literals) of those whose value is part of the key. */
  readonly pinned: readonly number[];
}

/** Undefined when the plan cannot serve another statement. `tree` is that of the same text. */
export function templateOf(plan: StatementPlan, bytes: Buffer, shape: Shape, tree: ParseTree): Template | undefined {
  if (plan.decision !== 'allow' || !plan.cacheable || plan.observed !== undefined || plan.effect.kind !== 'none')
    return undefined;
  if (plan.pinned === undefined || plan.pinned === 'all' || plan.uses !== undefined || plan.copyIn) return undefined;
  const { literals } = shape;
  const count = literals.length / 2;
  const free = new Set<number>();
  for (const location of freeLiterals(tree)) {
    const index = literalAt(bytes, literals, location);
    if (index !== undefined) free.add(index);
  }
  for (const location of plan.pinned) {
    const index = literalAt(bytes, literals, location);
    // A pinned place that is no literal of ours is a literal in the key anyway, or something we do not understand.
    if (index === undefined && !isLiteralStart(bytes, location)) return undefined;
    if (index !== undefined) free.delete(index);
  }
  const pinned: number[] = [];
  for (let index = 0; index < count; index += 1) {
    if (!free.has(index) || touched(plan.edits, literals[index * 2]!, literals[index * 2 + 1]!)) pinned.push(index);
  }
  return pinned.length === count ? undefined : { plan, literals, pinned };
}

/** The literal that starts at a location of the tree; a negative number's location is that of its sign. */
function literalAt(bytes: Buffer, literals: readonly number[], location: number): number | undefined {
  let start = location;
  if (bytes[start] === 0x2d) {
    start += 1;
    while (bytes[start] === 0x20) start += 1;
  }
  for (let index = 0; index < literals.length; index += 2) if (literals[index] === start) return index / 2;
  return undefined;
}

function isLiteralStart(bytes: Buffer, location: number): boolean {
  return /^[0-9.'$eEuUbBxXnN-]$/.test(String.fromCharCode(bytes[location] ?? 0));
}

/** Whether a replacement covers or borders on the literal. Text that is added behind it and kept apart leaves it alone. */
function touched(edits: readonly Edit[], start: number, end: number): boolean {
  return edits.some(
    (edit) => edit.start <= end && edit.end >= start && !(edit.start === end && edit.replacement.startsWith(' ')),
  );
}

/** What the values of the pinned literals are, as a key. */
export function pinnedKey(pinned: readonly number[], bytes: Buffer, literals: readonly number[]): string {
  let key = '';
  for (const index of pinned) key += `${bytes.toString('latin1', literals[index * 2]!, literals[index * 2 + 1]!)}\0`;
  return key;
}

/** The plan for `bytes`, which has the template's shape and the same pinned literals. */
export function fill(template: Template, bytes: Buffer, literals: readonly number[]): StatementPlan {
  const { plan } = template;
  const range: readonly [number, number] = [move(template, literals, plan.range[0]), move(template, literals, plan.range[1])];
  if (plan.edits.length === 0) return { ...plan, range, text: bytes.toString('utf8', range[0], range[1]), pinned: 'all' };
  const edits: Edit[] = [];
  let text = '';
  let offset = range[0];
  for (const edit of plan.edits) {
    const start = move(template, literals, edit.start);
    const end = move(template, literals, edit.end);
    edits.push({ start, end, replacement: edit.replacement });
    text += bytes.toString('utf8', offset, start) + edit.replacement;
    offset = end;
  }
  text += bytes.toString('utf8', offset, range[1]);
  return { ...plan, range, edits, text, pinned: 'all' };
}

/** Where an offset of the template's text (never inside a literal) is in the other one. */
function move(template: Template, literals: readonly number[], offset: number): number {
  const original = template.literals;
  let moved = offset;
  for (let index = 0; index < original.length && original[index + 1]! <= offset; index += 2) {
    moved += literals[index + 1]! - literals[index]! - (original[index + 1]! - original[index]!);
  }
  return moved;
}
