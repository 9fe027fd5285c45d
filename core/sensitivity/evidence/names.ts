/** Clues from the names of columns and domains, from comments and from types. */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { ColumnFacts } from '../facts.ts';
import type { Tier } from '../names/lexicon.ts';
import { type Reading, type Subject, type Term, sensesOf } from '../names/reader.ts';
import type { Clue } from './clue.ts';
import type { Context, NameReader } from './context.ts';
import { DESCRIPTIONS } from './free-text.ts';
import { canHold, isEnumerated, isOpen } from './kinds.ts';

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
  'pii.name': { hints: { person: 0.4 } },
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

/** The table's own name says it: `number` of `cards`, `line` of `addresses`, `remarks` of `patients`. */
const TABLE_SAYS = 0.8;

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
  if (term.identifier) strength *= kind === 'text' ? IDENTIFIER_TEXT : 0;
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

/** `comment_author_email`: what stands before the head only says whose. */
const BESIDE_HEAD = 0.4;

export function nameClues(reading: Reading, kind: ColumnFacts['kind'], table: Subject | undefined, prefix = 'name'): Clue[] {
  const heads = new Set(
    reading.terms
      .filter((term) => term.head && !term.turned && term.tier !== 'hints' && canHold(kind, term.class))
      .map((term) => term.class),
  );
  return reading.terms.flatMap((term) => {
    const strength = termStrength(term, kind, table, reading.words);
    // The name or the text of a diagnosis is the diagnosis.
    const described = term.class === 'pii.health' && (heads.has('pii.free-text') || heads.has('pii.name'));
    const beside =
      !term.head && !described && (term.class === 'pii.free-text' || (heads.size > 0 && !heads.has(term.class)))
        ? BESIDE_HEAD
        : 1;
    return strength === 0
      ? []
      : [{ class: term.class, rule: `${prefix}.${term.language}.${shortName(term.class)}`, strength: strength * beside }];
  });
}

export function columnClues(column: ColumnFacts, context: Context, read: NameReader): Clue[] {
  const reading = context.readings.get(column.attnum)!;
  const clues = nameClues(reading, column.kind, context.subject);
  if (column.domain !== undefined) clues.push(...nameClues(read(column.domain), column.kind, context.subject, 'domain'));
  if (column.comment !== undefined) clues.push(...commentClues(column.comment, column, context, read));
  clues.push(...checkClues(column), ...typeClues(column, context, reading));
  clues.push(...joinedClues(column, reading, context));
  if (context.store && column.kind === 'text' && reading.words.length === 1 && STORE_KEYS.has(reading.words[0]!)) {
    clues.push({ class: 'secret', rule: 'table.sessions', strength: 0.6 });
  }
  if (context.about.size > 0 && !isRow(column)) clues.push(...aboutClues(reading, column, context));
  if (context.medical && isOpen(column)) clues.push(...medicalClues(clues, reading, context));
  if (context.settings && isOpen(column) && SETTING_VALUES.has(reading.words.at(-1) ?? ''))
    clues.push({ class: 'secret', rule: 'table.settings', strength: 0.55 });
  if (context.payroll && isPay(column, reading)) clues.push({ class: 'financial.salary', rule: 'table.payroll', strength: 0.7 });
  const enumerated = isEnumerated(column);
  return clues.map((clue) => (enumerated && clue.class !== 'pii.health' ? { ...clue, strength: clue.strength * 0.3 } : clue));
}

const MEASURES = new Set(
  'hours hour days day heures jours horas dias ore giorni stunden tage uren dagen hrs qty quantity count percent pct rate taux satz tasa id'.split(
    ' ',
  ),
);

/** Whatever amount a payslip has, it is somebody's. */
function isPay(column: ColumnFacts, reading: Reading): boolean {
  if ((column.kind !== 'decimal' && column.kind !== 'money') || column.references !== undefined) return false;
  return !reading.words.some((word) => MEASURES.has(word));
}

/** Settings of all kinds have passwords among them. */
const SETTING_VALUES = new Set([
  'value',
  'values',
  'val',
  'wert',
  'werte',
  'valor',
  'valores',
  'valeur',
  'valore',
  'waarde',
  'wartosc',
  'varde',
  'deger',
  'nilai',
  'hodnota',
  '値',
  '值',
  '값',
  'значение',
]);

/** Whoever knows the key of a session has the session. */
const STORE_KEYS = new Set(['id', 'sid', 'key', 'sess', 'data', 'payload', 'vars', 'value']);

/** A key of the table's own: its rows, not what they are about. */
function isRow(column: ColumnFacts): boolean {
  return column.references !== undefined || (column.primaryKey && column.kind !== 'text');
}

function aboutClues(reading: Reading, column: ColumnFacts, context: Context): Clue[] {
  return reading.terms.flatMap((term) => {
    if (term.tier === 'says' || term.turned || term.identifier || !term.head) return [];
    if (!context.about.has(term.class) || !canHold(column.kind, term.class)) return [];
    return [{ class: term.class, rule: `table.${term.language}.${shortName(term.class)}`, strength: TABLE_SAYS }];
  });
}

/** What is written about a patient is about health. */
function medicalClues(clues: readonly Clue[], reading: Reading, context: Context): Clue[] {
  const heads = reading.terms.filter((term) => term.head && !term.turned && !term.identifier);
  if (heads.some((term) => term.class === 'pii.health')) return [{ class: 'pii.health', rule: 'table.medical', strength: 0.75 }];
  if (heads.some((term) => term.class === 'pii.free-text' && term.tier !== 'hints')) {
    const written = clues.filter((clue) => clue.class === 'pii.free-text').map((clue) => clue.strength);
    return [{ class: 'pii.health', rule: 'table.medical', strength: Math.max(0.65, ...written) }];
  }
  // A code beside a patient: values say whether it is one of an illness.
  return context.patients && reading.words.some((word) => CODES.has(word))
    ? [{ class: 'pii.health', rule: 'table.medical', strength: 0.25 }]
    : [];
}

const CODES = new Set(['code', 'codes', 'cd', 'codigo', 'cod', 'codice', 'kod', 'kode']);

/** `gift_cards.code`, `passports.number`: the phrase that table and column make together. */
function joinedClues(column: ColumnFacts, reading: Reading, context: Context): Clue[] {
  if (isRow(column) || reading.words.length > 3 || reading.words.some((word) => IDS.has(word))) return [];
  const own = new Set(reading.terms.map((term) => term.class));
  const joined = [1, 2].flatMap((length) => {
    const table = context.words.slice(-length);
    return table.length === length ? sensesOf([...table, ...reading.words], context.languages) : [];
  });
  return joined.flatMap((sense) => {
    if (sense.tier !== 'says' || own.has(sense.class) || !canHold(column.kind, sense.class)) return [];
    return [{ class: sense.class, rule: `table.name.${sense.language}.${shortName(sense.class)}`, strength: JOINED }];
  });
}

const JOINED = 0.7;
const IDS = new Set(['id', 'ids', 'uuid', 'guid', 'oid']);

const COMMENT = 160;
const COMMENT_STRENGTH = 0.65;
const PERSONAL =
  /\bpii\b|\bphi\b|\bgdpr\b|personal(?:ly identifi| data| information|ly)|personenbezogen|datos personales|dados pessoais|donn[ée]es personnelles|dati personali|sensitive|confidential|vertraulich|個人情報|个人信息|개인정보|персональн/i;

/** Comments say more words than they mean: only what is sensitive anywhere counts, and less. */
function commentClues(comment: string, column: ColumnFacts, context: Context, read: NameReader): Clue[] {
  const text = comment.slice(0, COMMENT);
  const clues: Clue[] = [];
  // A sentence has many terms; a phrase of a few words reads like a name.
  const phrases = text.split(/[.;:,()\n]| - | – /).slice(0, 6);
  for (const [i, phrase] of phrases.entries()) {
    const reading = read(phrase.trim());
    if (reading.words.length > 8) continue;
    for (const term of reading.terms) {
      const short = reading.words.length <= 4 && i === 0;
      if (term.tier !== 'says' && !(short && term.head)) continue;
      if (!short && !term.head) continue;
      const strength =
        termStrength(term, column.kind, context.subject, reading.words) * (short ? COMMENT_STRENGTH + 0.1 : COMMENT_STRENGTH);
      if (strength > 0) clues.push({ class: term.class, rule: `comment.${term.language}.${shortName(term.class)}`, strength });
    }
  }
  if (PERSONAL.test(text) && canHold(column.kind, 'pii.free-text'))
    clues.push({ class: 'pii.free-text', rule: 'comment.personal', strength: 0.5 });
  return clues;
}

/** CHECK constraints that spell a format. */
function checkClues(column: ColumnFacts): Clue[] {
  const checks = column.checks.join(' ');
  if (checks === '') return [];
  const clues: Clue[] = [];
  if (/~\*?|LIKE/.test(checks) && /@/.test(checks) && canHold(column.kind, 'pii.email'))
    clues.push({ class: 'pii.email', rule: 'check.email', strength: 0.7 });
  if (/~\*?/.test(checks) && /\\?\+\??\[?[1-9]|E\.?164/i.test(checks) && /\{\d{1,2},1[0-5]\}/.test(checks))
    clues.push({ class: 'pii.phone', rule: 'check.phone', strength: 0.6 });
  if (/\\d\{3\}-\\d\{2\}-\\d\{4\}|\[0-9\]\{3\}-\[0-9\]\{2\}-\[0-9\]\{4\}/.test(checks))
    clues.push({ class: 'pii.national-id', rule: 'check.national-id', strength: 0.8 });
  if (
    /(?:<=?|>=?) ?\(?'?-?(?:90|180)\b/.test(checks) &&
    (column.kind === 'decimal' || column.kind === 'integer') &&
    /-\(?'?(?:90|180)|-(?:90|180)/.test(checks)
  ) {
    clues.push({ class: 'pii.location', rule: 'check.degrees', strength: 0.5 });
  }
  return clues;
}

const NETWORK_WORDS = new Set([
  'network',
  'networks',
  'subnet',
  'subnets',
  'cidr',
  'range',
  'ranges',
  'netblock',
  'gateway',
  'prefix',
  'block',
  'vlan',
]);

function typeClues(column: ColumnFacts, context: Context, reading: Reading): Clue[] {
  const nobody =
    context.subject === 'thing' ||
    context.subject === 'organisation' ||
    context.subject === 'premises' ||
    context.subject === 'machines';
  switch (column.kind) {
    case 'inet':
      return [
        {
          class: 'pii.ip',
          rule: 'type.inet',
          strength: reading.words.some((word) => NETWORK_WORDS.has(word))
            ? 0.4
            : context.subject === 'thing'
              ? 0.6
              : context.subject === 'machines'
                ? 0.3
                : 0.85,
        },
      ];
    case 'point':
    case 'geometry':
      return [{ class: 'pii.location', rule: `type.${column.kind}`, strength: nobody ? 0.3 : 0.7 }];
    default:
      return [];
  }
}

export function shortName(name: SensitivityClass): string {
  return name.slice(name.indexOf('.') + 1);
}
