/**
 * Reads an identifier: which classes its words speak for, about whom, and whether its head turns them away. `email` is an address,
 * `email_count` is a number, `is_email_verified` is a flag, `product_name` is nobody's name and `patient_name` somebody's.
 */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { Tier } from './lexicon.ts';
import { hasRole, isFiller, type Languages, speaks, type Token, tokenise, withOwn } from './phrases.ts';
import { segment } from './segment.ts';
import { splitIdentifier } from './split.ts';
import type { Sense } from './vocabulary.ts';

/** What a word beside the term, or the table, is about. */
export type Subject = 'person' | 'deal' | 'writing' | 'vault' | 'organisation' | 'premises' | 'machines' | 'thing';

export interface Term {
  readonly class: SensitivityClass;
  readonly tier: Tier;
  readonly language: string;
  /** The noun beside it: `customer` in `customer_name`. */
  readonly subject?: Subject;
  /** What the name is the name of: nothing but fillers follow (or precede, where heads come first). */
  readonly head: boolean;
  /** The head says that this is about the term, not the term (`email_count`). */
  readonly turned: boolean;
  /** Turned by `id` alone, which for text may still be the thing itself (`email_id`). */
  readonly identifier: boolean;
}

export interface Reading {
  readonly terms: readonly Term[];
  /** A code, a state, an enumeration … by its head. */
  readonly harmless: boolean;
  /** The subject of the whole name, as of a table: `customer_orders` is about orders. */
  readonly subject?: Subject;
  readonly words: readonly string[];
}

const IDENTIFIERS = new Set(['id', 'ids', 'uuid', 'guid']);

/** Words that turn most terms away and belong to some. */
const KEPT: Partial<Readonly<Record<SensitivityClass, ReadonlySet<string>>>> = {
  'pii.birth-date': new Set(['year', 'month', 'day', 'date', 'dt', 'at', 'on', 'time', 'datetime', 'timestamp']),
  'pii.health': new Set([
    'code',
    'codes',
    'status',
    'type',
    'level',
    'grade',
    'score',
    'reason',
    'result',
    'list',
    'class',
    'category',
    'range',
    'rate',
    'active',
    'is',
    'has',
    'had',
    'was',
    'title',
    'label',
    'name',
    'severity',
    'version',
    'unit',
  ]),
  'financial.salary': new Set([
    'min',
    'max',
    'range',
    'band',
    'rate',
    'total',
    'sum',
    'avg',
    'average',
    'month',
    'year',
    'day',
    'hours',
    'cost',
    'percentage',
    'percent',
    'pct',
    'from',
    'to',
    'start',
    'end',
    'budget',
    'level',
  ]),
  'pii.free-text': new Set(['reason', 'field', 'position', 'class', 'list', 'set']),
  'pii.address': new Set(['list', 'range', 'set', 'position', 'default', 'field']),
  'pii.location': new Set(['position']),
  'pii.national-id': new Set(['last', 'last4', '4', 'four', 'encrypted', 'hash', 'code']),
  'pii.name': new Set(['set', 'list', 'order']),
  secret: new Set([
    'set',
    'field',
    'index',
    'list',
    'code',
    'codigo',
    'codice',
    'cod',
    'kod',
    'kode',
    'md',
    'sha',
    'md5',
    'sha1',
    'sha256',
    'sha512',
    '1',
    '5',
    '256',
    '512',
    'checksum',
    'reset',
    'value',
  ]),
  'pii.ip': new Set(['list', 'set']),
  'pii.email': new Set(['list', 'field', 'list']),
  'pii.phone': new Set(['list', 'field']),
};

/** `full` is a person's in `full_name`, and nobody's in `full_text`. */
const NAME_PARTS = new Set([
  'first',
  'last',
  'middle',
  'given',
  'family',
  'maiden',
  'full',
  'vor',
  'nach',
  'voor',
  'achter',
  'primer',
  'segundo',
  'primeiro',
  'ultimo',
]);

const SUBJECTS: readonly Subject[] = ['person', 'vault', 'writing', 'deal', 'organisation', 'premises', 'machines', 'thing'];

export function readName(name: string, spoken: Languages): Reading {
  const words = splitIdentifier(name).flatMap(segment);
  const languages = withOwn(words, spoken);
  const tokens = tokenise(words, languages);
  const terms: Term[] = [];
  tokens.forEach((token, i) => {
    for (const sense of token.meaning?.senses ?? []) {
      if (!speaks(sense.language, token.words, languages)) continue;
      terms.push(readTerm(tokens, i, sense, languages));
    }
  });
  terms.push(...personAsHead(tokens, languages));
  const subject = subjectOf(tokens, languages);
  return { terms, harmless: isHarmless(tokens, languages), words, ...(subject === undefined ? {} : { subject }) };
}

function readTerm(tokens: readonly Token[], at: number, sense: Sense, languages: Languages): Term {
  const kept = KEPT[sense.class];
  let turned = false;
  let identifier = false;
  for (let i = at + 1; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (!turns(token, languages) || token.words.every((word) => kept?.has(word))) continue;
    if (token.words.length === 1 && IDENTIFIERS.has(token.words[0]!)) identifier = true;
    else turned = true;
  }
  for (let i = 0; i < at; i++) {
    const token = tokens[i]!;
    const ahead = i === 0 || i === at - 1;
    if (!ahead || !hasRole(token, 'turnsAhead', languages) || token.words.every((word) => kept?.has(word))) continue;
    turned = true;
  }
  const after = tokens
    .slice(at + 1)
    .every((token) => isFiller(token, languages) || token.words.every((word) => kept?.has(word) || IDENTIFIERS.has(word)));
  const before = tokens.slice(0, at).every((token) => isFiller(token, languages));
  const subject = subjectBeside(tokens, at, sense, languages);
  return {
    class: sense.class,
    tier: sense.tier,
    language: sense.language,
    head: after || (sense.headFirst && before),
    turned,
    identifier: identifier && !turned,
    ...(subject === undefined ? {} : { subject }),
  };
}

/** `created_by`, `quittiert_von`: who did it. */
const BY = new Set(['by', 'von', 'por', 'par', 'door', 'av', 'af', 'przez']);

/** A column called after a person (`owner`, `fahrer`, `requested_by_doctor`) may hold that person's name. */
function personAsHead(tokens: readonly Token[], languages: Languages): Term[] {
  const last = tokens.at(-1)?.words.at(-1);
  if (last !== undefined && BY.has(last) && (tokens.length > 1 || tokens[0]!.words.length > 1)) {
    const term = { tier: 'hints', language: 'en', subject: 'person', head: true, turned: false, identifier: false } as const;
    return [
      { ...term, class: 'pii.name' },
      { ...term, class: 'pii.email' },
    ];
  }
  const content = tokens.filter((token) => !isFiller(token, languages));
  const head = content.at(-1);
  if (head === undefined || !hasRole(head, 'person', languages) || (head.meaning?.senses.length ?? 0) > 0) return [];
  const role = head.meaning!.roles.find((each) => each.role === 'person')!;
  return [
    {
      class: 'pii.name',
      tier: 'hints',
      language: role.language,
      subject: 'person',
      head: true,
      turned: false,
      identifier: false,
    },
  ];
}

/** What something is of the term: its type, its count, its label. */
function turns(token: Token, languages: Languages): boolean {
  if (hasRole(token, 'turns', languages)) return true;
  return hasRole(token, 'harmless', languages) && !token.meaning!.senses.some((sense) => sense.tier === 'says');
}

/** The nearest subject on the side where the language puts it, then on the other. */
function subjectBeside(tokens: readonly Token[], at: number, sense: Sense, languages: Languages): Subject | undefined {
  const left = tokens.slice(0, at).reverse();
  const right = tokens.slice(at + 1);
  for (const side of sense.headFirst ? [right, left] : [left, right]) {
    for (const token of side) {
      const subject = subjectIn(token, languages);
      if (subject !== undefined && (sense.class === 'pii.name' || !token.words.every((word) => NAME_PARTS.has(word))))
        return subject;
    }
  }
  return undefined;
}

function subjectIn(token: Token, languages: Languages): Subject | undefined {
  return SUBJECTS.find((role) => hasRole(token, role, languages));
}

/** Of a table: the last subject, or the first where heads come first. */
function subjectOf(tokens: readonly Token[], languages: Languages): Subject | undefined {
  const subjects = tokens.map((token) => subjectIn(token, languages));
  const headFirst = tokens.some(
    ({ meaning }) =>
      meaning !== undefined &&
      !meaning.roles.some((each) => each.language === 'en') &&
      meaning.roles.some((each) => each.headFirst && each.role !== 'filler' && languages.has(each.language)),
  );
  return headFirst ? subjects.find((each) => each !== undefined) : subjects.findLast((each) => each !== undefined);
}

function isHarmless(tokens: readonly Token[], languages: Languages): boolean {
  const content = tokens.filter((token) => !isFiller(token, languages) || hasRole(token, 'harmless', languages));
  const last = content.at(-1);
  if (hasRole(last, 'harmless', languages) || hasRole(last, 'turns', languages)) return true;
  const first = content[0];
  return content.length > 1
    ? first?.meaning?.roles.some(
        (each) => (each.role === 'harmless' || each.role === 'turnsAhead') && each.headFirst && languages.has(each.language),
      ) === true
    : false;
}
