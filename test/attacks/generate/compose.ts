/**
 * One case: expression × relation × clause × statement, from the seed and a number. The protocol forms it can take are those
 * of forms.ts. The honest twin of a case comes from the same dice.
 */
import { Draw, NothingFits } from './draw.ts';
import { composeQuery } from './queries.ts';
import { allowed, type Maker, type Relation, type RelationForm } from './relation.ts';
import { baseRelation } from './relations-base.ts';
import { JOINS } from './relations-join.ts';
import { WRAPS } from './relations-wrap.ts';
import type { Statement } from './statement.ts';
import { STATEMENTS } from './statements.ts';
import { CATALOGS, TABLES } from './tables.ts';
import { composeTarget } from './targets.ts';

export interface Case extends Statement {
  /** `SEED.NUMBER`: draws it again. */
  readonly id: string;
  /** What was composed, innermost first. */
  readonly parts: readonly string[];
  /** The rows of its last statement come in an order that was asked for. */
  readonly ordered: boolean;
}

const FORMS: readonly RelationForm[] = [...WRAPS, ...JOINS];

/** Null where the dice ask for something that does not exist in this mode (never more than a few in a hundred). */
export function compose(seed: number, index: number, honest: boolean, major: 15 | 18): Case | null {
  try {
    return draw(seed, index, honest, major);
  } catch (error) {
    if (error instanceof NothingFits) return null;
    throw error;
  }
}

function draw(seed: number, index: number, honest: boolean, major: 15 | 18): Case {
  const dice = new Draw(seed, index);
  const id = `${seed}.${index}`;
  let names = 0;
  const fresh = (stem: string): string => `${stem}${++names}`;
  if (dice.chance(0.12)) {
    const target = composeTarget({ draw: dice, honest, major, stores: false, fresh });
    return { id, ...target, ordered: false };
  }
  const shape = { draw: dice, honest, major, stores: false, fresh };
  const statement = dice.pick(STATEMENTS, allowed(shape));
  const maker: Maker = { ...shape, stores: statement.stores };
  const { relation, parts } = composeRelation(maker);
  const wanted = ({ column }: { readonly column: { readonly guard: string } }): boolean =>
    !honest || column.guard === 'clear' || (column.guard === 'masked' && !statement.stores);
  const query = composeQuery(relation, wanted, maker);
  const built = statement.build(query.sql, maker);
  return {
    id,
    ...built,
    parts: [...parts, ...query.parts, statement.name],
    ordered: query.ordered && /^SELECT$|^in |^COPY|cursor|^PREPARE/.test(statement.name),
  };
}

function composeRelation(maker: Maker): { readonly relation: Relation; readonly parts: readonly string[] } {
  const { draw: dice, honest } = maker;
  const table = dice.pick(
    dice.chance(0.07) && !honest ? CATALOGS : TABLES,
    (each) => !honest || (each.granted && (!maker.stores || each.columns.every(({ guard }) => guard !== 'masked'))),
  );
  const base = baseRelation(table, maker);
  const parts = [table.schema === 'public' ? table.name : `${table.schema}.${table.name}`, base.form];
  let relation = base.relation;
  for (let depth = dice.pick([0, 0, 1, 1, 1, 2, 2, 3]); depth > 0; depth--) {
    const form = dice.pick(FORMS, allowed(maker));
    const wrapped = form.build(relation, maker);
    if (wrapped === null) continue;
    relation = wrapped;
    parts.push(form.name);
  }
  return { relation, parts };
}
