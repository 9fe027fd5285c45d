/** Coordinates and postal addresses. */
import { fold } from '../names/fold.ts';
import type { Shape } from './shape.ts';
import { STREET_ENDINGS, STREET_WORDS, UNSPACED_STREET } from './street-words.ts';

const DEGREES = /^[-+]?\d{1,3}\.\d{4,18}$/;
const PAIR = /^[([{]?\s?([-+]?\d{1,3}\.\d{2,18})\s?°?[NS]?\s?[,;\s]\s?([-+]?\d{1,3}\.\d{2,18})\s?°?[EW]?\s?[)\]}]?$/;
const SEXAGESIMAL = /^\d{1,3}°\s?\d{1,2}['′]\s?[\d.]{1,8}["″]?\s?[NSEWO]/;
const WKT =
  /^(?:SRID=\d{1,6};)?(?:POINT|LINESTRING|POLYGON|MULTIPOINT|MULTIPOLYGON|MULTILINESTRING|GEOMETRYCOLLECTION)\s?(?:Z|M|ZM)?\s?\(/i;
/** Extended well-known binary of a point, in hex. */
const EWKB = /^0[01](?:01000000|01000020|00000001|20000001)[\da-fA-F]{32,50}$/;

const GEO_URI = /^geo:-?\d{1,3}(?:\.\d+)?,-?\d{1,3}(?:\.\d+)?/i;
const MAP_URL = /^https?:\/\/[^/\s]{3,60}\/[^\s]{0,120}[@=/]-?\d{1,3}\.\d{3,12},\s?-?\d{1,3}\.\d{3,12}/;
const PLUS_CODE = /^(?:[23456789C][23456789CFGHJMPQRV][23456789CFGHJMPQRVWX]{2,6})\+[23456789CFGHJMPQRVWX]{2,4}$/;
/** `4807.038,N`, `48.117N 11.517E`. */
const HEMISPHERES = /^[NS]?\s?\d{1,4}(?:\.\d{1,8})?°?\s?,?[NS]?[\s,;/]{1,3}[EWO]?\s?\d{1,5}(?:\.\d{1,8})?°?\s?,?[EWO]?$/;

export function recogniseCoordinates(shape: Shape, found: (id: string) => void): void {
  const { text, digits } = shape;
  if (shape.others > 0 && text.length <= 12 && PLUS_CODE.test(text)) found('coordinates');
  if (digits < 4) return;
  if (shape.colons > 0 && (GEO_URI.test(text) || (text.length <= 200 && shape.dots >= 3 && MAP_URL.test(text)))) {
    found('coordinates');
    return;
  }
  if (text.length <= 40 && /[NS]/.test(text) && /[EWO]/.test(text) && shape.upper === 2 && HEMISPHERES.test(text)) {
    found('coordinates');
    return;
  }
  if (text.length <= 24 && DEGREES.test(text) && Math.abs(Number(text)) <= 180) found('degrees');
  else if (text.length <= 64 && shape.dots >= 2) {
    const pair = PAIR.exec(text);
    if (pair !== null && Math.abs(Number(pair[1])) <= 180 && Math.abs(Number(pair[2])) <= 180) found('coordinates');
    else if (WKT.test(text)) found('coordinates');
  } else if (WKT.test(text) || EWKB.test(text)) found('coordinates');
  if (text.length <= 40 && text.includes('°') && SEXAGESIMAL.test(text)) found('coordinates');
}

const LONGEST_ADDRESS = 200;
const USER_AGENT = /^[A-Z][\w-]{1,30}\/\d/;

/** A number and a word for a street (`12 Main Street`, `Hauptstraße 5`, `rue de la Paix 3`), or a post office box. */
export function isStreet(shape: Shape): boolean {
  const { text } = shape;
  if (text.length > LONGEST_ADDRESS || text.length < 5 || shape.words > 25) return false;
  if (shape.foreign >= 3 && UNSPACED_STREET.test(text)) return shape.digits > 0 || shape.foreign >= 6;
  if (shape.digits === 0 || text.startsWith('<') || USER_AGENT.test(text)) return false;
  if (shape.words < 2 || shape.lower + shape.upper + shape.foreign < 3) return false;
  const folded = fold(text);
  if (/^p\.?\s?o\.?\s?box\s/.test(folded)) return true;
  let numbered = false;
  let street = false;
  for (const word of folded.split(/[\s,;.]+/)) {
    if (/^\d{1,5}[a-z]?(?:[-/]\d{0,5}[a-z]?)?$|^(?:nr|no|n°|#)\d{1,5}/.test(word) || /^#\d/.test(word)) numbered = true;
    else if (STREET_WORDS.has(word)) street = true;
    else if (word.length > 5 && STREET_ENDINGS.some((ending) => word.endsWith(ending))) street = true;
  }
  return numbered && street;
}
