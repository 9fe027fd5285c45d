/**
 * Why a statement may change rows that its own RETURNING does not show. Everything that runs code of users counts, whatever it is said to
 * do: a function that is declared immutable can still call one that writes.
 */
import type { Node } from '@pgsql/types';
import type { CaptureReason } from '../../audit/evidence.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { FunctionData, RelationData } from '../../catalog/model.ts';
import { memoise } from '../names/name-context.ts';
import type { RelationUse } from '../plan.ts';
import { namesOf, stringOf } from '../ast/node.ts';

/** Of the server's own: they run text, and text can call anything. */
const RUN_TEXT = /^(?:(?:query|table|cursor|schema|database)_to_xml|ts_stat$|ts_rewrite$)/;
const WRITES: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** Names of functions in languages of users, and of aggregates made of such. */
const foreignFunctions = memoise(
  (catalog: Catalog) => new Set(catalog.data.functions.filter(isForeign).map((entry) => entry.name)) as ReadonlySet<string>,
);

function isForeign({ schema, language, kind, extension }: FunctionData): boolean {
  if (schema === 'pg_catalog' || schema === 'information_schema') return false;
  return (language !== 'c' && language !== 'internal') || (kind === 'aggregate' && extension === undefined);
}

/** Whether the statement may run code of users, by a call or by a view or policy that it reads through. */
export function callsUnknownCode(catalog: Catalog, statement: Node, reads: readonly RelationUse[]): boolean {
  if (catalog.data.hiddenFunctions === true) return true;
  const foreign = foreignFunctions(catalog);
  const calls = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false;
    if (Array.isArray(value)) return value.some(calls);
    for (const [tag, body] of Object.entries(value)) {
      if (tag === 'FuncCall') {
        const name = namesOf((body as { funcname?: Node[] }).funcname)?.at(-1) ?? '';
        if (foreign.has(name) || RUN_TEXT.test(name) || catalog.functionsNamed(name).length === 0) return true;
      }
      // f(t) can be written t.f.
      if (tag === 'ColumnRef' && named((body as { fields?: Node[] }).fields, foreign)) return true;
      if (tag === 'A_Indirection' && named((body as { indirection?: Node[] }).indirection, foreign)) return true;
      if (calls(body)) return true;
    }
    return false;
  };
  return calls(statement) || reads.some((use) => readsThroughCode(catalog, use.oid, 0));
}

function named(fields: readonly Node[] | undefined, names: ReadonlySet<string>): boolean {
  return (fields ?? []).some((field) => {
    const name = stringOf(field);
    return name !== undefined && names.has(name);
  });
}

function readsThroughCode(catalog: Catalog, oid: number, depth: number): boolean {
  const relation = catalog.relation(oid);
  if (relation === undefined || depth > 32) return true;
  if (relation.writes?.rowSecurity === true) return true;
  if (relation.kind !== 'view') return false;
  if (relation.writes?.callsFunctions === true) return true;
  const behind = new Set((relation.dependsOn ?? []).map(([other]) => other));
  return [...behind].some((other) => readsThroughCode(catalog, other, depth + 1));
}

/** How many data-modifying statements there are in it, itself included. */
export function countWrites(statement: unknown): number {
  if (typeof statement !== 'object' || statement === null) return 0;
  let count = 0;
  for (const [tag, body] of Object.entries(statement)) count += (WRITES.has(tag) ? 1 : 0) + countWrites(body);
  return count;
}

export interface WrittenBy {
  readonly insert: boolean;
  readonly update: boolean;
  readonly delete: boolean;
  /** Names of columns that are assigned by UPDATE or DO UPDATE; null: not known. */
  readonly assigned: ReadonlySet<string> | null;
}

const TG_INSERT = 4;
const TG_DELETE = 8;
const TG_UPDATE = 16;

/** What the relation and everything below it (partitions, children) adds to a write. */
export function relationHazards(catalog: Catalog, relation: RelationData, written: WrittenBy): readonly CaptureReason[] {
  const reasons = new Set<CaptureReason>();
  const names = new Set(relation.columns.map((column) => column.name));
  for (const one of family(catalog, relation)) {
    const facts = one.writes ?? {};
    const events = (written.insert ? TG_INSERT : 0) | (written.update ? TG_UPDATE : 0) | (written.delete ? TG_DELETE : 0);
    // An UPDATE that moves a row to another partition fires triggers of DELETE and INSERT there.
    const moved = written.update && relation.kind === 'partitioned' ? TG_INSERT | TG_DELETE : 0;
    if (((facts.triggers ?? 0) & (events | moved)) !== 0) reasons.add('triggers');
    if (written.delete && facts.cascadesOnDelete === true) reasons.add('cascade');
    if (written.update && changes(one, facts.cascadesOnUpdate, written.assigned, reasons.has('triggers'))) reasons.add('cascade');
    if (facts.callsFunctions === true) reasons.add('nested');
    if (one !== relation && one.columns.some((column) => !names.has(column.name))) reasons.add('inheritance');
    if (one !== relation && (one.kind === 'foreign' || one.writes?.rules !== undefined)) reasons.add('not-a-table');
  }
  return [...reasons];
}

function changes(
  relation: RelationData,
  attnums: readonly number[] | undefined,
  assigned: ReadonlySet<string> | null,
  unknown: boolean,
): boolean {
  if (attnums === undefined) return false;
  if (assigned === null || unknown) return true;
  return relation.columns.some((column) => attnums.includes(column.attnum) && assigned.has(column.name));
}

/** The relation and all its descendants. */
export function family(catalog: Catalog, relation: RelationData): readonly RelationData[] {
  const found = new Set<RelationData>([relation]);
  for (const one of found) for (const child of catalog.children(one.oid)) found.add(child);
  return [...found];
}
