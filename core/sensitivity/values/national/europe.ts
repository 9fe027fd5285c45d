import { isDate, luhn, mod1110, remainder, weighted } from '../checksums.ts';
import type { NationalId } from './definition.ts';

const at = (text: string, i: number): number => Number(text[i]);
const DNI = 'TRWAGMYFPDXBNJZSQVHLCKE';

/** Germany: within the first ten digits one occurs twice or three times. */
function steuerId(text: string): boolean {
  const different = new Set(text.slice(0, 10)).size;
  return text[0] !== '0' && (different === 9 || different === 8) && mod1110(text);
}

function norwegian(text: string): boolean {
  const check = (weights: readonly number[]) => (11 - (weighted(text, weights) % 11)) % 11;
  return (
    isDate(text, 0, 'dmy', { month: [40, 80], day: 40 }) &&
    check([3, 7, 6, 1, 8, 9, 4, 5, 2]) === at(text, 9) &&
    check([5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) === at(text, 10)
  );
}

/** Estonia and Lithuania. */
function baltic(text: string): boolean {
  if (!/^[1-8]/.test(text) || !isDate(text, 1, 'ymd')) return false;
  let rest = weighted(text, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  if (rest === 10) rest = (weighted(text, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11) % 10;
  return rest === at(text, 10);
}

const pesel = (text: string): boolean =>
  isDate(text, 0, 'ymd', { month: [20, 40, 60, 80] }) &&
  (10 - (weighted(text, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === at(text, 10);

const jmbg = (text: string): boolean => {
  const check = 11 - (weighted(text, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11);
  return isDate(text.slice(0, 4) + text.slice(5, 7), 0, 'dmy') && (check > 9 ? 0 : check) === at(text, 12);
};

export const EUROPE: readonly NationalId[] = [
  { id: 'id.gb.nino', chance: 0.01, pattern: /^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/, test: () => true },
  {
    id: 'id.gb.nhs',
    chance: 0.09,
    digits: 10,
    test: (text) => (11 - (weighted(text, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === at(text, 9),
  },
  {
    id: 'id.gb.nhs-written',
    chance: 0.02,
    digits: 10,
    written: /^\d{3} \d{3} \d{4}$/,
    test: (text) => (11 - (weighted(text, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === at(text, 9),
  },
  { id: 'id.de.steuerid', chance: 0.02, digits: 11, test: steuerId },
  { id: 'id.de.svnr', chance: 0.003, pattern: /^\d{8}[A-Z]\d{3}$/, test: (text) => isDate(text, 2, 'dmy', { day: 50 }) },
  {
    id: 'id.at.svnr',
    chance: 0.003,
    digits: 10,
    test: (text) =>
      isDate(text, 4, 'dmy') && text[0] !== '0' && weighted(text, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === at(text, 3),
  },
  {
    id: 'id.ch.ahv',
    chance: 0.0005,
    digits: 13,
    test: (text) =>
      text.startsWith('756') && (10 - (weighted(text, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === at(text, 12),
  },
  { id: 'id.ch.ahv-written', chance: 0.001, digits: 13, written: /^756\.\d{4}\.\d{4}\.\d{2}$/, test: () => true },
  { id: 'id.fr.nir-corsica', chance: 0.003, pattern: /^[12]\d{4}2[AB]\d{8}$/, test: () => true },
  {
    id: 'id.es.dni',
    chance: 0.045,
    pattern: /^\d{8}[A-HJ-NP-TV-Z]$/,
    test: (text) => DNI[Number(text.slice(0, 8)) % 23] === text[8],
  },
  {
    id: 'id.es.nie',
    chance: 0.02,
    pattern: /^[XYZ]\d{7}[A-HJ-NP-TV-Z]$/,
    test: (text) => DNI[Number(`${'XYZ'.indexOf(text[0]!)}${text.slice(1, 8)}`) % 23] === text[8],
  },
  { id: 'id.it.codice-fiscale', chance: 0.001, pattern: /^[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]$/, test: () => true },
  {
    id: 'id.pt.nif',
    chance: 0.07,
    digits: 9,
    test: (text) => /^[1235689]/.test(text) && ((11 - (weighted(text, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 === at(text, 8),
  },
  {
    id: 'id.nl.bsn',
    chance: 0.09,
    digits: 9,
    test: (text) => weighted(text, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && text !== '000000000',
  },
  {
    id: 'id.be.nn',
    chance: 0.005,
    digits: 11,
    test: (text) =>
      isDate(text, 0, 'ymd', { month: [20, 40] }) &&
      [text.slice(0, 9), `2${text.slice(0, 9)}`].some((each) => 97 - remainder(each, 97) === Number(text.slice(9))),
  },
  { id: 'id.be.nn-written', chance: 0.001, digits: 11, written: /^\d\d\.\d\d\.\d\d-\d{3}\.\d\d$/, test: () => true },
  { id: 'id.pl.pesel', chance: 0.02, digits: 11, test: pesel },
  {
    id: 'id.se.personnummer',
    chance: 0.008,
    digits: [10, 12],
    test: (text) => isDate(text, text.length - 10, 'ymd', { day: 60 }) && luhn(text.slice(-10)),
  },
  {
    id: 'id.se.personnummer-written',
    chance: 0.04,
    digits: [10, 12],
    written: /^(19|20)?\d{6}[-+]\d{4}$/,
    test: (text) => isDate(text, text.length - 10, 'ymd', { day: 60 }),
  },
  {
    id: 'id.fi.hetu',
    chance: 0.003,
    pattern: /^\d{6}[A-FYXWVU+]?\d{3}[0-9A-Y]$/,
    written: /^\d{6}[-+A-FYXWVU]\d{3}[0-9A-Y]$/,
    test: (text) =>
      isDate(text, 0, 'dmy') &&
      '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(`${text.slice(0, 6)}${text.slice(-4, -1)}`) % 31] === text.at(-1),
  },
  { id: 'id.no.fodselsnummer', chance: 0.002, digits: 11, test: norwegian },
  {
    id: 'id.cz.rodne-cislo',
    chance: 0.015,
    digits: 10,
    test: (text) =>
      isDate(text, 0, 'ymd', { month: [20, 50, 70] }) &&
      (remainder(text, 11) === 0 || (remainder(text.slice(0, 9), 11) === 10 && text[9] === '0')),
  },
  {
    id: 'id.cz.rodne-cislo-written',
    chance: 0.01,
    digits: [9, 10],
    written: /^\d{6}\/\d{3,4}$/,
    test: (text) => isDate(text, 0, 'ymd', { month: [20, 50, 70] }),
  },
  {
    id: 'id.ro.cnp',
    chance: 0.003,
    digits: 13,
    test: (text) =>
      /^[1-9]/.test(text) &&
      isDate(text, 1, 'ymd') &&
      (weighted(text, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11) % 10 === at(text, 12),
  },
  {
    id: 'id.bg.egn',
    chance: 0.015,
    digits: 10,
    test: (text) =>
      isDate(text, 0, 'ymd', { month: [20, 40] }) && (weighted(text, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === at(text, 9),
  },
  { id: 'id.hr.oib', chance: 0.1, digits: 11, test: mod1110 },
  { id: 'id.rs.jmbg', chance: 0.004, digits: 13, test: jmbg },
  {
    id: 'id.hu.taj',
    chance: 0.1,
    digits: 9,
    written: /^\d{3}[- ]\d{3}[- ]\d{3}$/,
    test: (text) => weighted(text, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === at(text, 8),
  },
  { id: 'id.gr.amka', chance: 0.004, digits: 11, test: (text) => isDate(text, 0, 'dmy') && luhn(text) },
  {
    id: 'id.gr.afm',
    chance: 0.1,
    digits: 9,
    test: (text) => (weighted(text, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === at(text, 8),
  },
  {
    id: 'id.ie.pps',
    chance: 0.04,
    pattern: /^\d{7}[A-W][A-IW]?$/,
    test: (text) =>
      'WABCDEFGHIJKLMNOPQRSTUV'[
        (weighted(text, [8, 7, 6, 5, 4, 3, 2]) + (text.length > 8 && text[8] !== 'W' ? (text.charCodeAt(8) - 64) * 9 : 0)) % 23
      ] === text[7],
  },
  { id: 'id.ee.isikukood', chance: 0.005, digits: 11, test: baltic },
  {
    id: 'id.lv.personas-kods',
    chance: 0.03,
    digits: 11,
    written: /^\d{6}-\d{5}$/,
    test: (text) => isDate(text, 0, 'dmy') || text.startsWith('32'),
  },
  {
    id: 'id.is.kennitala',
    chance: 0.004,
    digits: 10,
    test: (text) =>
      isDate(text, 0, 'dmy') &&
      /[089]$/.test(text) &&
      (11 - (weighted(text, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === at(text, 8),
  },
  {
    id: 'id.ua.inn',
    chance: 0.09,
    digits: 10,
    test: (text) => (((weighted(text, [-1, 5, 7, 9, 4, 6, 10, 5, 7]) % 11) + 11) % 11) % 10 === at(text, 9),
  },
  {
    id: 'id.ru.inn',
    chance: 0.01,
    digits: 12,
    test: (text) =>
      (weighted(text, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === at(text, 10) &&
      (weighted(text, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === at(text, 11),
  },
  {
    id: 'id.ru.snils',
    chance: 0.01,
    digits: 11,
    test: (text) => (weighted(text, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101) % 100 === Number(text.slice(9)),
  },
  { id: 'id.ru.snils-written', chance: 0.001, digits: 11, written: /^\d{3}-\d{3}-\d{3} \d{2}$/, test: () => true },
];
