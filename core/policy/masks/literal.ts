/** Is a policy's `constant` valid for a column's type? Only what can be decided here for certain is accepted. */
import { type TypeShape, characterLimit, numericModifier } from './type-shape.ts';

const INTEGER_LIMITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int2: [-32_768n, 32_767n],
  int4: [-2_147_483_648n, 2_147_483_647n],
  int8: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
};

/** Undefined when valid, else what is expected. */
export function constantProblem(value: string, shape: TypeShape): string | undefined {
  switch (shape.family) {
    case 'text':
    case 'char': {
      const limit = characterLimit(shape);
      if (value.includes('\0')) return 'text without the character NUL';
      return limit === undefined || [...value].length <= limit ? undefined : `at most ${limit} characters`;
    }
    case 'citext':
    case 'name':
      return value.includes('\0') ? 'text without the character NUL' : undefined;
    case 'int2':
    case 'int4':
    case 'int8':
      return integerProblem(value, shape.family);
    case 'numeric':
      return numericProblem(value, shape);
    case 'float4':
    case 'float8':
      return /^-?[0-9]{1,30}(\.[0-9]{1,30})?$/.test(value) ? undefined : 'a number';
    case 'bool':
      return value === 'true' || value === 'false' ? undefined : 'true or false';
    case 'uuid':
      return /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(value) ? undefined : 'a UUID';
    case 'date':
      return isDate(value) ? undefined : 'a date such as 2000-01-31';
    case 'timestamp':
      return isTimestamp(value, /^$/) ? undefined : 'a timestamp such as 2000-01-31 12:00:00';
    case 'timestamptz':
      return isTimestamp(value, /^(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9]|[+-](0[0-9]|1[0-4]))$/)
        ? undefined
        : 'a timestamp such as 2000-01-31 12:00:00+00';
    case 'inet':
      return isAddress(value) ? undefined : 'an IP address';
    case 'json':
    case 'jsonb':
      return isJson(value) ? undefined : 'a JSON value';
    case 'enum':
      return shape.data?.labels?.includes(value) === true ? undefined : `one of ${(shape.data?.labels ?? []).join(', ')}`;
    default:
      return 'another kind of mask: a constant of this type cannot be checked';
  }
}

function integerProblem(value: string, family: 'int2' | 'int4' | 'int8'): string | undefined {
  const [low, high] = INTEGER_LIMITS[family] ?? [0n, 0n];
  const valid = /^-?[0-9]{1,19}$/.test(value) && BigInt(value) >= low && BigInt(value) <= high;
  return valid ? undefined : `a whole number between ${low} and ${high}`;
}

function numericProblem(value: string, shape: TypeShape): string | undefined {
  const parts = /^-?([0-9]{1,200})(\.([0-9]{1,200}))?$/.exec(value);
  if (parts === null) return 'a number';
  const modifier = numericModifier(shape);
  if (modifier === undefined) return undefined;
  const digits = (parts[1] ?? '').replace(/^0+/, '').length;
  const room = modifier.precision - modifier.scale;
  // One digit is kept in reserve for what rounding the fraction may add.
  const fits = digits < room || (digits <= room && (parts[3] ?? '').length <= modifier.scale) || Number(value) === 0;
  return fits ? undefined : `a number that fits numeric(${modifier.precision},${modifier.scale})`;
}

/** Dotted quads, and the full form of IPv6 without abbreviations that inet and we might read differently. */
function isAddress(value: string): boolean {
  const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
  return (
    new RegExp(`^${octet}(\\.${octet}){3}$`).test(value) ||
    /^[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){7}$/.test(value) ||
    value === '::'
  );
}

function isDate(value: string): boolean {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(value);
  if (parts === null || parts[1] === '0000') return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

function isTimestamp(value: string, zone: RegExp): boolean {
  const parts = /^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T](([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?)(.*)$/.exec(value);
  return parts !== null && isDate(parts[1] ?? '') && zone.test(parts[5] ?? '');
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    // jsonb holds neither NUL nor half a surrogate pair; exponents could leave numeric's range.
    const withoutStrings = value.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    return !/\\u(0000|d[89a-f])/i.test(value) && !/[0-9]e/i.test(withoutStrings);
  } catch {
    return false;
  }
}
