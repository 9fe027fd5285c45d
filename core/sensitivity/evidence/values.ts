/**
 * Clues from sampled values. A ratio is judged against what chance would give: of arbitrary numbers one in ten has the right check digit,
 * and a column of three values proves little whatever they are.
 */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { ColumnProfile } from '../profile.ts';
import { NATIONAL_IDS } from '../values/national/recognise.ts';
import type { Clue } from './clue.ts';

/** Shares of the values, and how much they weigh. */
export class Shares {
  readonly #profile: ColumnProfile;
  constructor(profile: ColumnProfile) {
    this.#profile = profile;
  }

  get values(): number {
    return this.#profile.values;
  }

  count(...ids: readonly string[]): number {
    return ids.reduce((sum, id) => sum + (this.#profile.recognised[id] ?? 0), 0);
  }

  of(...ids: readonly string[]): number {
    return this.values === 0 ? 0 : Math.min(1, this.count(...ids) / this.values);
  }

  /**
   * What remains of a ratio when chance has had its part, times how sure it is that it was not chance: repeated values count once.
   */
  beyondChance(ratio: number, chance: number, sure = SURE): number {
    const corrected = Math.max(0, (ratio - chance) / (1 - chance));
    const independent = Math.min(this.values, this.#profile.distinct) * ratio;
    return corrected * Math.min(1, (independent * -Math.log(chance)) / sure);
  }

  /** A few values again and again. */
  get enumeration(): boolean {
    const { values, distinct } = this.#profile;
    return values >= 30 && distinct <= Math.max(5, values * 0.05);
  }

  get profile(): ColumnProfile {
    return this.#profile;
  }
}

/** -ln of the odds that count as sure: a thousand to one. */
const SURE = 6.9;
/** A number is tried as the identifier of many countries: one of them fits by luck the sooner. */
const SURE_OF_MANY = 11.5;

const CHANCES: ReadonlyMap<string, number> = new Map(NATIONAL_IDS.map(({ id, chance }) => [id, chance]));

interface Rule {
  readonly class: SensitivityClass;
  readonly rule: string;
  readonly ids: readonly string[];
  readonly chance: number;
  /** Below it the rule says nothing. */
  readonly least: number;
  readonly strength: number;
}

/** What values say by themselves, whatever the column is called. */
const RULES: readonly Rule[] = [
  { class: 'pii.email', rule: 'value.email', ids: ['email'], chance: 0.001, least: 0.3, strength: 0.97 },
  { class: 'pii.phone', rule: 'value.phone', ids: ['phone'], chance: 0.02, least: 0.4, strength: 0.93 },
  { class: 'pii.phone', rule: 'value.phone.grouped', ids: ['phone', 'phone.grouped'], chance: 0.05, least: 0.6, strength: 0.85 },
  {
    class: 'pii.phone',
    rule: 'value.phone.trunk',
    ids: ['phone', 'phone.grouped', 'phone.trunk'],
    chance: 0.2,
    least: 0.7,
    strength: 0.72,
  },
  { class: 'financial.card', rule: 'value.card', ids: ['card'], chance: 0.1, least: 0.5, strength: 0.95 },
  { class: 'financial.card', rule: 'value.card.masked', ids: ['card', 'card.masked'], chance: 0.01, least: 0.5, strength: 0.92 },
  { class: 'financial.iban', rule: 'value.iban', ids: ['iban'], chance: 0.001, least: 0.3, strength: 0.97 },
  { class: 'financial.iban', rule: 'value.iban.shape', ids: ['iban', 'iban.shape'], chance: 0.01, least: 0.5, strength: 0.85 },
  { class: 'pii.ip', rule: 'value.ip', ids: ['ip'], chance: 0.005, least: 0.3, strength: 0.95 },
  { class: 'pii.location', rule: 'value.coordinates', ids: ['coordinates'], chance: 0.01, least: 0.5, strength: 0.85 },
  { class: 'pii.address', rule: 'value.street', ids: ['street'], chance: 0.05, least: 0.3, strength: 0.9 },
  { class: 'pii.address', rule: 'value.vcard', ids: ['vcard'], chance: 0.001, least: 0.3, strength: 0.95 },
  { class: 'pii.name', rule: 'value.person', ids: ['person', 'person.full'], chance: 0.08, least: 0.35, strength: 0.92 },
  {
    class: 'pii.name',
    rule: 'value.person.given',
    ids: ['person', 'person.full', 'person.given'],
    chance: 0.15,
    least: 0.5,
    strength: 0.85,
  },
  {
    class: 'pii.name',
    rule: 'value.person.surname',
    ids: ['person.full', 'person.surname'],
    chance: 0.2,
    least: 0.6,
    strength: 0.75,
  },
  { class: 'pii.name', rule: 'value.person.east', ids: ['person.full', 'person.east'], chance: 0.2, least: 0.5, strength: 0.9 },
  { class: 'pii.passport', rule: 'value.mrz', ids: ['mrz'], chance: 0.001, least: 0.3, strength: 0.95 },
  { class: 'pii.name', rule: 'value.handle', ids: ['handle'], chance: 0.005, least: 0.3, strength: 0.93 },
  { class: 'secret', rule: 'value.password-hash', ids: ['password-hash'], chance: 0.001, least: 0.2, strength: 0.97 },
  { class: 'secret', rule: 'value.token', ids: ['token'], chance: 0.002, least: 0.2, strength: 0.95 },
  { class: 'secret', rule: 'value.random', ids: ['random.long'], chance: 0.05, least: 0.8, strength: 0.62 },
  { class: 'secret', rule: 'value.url-credentials', ids: ['url-credentials'], chance: 0.002, least: 0.05, strength: 0.95 },
  { class: 'secret', rule: 'value.url-token', ids: ['url-token'], chance: 0.02, least: 0.3, strength: 0.6 },
];

/** Strong ones come first; those of lesser weight add to a name. */
export function valueClues(shares: Shares): Clue[] {
  const clues: Clue[] = [];
  for (const { class: name, rule, ids, chance, least, strength } of RULES) {
    const ratio = shares.of(...ids);
    if (ratio < least) continue;
    const sure = shares.beyondChance(ratio, chance);
    const firms = name === 'pii.name' && shares.of('company') > 0.1 ? 0.5 : 1;
    if (sure > 0) clues.push({ class: name, rule, ratio, strength: strength * firms * Math.min(1, sure * 1.4) });
  }
  clues.push(...scattered(shares), ...shaped(shares), ...chinesePhones(shares), ...nationalIds(shares));
  return strongest(clues);
}

/** A handful of addresses among other values is still addresses. */
function scattered(shares: Shares): Clue[] {
  const clues: Clue[] = [];
  const email = shares.of('email');
  if (email >= 0.05 && shares.count('email') >= 2)
    clues.push({ class: 'pii.email', rule: 'value.email.some', ratio: email, strength: 0.6 });
  const iban = shares.of('iban');
  if (iban >= 0.05 && shares.count('iban') >= 2)
    clues.push({ class: 'financial.iban', rule: 'value.iban.some', ratio: iban, strength: 0.6 });
  return clues;
}

/** The dictionary knows some of the names; the rest look like them. Firms have people's names, too, with something beside them. */
function shaped(shares: Shares): Clue[] {
  const ratio = shares.of('person.part');
  if (ratio < 0.15 || shares.of('person.shape') < 0.85 || shares.of('company') > 0.1 || shares.enumeration) return [];
  const sure = shares.beyondChance(ratio, 0.04);
  return [{ class: 'pii.name', rule: 'value.person.shape', ratio, strength: 0.85 * Math.min(1, sure * 5) }];
}

const CHINESE = ['3', '4', '5', '6', '7', '8', '9'].map((digit) => `phone.chinese.${digit}`);

/** Mobile numbers of China begin with many prefixes; order numbers of eleven digits begin with one. */
function chinesePhones(shares: Shares): Clue[] {
  const ratio = shares.of(...CHINESE);
  const prefixes = CHINESE.filter((id) => shares.of(id) >= 0.03).length;
  if (ratio < 0.7 || prefixes < 3) return [];
  const sure = shares.beyondChance(ratio, 0.2);
  return [{ class: 'pii.phone', rule: 'value.phone.chinese', ratio, strength: 0.8 * Math.min(1, sure * 1.4) }];
}

function nationalIds(shares: Shares): Clue[] {
  // Cards and addresses of the network have checks of their own, and numbers that pass both.
  if (shares.of('card') >= 0.9 || shares.of('ip', 'ip.version', 'email', 'phone') >= 0.9) return [];
  const clues: Clue[] = [];
  for (const [id, count] of Object.entries(shares.profile.recognised)) {
    const chance = CHANCES.get(id);
    if (chance === undefined) continue;
    const ratio = count / shares.values;
    if (ratio < 0.5) continue;
    const strength = 0.93 * Math.min(1, shares.beyondChance(ratio, chance, SURE_OF_MANY) * 1.2);
    clues.push({ class: 'pii.national-id', rule: `value.${id}`, ratio, strength });
  }
  return clues;
}

/** Of each class the strongest clue: rules over the same values are not independent. */
function strongest(clues: readonly Clue[]): Clue[] {
  const best = new Map<SensitivityClass, Clue>();
  for (const clue of clues) {
    const old = best.get(clue.class);
    if (old === undefined || clue.strength > old.strength) best.set(clue.class, clue);
  }
  return [...best.values()];
}
