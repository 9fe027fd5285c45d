/** Shapes that many things have, and that are believed where a name says so or nearly so. */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { Clue } from './clue.ts';
import type { Shares } from './values.ts';

interface Support {
  readonly class: SensitivityClass;
  readonly rule: string;
  readonly ids: readonly string[];
  readonly least: number;
  readonly strength: number;
}

const SUPPORTS: readonly Support[] = [
  { class: 'pii.phone', rule: 'value.phone.digits', ids: ['phone', 'phone.loose', 'phone.digits'], least: 0.6, strength: 0.6 },
  {
    class: 'pii.name',
    rule: 'value.person.some',
    ids: ['person', 'person.full', 'person.given', 'person.east'],
    least: 0.15,
    strength: 0.5,
  },
  {
    class: 'pii.name',
    rule: 'value.person.surname',
    ids: ['person.surname', 'person.full', 'person'],
    least: 0.2,
    strength: 0.5,
  },
  { class: 'pii.name', rule: 'value.person.shape', ids: ['person.shape'], least: 0.7, strength: 0.4 },
  { class: 'pii.location', rule: 'value.degrees', ids: ['degrees'], least: 0.6, strength: 0.5 },
  {
    class: 'secret',
    rule: 'value.random',
    ids: ['random', 'random.long', 'hex', 'hex.digest', 'uuid', 'ssh-public-key', 'certificate'],
    least: 0.5,
    strength: 0.55,
  },
  { class: 'pii.health', rule: 'value.icd10', ids: ['icd10'], least: 0.5, strength: 0.6 },
  { class: 'pii.health', rule: 'value.blood-type', ids: ['blood-type'], least: 0.7, strength: 0.6 },
  { class: 'pii.address', rule: 'value.street.some', ids: ['street'], least: 0.15, strength: 0.5 },
  { class: 'financial.card', rule: 'value.card.shape', ids: ['card', 'card.shape', 'card.masked'], least: 0.5, strength: 0.6 },
  { class: 'pii.birth-date', rule: 'value.date.past', ids: ['date.past'], least: 0.5, strength: 0.4 },
  { class: 'pii.ip', rule: 'value.ip.some', ids: ['ip', 'ip.version'], least: 0.3, strength: 0.6 },
  { class: 'pii.free-text', rule: 'value.prose.some', ids: ['prose', 'prose.short'], least: 0.15, strength: 0.35 },
  { class: 'pii.passport', rule: 'value.passport.shape', ids: ['passport.shape'], least: 0.6, strength: 0.5 },
  { class: 'pii.email', rule: 'value.email.local', ids: ['email', 'email.local'], least: 0.5, strength: 0.6 },
  { class: 'pii.email', rule: 'value.email.few', ids: ['email'], least: 0.01, strength: 0.4 },
];

/** A name that only hints must still hint: below this a shape adds nothing. */
const HINTED = 0.2;

export function supportingClues(shares: Shares, named: ReadonlyMap<SensitivityClass, number>): Clue[] {
  const best = new Map<SensitivityClass, Clue>();
  for (const { class: name, rule, ids, least, strength } of SUPPORTS) {
    if ((named.get(name) ?? 0) < HINTED) continue;
    const ratio = shares.of(...ids);
    const old = best.get(name)?.strength ?? 0;
    if (ratio >= least && strength > old)
      best.set(name, { class: name, rule, ratio, strength: strength * Math.min(1, 0.5 + ratio) });
  }
  const login = shares.of('login');
  if (!best.has('pii.name') && (named.get('pii.name') ?? 0) >= HINTED && login >= 0.6 && !shares.enumeration) {
    best.set('pii.name', { class: 'pii.name', rule: 'value.login', ratio: login, strength: 0.45 });
  }
  // Several words, never the same: written, not chosen.
  const { words, values, distinct } = shares.profile;
  if (
    !best.has('pii.free-text') &&
    (named.get('pii.free-text') ?? 0) >= HINTED &&
    words >= 2.5 &&
    shares.of('street') < 0.3 &&
    values >= 5 &&
    distinct > values * 0.7
  ) {
    best.set('pii.free-text', { class: 'pii.free-text', rule: 'value.words', strength: 0.4 });
  }
  return [...best.values()];
}
