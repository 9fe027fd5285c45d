import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NATIONAL_IDS } from './national/recognise.ts';
import { recognise } from './recognise.ts';
import { shapeOf } from './shape.ts';

function ids(value: string): string[] {
  const found = new Set<string>();
  recognise(shapeOf(value), (id) => found.add(id));
  return [...found].sort();
}

describe('recognise', () => {
  it.each([
    ['email', 'jane.doe+x@mail.example.com'],
    ['email', 'Jane Doe <jane@example.com>'],
    ['email', 'sip:jane@example.com:5060;transport=tls'],
    ['email', '"Jane" <sips:jane@example.com>;tag=1928301774'],
    ['email', 'jane@chat.example.org/phone-7'],
    ['email', 'jane@oksbi'],
    ['email.local', 'jane@localhost'],
    ['handle', '@jane:example.org'],
    ['handle', '@jane@social.example'],
    ['ip', 'sip:jane@203.0.113.7:5060'],
    ['ip', 'sip:203.0.113.7:5060;transport=udp'],
    ['ip.private', 'udp:203.0.113.7:5060'],
    ['mrz', 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<'],
    ['coordinates', 'geo:52.52,13.405'],
    ['coordinates', '9F4MGC22+22'],
    ['phone', '+49 171 1234567'],
    ['phone', '(212) 234-5678'],
    ['phone.grouped', '030 / 1234567'],
    ['card', '4111 1111 1111 1111'],
    ['card', '378282246310005'],
    ['card.masked', '**** **** **** 1234'],
    ['iban', 'DE89 3704 0044 0532 0130 00'],
    ['iban', 'GB82WEST12345698765432'],
    ['ip', '203.0.113.7'],
    ['ip', '2001:db8::8a2e:370:7334'],
    ['ip.private', '192.168.1.20'],
    ['ip.version', '2.4.10.1'],
    ['coordinates', '52.5200, 13.4050'],
    ['coordinates', 'SRID=4326;POINT(13.4 52.5)'],
    ['street', '12 Main Street'],
    ['street', 'Hauptstraße 5'],
    ['street', '12 rue de la Paix'],
    ['street', '東京都千代田区丸の内1-1'],
    ['person', 'Jane Doe'],
    ['person.full', 'Müller, Hans'],
    ['person.full', '山田 太郎'],
    ['person.east', '王小明'],
    ['company', 'Schmidt GmbH'],
    ['password-hash', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'],
    ['password-hash', 'pbkdf2_sha256$260000$abc$def='],
    ['password-hash', '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
    ['token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ['token', '-----BEGIN RSA PRIVATE KEY-----'],
    ['url-credentials', 'postgres://app:hunter2@db.example/app'],
    ['random.long', 'kR8sT2vX9qLmZ4wB7nYc3dF6gH1jK5pQ'],
    ['uuid', '550e8400-e29b-41d4-a716-446655440000'],
    ['hex.digest', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['ulid', '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
    ['prose', 'The customer called and asked for a refund.'],
    ['prose', 'お客様から電話があり、返金を希望されました'],
    ['prose.email', 'please write to jane@example.com before noon'],
    ['icd10', 'E11.9'],
    ['blood-type', 'AB-'],
    ['id.us.ssn', '219-09-9999'],
    ['id.gb.nino', 'AB 12 34 56 C'],
    ['id.de.steuerid', '86095742719'],
    ['id.fr.nir', '255081416802538'],
    ['id.es.dni', '12345678Z'],
    ['id.es.nie', 'X1234567L'],
    ['id.it.codice-fiscale', 'RSSMRA85T10A562S'],
    ['id.nl.bsn', '111222333'],
    ['id.be.nn', '85.07.30-033 28'],
    ['id.pl.pesel', '44051401359'],
    ['id.se.personnummer', '811228-9874'],
    ['id.fi.hetu', '131052-308T'],
    ['id.no.fodselsnummer', '01010750160'],
    ['id.cz.rodne-cislo-written', '736028/5163'],
    ['id.ro.cnp', '1800101221144'],
    ['id.br.cpf', '529.982.247-25'],
    ['id.mx.curp', 'HEGG560427MVZRRL04'],
    ['id.ar.cuit', '20-12345678-6'],
    ['id.cl.rut', '12.345.678-5'],
    ['id.in.pan', 'ABCPE1234F'],
    ['id.cn.resident', '11010519491231002X'],
    ['id.kr.rrn', '900101-1234567'],
    ['id.tr.tckn', '10000000146'],
    ['id.za.id', '8001015009087'],
    ['id.ca.sin', '046 454 286'],
    ['id.sg.nric', 'S1234567D'],
    ['id.ch.ahv', '756.9217.0769.85'],
    ['id.ee.isikukood', '37605030299'],
  ])('%s: %s', (id, value) => {
    expect(ids(value)).toContain(id);
  });

  it.each([
    ['email', 'a@b', '@', 'x@y@z.de', '@handle'],
    ['phone', 'ORD-2024-0001', '2024-01-02', '1.2.3.4', '4006381333931', '1700000000', '3.14159265', '20240102'],
    ['card', '1234567890123456', '4006381333931', '4111111111111112', '0000000000000000'],
    ['iban', 'DE89370400440532013001', 'AB12CDEF'],
    ['ip', '1.2.3.4', '256.1.1.1', '12:30:45', 'a::b::c'],
    ['token', 'sketch', 'cus_NffrFeUfNV2Hib', '550e8400-e29b-41d4-a716-446655440000'],
    [
      'random.long',
      'a-long-slug-of-a-page-about-something',
      'd41d8cd98f00b204e9800998ecf8427e',
      '/var/lib/App/Data9/File7/Name5x',
    ],
    ['person', 'Red Leather Sofa', 'Premium Plan', 'ACTIVE', 'order 17'],
    ['prose', 'Red Leather Sofa', 'Jane Doe', '12 Main Street'],
    ['street', 'Room 12', 'Version 3', 'Q4 2024'],
  ])('not %s', (id, ...values) => {
    for (const value of values) expect(ids(value)).not.toContain(id);
  });

  it('passes random numbers as often as it says', () => {
    const random = (length: number): string => Array.from({ length }, () => Math.floor(Math.random() * 10)).join('');
    for (const { id, chance, digits, written, test } of NATIONAL_IDS) {
      if (digits === undefined || written !== undefined) continue;
      const length = [digits].flat()[0]!;
      let passed = 0;
      for (let i = 0; i < 4_000; i++) if (test(random(length))) passed++;
      expect(passed / 4_000, id).toBeLessThan(chance * 1.5 + 0.005);
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (value) => void ids(value)),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[-+0-9 ().:/@a-fA-FxX*$]{0,40}$/), (value) => void ids(value)),
      { numRuns: 2_000 },
    );
  });
});
