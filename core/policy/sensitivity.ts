/**
 * Which columns are sensitive: what the Database declares, what detection has found where it declares nothing, both carried along by
 * lineage.
 *
 * - A generated column has the class of what it is generated from.
 * - Partitions and inheritance children share the classes of their parents, and parents those of their children, by name:
 *   rows of either are read through the other.
 * - A view's columns: the server's rule tree says of most of them which columns they are, or are made of (core/catalog/view-origins.ts).
 *   Of the rest pg_depend says what the whole definition uses, not what each column shows: they are taken to carry the most severe class of
 *   that. If the view depends only on the *table* of a sensitive column, those whose type can hold a whole row (text, json, arrays,
 *   composites …) are taken to carry it, since a whole-row reference leaves no column dependency behind.
 *
 * - A column whose values are rows of another table (`last customers`, arrays of them) has the most severe class of that table.
 *
 * This errs towards masking; `class: none` on the column is the way to say that a person has looked.
 */
import type { Database } from '../../crds/database.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RelationData } from '../catalog/model.ts';
import { objectName } from './bind.ts';
import type { Diagnostic } from './diagnostic.ts';
import { moreSevere } from './masks/classes.ts';
import { displayName, parseNamePattern } from './name-pattern.ts';
import { didYouMean } from './nearest.ts';
import { userRelations } from './user-relations.ts';

/** Relation OID -> attnum -> class. */
export type Classes = ReadonlyMap<number, ReadonlyMap<number, string>>;

export interface Sensitivity {
  readonly classes: Classes;
  readonly diagnostics: readonly Diagnostic[];
}

class Marks {
  readonly classes = new Map<number, Map<number, string>>();
  /** `oid.attnum` that a person declared `none`. */
  readonly exempt = new Set<string>();
  /** `oid.attnum` that a person gave a class: lineage does not change it. */
  readonly declared = new Set<string>();

  get(oid: number, attnum: number): string | undefined {
    return this.classes.get(oid)?.get(attnum);
  }

  /** True when something changed. */
  add(oid: number, attnum: number, name: string): boolean {
    const key = `${oid}.${attnum}`;
    if (this.exempt.has(key)) return false;
    const before = this.get(oid, attnum);
    if (before !== undefined && (this.declared.has(key) || moreSevere(before, name) === before)) return false;
    let columns = this.classes.get(oid);
    if (columns === undefined) this.classes.set(oid, (columns = new Map()));
    columns.set(attnum, name);
    return true;
  }
}

/** `detected` counts unless the Database has switched detection off. */
export function classify(database: Database, catalog: Catalog, detected: Classes): Sensitivity {
  const marks = new Marks();
  const diagnostics = declare(database, catalog, marks);
  if (database.spec.sensitivity.detection === 'Automatic') {
    for (const [oid, columns] of detected) for (const [attnum, name] of columns) marks.add(oid, attnum, name);
  }
  const relations = userRelations(catalog);
  // Views stand on views and partitions under partitions: repeat until nothing moves. Each round marks at least one column.
  let moved = true;
  while (moved) {
    moved = false;
    for (const relation of relations) {
      if (inherit(relation, catalog, marks)) moved = true;
      if (generate(relation, marks)) moved = true;
      if (derive(relation, catalog, marks)) moved = true;
      if (embed(relation, catalog, marks)) moved = true;
    }
  }
  return { classes: marks.classes, diagnostics };
}

function declare(database: Database, catalog: Catalog, marks: Marks): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const declared = new Map<string, { readonly oid: number; readonly attnum: number; readonly class: string }>();
  database.spec.sensitivity.columns.forEach((entry, index) => {
    const path = `spec.sensitivity.columns[${index}]`;
    const place = { severity: 'error', object: objectName(database) } as const;
    const pattern = parseNamePattern(entry.table);
    const relation = pattern === null ? undefined : catalog.relationNamed(pattern.schema, pattern.name);
    if (relation === undefined) {
      const names = userRelations(catalog).map((each) => displayName(each.schema, each.name));
      diagnostics.push({
        ...place,
        reason: 'UnknownTable',
        path: `${path}.table`,
        message: `table ${entry.table} does not exist${didYouMean(entry.table, names)}`,
      });
      return;
    }
    const column = catalog.columnNamed(relation, entry.column);
    if (column === undefined) {
      const names = relation.columns.map((each) => each.name);
      diagnostics.push({
        ...place,
        reason: 'UnknownColumn',
        path: `${path}.column`,
        message: `table ${entry.table} has no column "${entry.column}"${didYouMean(entry.column, names)}`,
      });
      return;
    }
    const key = `${relation.oid}.${column.attnum}`;
    const before = declared.get(key)?.class;
    if (before !== undefined && before !== entry.class) {
      diagnostics.push({
        ...place,
        reason: 'Conflict',
        path: `${path}.class`,
        message: `column "${entry.column}" of ${entry.table} is declared ${before} and ${entry.class}; the one that shows least counts`,
      });
    }
    declared.set(key, { oid: relation.oid, attnum: column.attnum, class: stricter(before, entry.class) });
  });
  for (const [key, entry] of declared) {
    if (entry.class === 'none') {
      marks.exempt.add(key);
    } else {
      marks.add(entry.oid, entry.attnum, entry.class);
      marks.declared.add(key);
    }
  }
  return diagnostics;
}

/** Of two declarations of one column. */
function stricter(before: string | undefined, name: string): string {
  if (before === undefined || before === 'none') return name;
  return name === 'none' ? before : moreSevere(before, name);
}

function inherit(relation: RelationData, catalog: Catalog, marks: Marks): boolean {
  let moved = false;
  for (const oid of relation.parents ?? []) {
    const parent = catalog.relation(oid);
    if (parent === undefined) continue;
    if (copyByName(parent, relation, catalog, marks)) moved = true;
    if (copyByName(relation, parent, catalog, marks)) moved = true;
  }
  return moved;
}

function copyByName(from: RelationData, to: RelationData, catalog: Catalog, marks: Marks): boolean {
  let moved = false;
  for (const [attnum, name] of [...(marks.classes.get(from.oid) ?? [])]) {
    const source = catalog.column(from, attnum);
    const target = source === undefined ? undefined : catalog.columnNamed(to, source.name);
    if (target !== undefined && marks.add(to.oid, target.attnum, name)) moved = true;
  }
  return moved;
}

function generate(relation: RelationData, marks: Marks): boolean {
  let moved = false;
  for (const [attnum, sources] of Object.entries(relation.generatedFrom ?? {})) {
    for (const source of sources) {
      const name = marks.get(relation.oid, source);
      if (name !== undefined && marks.add(relation.oid, Number(attnum), name)) moved = true;
    }
  }
  return moved;
}

/** A stored row holds what the table's columns hold. */
function embed(relation: RelationData, catalog: Catalog, marks: Marks): boolean {
  let moved = false;
  for (const column of relation.columns) {
    const row = rowIn(catalog, column.typeOid);
    if (row === undefined) continue;
    let name: string | undefined;
    for (const each of marks.classes.get(row)?.values() ?? []) name = worse(name, each);
    if (name !== undefined && marks.add(relation.oid, column.attnum, name)) moved = true;
  }
  return moved;
}

/** The relation whose rows a type holds: its row type, an array or a domain of it. */
function rowIn(catalog: Catalog, typeOid: number): number | undefined {
  let type = catalog.type(typeOid);
  for (let hops = 0; hops < 8 && type !== undefined; hops += 1) {
    if (type.relationOid !== undefined) return type.relationOid;
    const inner = type.baseOid ?? type.elementOid;
    type = inner === undefined ? undefined : catalog.type(inner);
  }
  return undefined;
}

/**
 * A view's column that is plainly taken from a base column has that column's class, an expression over known columns the most severe of
 * theirs; every other one may show anything the view uses. Names prove nothing: `ssn AS city` is a view, too.
 */
function derive(view: RelationData, catalog: Catalog, marks: Marks): boolean {
  if (view.dependsOn === undefined || (view.kind !== 'view' && view.kind !== 'matview')) return false;
  let carried: string | undefined;
  let nearby: string | undefined;
  for (const [oid, attnum] of view.dependsOn) {
    for (const name of marks.classes.get(oid)?.values() ?? []) nearby = worse(nearby, name);
    carried = worse(carried, marks.get(oid, attnum));
  }
  let moved = false;
  for (const column of view.columns) {
    const origin = view.columnOrigins?.[column.attnum];
    const sources = origin === undefined ? view.columnSources?.[column.attnum] : [origin];
    const holdsRow = WHOLE_ROW_CATEGORIES.has(catalog.type(column.typeOid)?.category ?? 'U');
    const known = sources?.every(([oid]) => catalog.relation(oid) !== undefined) === true;
    const name = known
      ? sources!.reduce<string | undefined>((worst, source) => worse(worst, marks.get(...source)), undefined)
      : (carried ?? (holdsRow ? nearby : undefined));
    if (name !== undefined && marks.add(view.oid, column.attnum, name)) moved = true;
  }
  return moved;
}

/** pg_type.typcategory of what can hold a whole row as text or structure: arrays, composites, pseudo-types, strings, others. */
const WHOLE_ROW_CATEGORIES: ReadonlySet<string> = new Set(['A', 'C', 'P', 'S', 'U', 'X']);

function worse(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return moreSevere(a, b);
}
