import { isDate, luhn, remainder, weighted } from '../checksums.ts';
import type { NationalId } from './definition.ts';

const at = (text: string, i: number): number => Number(text[i]);

function cpf(text: string): boolean {
  if (/^(\d)\1{10}$/.test(text)) return false;
  const first = ((weighted(text, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  const second = ((weighted(text, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  return first === at(text, 9) && second === at(text, 10);
}

function cnpj(text: string): boolean {
  const check = (weights: readonly number[]) => {
    const rest = weighted(text, weights) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  return (
    check([5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) === at(text, 12) &&
    check([6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) === at(text, 13)
  );
}

/** Chile writes the check digit behind a dash; it may be K. */
function rut(text: string): boolean {
  let sum = 0;
  for (let i = text.length - 2, weight = 2; i >= 0; i--, weight = weight === 7 ? 2 : weight + 1) sum += at(text, i) * weight;
  return '0123456789K'[(11 - (sum % 11)) % 11] === text[text.length - 1];
}

export const AMERICAS: readonly NationalId[] = [
  {
    id: 'id.us.ssn',
    chance: 0.02,
    digits: 9,
    written: /^\d{3}-\d{2}-\d{4}$|^\d{3} \d{2} \d{4}$/,
    test: (text) => /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(text),
  },
  { id: 'id.us.itin', chance: 0.02, digits: 9, written: /^9\d{2}-[5-9]\d-\d{4}$/, test: () => true },
  { id: 'id.us.ssn-masked', chance: 0.001, pattern: /^[X*]{5}\d{4}$/, written: /^[Xx*]{3}-[Xx*]{2}-\d{4}$/, test: () => true },
  { id: 'id.ca.sin', chance: 0.1, digits: 9, test: (text) => text[0] !== '8' && luhn(text) },
  { id: 'id.br.cpf', chance: 0.01, digits: 11, test: cpf },
  // The shape alone is telling; generated and anonymised numbers often fail the check.
  { id: 'id.br.cpf-written', chance: 0.01, digits: 11, written: /^\d{3}\.\d{3}\.\d{3}-\d{2}$/, test: () => true },
  { id: 'id.br.cnpj', chance: 0.01, digits: 14, test: cnpj },
  {
    id: 'id.mx.curp',
    chance: 0.001,
    pattern: /^[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{5}[A-Z\d]\d$/,
    test: (text) => isDate(text, 4, 'ymd'),
  },
  {
    id: 'id.mx.rfc',
    chance: 0.002,
    pattern: /^[A-ZÑ&]{3,4}\d{6}[A-Z\d]{3}$/,
    test: (text) => isDate(text, text.length - 9, 'ymd'),
  },
  {
    id: 'id.ar.cuit',
    chance: 0.01,
    digits: 11,
    test: (text) => {
      const check = (11 - (weighted(text, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
      return /^(20|23|24|27|30|33|34)/.test(text) && check === at(text, 10);
    },
  },
  { id: 'id.cl.rut', chance: 0.09, pattern: /^\d{7,8}[\dK]$/, written: /^[\d.]{7,10}-[\dkK]$/, test: rut },
  {
    id: 'id.ec.cedula',
    chance: 0.015,
    digits: 10,
    test: (text) => Number(text.slice(0, 2)) >= 1 && Number(text.slice(0, 2)) <= 24 && at(text, 2) < 6 && luhn(text),
  },
  {
    id: 'id.uy.ci',
    chance: 0.1,
    digits: 8,
    written: /^\d\.\d{3}\.\d{3}-\d$/,
    test: (text) => (10 - (weighted(text, [2, 9, 8, 7, 6, 3, 4]) % 10)) % 10 === at(text, 7),
  },
  { id: 'id.ve.ci', chance: 0.02, pattern: /^[VE]\d{7,8}$/, written: /^[VE]-\d/, test: () => true },
  {
    id: 'id.dk.cpr',
    chance: 0.04,
    digits: 10,
    written: /^\d{6}-\d{4}$/,
    test: (text) => isDate(text, 0, 'dmy') || isDate(text, 0, 'ymd', { day: 60 }),
  },
  {
    id: 'id.fr.nir',
    chance: 0.006,
    digits: 15,
    test: (text) =>
      /^[1-478]\d\d(0[1-9]|1[0-2]|[2-9]\d)/.test(text) && 97 - remainder(text.slice(0, 13), 97) === Number(text.slice(13)),
  },
];
