/** How much a term of a name is worth, by its tier and by what the table, or a word beside it, is about. */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { ColumnFacts } from '../facts.ts';
import type { Tier } from '../names/lexicon.ts';
import type { Subject, Term } from '../names/reader.ts';
import { DESCRIPTIONS } from './free-text.ts';
import { canHold } from './kinds.ts';

type Place = Subject | 'unknown';

/** Tier × what the term, or else the table, is about. */
const STRENGTHS: Readonly<Record<Tier, Readonly<Record<Place, number>>>> = {
  says: {
    person: 0.92,
    deal: 0.92,
    writing: 0.92,
    vault: 0.9,
    organisation: 0.88,
    premises: 0.85,
    machines: 0.85,
    thing: 0.85,
    unknown: 0.9,
  },
  mostly: {
    person: 0.85,
    deal: 0.85,
    writing: 0.75,
    vault: 0.5,
    organisation: 0.6,
    premises: 0.3,
    machines: 0.2,
    thing: 0.2,
    unknown: 0.65,
  },
  among: {
    person: 0.8,
    deal: 0.4,
    writing: 0.4,
    vault: 0.2,
    organisation: 0.12,
    premises: 0.08,
    machines: 0.05,
    thing: 0.05,
    unknown: 0.3,
  },
  hints: {
    person: 0.35,
    deal: 0.3,
    writing: 0.3,
    vault: 0.3,
    organisation: 0.15,
    premises: 0.12,
    machines: 0.1,
    thing: 0.1,
    unknown: 0.25,
  },
};

type Particular = Partial<Readonly<Record<Tier, Partial<Readonly<Record<Place, number>>>>>>;

/** Where a class has places of its own. */
const PARTICULAR: Partial<Readonly<Record<SensitivityClass, Particular>>> = {
  'pii.free-text': {
    says: { thing: 0.6, premises: 0.6 },
    among: { person: 0.65, deal: 0.35, writing: 0.85, unknown: 0.3 },
    mostly: { unknown: 0.7, writing: 0.9 },
    hints: { writing: 0.6, person: 0.15, deal: 0.15, unknown: 0.1, thing: 0.05 },
  },
  'pii.name': { hints: { person: 0.4, unknown: 0.35 } },
  'pii.address': {
    says: { premises: 0.25, thing: 0.7 },
    among: { deal: 0.75, organisation: 0.55, unknown: 0.4 },
    mostly: { organisation: 0.75 },
  },
  'pii.location': { says: { premises: 0.3 }, among: { deal: 0.6 } },
  'pii.ip': { says: { thing: 0.6, machines: 0.3 }, mostly: { machines: 0.1 }, hints: { machines: 0.05 } },
  'pii.health': { says: { thing: 0.4, premises: 0.4 } },
  'financial.salary': { says: { thing: 0.45 } },
  'financial.card': { among: { person: 0.3, deal: 0.3 } },
  'financial.iban': { among: { person: 0.35, deal: 0.35 } },
  secret: {
    among: { person: 0.3, deal: 0.25, vault: 0.85, unknown: 0.25, thing: 0.2 },
    hints: { person: 0.12, deal: 0.12, vault: 0.6, unknown: 0.12, organisation: 0.1 },
  },
};

/** `email_id` is often the address itself where it is text. */
const IDENTIFIER_TEXT = 0.6;

/** `billing_address_id` points at one. */
const KEYED: ReadonlySet<SensitivityClass> = new Set<SensitivityClass>([
  'pii.address',
  'pii.location',
  'financial.salary',
  'pii.free-text',
]);
const IDENTIFIER_KEY = 0.25;
/** No token is a number: the number of one, its count, its budget. */
const ROWS_OF = new Set([
  'token',
  'tokens',
  'session',
  'secret',
  'secrets',
  'hash',
  'credential',
  'credentials',
  'apikey',
  'jwt',
]);

/** Of an address, what is a number. */
const NUMBERED = /zip|post|plz|pincode|hous|haus|huis|cep|cap|psc|civic|kapi|numero/;

export function termStrength(
  term: Term,
  kind: ColumnFacts['kind'],
  table: Subject | undefined,
  words: readonly string[],
): number {
  if (term.turned || !canHold(kind, term.class)) return 0;
  if (!term.head && (term.tier === 'among' || term.tier === 'hints')) return 0;
  const place = placeOf(term, table);
  if (kind === 'integer' && term.class === 'pii.address' && !words.some((word) => NUMBERED.test(word))) return 0;
  let strength = PARTICULAR[term.class]?.[term.tier]?.[place] ?? STRENGTHS[term.tier][place];
  if (term.identifier) strength *= kind !== 'text' ? 0 : KEYED.has(term.class) ? IDENTIFIER_KEY : IDENTIFIER_TEXT;
  if (kind === 'integer' && term.class === 'secret' && words.some((word) => ROWS_OF.has(word))) return 0;
  if (!term.head) strength *= 0.9;
  if (term.class === 'pii.free-text' && place !== 'writing' && place !== 'person' && words.some((word) => DESCRIPTIONS.has(word)))
    strength *= 0.6;
  return strength;
}

/** The word beside the term decides before the table does; a table of tokens stays one whatever the word is. */
function placeOf(term: Term, table: Subject | undefined): Place {
  if (term.class === 'secret' && table === 'vault') return 'vault';
  return term.subject ?? table ?? 'unknown';
}
