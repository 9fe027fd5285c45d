/**
 * The mask kinds as SQL, family by family. An expression here uses immutable and stable functions of pg_catalog only, names
 * every one of them and every operator with its schema (a client chooses the search_path), raises for no value of the
 * column, and depends on no setting a client can change: a date truncated in the session's time zone could be narrowed down
 * second by second by moving the zone.
 *
 * `undefined` means that the kind makes no sense for the family.
 */
import type { MaskSpec } from '../../../crds/database-access-policy.ts';
import { hmacHex, textBytes } from './hash.ts';
import { textYear } from './text-date.ts';
import { type TypeShape, asText, characterLimit, isTextual, numericModifier } from './type-shape.ts';

/** `column` stands for the reference; it may occur several times. The result still needs the cast to the column's type. */
export type MaskExpression = (column: string) => string;

const STARS = '****';

/** Kinds that compute something from the value. */
export function derivedExpression(spec: MaskSpec, shape: TypeShape): MaskExpression | undefined {
  if (spec.partial !== undefined) return partial(spec.partial.keepFirst, spec.partial.keepLast, shape);
  if (spec.email !== undefined) return email(shape);
  if (spec.hash !== undefined) return hash(shape);
  if (spec.date !== undefined) return truncatedDate(spec.date.truncate, shape);
  if (spec.number !== undefined) return roundedNumber(spec.number.round, shape);
  return undefined;
}

/**
 * A fixed number of asterisks, so that the length stays hidden too. Shown in part only if at least as many characters are
 * hidden as are shown.
 */
function partial(keepFirst: number, keepLast: number, shape: TypeShape): MaskExpression | undefined {
  if (!isTextual(shape)) return keepFirst === 0 ? lastDigits(keepLast, shape) : undefined;
  const limit = characterLimit(shape) ?? Number.POSITIVE_INFINITY;
  const shown = keepFirst + keepLast;
  const stars = '*'.repeat(Math.max(1, Math.min(STARS.length, limit - shown)));
  const hidden = `'${'*'.repeat(Math.min(STARS.length, limit))}'`;
  if (shown === 0 || shown * 2 > limit) return (column) => `CASE WHEN ${column} IS NOT NULL THEN ${hidden} END`;
  return (column) => {
    const text = asText(column, shape);
    const pieces = [
      ...(keepFirst > 0 ? [`pg_catalog."left"(${text}, ${keepFirst})`] : []),
      `'${stars}'`,
      ...(keepLast > 0 ? [`pg_catalog."right"(${text}, ${keepLast})`] : []),
    ];
    return `CASE WHEN pg_catalog.char_length(${text}) OPERATOR(pg_catalog.>=) ${shown * 2} THEN ${pieces.join(' OPERATOR(pg_catalog.||) ')} WHEN ${column} IS NOT NULL THEN ${hidden} END`;
  };
}

/** The last digits of a number that has at least twice as many before the point, else 0. The sign is hidden too. */
function lastDigits(count: number, shape: TypeShape): MaskExpression | undefined {
  const whole = shape.family === 'int2' || shape.family === 'int4' || shape.family === 'int8';
  if (!whole && shape.family !== 'numeric') return undefined;
  const type = whole ? 'pg_catalog.int8' : 'pg_catalog.numeric';
  const number = (digits: string): string => `CAST('${digits}' AS ${type})`;
  if (count === 0 || (whole && 2 * count > 19)) return (column) => `CASE WHEN ${column} IS NOT NULL THEN ${number('0')} END`;
  return (column) => {
    const value = `CAST(${column} AS ${type})`;
    const least = `1${'0'.repeat(2 * count - 1)}`;
    const positive = `${value} OPERATOR(pg_catalog.>=) ${number(least)}`;
    const negative = `${value} OPERATOR(pg_catalog.<=) ${number(`-${least}`)}`;
    // NaN sorts above infinity, which is no more a number of digits than it is.
    const finite = whole
      ? ''
      : ` AND ${value} OPERATOR(pg_catalog.<) ${number('Infinity')} AND ${value} OPERATOR(pg_catalog.>) ${number('-Infinity')}`;
    const digits = `pg_catalog.abs(pg_catalog.mod(${whole ? value : `pg_catalog.trunc(${value})`}, ${number(`1${'0'.repeat(count)}`)}))`;
    return `CASE WHEN (${positive} OR ${negative})${finite} THEN ${digits} WHEN ${column} IS NOT NULL THEN ${number('0')} END`;
  };
}

/** The top-level domain .invalid never resolves (RFC 2606), so nothing can be mailed to a masked address by accident. */
function email(shape: TypeShape): MaskExpression | undefined {
  if (!isTextual(shape)) return undefined;
  return (column) => {
    const text = asText(column, shape);
    const shown = `pg_catalog.strpos(${text}, '@') OPERATOR(pg_catalog.>) 2`;
    return `CASE WHEN ${shown} THEN pg_catalog."left"(${text}, 1) OPERATOR(pg_catalog.||) '***@masked.invalid' WHEN ${column} IS NOT NULL THEN '***@masked.invalid' END`;
  };
}

/** Equal values give equal hashes across text types, across integer types, and across uuid columns. */
function hash(shape: TypeShape): MaskExpression | undefined {
  switch (shape.family) {
    case 'text':
    case 'char':
    case 'name':
      return (column) => `pg_catalog."left"(${hmacHex(textBytes(asText(column, shape)))}, 32)`;
    case 'citext':
      // citext compares lower-cased, so must its hash.
      return (column) => `pg_catalog."left"(${hmacHex(textBytes(`pg_catalog.lower(${asText(column, shape)})`))}, 32)`;
    case 'int2':
      return (column) => hashedInteger(integerText(column), 32_767n);
    case 'int4':
      return (column) => hashedInteger(integerText(column), 2_147_483_647n);
    case 'int8':
      return (column) => hashedInteger(integerText(column), 9_223_372_036_854_775_807n);
    case 'float4':
      return (column) => hashedInteger(`CAST(${column} AS pg_catalog.text)`, 16_777_215n);
    case 'float8':
      return (column) => hashedInteger(`CAST(${column} AS pg_catalog.text)`, 9_007_199_254_740_991n);
    case 'numeric':
      return hashedNumeric(shape);
    case 'uuid':
      return (column) => hashedUuid(`CAST(${column} AS pg_catalog.text)`);
    case 'bytea':
      return (column) => `pg_catalog.decode(${hmacHex(column)}, 'hex')`;
    case 'json':
    case 'jsonb':
      return (column) =>
        `('"' OPERATOR(pg_catalog.||) pg_catalog."left"(${hmacHex(textBytes(`CAST(${column} AS pg_catalog.text)`))}, 32) OPERATOR(pg_catalog.||) '"')`;
    default:
      return undefined;
  }
}

/** One text for equal integers of any width. */
function integerText(column: string): string {
  return `CAST(CAST(${column} AS pg_catalog.int8) AS pg_catalog.text)`;
}

/** The first 64 bits of the HMAC, cut to a non-negative integer that the type can hold. */
function hashedInteger(text: string, bits: bigint): string {
  const first = `CAST(CAST('x' OPERATOR(pg_catalog.||) pg_catalog."left"(${hmacHex(textBytes(text))}, 16) AS bit(64)) AS pg_catalog.int8)`;
  return `(${first} OPERATOR(pg_catalog.&) CAST('${bits}' AS pg_catalog.int8))`;
}

/** As many digits as numeric(p,s) can hold, shifted by its scale. trim_scale: 1.0 and 1.00 are equal and must hash alike. */
function hashedNumeric(shape: TypeShape): MaskExpression {
  const { precision, scale } = numericModifier(shape) ?? { precision: 18, scale: 0 };
  const modulus = `1${'0'.repeat(Math.min(precision, 18))}`;
  return (column) => {
    const integer = hashedInteger(
      `CAST(pg_catalog.trim_scale(CAST(${column} AS pg_catalog.numeric)) AS pg_catalog.text)`,
      9_223_372_036_854_775_807n,
    );
    const digits = `CAST(${integer} OPERATOR(pg_catalog.%) CAST('${modulus}' AS pg_catalog.int8) AS pg_catalog.numeric)`;
    return scale === 0 ? digits : `(${digits} OPERATOR(pg_catalog.*) CAST('1e${-scale}' AS pg_catalog.numeric))`;
  };
}

/** 122 bits of the HMAC as a UUID of version 8, which RFC 9562 leaves to the application. */
function hashedUuid(text: string): string {
  const hex = `pg_catalog."left"(${hmacHex(textBytes(text))}, 32)`;
  return `CAST(pg_catalog."overlay"(pg_catalog."overlay"(${hex}, '8', 13), 'a', 17) AS pg_catalog.uuid)`;
}

/** Of a number that is a year: the decade, or 0 for what is no year after all. */
export function decadeOf(shape: TypeShape): MaskExpression | undefined {
  if (shape.family !== 'int2' && shape.family !== 'int4' && shape.family !== 'int8' && shape.family !== 'numeric')
    return undefined;
  return (column) => {
    const value = `CAST(${column} AS pg_catalog.numeric)`;
    const within = `${value} OPERATOR(pg_catalog.>=) CAST('1000' AS pg_catalog.numeric) AND ${value} OPERATOR(pg_catalog.<) CAST('3000' AS pg_catalog.numeric)`;
    const decade = `pg_catalog.trunc(${value}, -1)`;
    return `CASE WHEN ${within} THEN ${decade} WHEN ${column} IS NOT NULL THEN CAST('0' AS pg_catalog.numeric) END`;
  };
}

const FIRST = '0001-01-01';
const LAST = '9999-12-31';

/** Infinite dates and those outside the years 1 to 9999 become the redaction constant: truncating them can overflow. */
function truncatedDate(unit: 'year' | 'month' | 'day', shape: TypeShape): MaskExpression | undefined {
  if (shape.family === 'date') {
    if (unit === 'day') return undefined;
    return (column) =>
      bounded(
        column,
        'pg_catalog.date',
        '',
        `CAST(pg_catalog.date_trunc('${unit}', CAST(${column} AS pg_catalog.timestamp)) AS pg_catalog.date)`,
      );
  }
  if (shape.family === 'timestamp') {
    return (column) => bounded(column, 'pg_catalog.timestamp', '', `pg_catalog.date_trunc('${unit}', ${column})`);
  }
  if (shape.family === 'timestamptz') {
    return (column) =>
      bounded(column, 'pg_catalog.timestamptz', ' 00:00:00+00', `pg_catalog.date_trunc('${unit}', ${column}, 'UTC')`);
  }
  if (unit !== 'year') return undefined;
  if (isTextual(shape)) return (column) => textYear(column, shape);
  return shape.family === 'int4' ? roundedNumber(YEAR_IN_SECONDS, shape) : undefined;
}

/**
 * The mean year of the Gregorian calendar. Whole numbers of four bytes hold seconds since 1970, or a smaller number of something
 * (20010203, 2001, days), which this makes 0; those of eight bytes may hold milliseconds, of which it would show too much.
 */
const YEAR_IN_SECONDS = 31_556_952;

function bounded(column: string, type: string, suffix: string, truncated: string): string {
  const low = `CAST('${FIRST}${suffix}' AS ${type})`;
  const high = `CAST('${LAST}${suffix}' AS ${type})`;
  const within = `${column} OPERATOR(pg_catalog.>=) ${low} AND ${column} OPERATOR(pg_catalog.<) ${high}`;
  return `CASE WHEN ${within} THEN ${truncated} WHEN ${column} IS NOT NULL THEN CAST('1970-01-01${suffix}' AS ${type}) END`;
}

/** Towards zero, so that the result never leaves the type's range. NaN and infinities become 0. */
function roundedNumber(multiple: number, shape: TypeShape): MaskExpression | undefined {
  switch (shape.family) {
    case 'int2':
    case 'int4':
    case 'int8':
      return (column) => {
        const value = `CAST(${column} AS pg_catalog.int8)`;
        return `(${value} OPERATOR(pg_catalog.-) (${value} OPERATOR(pg_catalog.%) CAST('${multiple}' AS pg_catalog.int8)))`;
      };
    case 'numeric':
      return (column) => {
        const value = `CAST(${column} AS pg_catalog.numeric)`;
        return finite(
          value,
          'pg_catalog.numeric',
          multiple,
          `${value} OPERATOR(pg_catalog.-) pg_catalog.mod(${value}, CAST('${multiple}' AS pg_catalog.numeric))`,
        );
      };
    case 'money':
      // Whole hundredths: how many digits a cast would take for the fraction is lc_monetary's, which a client may set.
      return (column) => {
        const step = `CAST('${multiple * 100}' AS pg_catalog.int8)`;
        return `((${column} OPERATOR(pg_catalog./) ${step}) OPERATOR(pg_catalog.*) ${step})`;
      };
    case 'float4':
    case 'float8':
      return (column) => {
        const value = `CAST(${column} AS pg_catalog.float8)`;
        const step = `CAST('${multiple}' AS pg_catalog.float8)`;
        return finite(
          value,
          'pg_catalog.float8',
          multiple,
          `pg_catalog.trunc(${value} OPERATOR(pg_catalog./) ${step}) OPERATOR(pg_catalog.*) ${step}`,
        );
      };
    default:
      return undefined;
  }
}

/**
 * Below the multiple the answer is 0 without dividing, which could underflow; so it is for what is not finite (NaN sorts above
 * infinity) and for the largest floats, where multiplying again could overflow by one unit in the last place.
 */
function finite(value: string, type: string, multiple: number, rounded: string): string {
  const size = `pg_catalog.abs(${value})`;
  const end = type === 'pg_catalog.float8' ? '1e300' : 'Infinity';
  const within = `${size} OPERATOR(pg_catalog.>=) CAST('${multiple}' AS ${type}) AND ${size} OPERATOR(pg_catalog.<) CAST('${end}' AS ${type})`;
  return `CASE WHEN ${within} THEN ${rounded} WHEN ${value} IS NOT NULL THEN CAST('0' AS ${type}) END`;
}
