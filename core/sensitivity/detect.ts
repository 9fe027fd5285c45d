/**
 * Which columns are sensitive: names, types, comments, constraints, the company of other columns, sampled values and foreign keys, put
 * together. Pure and deterministic; docs/adr/0015-detection.md says why it is built so.
 */
import { columnClues } from './evidence/names.ts';
import { type Context, contextOf, type NameReader, nameReader, withMedicalKeys } from './evidence/context.ts';
import { judgePaths } from './evidence/json.ts';
import { judge } from './evidence/judge.ts';
import { isEnumerated, isOpen } from './evidence/kinds.ts';
import type { ColumnFacts, TableFacts } from './facts.ts';
import { followKeys } from './keys.ts';
import { languagesOf } from './names/languages.ts';
import type { Reading, Subject, Term } from './names/reader.ts';
import { moreSevere } from '../policy/masks/classes.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import type { Verdict } from './verdict.ts';

/** A verdict for every column, in the order of the tables and columns. */
export function detect(tables: readonly TableFacts[], profiles: ReadonlyMap<number, TableProfile>): readonly Verdict[] {
  const languages = languagesOf(namesOf(tables));
  const read = nameReader(languages);
  const contexts = withMedicalKeys(tables, new Map(tables.map((table) => [table.oid, contextOf(table, languages, read)])));
  const verdicts = tables.flatMap((table) => {
    const context = contexts.get(table.oid)!;
    return table.columns.map((column) => judgeColumn(table, column, context, read, profiles.get(table.oid)?.get(column.attnum)));
  });
  return followKeys(tables, verdicts);
}

function* namesOf(tables: readonly TableFacts[]): Iterable<string> {
  for (const table of tables) {
    yield table.name;
    for (const column of table.columns) yield column.name;
  }
}

function judgeColumn(
  table: TableFacts,
  column: ColumnFacts,
  context: Context,
  read: NameReader,
  profile: ColumnProfile | undefined,
): Verdict {
  const seen = profile !== undefined && profile.values > 0;
  const place = { oid: table.oid, attnum: column.attnum, provisional: !seen };
  const reading = context.readings.get(column.attnum)!;
  const verdict = judge({
    kind: column.kind,
    reading,
    subject: context.subject,
    clues: columnClues(column, context, read),
    profile,
  });
  const inside = seen && profile.paths !== undefined ? judgePaths(profile, column.name, context, read) : undefined;
  if (inside !== undefined && (verdict.class === undefined || moreSevere(verdict.class, inside.class) === inside.class))
    return { ...place, ...inside };
  if (verdict.class !== undefined || !isOpen(column) || (profile !== undefined && profile.values >= FEW))
    return { ...place, ...verdict };
  if (isHarmless(column, context, reading)) return { ...place, confidence: 0.6, evidence: [{ rule: 'name.harmless' }] };
  return {
    ...place,
    // A value or two prove nothing: there is another look when there are more.
    provisional: true,
    class: 'pii.free-text',
    confidence: 0.5,
    evidence: [{ rule: column.kind === 'json' ? 'unsampled.json' : 'unsampled.text' }],
  };
}

/** Values that say that a column holds nothing sensitive. */
const FEW = 5;
const SHORT_CODE = 3;
/** Under these names there is anything. */
const ANYTHING = new Set(
  'meta metadata value values val data payload attributes attribute attrs properties props extra extras config configuration settings setting options params parameters details reason message content body raw custom misc info context log field object document response request input output'.split(
    ' ',
  ),
);
const NOBODY: ReadonlySet<Subject | undefined> = new Set<Subject>(['thing', 'organisation', 'premises', 'machines']);

/** Text that its name or type explains, so that it need not be hidden until somebody has looked. */
function isHarmless(column: ColumnFacts, context: Context, reading: Reading): boolean {
  if (column.kind === 'json') return false;
  if (isEnumerated(column) || (column.maxLength !== undefined && column.maxLength <= SHORT_CODE)) return true;
  if (column.references !== undefined) return true;
  if (reading.words.some((word) => ANYTHING.has(word)) || reading.terms.some((term) => isOpenTerm(term, context))) return false;
  if (reading.harmless) return true;
  if (reading.terms.length > 0 && reading.terms.every((term) => term.turned || term.identifier)) return true;
  if (!NOBODY.has(context.subject)) return false;
  // The name and the description of a thing.
  return reading.terms.some(
    (term) =>
      term.head &&
      term.tier === 'among' &&
      (term.subject === undefined || term.subject === 'thing' || term.subject === 'organisation') &&
      (term.class === 'pii.name' || reading.words.some((word) => word.startsWith('desc'))),
  );
}

/** What a name says of texts and secrets holds until a sample says otherwise, however weakly it is said. */
function isOpenTerm(term: Term, context: Context): boolean {
  return (
    term.head &&
    !term.turned &&
    term.tier !== 'hints' &&
    (term.class === 'pii.free-text' || term.class === 'secret') &&
    !NOBODY.has(term.subject ?? context.subject)
  );
}
