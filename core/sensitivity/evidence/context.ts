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

const MEDICAL = new Set([
  'patient',
  'patients',
  'paciente',
  'pacientes',
  'patienten',
  'encounter',
  'encounters',
  'prescription',
  'prescriptions',
  'diagnosis',
  'diagnoses',
  'medical',
  'clinical',
  'pasien',
  'hasta',
  'paziente',
  'pazienti',
  'pacjent',
  'pacjenci',
  'treatment',
  'treatments',
  '患者',
  '환자',
  '病人',
  'admissions',
  'careplan',
  'immunizations',
  'allergies',
  'conditions',
  'observations',
]);

export function contextOf(table: TableFacts, languages: Languages, read: NameReader): Context {
  const readings = new Map(table.columns.map((column) => [column.attnum, read(column.name)]));
  const name = read(table.name);
  const named =
    name.subject ??
    (table.comment === undefined ? undefined : read(table.comment.slice(0, 80)).subject) ??
    read(table.schema).subject;
  const subject = company(table, readings, named);
  return {
    languages,
    readings,
    medical: name.words.some((word) => MEDICAL.has(word)),
    ...(subject === undefined ? {} : { subject }),
  };
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
