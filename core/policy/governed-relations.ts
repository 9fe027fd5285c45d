/**
 * From united grants to the rules the SQL core applies: which columns a relation has for the subject and how each looks.
 *
 * How a column looks, first match wins:
 *   1. its class is in `protection.neverReveal`: an explicit mask that shows nothing of the value, else the class's mask
 *   2. an explicit mask of a policy (also one on a parent table, so that a partition is no way around it)
 *   3. `reveal`: in clear
 *   4. it has a class: the class's mask
 *   5. in clear
 */
import type { MaskSpec } from '../../crds/database-access-policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ColumnData, RelationData } from '../catalog/model.ts';
import type { Action, GovernedRelation, Mask, ReadRule, ReadableColumn, WriteRule } from './bundle.ts';
import type { Diagnostic } from './diagnostic.ts';
import { compileClassMask, compileMask, maskKind } from './masks/compile-mask.ts';
import { displayName } from './name-pattern.ts';
import type { Classes } from './sensitivity.ts';
import { type ContributionIndex, type ExplicitMask, type United, contributionKey, unite } from './unite.ts';

export interface RelationInput {
  readonly catalog: Catalog;
  readonly classes: Classes;
  readonly index: ContributionIndex;
  readonly neverReveal: ReadonlySet<string>;
  /** Detection may yet find columns sensitive that are not known now. */
  readonly detects: boolean;
  /** `protection.deny`. */
  readonly denied: ReadonlySet<Action>;
}

export interface GovernedRelations {
  /** By OID. */
  readonly relations: readonly GovernedRelation[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Kinds of mask that show nothing of the value, allowed even for what must never be revealed. */
const OPAQUE_MASKS: ReadonlySet<string> = new Set(['nullify', 'redact', 'constant', 'hash']);
const FURTHER_ACTIONS: readonly Action[] = ['Truncate', 'Explain', 'Alter', 'Drop'];

export function governRelations(input: RelationInput, relations: readonly RelationData[]): GovernedRelations {
  const builder = new Builder(input);
  const governed = new Map<number, GovernedRelation>();
  for (const relation of relations) {
    const built = builder.relation(relation);
    if (built !== undefined) governed.set(relation.oid, built);
  }
  for (const sequence of relations) followOwner(sequence, governed);
  return { relations: [...governed.values()].sort((a, b) => a.oid - b.oid), diagnostics: builder.diagnostics };
}

/** nextval() of a serial or identity column is part of inserting into its table. */
function followOwner(sequence: RelationData, governed: Map<number, GovernedRelation>): void {
  const owner = sequence.kind === 'sequence' && sequence.ownedBy !== undefined ? governed.get(sequence.ownedBy[0]) : undefined;
  if (owner?.insert === undefined) return;
  const own = governed.get(sequence.oid) ?? {
    oid: sequence.oid,
    schema: sequence.schema,
    name: sequence.name,
    actions: [],
    classes: {},
  };
  governed.set(sequence.oid, { ...own, insert: own.insert ?? { columns: [], rules: owner.insert.rules } });
}

class Builder {
  readonly diagnostics: Diagnostic[] = [];
  readonly #input: RelationInput;
  /** One message a policy, column name and problem, however many tables a wildcard reaches. */
  readonly #reported = new Set<string>();

  constructor(input: RelationInput) {
    this.#input = input;
  }

  relation(relation: RelationData): GovernedRelation | undefined {
    const read = this.#united(relation, 'Select');
    const select = read === undefined ? undefined : this.#read(relation, read);
    const insert = writeRule(this.#united(relation, 'Insert'), true);
    const update = writeRule(this.#united(relation, 'Update'), true);
    const remove = writeRule(this.#united(relation, 'Delete'), false);
    const actions = FURTHER_ACTIONS.filter((action) => this.#united(relation, action) !== undefined);
    if (!select && !insert && !update && !remove && actions.length === 0) return undefined;
    return {
      oid: relation.oid,
      schema: relation.schema,
      name: relation.name,
      ...(select === undefined ? {} : { select }),
      ...(insert === undefined ? {} : { insert }),
      ...(update === undefined ? {} : { update }),
      ...(remove === undefined ? {} : { delete: remove }),
      actions,
      classes: Object.fromEntries(this.#input.classes.get(relation.oid) ?? []),
    };
  }

  #united(relation: RelationData, action: Action): United | undefined {
    if (this.#input.denied.has(action)) return undefined;
    return unite(this.#input.index.get(contributionKey(relation.oid, action)) ?? []);
  }

  #read(relation: RelationData, united: United): ReadRule {
    const columns = united.columns.flatMap((attnum): readonly ReadableColumn[] => {
      const column = this.#input.catalog.column(relation, attnum);
      if (column === undefined) return [];
      const mask = this.#mask(relation, column, united);
      return [mask === undefined ? { attnum } : { attnum, mask }];
    });
    const unrestricted =
      united.filter === undefined &&
      columns.length === relation.columns.length &&
      columns.every((each) => each.mask === undefined);
    return {
      columns,
      ...(united.filter === undefined ? {} : { filter: united.filter }),
      unrestricted,
      open: unrestricted && united.allColumns && !this.#input.detects,
      rules: united.rules,
    };
  }

  #mask(relation: RelationData, column: ColumnData, united: United): Mask | undefined {
    const sensitive = this.#input.classes.get(relation.oid)?.get(column.attnum);
    const explicit = united.masks.get(column.attnum) ?? this.#inheritedMask(relation, column.name);
    const floor = sensitive !== undefined && this.#input.neverReveal.has(sensitive);
    if (floor) this.#reportFloor(relation, column, sensitive, explicit, united);
    if (explicit !== undefined && (!floor || OPAQUE_MASKS.has(maskKind(explicit.spec)))) {
      return this.#compile(explicit.spec, relation, column, explicit.policy, sensitive);
    }
    if (sensitive === undefined || (!floor && united.reveal.has(column.attnum))) return undefined;
    const mask = compileClassMask(sensitive, column, this.#input.catalog);
    return { ...mask, class: sensitive, rule: floor ? 'protection' : 'class' };
  }

  /** An explicit mask on a parent holds for the rows of its partitions and children too, whichever way they are read. */
  #inheritedMask(relation: RelationData, column: string, depth = 0): ExplicitMask | undefined {
    for (const oid of depth < 32 ? (relation.parents ?? []) : []) {
      const parent = this.#input.catalog.relation(oid);
      if (parent === undefined) continue;
      const attnum = this.#input.catalog.columnNamed(parent, column)?.attnum;
      const found = attnum === undefined ? undefined : this.#united(parent, 'Select')?.masks.get(attnum);
      const mask = found ?? this.#inheritedMask(parent, column, depth + 1);
      if (mask !== undefined) return mask;
    }
    return undefined;
  }

  #compile(spec: MaskSpec, relation: RelationData, column: ColumnData, rule: string, sensitive: string | undefined): Mask {
    const compiled = compileMask(spec, column, this.#input.catalog);
    if (compiled.problem !== undefined) {
      const where = `column "${column.name}" of ${displayName(relation.schema, relation.name)}`;
      this.#report(`${rule} ${column.name} ${compiled.problem}`, {
        severity: 'error',
        reason: 'Mask',
        object: `DatabaseAccessPolicy ${rule}`,
        message: `${where} is redacted: mask ${compiled.problem}`,
      });
    }
    const { problem: _, ...mask } = compiled;
    return { ...mask, ...(sensitive === undefined ? {} : { class: sensitive }), rule };
  }

  #reportFloor(
    relation: RelationData,
    column: ColumnData,
    sensitive: string,
    explicit: ExplicitMask | undefined,
    united: United,
  ): void {
    const revealed = united.reveal.has(column.attnum);
    const lifted = explicit !== undefined && !OPAQUE_MASKS.has(maskKind(explicit.spec));
    if (!revealed && !lifted) return;
    const policy = lifted ? explicit.policy : united.rules.join(', ');
    this.#report(`${policy} ${column.name} floor`, {
      severity: 'warning',
      reason: 'Protected',
      object: `DatabaseAccessPolicy ${policy}`,
      message: `column "${column.name}" of ${displayName(relation.schema, relation.name)} stays hidden: the Database never reveals ${sensitive}`,
    });
  }

  #report(key: string, diagnostic: Diagnostic): void {
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.diagnostics.push(diagnostic);
  }
}

function writeRule(united: United | undefined, assigns: boolean): WriteRule | undefined {
  if (united === undefined) return undefined;
  return {
    columns: assigns ? united.columns : [],
    ...(united.filter === undefined ? {} : { filter: united.filter }),
    rules: united.rules,
  };
}
