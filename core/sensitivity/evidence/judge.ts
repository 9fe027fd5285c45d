/** All clues of one column (or JSON path) put together. */
import { moreSevere } from '../../policy/masks/classes.ts';
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { ValueKind } from '../facts.ts';
import type { Reading, Subject } from '../names/reader.ts';
import type { ColumnProfile } from '../profile.ts';
import type { Evidence } from '../verdict.ts';
import { type Clue, together } from './clue.ts';
import { fitness } from './fit.ts';
import { proseClues } from './free-text.ts';
import { canHold } from './kinds.ts';
import { nameClues } from './names.ts';
import { supportingClues } from './supported.ts';
import { Shares, valueClues } from './values.ts';

export const THRESHOLD = 0.5;

export interface Subjected {
  readonly kind: ValueKind;
  readonly reading: Reading;
  /** What the table, or the object around, is about. */
  readonly subject: Subject | undefined;
  /** From the name, the comment, the type; undefined: from `reading` alone. */
  readonly clues: readonly Clue[];
  /** Undefined, or without values: nothing has been seen. */
  readonly profile: ColumnProfile | undefined;
}

export interface Judgement {
  readonly class?: SensitivityClass;
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
}

export function judge({ kind, reading, subject, clues, profile }: Subjected): Judgement {
  const said = clues.length > 0 ? clues : nameClues(reading, kind, subject);
  const byClass = new Map<SensitivityClass, { readonly named: Clue[]; readonly seen: Clue[] }>();
  const of = (name: SensitivityClass) => {
    let entry = byClass.get(name);
    if (entry === undefined) byClass.set(name, (entry = { named: [], seen: [] }));
    return entry;
  };
  for (const clue of said) of(clue.class).named.push(clue);
  if (profile !== undefined && profile.values > 0) {
    const shares = new Shares(profile);
    const named = new Map([...byClass].map(([name, { named }]) => [name, Math.max(...named.map((each) => each.strength))]));
    const seen = [...valueClues(shares), ...(kind === 'text' || kind === 'xml' ? proseClues(shares, subject, reading) : [])];
    for (const clue of seen)
      if (canHold(kind, clue.class)) of(clue.class).seen.push(quietened(placed(clue, reading, subject), reading, subject, kind));
    for (const clue of supportingClues(shares, named)) of(clue.class).seen.push(placed(clue, reading, subject));
    const doubted = [...byClass].map(
      ([name, { named, seen }]) => [name, { named: doubt(named, fitness(name, shares)), seen }] as const,
    );
    const judgement = decide(new Map(doubted));
    // Doubts are for harmless values. Other sensitive ones than the name says are no reason to show the column.
    return judgement.class !== undefined || shares.of(...SENSITIVE) < DOUBTLESS ? judgement : decide(byClass);
  }
  return decide(byClass);
}

const SENSITIVE = [
  'email',
  'phone',
  'card',
  'iban',
  'ip',
  'street',
  'person',
  'person.full',
  'password-hash',
  'token',
  'url-credentials',
  'prose',
];
const DOUBTLESS = 0.3;

function doubt(clues: readonly Clue[], factor: number): readonly Clue[] {
  return factor === 1 ? clues : clues.map((clue) => ({ ...clue, strength: clue.strength * factor }));
}

/** Streets and points of shops and stations are nobody's; a word beside the term (`customer_address`) decides before the table. */
function placed(clue: Clue, reading: Reading, subject: Subject | undefined): Clue {
  // `product_handle` looks like the name by which somebody logs in.
  if (clue.rule === 'value.login' && reading.terms.some((term) => term.class === 'pii.name' && NOBODYS.has(term.subject)))
    return { ...clue, strength: clue.strength * 0.4 };
  if (clue.class === 'pii.ip' && (subject === 'machines' || reading.subject === 'machines'))
    return { ...clue, strength: clue.strength * 0.4 };
  if (clue.class !== 'pii.address' && clue.class !== 'pii.location') return clue;
  const beside = reading.terms.find((term) => term.class === clue.class && term.subject !== undefined)?.subject;
  return (beside ?? subject) === 'premises' ? { ...clue, strength: clue.strength * 0.3 } : clue;
}

/** Numbers that only look like numbers of people, under a name that says what they are. */
const NOBODYS: ReadonlySet<Subject | undefined> = new Set<Subject>(['thing', 'organisation', 'premises', 'machines']);
const VERSIONS = new Set(['version', 'versions', 'firmware', 'build', 'release', 'ver', 'rev', 'revision', 'software']);

function quietened(clue: Clue, reading: Reading, subject: Subject | undefined, kind: ValueKind): Clue {
  if (clue.class === 'pii.ip' && reading.words.some((word) => VERSIONS.has(word)))
    return { ...clue, strength: clue.strength * 0.4 };
  if (
    clue.rule.startsWith('value.person') &&
    reading.terms.some((term) => term.class !== 'pii.name' && !term.turned && (term.tier === 'says' || term.tier === 'mostly'))
  ) {
    return { ...clue, strength: clue.strength * 0.5 };
  }
  if (clue.rule === 'value.random' && reading.harmless) return { ...clue, strength: clue.strength * 0.6 };
  const weak =
    clue.class === 'pii.national-id' ||
    clue.class === 'pii.phone' ||
    clue.class === 'financial.card' ||
    clue.rule.startsWith('value.person');
  if (!weak) return clue;
  if (
    clue.rule.startsWith('value.person') &&
    NOBODYS.has(subject) &&
    !reading.terms.some((term) => term.class === 'pii.name' && term.subject === 'person')
  ) {
    return { ...clue, strength: clue.strength * 0.7 };
  }
  const factor = reading.harmless ? 0.6 : kind === 'integer' || kind === 'decimal' ? 0.7 : 1;
  return factor === 1 ? clue : { ...clue, strength: clue.strength * factor };
}

function decide(
  byClass: ReadonlyMap<SensitivityClass, { readonly named: readonly Clue[]; readonly seen: readonly Clue[] }>,
): Judgement {
  let chosen: { readonly class: SensitivityClass; readonly confidence: number; readonly clues: readonly Clue[] } | undefined;
  let most = 0;
  for (const [name, { named, seen }] of byClass) {
    // Names, comments and domains repeat each other; rules over the same values do too.
    const sources = [
      strongest(named.filter(({ rule }) => !rule.startsWith('comment.'))),
      strongest(named.filter(({ rule }) => rule.startsWith('comment.'))),
      strongest(seen),
    ];
    const clues = sources.filter((clue) => clue !== undefined);
    const confidence = together(clues.map((clue) => clue.strength));
    most = Math.max(most, confidence);
    if (confidence < THRESHOLD) continue;
    if (chosen === undefined || moreSevere(chosen.class, name) === name) chosen = { class: name, confidence, clues };
  }
  if (chosen === undefined) return { confidence: round(1 - most), evidence: [] };
  const evidence = chosen.clues
    .toSorted((a, b) => b.strength - a.strength)
    .map(({ rule, ratio }) => ({ rule, ...(ratio === undefined ? {} : { ratio: round(ratio) }) }));
  return { class: chosen.class, confidence: round(chosen.confidence), evidence };
}

function strongest(clues: readonly Clue[]): Clue | undefined {
  let best: Clue | undefined;
  for (const clue of clues)
    if (best === undefined || clue.strength > best.strength || (clue.strength === best.strength && clue.rule < best.rule))
      best = clue;
  return best;
}

function round(ratio: number): number {
  return Math.round(ratio * 1000) / 1000;
}
