import { describe, expect, it } from 'vitest';
import { languagesOf } from './languages.ts';
import { readName } from './reader.ts';
import { segment } from './segment.ts';
import { splitIdentifier } from './split.ts';

const NONE = new Set<string>();

function says(name: string, languages: ReadonlySet<string> = NONE): string[] {
  return [
    ...new Set(
      readName(name, languages)
        .terms.filter((term) => !term.turned && (term.tier === 'says' || term.tier === 'mostly'))
        .map((term) => term.class),
    ),
  ];
}

describe('splitIdentifier', () => {
  it.each([
    ['customer_email_address', ['customer', 'email', 'address']],
    ['customerEmailAddress', ['customer', 'email', 'address']],
    ['CustomerEMail', ['customer', 'e', 'mail']],
    ['HTMLBody', ['html', 'body']],
    ['userIDs', ['user', 'ids']],
    ['address2', ['address', '2']],
    ['Straße-Nr.', ['strasse', 'nr']],
    ['PRÉNOM', ['prenom']],
    ['顧客ID', ['顧客id']],
    ['', []],
  ])('%s', (name, words) => {
    expect(splitIdentifier(name)).toEqual(words);
  });
});

describe('segment', () => {
  it.each([
    ['customeremailaddress', ['customer', 'emailaddress']],
    ['geburtsdatum', ['geburtsdatum']],
    ['顧客メールアドレス', ['顧客', 'メールアドレス']],
    ['voicemail', ['voicemail']],
    ['lorempharetra', ['lorempharetra']],
  ])('%s', (word, pieces) => {
    expect(segment(word)).toEqual(pieces);
  });
});

describe('readName', () => {
  it.each([
    ['fname', 'pii.name'],
    ['kundennachname', 'pii.name'],
    ['customer_nm', 'pii.name'],
    ['dob', 'pii.birth-date'],
    ['fecha_nacimiento', 'pii.birth-date'],
    ['data_nascimento', 'pii.birth-date'],
    ['生年月日', 'pii.birth-date'],
    ['дата_рождения', 'pii.birth-date'],
    ['plz', undefined],
    ['cc_num', 'financial.card'],
    ['cvv', 'financial.card'],
    ['iban', 'financial.iban'],
    ['passwd', 'secret'],
    ['password_md5', 'secret'],
    ['jwt', 'secret'],
    ['apikey', 'secret'],
    ['last_login_ip', 'pii.ip'],
    ['lng', 'pii.location'],
    ['cpf', 'pii.national-id'],
    ['mob_no', 'pii.phone'],
    ['home_phone_2', 'pii.phone'],
    ['telefono_cliente', 'pii.phone'],
  ])('%s says %s', (name, expected) => {
    expect(says(name)).toEqual(expected === undefined ? [] : [expected]);
  });

  it.each([
    'email_count',
    'phone_type',
    'is_email_verified',
    'token_count',
    'card_type',
    'ip_version',
    'password_changed_at',
    'email_template_id',
    'birth_date_required',
    'tipo_telefono',
    'address_country',
    'product_name',
    'role_name',
    'table_name',
    'card_last4',
    'mac_address',
  ])('%s says nothing', (name) => {
    expect(says(name)).toEqual([]);
    expect(readName(name, NONE).harmless).toBe(true);
  });

  it('believes short words in a schema that speaks the language', () => {
    expect(says('plz')).toEqual([]);
    const languages = languagesOf(['kunden', 'vorname', 'hausnummer', 'created_at']);
    expect(languages).toContain('de');
    expect(says('plz', languages)).toEqual(['pii.address']);
    expect(languagesOf(['customers', 'first_name', 'email', 'telefono'])).not.toContain('de');
  });

  it('knows whose name it is', () => {
    const subject = (name: string) => readName(name, NONE).terms.find((term) => term.class === 'pii.name')?.subject;
    expect(subject('senior_pilot_name')).toBe('person');
    expect(readName('customer_orders', NONE).subject).toBe('deal');
    expect(readName('order_customers', NONE).subject).toBe('person');
    expect(readName('product_categories', NONE).subject).toBe('thing');
  });
});
