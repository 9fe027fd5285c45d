/** A foreign key holds what the key that it refers to holds: either side's class counts for both. */
import { moreSevere } from '../policy/masks/classes.ts';
import type { SensitivityClass } from '../../crds/meta.ts';
import type { TableFacts } from './facts.ts';
import type { Verdict } from './verdict.ts';

/** Of the referencing column's evidence, what may speak for the referenced one. */
const SURE = 0.55;

export function followKeys(tables: readonly TableFacts[], verdicts: readonly Verdict[]): readonly Verdict[] {
  const byColumn = new Map(verdicts.map((verdict) => [`${verdict.oid}.${verdict.attnum}`, verdict]));
  const keys = tables.flatMap((table) =>
    table.columns.flatMap(({ attnum, references }) =>
      references === undefined ? [] : [{ from: `${table.oid}.${attnum}`, to: `${references[0]}.${references[1]}` }],
    ),
  );
  // Each round marks at least one column with a more severe class, of which there are finitely many.
  for (let moved = true; moved; ) {
    moved = false;
    for (const { from, to } of keys) {
      const referencing = byColumn.get(from);
      const referenced = byColumn.get(to);
      if (referencing === undefined || referenced === undefined) continue;
      if (spreads(referenced, referencing)) {
        byColumn.set(from, carried(referencing, referenced, 'key.references'));
        moved = true;
      } else if (spreads(referencing, referenced) && referencing.confidence >= SURE && !isPrecaution(referencing)) {
        byColumn.set(to, carried(referenced, referencing, 'key.referenced'));
        moved = true;
      }
    }
  }
  return verdicts.map((verdict) => byColumn.get(`${verdict.oid}.${verdict.attnum}`) ?? verdict);
}

function spreads(source: Verdict, target: Verdict): source is Verdict & { readonly class: SensitivityClass } {
  if (source.class === undefined || isPrecaution(source)) return false;
  return (
    target.class === undefined ||
    isPrecaution(target) ||
    (source.class !== target.class && moreSevere(source.class, target.class) === source.class)
  );
}

/** Unsampled text says nothing of the other side. */
export function isPrecaution(verdict: Verdict): boolean {
  return verdict.evidence.some(({ rule }) => rule.startsWith('unsampled.'));
}

function carried(target: Verdict, source: Verdict, rule: string): Verdict {
  return {
    oid: target.oid,
    attnum: target.attnum,
    class: source.class!,
    confidence: source.confidence,
    evidence: [{ rule }, ...source.evidence.filter((each) => !each.rule.startsWith('key.'))],
    provisional: source.provisional && target.provisional,
  };
}
