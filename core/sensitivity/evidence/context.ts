/** What a table is about: by its name, its comment, its schema's name, and by the company that its columns keep. */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { TableFacts } from '../facts.ts';
import type { Languages } from '../names/phrases.ts';
import { type Reading, type Subject, type Term, readName } from '../names/reader.ts';
import { canHold } from './kinds.ts';

export interface Context {
  readonly subject?: Subject;
  readonly languages: Languages;
  /** The table's name, its last word in the singular. */
  readonly words: readonly string[];
  /** Sessions of a web server. */
  readonly store: boolean;
  /** By attnum. */
  readonly readings: ReadonlyMap<number, Reading>;
  /** The table keeps records of patients, or of illnesses of people: its remarks are about health. */
  readonly medical: boolean;
  /** It is a table of patients, and so is what refers to it. */
  readonly patients: boolean;
  /** What people are paid, row by row. */
  readonly payroll: boolean;
  /** Steps of a login or an authorization: whoever knows a row's code, state or nonce can go on with it. */
  readonly flow: boolean;
  /** Keys and values of a system's settings. */
  readonly settings: boolean;
  /** Classes that the table's name itself says: `cards`, `addresses`. */
  readonly about: ReadonlySet<SensitivityClass>;
}

export type NameReader = (name: string) => Reading;

/** The same names come again and again: `id`, `name`, `created_at`. */
export function nameReader(languages: Languages): NameReader {
  const known = new Map<string, Reading>();
  return (name) => {
    let reading = known.get(name);
    if (reading === undefined) known.set(name, (reading = readName(name, languages)));
    return reading;
  };
}

const PAYROLL = new Set(
  `payroll payrolls payslip payslips paystub paystubs paycheck paychecks payrun wages bulletin bulletins paie paies fiche_paie nomina nominas gehaltsabrechnung gehaltsabrechnungen lohnabrechnung lohnabrechnungen
   entgeltabrechnung holerite holerites contracheque contracheques cedolino cedolini bustapaga loonstrook loonstroken salarisstrook lonespecifikation lonnsslipp lonseddel palkkalaskelma wyplata wyplaty bordro bordrolar vyplata vyplaty penggajian slipgaji 給与明細 工资条 工资单 급여명세서 зарплаты ведомость`.split(
    /\s+/,
  ),
);

/** Of a table's name only: a person may have one column of them. */
const CLINICAL = new Set([
  'medical',
  'clinical',
  'hasta',
  'muayene',
  'encounter',
  'encounters',
  'hospitalization',
  'hospitalizations',
  'kartoteka',
]);

const SETTINGS = new Set(
  `setting settings config configs configuration configurations option options parameter parameters param params constance env environment einstellung einstellungen konfiguration parametro parametros
   configuracion configuracoes configuracao parametre parametres impostazioni ajustes instellingen ustawienia installningar indstillinger innstillinger ayarlar pengaturan nastaveni setari beallitasok настройки 設定 设置 配置 설정`.split(
    /\s+/,
  ),
);

const PATIENTS = new Set(
  `patient patients paciente pacientes patienten patientin pasien hastalar hastanin paziente pazienti pacjent pacjenci pacjenta pacient pacienti potilas beteg betegek
   пациент пациенты пациента 患者 환자 病人 huanzhe kanja ασθενης ασθενεις مريض المريض מטופל`.split(/\s+/),
);

export function contextOf(table: TableFacts, languages: Languages, read: NameReader): Context {
  const readings = new Map(table.columns.map((column) => [column.attnum, read(column.name)]));
  const name = read(table.name);
  const named =
    name.subject ??
    (table.comment === undefined ? undefined : read(table.comment.slice(0, 80)).subject) ??
    read(table.schema).subject;
  const store = isSessionStore(name, readings);
  const subject = store ? 'vault' : company(table, readings, isCorrespondence(table, readings, named) ? 'writing' : named);
  const about = new Set(
    name.terms.filter((term) => term.head && !term.turned && !term.identifier && term.tier !== 'hints').map((term) => term.class),
  );
  const somebody = subject !== 'thing' && subject !== 'premises' && subject !== 'machines';
  const patients = somebody && ofPatients(readings, name);
  const personal = somebody && (subject === 'person' || [...readings.values()].some((reading) => reading.subject === 'person'));
  return {
    languages,
    readings,
    about,
    words: singular(name.words),
    store,
    flow: isFlow(readings),
    payroll: somebody && (name.words.some((word) => PAYROLL.has(word)) || (personal && about.has('financial.salary'))),
    settings: name.subject !== 'person' && name.words.some((word) => SETTINGS.has(word)),
    patients,
    medical:
      patients ||
      (personal && about.has('pii.health')) ||
      (somebody && subject !== 'person' && healthColumns(table, readings) >= 2),
    ...(subject === undefined ? {} : { subject }),
  };
}

const STORE = new Set([
  'token',
  'expires',
  'expire',
  'expiry',
  'expiration',
  'ip',
  'agent',
  'vars',
  'payload',
  'sess',
  'sid',
  'csrf',
  'lastactivity',
]);

/** Sessions of web servers, not of yoga. */
function isSessionStore(name: Reading, readings: ReadonlyMap<number, Reading>): boolean {
  if (!name.words.some((word) => word === 'session' || word === 'sessions' || word === 'sess')) return false;
  return [...readings.values()].some((reading) => reading.words.some((word) => STORE.has(word)));
}

/** What OAuth, OpenID Connect, SAML and their like keep between two requests. */
const FLOW = [
  ['nonce'],
  ['redirect', 'callback'],
  ['scope', 'scopes'],
  ['challenge'],
  ['verifier'],
  ['csrf'],
  ['grant'],
  ['response'],
  ['pkce'],
  ['login'],
  ['consent'],
  ['state'],
  ['acr', 'amr'],
  ['authorization', 'authorize'],
] as const;

function isFlow(readings: ReadonlyMap<number, Reading>): boolean {
  const words = new Set([...readings.values()].flatMap((reading) => reading.words));
  const strong =
    (words.has('authorization') && words.has('state')) ||
    words.has('nonce') ||
    words.has('challenge') ||
    words.has('verifier') ||
    words.has('redirect') ||
    words.has('csrf');
  return strong && FLOW.filter((some) => some.some((word) => words.has(word))).length >= 3;
}

const SENDERS = new Set(
  'sender senders from recipient recipients receiver to addressee reporter absender empfanger expediteur destinataire remitente destinatario remetente mittente afzender ontvanger nadawca odbiorca avsandare mottagare gonderen alici отправитель получатель 送信者 受信者 发送者 接收者'.split(
    ' ',
  ),
);
const BODIES = new Set(
  'body message messages content text msg subject plaintext nachricht inhalt betreff contenu objet mensaje asunto contenido mensagem assunto conteudo messaggio oggetto testo bericht onderwerp inhoud tresc wiadomosc temat meddelande mesaj konu icerik сообщение текст тема 本文 件名 内容 主题'.split(
    ' ',
  ),
);

export function isSender(words: readonly string[]): boolean {
  return words.some((word, i) => SENDERS.has(word) && (word.length > 4 || i === words.length - 1 || words[i + 1] === 'user'));
}

export function isBody(words: readonly string[]): boolean {
  return BODIES.has(words.at(-1) ?? '');
}

/** Somebody wrote it to somebody, or reported it, whatever the table is called. */
function isCorrespondence(table: TableFacts, readings: ReadonlyMap<number, Reading>, named: Subject | undefined): boolean {
  if (named !== undefined && named !== 'thing' && named !== 'deal') return false;
  let senders = false;
  let bodies = false;
  for (const column of table.columns) {
    const { words } = readings.get(column.attnum)!;
    senders ||= isSender(words);
    bodies ||= (column.kind === 'text' || column.kind === 'json' || column.kind === 'bytes') && isBody(words);
  }
  return senders && bodies;
}

function healthColumns(table: TableFacts, readings: ReadonlyMap<number, Reading>): number {
  return table.columns.filter((column) =>
    readings
      .get(column.attnum)!
      .terms.some((term) => isOutright(term) && term.class === 'pii.health' && canHold(column.kind, term.class)),
  ).length;
}

function singular(words: readonly string[]): readonly string[] {
  const last = words.at(-1) ?? '';
  if (last.length < 4 || !last.endsWith('s') || last.endsWith('ss')) return words;
  const stem = /(?:sses|xes|ches)$/.test(last)
    ? last.slice(0, -2)
    : /[^aeiou]ies$/.test(last)
      ? `${last.slice(0, -3)}y`
      : last.slice(0, -1);
  return [...words.slice(0, -1), stem];
}

function ofPatients(readings: ReadonlyMap<number, Reading>, name: Reading): boolean {
  if (name.words.some((word) => CLINICAL.has(word))) return true;
  return [name, ...readings.values()].some((reading) => reading.words.some((word) => PATIENTS.has(word)));
}

/** Names, birth dates and numbers of people side by side make a table one of people, whatever it is called. */
function company(table: TableFacts, readings: ReadonlyMap<number, Reading>, named: Subject | undefined): Subject | undefined {
  if (named === 'person' || named === 'vault') return named;
  const classes = new Set<SensitivityClass>();
  let names = 0;
  for (const column of table.columns) {
    const said = (readings.get(column.attnum)?.terms ?? []).filter(
      (term) => isOutright(term) && canHold(column.kind, term.class),
    );
    for (const term of said) classes.add(term.class);
    if (said.some((term) => term.class === 'pii.name')) names++;
  }
  const identity =
    classes.has('pii.birth-date') || classes.has('pii.national-id') || classes.has('pii.passport') || classes.has('pii.health');
  const reach = classes.has('pii.email') || classes.has('pii.phone') || classes.has('pii.address') || classes.has('secret');
  if (names >= 2 || (names >= 1 && (identity || reach)) || (identity && reach)) {
    if (named === undefined || named === 'deal' || named === 'writing') return 'person';
    if (named === 'thing' && names >= 2) return 'person';
  }
  return named;
}

function isOutright(term: Term): boolean {
  return term.tier === 'says' && !term.turned && !term.identifier;
}

/** What refers to a record of a patient belongs to it. */
export function withMedicalKeys(
  tables: readonly TableFacts[],
  contexts: ReadonlyMap<number, Context>,
): ReadonlyMap<number, Context> {
  const all = new Map(contexts);
  // Each round marks at least one more table.
  for (let moved = true; moved; ) {
    moved = false;
    for (const table of tables) {
      const context = all.get(table.oid)!;
      if (context.patients || context.subject === 'thing' || context.subject === 'premises') continue;
      if (!table.columns.some(({ references }) => references !== undefined && all.get(references[0])?.patients === true))
        continue;
      all.set(table.oid, { ...context, medical: true, patients: true });
      moved = true;
    }
  }
  return all;
}
