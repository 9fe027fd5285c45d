/** What a table is about: by its name, its comment, its schema's name, and by the company that its columns keep. */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { TableFacts } from '../facts.ts';
import { type Languages, type Reading, type Subject, type Term, readName } from '../names/reader.ts';
import { canHold } from './kinds.ts';

export interface Context {
  readonly subject?: Subject;
  readonly languages: Languages;
  /** By attnum. */
  readonly readings: ReadonlyMap<number, Reading>;
  /** The table keeps records of patients: its remarks are about health. */
  readonly medical: boolean;
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

const PATIENTS = new Set(
  `patient patients pat paciente pacientes patienten patientin pasien hasta hastalar paziente pazienti pacjent pacjenci pacjenta pacient pacienti potilas beteg betegek
   пациент пациенты пациента 患者 환자 病人 huanzhe kanja ασθενης ασθενεις مريض المريض מטופל medical clinical`.split(/\s+/),
);

export function contextOf(table: TableFacts, languages: Languages, read: NameReader): Context {
  const readings = new Map(table.columns.map((column) => [column.attnum, read(column.name)]));
  const name = read(table.name);
  const named =
    name.subject ??
    (table.comment === undefined ? undefined : read(table.comment.slice(0, 80)).subject) ??
    read(table.schema).subject;
  const subject = company(table, readings, named);
  const about = new Set(
    name.terms.filter((term) => term.head && !term.turned && !term.identifier && term.tier !== 'hints').map((term) => term.class),
  );
  return {
    languages,
    readings,
    about,
    medical: subject !== 'thing' && subject !== 'premises' && isMedical(table, readings, name, about, subject),
    ...(subject === undefined ? {} : { subject }),
  };
}

function isMedical(
  table: TableFacts,
  readings: ReadonlyMap<number, Reading>,
  name: Reading,
  about: ReadonlySet<SensitivityClass>,
  subject: Subject | undefined,
): boolean {
  const names = [name, ...readings.values()];
  if (names.some((reading) => reading.words.some((word) => PATIENTS.has(word)))) return true;
  const personal = subject === 'person' || names.some((reading) => reading.subject === 'person');
  if (!personal) return false;
  const health = table.columns.filter((column) =>
    readings
      .get(column.attnum)!
      .terms.some((term) => isOutright(term) && term.class === 'pii.health' && canHold(column.kind, term.class)),
  );
  return about.has('pii.health') || health.length >= 3;
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
