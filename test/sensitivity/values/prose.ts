/** Prose about people, and what medicine writes down, in the language of the column's people. */
import type { Context, Generator } from './context.ts';
import { LANGUAGES, type Language } from './languages.ts';
import { UNTOUCHED_LANGUAGES } from './languages-untouched.ts';
import { email, fullName, phone } from './people.ts';
import { timestamp } from './technical.ts';

const language = (c: Context): Language => (LANGUAGES[c.language] ?? UNTOUCHED_LANGUAGES[c.language])!;

function filled(c: Context, template: string): string {
  return template.replace(/\{([nped])\}/g, (_, slot: string) => {
    if (slot === 'n') return fullName(c);
    if (slot === 'p') return phone(c);
    return slot === 'e' ? email(c) : timestamp(c).slice(0, 10);
  });
}

export function sentences(c: Context, from: number, to: number): string {
  const glue = c.language === 'ja' ? '' : ' ';
  return Array.from({ length: c.random.int(from, to) }, () => filled(c, c.random.pick(language(c).sentences))).join(glue);
}

const subject = (c: Context): string => filled(c, c.random.pick(language(c).subjects));

function chat(c: Context): string {
  if (c.language.startsWith('en') && c.random.chance(0.5))
    return c.random.pick(['gg', 'brb', 'lol nice', 'anyone up for a raid tonight?', 'my real name is Tom btw', 'call me later']);
  return sentences(c, 1, 1);
}

const REFERENCES: Readonly<Record<string, readonly string[]>> = {
  en: ['Rent {d} {n}', 'Dinner with {n}', 'Birthday gift for {n}', 'Invoice, thanks {n}'],
  it: ['Affitto {d} {n}', 'Regalo per {n}', 'Saldo fattura {n}', 'Rimborso cena con {n}'],
};
const DRUGS =
  'Metformin|Ibuprofen|Amoxicillin|Ramipril|Atorvastatin|Levothyroxin|Omeprazol|Sertralin|Salbutamol|Paracetamol'.split('|');
const ICD = 'E11.9|I10|J20.9|G43.0|F32.1|M54.5|J45.9|D50.9|K21.0|L20.8|N39.0|R51|S83.6|Z96.6'.split('|');
const TESTS = 'Glucose|HbA1c|Creatinine|Haemoglobin|TSH|LDL|CRP|Ferritin'.split('|');
const SPECIALTIES = 'Cardiology|Orthopaedics|Paediatrics|Dermatology|Oncology|Neurology'.split('|');
const DISABILITIES: Readonly<Record<string, readonly string[]>> = {
  pl: ['umiarkowany', 'znaczny', 'lekki'],
  pt: ['visual', 'auditiva', 'motora', 'apto com óculos'],
  sv: ['godkänd', 'hörselnedsättning', 'högt blodtryck'],
};
const pick =
  (values: readonly string[]): Generator =>
  (c) =>
    c.random.pick(values);

export const PROSE: Readonly<Record<string, Generator>> = {
  'prose.product': (c) => {
    const { products } = language(c);
    return c.random.chance(0.5) ? c.random.pick(products) : `${c.random.pick(products)} ${c.random.pick(products)}`;
  },
  'prose.ticket': (c) => sentences(c, 2, 5),
  'prose.note': (c) => sentences(c, 1, 2),
  'prose.short': (c) => sentences(c, 1, 1),
  'prose.letter': (c) => sentences(c, 4, 8),
  'prose.review': (c) => sentences(c, 1, 3),
  'prose.incident': (c) => sentences(c, 2, 4),
  'prose.bio': (c) => `${fullName(c)}. ${sentences(c, 1, 2)}`,
  'prose.subject': subject,
  'prose.chat': chat,
  'prose.sms': (c) => sentences(c, 1, 1),
  'prose.search': (c) =>
    c.random.pick([
      'red shoes size 42',
      'pregnancy test',
      'gift for my wife',
      'books about depression',
      'cheap laptop',
      'wedding dress',
      'garden chair',
    ]),
  'prose.reference': (c) => filled(c, c.random.pick(REFERENCES[c.language] ?? REFERENCES['en']!)),
  'prose.signature': (c) => `${fullName(c)}\n${c.faker.person.jobTitle()}\n${c.faker.company.name()}\nTel. ${phone(c)}`,
  'prose.html': (c) => `<p>${sentences(c, 1, 2)}</p><p>${sentences(c, 1, 2)}</p>`,
  'prose.ocr': (c) =>
    `REPUBLIC\nName ${fullName(c).toUpperCase()}\nDOB ${timestamp(c).slice(0, 10)}\nNo ${c.random.upper(1)}${c.random.digits(7)}`,
  'prose.serialized': (c) => `a:2:{s:7:"subject";s:40:"${subject(c)}";s:4:"from";s:30:"${email(c)}";}`,
  'hex-ucs2': (c) =>
    Buffer.from(sentences(c, 1, 1), 'utf16le')
      .swap16()
      .toString('hex')
      .toUpperCase(),
  'health.diagnosis': (c) => c.random.pick(language(c).diagnoses),
  'health.icd10': pick(ICD),
  'health.reason': (c) => c.random.pick(language(c).complaints),
  'health.note': (c) =>
    `${c.random.pick(language(c).complaints)}. ${c.random.pick(language(c).diagnoses)}. ${c.random.pick(DRUGS)} ${c.random.pick([5, 10, 20, 500])} mg.`,
  'health.allergy': (c) => c.random.pick(language(c).allergies),
  'health.blood': pick(['A+', 'A-', 'B+', 'B-', 'AB+', '0+', '0-']),
  'health.drug': pick(DRUGS),
  'health.dose': (c) => `${c.random.pick([5, 10, 20, 50, 500])} mg ${c.random.pick(['1-0-1', '1-0-0', '0-0-1', '2x1'])}`,
  'health.treatment': (c) =>
    `${c.random.pick(DRUGS)} ${c.random.pick([5, 20, 100])} mg, ${c.random.pick(language(c).complaints).toLowerCase()}`,
  'health.test': pick(TESTS),
  'health.result': (c) => (c.random.int(1, 2000) / 10).toFixed(1),
  'health.weight': (c) => (c.random.int(350, 1200) / 10).toFixed(1),
  'health.height': (c) => String(c.random.int(120, 198)),
  'health.bmi': (c) => (c.random.int(170, 390) / 10).toFixed(1),
  'health.bp': (c) => `${c.random.int(95, 175)}/${c.random.int(55, 105)}`,
  'health.glucose': (c) => String(c.random.int(65, 260)),
  'health.vaccine': pick(['BCG', 'Hepatite B', 'Tríplice viral', 'Febre amarela', 'Influenza', 'COVID-19']),
  'health.specialty': pick(SPECIALTIES),
  'health.disability': (c) => c.random.pick(DISABILITIES[c.language] ?? ['none', 'visual', 'hearing']),
};
