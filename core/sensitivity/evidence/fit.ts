/**
 * How well values fit what a name says. A column `phone` full of `mobile` and `home` holds no numbers; one full of hexadecimal holds them
 * encrypted, and that is for the name to say. A name is never overruled by few values.
 */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { Shares } from './values.ts';

const FEW = 3;
/** Encrypted or hashed values have no form. */
const OPAQUE = ['hex', 'hex.digest', 'hex.object-id', 'random', 'random.long', 'token', 'password-hash', 'json', 'uuid'];
const PHONES = ['phone', 'phone.grouped', 'phone.loose', 'phone.digits'];

/** Shares that settle what a column is: it is nothing else. */
const EXCLUSIVE: readonly (readonly [id: string, class_: SensitivityClass | undefined])[] = [
  ['email', 'pii.email'],
  ['ip', 'pii.ip'],
  ['iban', 'financial.iban'],
  ['url', undefined],
  ['uuid', undefined],
];

const PEOPLE = ['person', 'person.part', 'person.given', 'person.surname', 'person.east', 'person.full'];

const FORMS: Partial<Readonly<Record<SensitivityClass, (shares: Shares) => number>>> = {
  'pii.email': (shares) => shares.of('email', 'email.local', ...OPAQUE, 'prose.email'),
  'pii.phone': (shares) => shares.of(...PHONES.slice(0, 1), 'phone.loose', 'phone.digits', 'number', ...OPAQUE),
  'pii.ip': (shares) => (shares.of('ip.private') >= 0.9 ? 0.2 : shares.of('ip', 'ip.version', 'ip.private', ...OPAQUE, 'number')),
  'pii.birth-date': (shares) => shares.of('date', 'date.past', 'number', ...OPAQUE),
  'financial.card': (shares) => shares.of('card', 'card.shape', 'card.masked', 'number', ...OPAQUE),
  'pii.location': () => 1,
};

export function fitness(name: SensitivityClass, shares: Shares): number {
  if (shares.values < FEW) return 1;
  for (const [id, kept] of EXCLUSIVE) {
    if (kept !== name && shares.of(id) >= 0.9 && !(name === 'secret' && (id === 'uuid' || id === 'url'))) return 0.35;
  }
  const form = FORMS[name]?.(shares);
  if (form !== undefined) return form >= 0.3 ? 1 : 0.4 + form * 2 * (1 - 0.4);
  switch (name) {
    case 'pii.name':
      return namesFit(shares);
    case 'pii.free-text':
      return textFits(shares);
    case 'secret':
      return shares.enumeration && shares.profile.length.mean < 12 ? 0.4 : shares.of('prose') >= 0.6 ? 0.6 : 1;
    case 'pii.address':
      if (shares.of('login') >= 0.8) return 0.4;
      return shares.of('email', 'ip', 'url', 'path') >= 0.6 ? 0.4 : 1;
    case 'pii.national-id':
    case 'pii.passport':
      return shares.profile.length.mean < 4 && shares.enumeration
        ? 0.4
        : shares.of('prose', 'person', 'person.full', 'email', 'url') >= 0.6
          ? 0.5
          : 1;
    default:
      return 1;
  }
}

function textFits(shares: Shares): number {
  const { words, length } = shares.profile;
  if (shares.of('number', 'date', 'date.past', 'path') >= 0.9) return 0.4;
  if ((shares.enumeration && words < 4) || shares.of('street') >= 0.4) return 0.5;
  // Single words, again and again single words: labels.
  return shares.values >= 20 && words < 1.6 && length.mean < 25 && shares.of('prose', 'prose.short', ...OPAQUE) < 0.05 ? 0.5 : 1;
}

function namesFit(shares: Shares): number {
  if (shares.enumeration && shares.of(...PEOPLE) < 0.1) return 0.5;
  if (shares.of('number', 'date', 'date.past', 'url', 'path', 'uuid') >= 0.8) return 0.35;
  if (shares.of('code') >= 0.9 && shares.of('person.given', 'person.surname') < 0.05) return 0.5;
  return shares.of('prose') >= 0.5 ? 0.6 : 1;
}
