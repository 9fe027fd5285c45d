/** Clues that a column has from its table: what the table's name says, what is written of patients, what stands on payslips. */
import type { ColumnFacts } from '../facts.ts';
import { sensesOf } from '../names/phrases.ts';
import type { Reading } from '../names/reader.ts';
import { type Clue, shortName } from './clue.ts';
import type { Context } from './context.ts';
import { canHold, isOpen } from './kinds.ts';

/** `said`: what the column's own name says. */
export function tableClues(column: ColumnFacts, reading: Reading, context: Context, said: readonly Clue[]): Clue[] {
  const clues = joinedClues(column, reading, context);
  if (context.store && column.kind === 'text' && reading.words.length === 1 && STORE_KEYS.has(reading.words[0]!)) {
    clues.push({ class: 'secret', rule: 'table.sessions', strength: 0.6 });
  }
  if (context.flow && column.kind === 'text' && column.references === undefined && isFlowKey(reading.words))
    clues.push({
      class: 'secret',
      rule: 'table.flow',
      strength: reading.words.length === 1 && reading.words[0] === 'id' ? 0.4 : 0.45,
    });
  if (column.references === undefined && isParty(reading, context) && canHold(column.kind, 'pii.phone'))
    clues.push({ class: 'pii.phone', rule: 'table.telephony', strength: 0.35 });
  if (isConnection(column, reading, context)) clues.push({ class: 'secret', rule: 'table.connection', strength: 0.55 });
  if (context.about.size > 0 && !isRow(column)) clues.push(...aboutClues(reading, column, context));
  const measured = column.kind === 'decimal' && column.references === undefined && isClinical(reading, context);
  if (context.medical && measured) clues.push({ class: 'pii.health', rule: 'table.clinical', strength: 0.7 });
  if (context.medical && isOpen(column)) clues.push(...medicalClues([...said, ...clues], reading, context));
  if (context.payroll && isPay(column, reading)) clues.push({ class: 'financial.salary', rule: 'table.payroll', strength: 0.7 });
  if (context.settings && isOpen(column) && SETTING_VALUES.has(reading.words.at(-1) ?? '')) {
    clues.push({ class: 'secret', rule: 'table.settings', strength: 0.55 });
  }
  return clues;
}

const FLOW_KEYS = new Set([
  'id',
  'state',
  'nonce',
  'code',
  'challenge',
  'verifier',
  'request',
  'handle',
  'ticket',
  'csrf',
  'signature',
  'session',
  'key',
]);

const isFlowKey = (words: readonly string[]): boolean => {
  const last = words.at(-1) ?? '';
  return FLOW_KEYS.has(last) && (words.length === 1 || last !== 'id');
};

/** Records of calls: who called whom is a number, where it looks like one. */
const TELEPHONY = new Set(
  'cdr cdrs call calls voicemail voicemails sms telephony pbx queue_log callerid calllog mms dialer'.split(' '),
);
const PARTIES = new Set(
  'src dst source destination caller callee clid callerid from to number peer ani dnis called calling dialed did party target'.split(
    ' ',
  ),
);

function isParty(reading: Reading, context: Context): boolean {
  return (
    context.words.some((word) => TELEPHONY.has(word)) && reading.words.length <= 2 && PARTIES.has(reading.words.at(-1) ?? '')
  );
}

/** How one system logs in at another: there are keys among the settings. */
const CONNECTIONS = new Set(
  'connector connectors connection connections integration integrations datasource datasources idp smtp ldap oauth sso gateway gateways webhook webhooks mailer broker credential credentials'.split(
    ' ',
  ),
);
const SETTINGS_OF = new Set(
  'config configuration configurations settings setting options option parameters params data credentials auth authentication properties details extra'.split(
    ' ',
  ),
);

function isConnection(column: ColumnFacts, reading: Reading, context: Context): boolean {
  if (column.kind !== 'text' && column.kind !== 'json' && column.kind !== 'bytes') return false;
  const last = reading.words.at(-1) ?? '';
  if (!SETTINGS_OF.has(last)) return false;
  return (
    reading.words.slice(0, -1).some((word) => CONNECTIONS.has(word)) ||
    (reading.words.length === 1 && context.words.some((word) => CONNECTIONS.has(word)))
  );
}

/** The table's own name says it: `number` of `cards`, `line` of `addresses`, `remarks` of `patients`. */
const TABLE_SAYS = 0.8;

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

/** Where a login goes on to. */
const RETURNS = new Set(['redirect', 'callback', 'return', 'next', 'logout', 'origin']);

function aboutClues(reading: Reading, column: ColumnFacts, context: Context): Clue[] {
  return reading.terms.flatMap((term) => {
    if (term.tier === 'says' || term.turned || term.identifier || !term.head) return [];
    if (!context.about.has(term.class) || !canHold(column.kind, term.class)) return [];
    if (term.class === 'secret' && reading.words.some((word) => RETURNS.has(word))) return [];
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
  if (isClinical(reading, context)) return [{ class: 'pii.health', rule: 'table.clinical', strength: 0.7 }];
  // A code beside a patient: values say whether it is one of an illness.
  return context.patients && reading.words.some((word) => CODES.has(word))
    ? [{ class: 'pii.health', rule: 'table.medical', strength: 0.25 }]
    : [];
}

/** What is observed, prescribed and done, one row each. */
const RECORDS =
  /^(?:obs|observations?|vitals?|vital signs?|labs?|results?|tests?|findings?|conditions?|problems?|procedures?|measurements?|exams?|examinations?|befunde?|messwerte?|examens?|resultats?|resultados?|examenes?|exames?|esami|esiti|metingen|uitslagen|provsvar|badania|wyniki|vysledky|tahliller|sonuclar|検査|検査結果|检查|检验|검사|анализы)$/;
const MEASURED = new Set(
  'value values result results reading measurement score finding name description text level quantity amount dose instructions severity reaction test outcome interpretation indication wert ergebnis valeur resultat valor resultado valore risultato waarde uitslag varde wynik wartosc hodnota vysledek deger sonuc nilai hasil 値 結果 值 结果 값 결과 значение результат'.split(
    ' ',
  ),
);

/** `results.value` of a patient: what the table is about has no word in the column. */
function isClinical(reading: Reading, context: Context): boolean {
  if (!MEASURED.has(reading.words.at(-1) ?? '') || reading.words.length > 3) return false;
  if (reading.terms.some((term) => term.class !== 'pii.health' && term.tier === 'says')) return false;
  return context.about.has('pii.health') || (context.patients && context.words.some((word) => RECORDS.test(word)));
}

const CODES = new Set(['code', 'codes', 'cd', 'codigo', 'cod', 'codice', 'kod', 'kode']);

/** `gift_cards.code`, `passports.number`: the phrase that table and column make together. */
function joinedClues(column: ColumnFacts, reading: Reading, context: Context): Clue[] {
  if (isRow(column) || reading.words.length > 3 || reading.words.some((word) => IDS.has(word))) return [];
  const own = new Set(reading.terms.filter((term) => term.tier === 'says').map((term) => term.class));
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
