/** Sentences: whose they are decides. A product's description is nobody's; what is written in a ticket may be about anybody. */
import type { Reading, Subject } from '../names/reader.ts';
import type { Clue } from './clue.ts';
import type { Shares } from './values.ts';

type Place = Subject | 'unknown';

const STRENGTHS: Readonly<Record<Place, number>> = {
  person: 0.8,
  deal: 0.75,
  writing: 0.85,
  vault: 0.5,
  unknown: 0.6,
  organisation: 0.35,
  premises: 0.3,
  machines: 0.3,
  thing: 0.3,
};

/** Shops print their own address under everything. */
const HIDDEN: Readonly<Record<Place, number>> = {
  person: 0.65,
  deal: 0.65,
  writing: 0.65,
  vault: 0.5,
  unknown: 0.6,
  organisation: 0.3,
  premises: 0.3,
  machines: 0.3,
  thing: 0.3,
};

const LEAST = 0.25;
/** Rather of what is sold or done than of who. */
export const DESCRIPTIONS = new Set([
  'description',
  'desc',
  'descr',
  'beschreibung',
  'descripcion',
  'descricao',
  'descrizione',
  'omschrijving',
  'beskrivning',
  'beskrivelse',
  'opis',
  'popis',
  'descriere',
  'kuvaus',
  'leiras',
  'aciklama',
  'deskripsi',
  '説明',
  '描述',
  '설명',
  'описание',
]);

/** What only people write, in whatever table: of an event, a device, a room. */
const WRITTEN = new Set(
  'reason reasons comment comments note notes feedback remark remarks topic complaint bio biography memo statement explanation justification opinion observation observations testimonial review excuse instructions greeting transcript grund bemerkung bemerkungen kommentar notiz anmerkung motivo razon comentario comentarios nota notas observaciones observacao observacoes motif raison commentaire commentaires remarque remarques commento reden opmerking opmerkingen powod uwagi komentarz anteckning anteckningar orsak merknad huomautus yorum poznamka duvod megjegyzes catatan alasan примечание комментарий причина 備考 コメント 备注 留言 评论 메모 비고'.split(
    ' ',
  ),
);
const WRITTEN_STRENGTH = 0.62;
/** What people say they are doing. */
const STATUS = /\b(?:status|away|presence|mood|vacation|absence|auto ?reply|out of office) (?:msg|message|text)$/;
const LOGS = /\b(?:error|log|exception|warning|commit|failure|debug|template|default|system|release|help|welcome)\b/;

export function proseClues(shares: Shares, subject: Subject | undefined, reading: Reading): Clue[] {
  const clues: Clue[] = [];
  const described = reading.words.some((word) => DESCRIPTIONS.has(word));
  const prose = shares.of('prose');
  const all = Math.min(1, prose + shares.of('prose.short') * 0.3);
  const place =
    reading.terms.find((term) => term.class === 'pii.free-text' && term.subject !== undefined)?.subject ?? subject ?? 'unknown';
  const written =
    (WRITTEN.has(reading.words.at(-1) ?? '') || STATUS.test(reading.words.join(' '))) && !LOGS.test(reading.words.join(' '));
  if (prose >= LEAST) {
    const called = place === 'writing' && reading.terms.some((term) => term.class === 'pii.free-text' && !term.turned);
    const harmless =
      described && place !== 'writing' ? 0.4 : reading.harmless && !called ? (reading.subject === 'thing' ? 0.4 : 0.6) : 1;
    const sure = shares.beyondChance(all, 0.1);
    clues.push({
      class: 'pii.free-text',
      rule: 'value.prose',
      ratio: prose,
      strength: Math.max(STRENGTHS[place] * harmless, written ? WRITTEN_STRENGTH : 0) * Math.min(1, sure * 1.5),
    });
  }
  const hidden = Math.max(shares.of('prose.email'), shares.of('prose.number'));
  if (hidden >= 0.02 && shares.count('prose.email', 'prose.number') >= 2) {
    clues.push({
      class: 'pii.free-text',
      rule: 'value.prose.hidden',
      ratio: hidden,
      strength: described || reading.harmless ? 0.3 : HIDDEN[place],
    });
  }
  return clues;
}
