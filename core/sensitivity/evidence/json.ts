/** A JSON column is judged path by path, as if each were a column of its own; it has the most severe class among them. */
import { moreSevere } from '../../policy/masks/classes.ts';
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { ColumnProfile } from '../profile.ts';
import type { Evidence } from '../verdict.ts';
import { type Context, isBody, isSender, type NameReader } from './context.ts';
import { judge } from './judge.ts';

export interface PathVerdict {
  readonly class: SensitivityClass;
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
}

export function judgePaths(profile: ColumnProfile, column: string, context: Context, read: NameReader): PathVerdict | undefined {
  let worst: PathVerdict | undefined;
  // A message has a sender and a body, wherever in it they stand.
  const message = Object.keys(profile.paths ?? {}).some((path) => isSender(read(lastKey(path)).words));
  for (const [path, leaf] of Object.entries(profile.paths ?? {})) {
    const keys = path.split('.').map((key) => key.replaceAll('[]', ''));
    const last = keys.at(-1) ?? '*';
    const parents = keys.slice(0, -1).filter((key) => key !== '*' && key !== '');
    // The object around a key is its table, and the column around that.
    const around = parents.length > 0 ? read(parents.join('_')).subject : undefined;
    const reading = read(last === '*' || last === '' ? (parents.at(-1) ?? column) : last);
    const subject = message && isBody(reading.words) ? 'writing' : (around ?? read(column).subject ?? context.subject);
    const { class: name, confidence, evidence } = judge({ kind: 'text', reading, subject, clues: [], profile: leaf });
    if (name === undefined) continue;
    const found: PathVerdict = {
      class: name,
      confidence,
      evidence: evidence.map((each) => ({ ...each, rule: `json.${path === '' ? '*' : path}:${each.rule}` })),
    };
    if (
      worst === undefined ||
      (worst.class !== name && moreSevere(worst.class, name) === name) ||
      (worst.class === name && confidence > worst.confidence)
    ) {
      worst = found;
    }
  }
  return worst;
}

function lastKey(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).replaceAll('[]', '');
}
