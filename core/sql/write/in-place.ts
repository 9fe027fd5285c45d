/**
 * The target of UPDATE, DELETE, MERGE and ON CONFLICT stays where it is: it cannot be a subquery. So here, and only here, masks
 * are put at each reference. That way a reference that is overlooked would be raw data, not an error; therefore everything
 * that is not a plain reference to a known column (the whole row, functional notation, a column that is not granted) is
 * refused, and the column is spelled out with the target's name in front so that it can mean nothing else.
 *
 * Reading a column of the target needs Select on it, also in WHERE and RETURNING, as in PostgreSQL.
 */
import type { Node } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import { DenialError, denial, deny } from '../../errors/denial.ts';
import { type GovernedRelation, type Mask, renderTemplate, type SqlTemplate } from '../../policy/bundle.ts';
import type { ColumnReference, ScopeSource, StatementContext } from '../context.ts';
import { expressionTree } from './template.ts';
import { shown, shownColumn } from './display.ts';

/** What was found under one reference to the target. */
export interface LoggedReference {
  /** The reference as it stands in the tree (now the mask, if it was masked). */
  readonly node: Node;
  readonly attnum: number | '*';
  readonly masked: boolean;
}

/** All references to the target's rows met so far, in order of discovery. */
export class ReferenceLog {
  readonly entries: LoggedReference[] = [];

  /** Position to remember before walking an expression. */
  get mark(): number {
    return this.entries.length;
  }

  since(mark: number): readonly LoggedReference[] {
    return this.entries.slice(mark);
  }

  get references(): ReadonlyMap<Node, number | '*'> {
    return new Map(this.entries.map((entry) => [entry.node, entry.attnum]));
  }
}

export interface InPlaceOptions {
  readonly context: StatementContext;
  readonly relation: RelationData;
  /** What the policies grant: permissions are judged and recorded by it. */
  readonly grant: GovernedRelation;
  /** The masks to apply: the grant's, except while the policies only observe. */
  readonly applied: GovernedRelation;
  /** How the client refers to it: alias, relation name, or `excluded`, `old`, `new`. */
  readonly name: string;
  /** Given when it may also be referred to as `schema.name`. */
  readonly schema?: string;
  /**
   * `row`: stored values, masked as granted. `proposed`: values that the client itself has just given (`excluded`), and names
   * that only choose an index: what may be inserted may be mentioned, nothing is masked.
   */
  readonly values: 'row' | 'proposed';
  readonly log: ReferenceLog;
  /** `excluded`, `old` and `new`: an unqualified name never means them. */
  readonly qualifiedOnly?: boolean;
  /** Names that inner queries give to their own sources: an unqualified reference from there cannot be qualified. */
  readonly shadows: ReadonlySet<string>;
}

/** Stands for all system columns in the log: like theirs in pg_attribute it is negative. */
const SYSTEM_ATTNUM = -1;

export function inPlaceSource(options: InPlaceOptions): ScopeSource {
  const { relation, name, schema } = options;
  const columns = relation.columns.map((column) => ({
    name: column.name,
    origin: { relation, attnum: column.attnum },
    typeOid: column.typeOid,
  }));
  return {
    name,
    ...(schema === undefined ? {} : { schema }),
    kind: 'in-place',
    relation,
    columns,
    ...(isOpen(options) ? {} : { strict: true as const }),
    ...(options.qualifiedOnly ? { columnsVisible: false } : {}),
    systemColumns: options.values === 'row' && !['view', 'foreign'].includes(relation.kind),
    onReference: (reference) => onReference(options, reference),
  };
}

/** Everything of it may be read as it is: a column that is newer than our catalog, too. */
function isOpen({ applied }: InPlaceOptions): boolean {
  return applied.select?.open === true;
}

function onReference(options: InPlaceOptions, reference: ColumnReference): void {
  const { context, relation, log, values } = options;
  const location = reference.range[0];
  if (reference.column === 'whole-row') {
    checkWholeRow(options, location);
    if (values === 'row') context.facts.read(relation, '*', 'Select');
    log.entries.push({ node: reference.node, attnum: '*', masked: false });
    return;
  }
  const attnum = reference.column.origin?.attnum;
  if (attnum === undefined) {
    logSystemColumn(options, reference, reference.column.name);
    return;
  }
  if (values === 'proposed') {
    if (!mentionable(options.grant).has(attnum)) refuseColumn(options, reference.column.name, location);
    return;
  }
  const mask = readColumn(options, attnum, reference.column.name, location);
  if (mask !== undefined) replaceByMask(options, reference, mask);
  log.entries.push({ node: reference.node, attnum, masked: mask !== undefined });
}

/** ctid, xmin, tableoid …: they tell nothing of a column's value, but only a reader may ask. */
function logSystemColumn(options: InPlaceOptions, reference: ColumnReference, name: string): void {
  if (options.values === 'row' && options.grant.select === undefined) refuseColumn(options, name, reference.range[0]);
  options.log.entries.push({ node: reference.node, attnum: SYSTEM_ATTNUM, masked: false });
}

/** Checks Select on the column, records it, and gives the mask that is to be applied. */
export function readColumn(options: InPlaceOptions, attnum: number, name: string, location: number): Mask | undefined {
  const { context, relation, grant } = options;
  const readable = grant.select?.columns.find((column) => column.attnum === attnum);
  if (readable === undefined) refuseColumn(options, name, location);
  else context.facts.read(relation, name, 'Select');
  if (readable?.mask !== undefined) context.facts.mask(relation, name, readable.mask);
  const mask = appliedMask(options, attnum);
  if (mask !== undefined) context.facts.governed();
  return mask;
}

export function appliedMask({ applied }: { readonly applied: GovernedRelation }, attnum: number): Mask | undefined {
  return applied.select?.columns.find((column) => column.attnum === attnum)?.mask;
}

function replaceByMask(options: InPlaceOptions, reference: ColumnReference, mask: Mask): void {
  const { context, name, shadows } = options;
  const [start, end] = reference.range;
  if (isUnqualified(reference.node) && shadows.has(name)) {
    deny(
      'SLUICE-602',
      `A reference to a masked column of ${shownColumn(name)} stands inside a subquery that uses that name for something else.`,
      {
        location: start,
        rule: mask.rule,
        hint: 'Give the tables in the subquery aliases of their own.',
      },
    );
  }
  const text = renderColumn(options, mask.template);
  context.frames.unsafe();
  context.edit({ start, end, replacement: text });
  reference.replace(expressionTree(context, text));
}

/** A template over this target's columns, as SQL text. */
export function renderColumn(target: { readonly relation: RelationData; readonly name: string }, template: SqlTemplate): string {
  return renderTemplate(template, (attnum) => columnText(target, attnum));
}

/** `"name"."column"`. */
export function columnText(target: { readonly relation: RelationData; readonly name: string }, attnum: number): string {
  const column = target.relation.columns.find((candidate) => candidate.attnum === attnum);
  if (column === undefined) {
    return deny('SLUICE-105', `The policy speaks of a column of ${shown(target.relation)} that does not exist any more.`, {
      rule: 'floor',
      hint: 'Try again: the schema is being read anew.',
    });
  }
  return `${quoteIdentifier(target.name)}.${quoteIdentifier(column.name)}`;
}

function isUnqualified(node: Node): boolean {
  const reference = (node as { ColumnRef?: { fields?: readonly Node[] } }).ColumnRef;
  return reference === undefined || (reference.fields ?? []).length < 2;
}

/** attnums that may be named where nothing is read: as a proposed value, or to choose an index. */
function mentionable(grant: GovernedRelation): ReadonlySet<number> {
  return new Set([...(grant.insert?.columns ?? []), ...(grant.select?.columns.map((column) => column.attnum) ?? [])]);
}

function checkWholeRow(options: InPlaceOptions, location: number): void {
  const { relation, grant, applied, context, values } = options;
  const readable = new Set(grant.select?.columns.map((column) => column.attnum) ?? []);
  const masked = values === 'row' && (applied.select?.columns.some((column) => column.mask !== undefined) ?? false);
  const mentioned = mentionable(grant);
  const hidden = relation.columns.some(
    (column) => !(values === 'row' ? readable.has(column.attnum) : mentioned.has(column.attnum)),
  );
  if (!masked && !hidden) return;
  const refusal = denial(
    'SLUICE-602',
    `The whole row of ${shownColumn(options.name)} cannot be used here: some of its columns are masked or not granted.`,
    {
      location,
      ...ruleOf(grant),
      hint: `Name the columns: ${readableNames(relation, grant).join(', ') || 'none is granted for reading'}.`,
    },
  );
  if (masked) throw new DenialError(refusal);
  context.refuse(refusal);
}

function refuseColumn(options: InPlaceOptions, name: string, location: number): void {
  const { relation, grant, context } = options;
  const own = relation.columns.find((column) => column.name === name);
  const refusal =
    grant.select === undefined && own !== undefined
      ? denial(
          'SLUICE-203',
          `Reading columns of ${shown(relation)} is not granted, and this statement reads ${shownColumn(name)}.`,
          {
            location,
            hint: 'WHERE, RETURNING and expressions over the table’s own columns need Select on them.',
          },
        )
      : denial('SLUICE-202', `Column ${shownColumn(name)} of ${shown(relation)} does not exist or is not granted.`, {
          location,
          ...ruleOf(grant),
          hint: `Granted for reading: ${readableNames(relation, grant).join(', ') || 'none'}.`,
        });
  context.refuse(refusal);
}

function ruleOf(grant: GovernedRelation): { rule?: string } {
  const rule = grant.select?.rules[0];
  return rule === undefined ? {} : { rule };
}

export function readableNames(relation: RelationData, grant: GovernedRelation): string[] {
  const granted = new Set(grant.select?.columns.map((column) => column.attnum) ?? []);
  return relation.columns.filter((column) => granted.has(column.attnum)).map((column) => column.name);
}
