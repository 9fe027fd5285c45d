/**
 * The year of dates that are kept as text, where the form leaves no doubt which part is the year; every other text is redacted. Eight
 * digits may be 19840312 or 12031984: only a year from 1800 to 2099 with a month and a day behind it is taken for one, and no date
 * in the other order reads like that (its third pair of digits is 18, 19 or 20, which is no month).
 */
import { REDACTED_TEXT, fitting } from './constants.ts';
import { type TypeShape, asText, characterLimit } from './type-shape.ts';

const YEAR = '(1[89]|20)[0-9]{2}';
const MONTH = '(0[1-9]|1[0-2])';
const DAY = '(0[1-9]|[12][0-9]|3[01])';
const PART = '(0?[1-9]|[12][0-9]|3[01])';
/** Longer texts are no dates, and a regular expression over a very large one could fail. */
const LONGEST = 40;

export function textYear(column: string, shape: TypeShape): string {
  const text = asText(column, shape);
  const limit = characterLimit(shape);
  const matches = (pattern: string): string =>
    `(pg_catalog."left"(${text}, ${LONGEST + 1}) COLLATE pg_catalog."C") OPERATOR(pg_catalog.~) '^${pattern}$'`;
  const short = `pg_catalog.char_length(${text}) OPERATOR(pg_catalog.<=) ${LONGEST}`;
  const year = `pg_catalog."left"(${text}, 4)`;
  const join = (...parts: readonly string[]): string => parts.join(' OPERATOR(pg_catalog.||) ');
  const first = limit === undefined || limit >= 10 ? '01' : '1';
  const forms: readonly (readonly [pattern: string, becomes: string])[] = [
    [`${YEAR}-${MONTH}-${DAY}([T ].*)?`, join(year, `'-01-01'`)],
    [`${YEAR}/${MONTH}/${DAY}([T ].*)?`, join(year, `'/01/01'`)],
    [`${YEAR}[.]${MONTH}[.]${DAY}([T ].*)?`, join(year, `'.01.01'`)],
    [`${YEAR}${MONTH}${DAY}`, join(year, `'0101'`)],
    [`${PART}-${PART}-${YEAR}`, join(`'${first}-${first}-'`, `pg_catalog."right"(${text}, 4)`)],
    [`${PART}/${PART}/${YEAR}`, join(`'${first}/${first}/'`, `pg_catalog."right"(${text}, 4)`)],
    [`${PART}[.]${PART}[.]${YEAR}`, join(`'${first}.${first}.'`, `pg_catalog."right"(${text}, 4)`)],
  ];
  const cases = forms.map(([pattern, becomes]) => `WHEN ${matches(pattern)} THEN ${becomes}`).join(' ');
  const hidden = `'${fitting(REDACTED_TEXT, limit)}'`;
  return `CASE WHEN ${column} IS NULL THEN NULL WHEN NOT (${short}) THEN ${hidden} ${cases} ELSE ${hidden} END`;
}
