/** Collects what a statement reads, writes and is judged by, for the audit. Names and kinds only, never a value. */
import type { RelationData } from '../catalog/model.ts';
import type { Action, Bundle, GovernedRelation, Mask, RowFilter } from '../policy/bundle.ts';
import type { FactCollector } from './context.ts';
import { memoise } from './names/name-context.ts';
import type { RelationUse, StatementFacts } from './plan.ts';
import { sqlIdentifier } from './scope/hints.ts';

interface Use {
  readonly relation: RelationData;
  readonly action: Action;
  readonly columns: Set<string>;
}

export class Facts implements FactCollector {
  readonly #reads = new Map<string, Use>();
  readonly #writes = new Map<string, Use>();
  readonly #unknownReads = new Map<string, RelationUse>();
  readonly #unknownWrites = new Map<string, RelationUse>();
  readonly #masks: Record<string, string> = {};
  readonly #filters: Record<string, readonly string[]> = {};
  readonly #functions = new Set<string>();
  readonly #rules = new Set<string>();
  touchesGoverned = false;

  read(relation: RelationData, column: string | '*' | null, action: Action = 'Select'): void {
    add(this.#reads, relation, column, action);
  }

  write(relation: RelationData, column: string | null, action: Action): void {
    add(this.#writes, relation, column, action);
  }

  unknown(name: string, action: Action): void {
    const uses = action === 'Select' || action === 'Explain' ? this.#unknownReads : this.#unknownWrites;
    uses.set(`${name} ${action}`, { oid: 0, relation: name, columns: [], action });
  }

  mask(relation: RelationData, column: string, mask: Mask): void {
    this.#masks[`${displayName(relation)}.${sqlIdentifier(column)}`] = mask.kind;
    this.#rules.add(mask.rule);
  }

  filter(relation: RelationData, filter: RowFilter): void {
    this.#filters[displayName(relation)] = filter.rules;
    for (const rule of filter.rules) this.#rules.add(rule);
  }

  function(name: string): void {
    this.#functions.add(name);
  }

  rule(rule: string): void {
    this.#rules.add(rule);
  }

  governed(): void {
    this.touchesGoverned = true;
  }

  /** Adds what a statement inside this one found. */
  merge(other: Facts): void {
    for (const use of other.#reads.values())
      for (const column of [null, ...use.columns]) add(this.#reads, use.relation, column, use.action);
    for (const use of other.#writes.values())
      for (const column of [null, ...use.columns]) add(this.#writes, use.relation, column, use.action);
    for (const [key, use] of other.#unknownReads) this.#unknownReads.set(key, use);
    for (const [key, use] of other.#unknownWrites) this.#unknownWrites.set(key, use);
    Object.assign(this.#masks, other.#masks);
    Object.assign(this.#filters, other.#filters);
    for (const name of other.#functions) this.#functions.add(name);
    for (const rule of other.#rules) this.#rules.add(rule);
    this.touchesGoverned ||= other.touchesGoverned;
  }

  snapshot(bundle: Bundle): StatementFacts {
    const clear = this.#clear(bundle);
    return {
      reads: [...uses(this.#reads), ...this.#unknownReads.values()],
      writes: [...uses(this.#writes), ...this.#unknownWrites.values()],
      masks: { ...this.#masks },
      ...(clear === undefined ? {} : { clear }),
      filters: { ...this.#filters },
      functions: [...this.#functions],
      rules: [...this.#rules],
    };
  }

  /**
   * By what is applied, not by what is recorded: in Observe `masks` has what Enforce would have applied. A column that is read under a mask in one
   * place of a statement is under it in all of them.
   */
  #clear(bundle: Bundle): Readonly<Record<string, string>> | undefined {
    let clear: Record<string, string> | undefined;
    for (const { relation, columns } of this.#reads.values()) {
      const applied = appliedOf(bundle).get(relation.oid);
      if (applied === undefined || columns.size === 0) continue;
      for (const { attnum, name } of relation.columns) {
        const sensitivity = applied.classes[attnum];
        if (sensitivity === undefined || !columns.has(name) || isMasked(applied, attnum)) continue;
        clear ??= {};
        clear[`${displayName(relation)}.${sqlIdentifier(name)}`] = sensitivity;
      }
    }
    return clear;
  }
}

const appliedOf = memoise(
  (bundle: Bundle): ReadonlyMap<number, GovernedRelation> =>
    new Map((bundle.effective ?? bundle.relations).map((relation) => [relation.oid, relation])),
);

function isMasked({ select }: GovernedRelation, attnum: number): boolean {
  return select?.columns.find((column) => column.attnum === attnum)?.mask !== undefined;
}

function add(map: Map<string, Use>, relation: RelationData, column: string | '*' | null, action: Action): void {
  const key = `${relation.oid} ${action}`;
  let use = map.get(key);
  if (use === undefined) map.set(key, (use = { relation, action, columns: new Set() }));
  if (column === '*') for (const own of relation.columns) use.columns.add(own.name);
  else if (column !== null) use.columns.add(column);
}

function uses(map: ReadonlyMap<string, Use>): readonly RelationUse[] {
  return [...map.values()].map(({ relation, action, columns }) => ({
    oid: relation.oid,
    relation: displayName(relation),
    columns: [...columns],
    action,
  }));
}

function displayName(relation: RelationData): string {
  return `${sqlIdentifier(relation.schema)}.${sqlIdentifier(relation.name)}`;
}
