import { isDate, luhn, verhoeff, weighted } from '../checksums.ts';
import type { NationalId } from './definition.ts';

const at = (text: string, i: number): number => Number(text[i]);

function tckn(text: string): boolean {
  if (text[0] === '0') return false;
  const odd = at(text, 0) + at(text, 2) + at(text, 4) + at(text, 6) + at(text, 8);
  const even = at(text, 1) + at(text, 3) + at(text, 5) + at(text, 7);
  const tenth = (((odd * 7 - even) % 10) + 10) % 10;
  return tenth === at(text, 9) && (odd + even + tenth) % 10 === at(text, 10);
}

function chinese(text: string): boolean {
  const sum = weighted(text, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
  return /^[1-8]\d{5}(19|20)/.test(text) && isDate(text, 8, 'ymd') && '10X98765432'[sum % 11] === text[17];
}

/** The letter of Taiwan's numbers stands for two digits. */
function taiwanese(text: string): boolean {
  const letter = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(text[0]!) + 10;
  return weighted(`${letter}${text.slice(1)}`, [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]) % 10 === 0;
}

function nric(text: string): boolean {
  const sum = weighted(text.slice(1), [2, 7, 6, 5, 4, 3, 2]) + (/[TG]/.test(text[0]!) ? 4 : text[0] === 'M' ? 3 : 0);
  const letters = /[ST]/.test(text[0]!) ? 'JZIHGFEDCBA' : text[0] === 'M' ? 'XWUTRQPNJLK' : 'XWUTRQPNMLK';
  const rest = sum % 11;
  return letters[text[0] === 'M' ? 10 - rest : rest] === text[8] || letters[rest] === text[8];
}

export const ASIA_AFRICA: readonly NationalId[] = [
  { id: 'id.in.aadhaar', chance: 0.08, digits: 12, test: (text) => /^[2-9]/.test(text) && verhoeff(text) },
  { id: 'id.in.aadhaar-written', chance: 0.01, digits: 12, written: /^[2-9]\d{3}[ -]\d{4}[ -]\d{4}$/, test: () => true },
  { id: 'id.in.pan', chance: 0.01, pattern: /^[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]$/, test: () => true },
  { id: 'id.cn.resident', chance: 0.0005, pattern: /^\d{17}[\dX]$/, test: chinese },
  {
    id: 'id.jp.my-number',
    chance: 0.09,
    digits: 12,
    test: (text) => {
      const rest = weighted(text, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
      return (rest <= 1 ? 0 : 11 - rest) === at(text, 11);
    },
  },
  { id: 'id.kr.rrn', chance: 0.01, digits: 13, written: /^\d{6}-[1-8]\d{6}$/, test: (text) => isDate(text, 0, 'ymd') },
  { id: 'id.kr.rrn-masked', chance: 0.001, pattern: /^\d{6}[1-8][*X]{6}$/, test: (text) => isDate(text, 0, 'ymd') },
  { id: 'id.tw.id', chance: 0.02, pattern: /^[A-Z][1289]\d{8}$/, test: taiwanese },
  { id: 'id.hk.hkid', chance: 0.02, pattern: /^[A-Z]{1,2}\d{6}\(?[\dA]\)?$/, written: /\([\dA]\)$/, test: () => true },
  { id: 'id.sg.nric', chance: 0.01, pattern: /^[STFGM]\d{7}[A-Z]$/, test: nric },
  { id: 'id.my.nric', chance: 0.01, digits: 12, written: /^\d{6}-\d{2}-\d{4}$/, test: (text) => isDate(text, 0, 'ymd') },
  {
    id: 'id.th.id',
    chance: 0.09,
    digits: 13,
    test: (text) =>
      /^[1-8]/.test(text) && (11 - (weighted(text, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10 === at(text, 12),
  },
  { id: 'id.th.id-written', chance: 0.001, digits: 13, written: /^\d-\d{4}-\d{5}-\d{2}-\d$/, test: () => true },
  {
    id: 'id.id.nik',
    chance: 0.06,
    digits: 16,
    test: (text) =>
      Number(text.slice(0, 2)) >= 11 &&
      Number(text.slice(0, 2)) <= 94 &&
      isDate(text, 6, 'dmy', { day: 40 }) &&
      !text.endsWith('0000'),
  },
  { id: 'id.pk.cnic', chance: 0.005, digits: 13, written: /^\d{5}-\d{7}-\d$/, test: () => true },
  { id: 'id.tr.tckn', chance: 0.01, digits: 11, test: tckn },
  { id: 'id.il.id', chance: 0.1, digits: 9, test: luhn },
  { id: 'id.ae.emirates', chance: 0.0005, digits: 15, test: (text) => /^784(19|20)/.test(text) },
  { id: 'id.sa.id', chance: 0.02, digits: 10, test: (text) => /^[12]/.test(text) && luhn(text) },
  {
    id: 'id.eg.id',
    chance: 0.015,
    digits: 14,
    test: (text) => /^[23]/.test(text) && isDate(text, 1, 'ymd') && Number(text.slice(7, 9)) <= 88,
  },
  {
    id: 'id.ir.melli',
    chance: 0.09,
    digits: 10,
    test: (text) => {
      const rest = weighted(text, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      return (rest < 2 ? rest : 11 - rest) === at(text, 9);
    },
  },
  { id: 'id.za.id', chance: 0.003, digits: 13, test: (text) => isDate(text, 0, 'ymd') && /^.{10}[01]/.test(text) && luhn(text) },
  {
    id: 'id.kz.iin',
    chance: 0.003,
    digits: 12,
    test: (text) =>
      isDate(text, 0, 'ymd') &&
      /^.{6}[1-6]/.test(text) &&
      (weighted(text, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11) % 10 === at(text, 11),
  },
  {
    id: 'id.au.tfn',
    chance: 0.09,
    digits: [8, 9],
    test: (text) => text.length === 9 && weighted(text, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  },
];
