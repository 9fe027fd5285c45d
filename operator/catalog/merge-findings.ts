/** Two leaders may have looked at one database: what either found stays found. */
import type { SensitivityClass } from '../../crds/meta.ts';
import { moreSevere } from '../../core/policy/masks/classes.ts';
import type { ColumnFinding, Findings } from '../../core/sensitivity/findings.ts';

export function mergeFindings(ours: Findings, theirs: Findings): Findings {
  const merged = new Map(theirs);
  for (const [key, finding] of ours) {
    const other = theirs.get(key);
    merged.set(key, other === undefined ? finding : worse(finding, other));
  }
  return merged;
}

function worse(ours: ColumnFinding, theirs: ColumnFinding): ColumnFinding {
  if (ours.class === theirs.class) return ours.sampled === undefined ? theirs : ours;
  if (ours.class === undefined) return theirs;
  if (theirs.class === undefined) return ours;
  return (moreSevere(ours.class, theirs.class) as SensitivityClass) === ours.class ? ours : theirs;
}
