/**
 * A mask spec and a column become a SQL template of exactly the column's type. The end is always a cast to the declared type
 * with its modifier (and the collation where the column has one of its own): a CASE or a function alone would widen
 * varchar(40) to text, and clients, views and UNIONs would notice.
 */
import { type Catalog, quoteLiteral } from '../../catalog/catalog.ts';
import type { ColumnData } from '../../catalog/model.ts';
import type { MaskSpec } from '../../../crds/database-access-policy.ts';
import type { Mask, SqlTemplate } from '../bundle.ts';
import { CLASS_TEXTS, classMask } from './classes.ts';
import { typeConstant } from './constants.ts';
import { type MaskExpression, decadeOf, derivedExpression } from './kinds.ts';
import { constantProblem } from './literal.ts';
import { plausibilityOf } from './plausible.ts';
import { type TypeShape, shapeOf } from './type-shape.ts';

export interface CompiledMask extends Pick<Mask, 'kind' | 'template' | 'ofBaseType'> {
  /** The spec could not be applied to the type and the column is redacted instead: one sentence why. */
  readonly problem?: string;
}

/** Stands for the column while the text is put together; no SQL of ours contains it. */
const COLUMN = '\u0000column\u0000';

/** Never fails: what does not fit the type is redacted, and `problem` says so. */
export function compileMask(spec: MaskSpec, column: ColumnData, catalog: Catalog): CompiledMask {
  const shape = shapeOf(column, catalog);
  return ofType(compileFor(spec, column, shape, catalog), shape);
}

/** The mask of a class that no policy overrides. */
export function compileClassMask(name: string, column: ColumnData, catalog: Catalog): CompiledMask {
  const shape = shapeOf(column, catalog);
  const decade = name === 'pii.birth-date' && YEAR_NAME.test(column.name) ? decadeOf(shape) : undefined;
  if (decade !== undefined) return ofType({ kind: 'date', template: derived(decade, column, shape) }, shape);
  const text = Object.hasOwn(CLASS_TEXTS, name) ? CLASS_TEXTS[name] : undefined;
  const { problem: _, ...compiled } = compileFor(classMask(name, shape), column, shape, catalog, text);
  return ofType(compiled, shape);
}

/** A number by such a name is a year and nothing finer. */
const YEAR_NAME = /(?:^|[^a-z])(?:year|yr|yob|jahr|jaar|annee|année|anno|ano|año)(?:[^a-z]|$)|birthyear|yearofbirth|geburtsjahr/i;

function ofType(compiled: CompiledMask, shape: TypeShape): CompiledMask {
  return shape.ofBaseType ? { ...compiled, ofBaseType: true } : compiled;
}

/** `text` replaces `[redacted]`. */
function compileFor(spec: MaskSpec, column: ColumnData, shape: TypeShape, catalog: Catalog, text?: string): CompiledMask {
  const kind = maskKind(spec);
  if (kind === 'nullify') return { kind, template: [nothing(shape, catalog)] };
  if (kind === 'redact') return { kind, template: [redacted(shape, catalog, text)] };
  if (spec.constant !== undefined) {
    const problem = constantProblem(spec.constant.value, shape);
    if (problem === undefined)
      return { kind, template: [collated(`CAST(${quoteLiteral(spec.constant.value)} AS ${shape.type})`, shape)] };
    return refuse(`constant does not fit ${column.type}: expected ${problem}`, shape, catalog);
  }
  const expression = derivedExpression(spec, shape);
  if (expression === undefined) return refuse(`${kind} does not apply to ${column.type}`, shape, catalog);
  return { kind, template: derived(expression, column, shape) };
}

function derived(expression: MaskExpression, column: ColumnData, shape: TypeShape): SqlTemplate {
  return template(collated(`CAST(${expression(COLUMN)} AS ${shape.type})`, shape), column.attnum);
}

export function maskKind(spec: MaskSpec): string {
  return Object.keys(spec)[0] ?? 'redact';
}

function refuse(problem: string, shape: TypeShape, catalog: Catalog): CompiledMask {
  return { kind: 'redact', template: [redacted(shape, catalog)], problem };
}

/** NULL, unless the column or one of its CHECKs certainly refuses it. */
function nothing(shape: TypeShape, catalog: Catalog): string {
  const possible = shape.nullable && plausibilityOf(shape, catalog)?.verdict(null) !== false;
  const constant = possible ? undefined : typeConstant(shape, catalog);
  return collated(constant ?? `CAST(NULL AS ${shape.type})`, shape);
}

/** Types without a constant that says "nothing here" show NULL where they can. */
function redacted(shape: TypeShape, catalog: Catalog, text?: string): string {
  const silent = shape.family === 'enum' || shape.family === 'composite' || shape.family === 'other';
  if (silent && shape.nullable) return nothing(shape, catalog);
  return collated(typeConstant(shape, catalog, text) ?? `CAST(NULL AS ${shape.type})`, shape);
}

function collated(text: string, shape: TypeShape): string {
  return shape.collation === undefined ? text : `(${text} COLLATE ${shape.collation})`;
}

function template(text: string, attnum: number): SqlTemplate {
  return text.split(COLUMN).flatMap((piece, index) => (index === 0 ? [piece] : [attnum, piece]));
}
