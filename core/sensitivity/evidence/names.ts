/** Clues from the names of columns and domains, from comments and from types. */
import type { ColumnFacts } from '../facts.ts';
import type { Reading, Subject } from '../names/reader.ts';
import { type Clue, shortName } from './clue.ts';
import type { Context, NameReader } from './context.ts';
import { canHold, isEnumerated } from './kinds.ts';
import { termStrength } from './strengths.ts';
import { tableClues } from './table-clues.ts';

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
  clues.push(...tableClues(column, reading, context, clues));
  const enumerated = isEnumerated(column);
  return clues.map((clue) => (enumerated && clue.class !== 'pii.health' ? { ...clue, strength: clue.strength * 0.3 } : clue));
}

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

/** Also where segmentation has nothing to go by. */
const MACHINES = new Set([
  'nas',
  'nasip',
  'nasipaddress',
  'server',
  'host',
  'node',
  'listen',
  'bind',
  'broker',
  'controller',
  'router',
  'nameserver',
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
              : context.subject === 'machines' ||
                  reading.subject === 'machines' ||
                  reading.words.some((word) => MACHINES.has(word))
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
