/** Medical codes, dates, and what is plainly harmless. */
import type { Shape } from './shape.ts';

const ICD10 = /^[A-TV-Z]\d[\dA-B](?:\.[\dA-KXZ]{1,4})?$/;
const BLOOD_TYPE = /^(?:A|B|AB|O|0)\s?(?:[+-]|RH[+-]|pos(?:itive)?|neg(?:ative)?)$/i;
const ISO_DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d.{0,20})?$/;
const WRITTEN_DATE = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$|^(\d{4})[/.](\d{1,2})[/.](\d{1,2})$/;
const URL = /^(?:https?|ftp|s3|gs|file|data|mailto|wss?):/i;
const PATH = /^(?:\/|\.\/|[A-Za-z]:\\|[\w-]+\/)[\w./\\-]*$/;
const LOGIN = /^[a-z]{2,16}(?:[._-][a-z]{2,16})?[._-]?\d{0,5}$/;
/** ICAO 9303: what stands at the foot of passports, visas and identity cards. */
const MACHINE_READABLE =
  /^(?:[PVIAC][A-Z<][A-Z<]{3}[A-Z\d<]{25,39}|[A-Z\d<]{9,10}\d[A-Z<]{3}\d{6}\d[MFX<]\d{7}[A-Z\d<]{2,17})(?:\s{0,2}[A-Z\d<]{30,44}){0,2}$/;
const PASSPORT = /^[A-Z]{1,2}\d{6,8}$|^[A-Z]\d{2}[A-Z]\d{5}$|^\d{2}[A-Z]{2}\d{5}$|^[CFGHJKLMNPRTVWXYZ0-9]{9}$/;

export function recogniseCodes(shape: Shape, found: (id: string) => void): void {
  const { text } = shape;
  const { length } = text;
  if (length >= 3 && length <= 8 && shape.upper > 0 && shape.digits >= 2 && ICD10.test(text)) found('icd10');
  if (length >= 2 && length <= 12 && shape.digits <= 1 && BLOOD_TYPE.test(text)) found('blood-type');
  if (shape.digits >= 6 && length <= 40) {
    const iso = ISO_DATE.exec(text);
    if (iso !== null) found(Number(iso[1]) < 2012 && Number(iso[1]) > 1900 ? 'date.past' : 'date');
    else {
      const written = WRITTEN_DATE.exec(text);
      if (written !== null) {
        const year = Number(written[3] ?? written[4]);
        found(year < 2012 && year > 1900 ? 'date.past' : 'date');
      }
    }
  }
  if (shape.others >= 4 && length >= 30 && length <= 96 && MACHINE_READABLE.test(text)) found('mrz');
  if (length >= 8 && length <= 9 && shape.digits >= 5 && PASSPORT.test(text)) found('passport.shape');
  if (shape.colons > 0 && URL.test(text)) found('url');
  else if (shape.slashes > 0 && shape.blanks === 0 && PATH.test(text)) found('path');
  if (shape.digits + shape.dots + shape.dashes === length && shape.dots <= 1) found('number');
  if (length >= 4 && length <= 24 && shape.lower >= 3 && shape.upper === 0 && shape.blanks === 0 && LOGIN.test(text))
    found('login');
  if (length > 30 && text.startsWith('BEGIN:VCARD')) found('vcard');
  if (shape.words === 1 && length <= 40 && shape.digits > 0 && shape.upper > 0 && shape.lower === 0) found('code');
}
