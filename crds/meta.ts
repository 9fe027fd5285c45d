/** What both kinds share: group and version, object metadata, conditions, and the small words of the API. */
import { type Infer, type Rule, integer, list, object, oneOf, optional, required, string } from './schema.ts';

export const GROUP = 'sluice.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = 'sluice.dev/v1alpha1';

/** metadata, as far as Sluice reads it. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid?: string;
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly resourceVersion?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

export const objectName = string({
  explained: true,
  pattern: `^${DNS_LABEL}(\\.${DNS_LABEL})*$`,
  expected: 'the name of a Kubernetes object: lower-case letters, digits, "-" and "."',
  minLength: 1,
  maxLength: 253,
});

export const namespaceName = string({
  explained: true,
  pattern: `^${DNS_LABEL}$`,
  expected: 'the name of a namespace: lower-case letters, digits and "-"',
  minLength: 1,
  maxLength: 63,
});

export const secretKey = string({ pattern: '^[-._a-zA-Z0-9]+$', expected: 'a key of a Secret', minLength: 1, maxLength: 253 });

/** A column by its plain name, exactly as PostgreSQL stores it; NAMEDATALEN - 1 is 63 bytes. */
export const columnName = string({ minLength: 1, maxLength: 63 });

// Letters beyond ASCII count as letters, as in PostgreSQL's scanner. RE2 and JavaScript read these classes alike.
const LETTER = '[^\\x00-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]';
const REST = '[^\\x00-\\x23\\x25-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]';
const IDENTIFIER = `(${LETTER}${REST}*|"([^"]|"")+")`;

/** The most frequent mistake, in words: the pattern's own message is the expression. */
const withSchema: Rule = {
  cel: "self.contains('.')",
  message: 'expected a table with its schema, for example public.customers',
  check: (value: string) => value.includes('.'),
};

/** `schema.table` as SQL writes it, quotes included. */
export const qualifiedTable = string({
  pattern: `^${IDENTIFIER}\\.${IDENTIFIER}$`,
  expected: 'a table with its schema, as SQL writes it: public.customers, \'"Weird Schema"."Customer Data"\'',
  minLength: 3,
  maxLength: 261,
  rules: [withSchema],
});

export const tablePattern = string({
  pattern: `^(\\*\\.\\*|${IDENTIFIER}\\.(\\*|${IDENTIFIER}))$`,
  expected: 'a table with its schema as SQL writes it (public.customers), schema.*, or "*.*"',
  minLength: 3,
  maxLength: 261,
  rules: [withSchema],
});

export const functionPattern = string({
  pattern: `^(\\*|${IDENTIFIER}\\.(\\*|${IDENTIFIER}))$`,
  expected: 'a function with its schema and without arguments (public.ticket_summary), schema.*, or "*"',
  minLength: 1,
  maxLength: 261,
});

export const duration = string({
  explained: true,
  pattern: '^[0-9]{1,9}(ms|s|m|h)$',
  expected: 'a duration: a whole number and ms, s, m or h, for example 5s',
  minLength: 2,
  maxLength: 11,
});

/**
 * A point in time. The API server is not given `format: date-time`: with a format it takes a list where a string is expected, and accepts what
 * RFC 3339 does not know (a comma, an offset of a day). timestamp() fails for a day that does not exist.
 */
export const time = string({
  explained: true,
  format: 'date-time',
  pattern:
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$',
  expected: 'a time as RFC 3339 writes it, such as 2027-01-31T00:00:00Z',
  maxLength: 35,
  rules: [
    {
      cel: "timestamp(self) >= timestamp('0001-01-01T00:00:00Z')",
      message: 'expected a day that exists',
      check: (value: string) => isRealDay(value.slice(0, 10)),
    },
  ],
});

/** Date rolls the 30th of February over; the calendar does not. */
function isRealDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day) && day >= '0001-01-01';
}

/** Milliseconds of a `duration` that matches its pattern. */
export function durationToMilliseconds(text: string): number {
  const [, digits = '0', unit = 's'] = /^([0-9]+)(ms|s|m|h)$/.exec(text) ?? [];
  return Number(digits) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h'];
}

export const CLASSES = [
  'pii.email',
  'pii.phone',
  'pii.name',
  'pii.address',
  'pii.national-id',
  'pii.passport',
  'pii.ip',
  'pii.location',
  'pii.health',
  'pii.birth-date',
  'pii.free-text',
  'financial.card',
  'financial.iban',
  'financial.salary',
  'secret',
] as const;

export type SensitivityClass = (typeof CLASSES)[number];

export const ACTIONS = ['Select', 'Insert', 'Update', 'Delete', 'Truncate', 'Explain', 'Create', 'Alter', 'Drop'] as const;

export const observedGeneration = integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'The metadata.generation this is about; an older one: the operator has not looked yet.',
});

/** https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go, type Condition */
const condition = object({
  type: required(string({ pattern: '^[A-Z][A-Za-z]*$', maxLength: 63, description: 'What it is about, for example Ready.' })),
  status: required(oneOf(['True', 'False', 'Unknown'], 'True is good, whatever the type.')),
  reason: required(string({ pattern: '^[A-Z][A-Za-z0-9]*$', maxLength: 128, description: 'One CamelCase word for programs.' })),
  message: required(string({ maxLength: 32768, description: 'A sentence for people.' })),
  lastTransitionTime: required(string({ format: 'date-time', maxLength: 64, description: 'When status last changed.' })),
  observedGeneration: optional(observedGeneration),
});

export const conditions = list(condition, {
  maxItems: 16,
  listType: 'map',
  listMapKeys: ['type'],
  description: 'Ready sums the others up; the first that is not True says what to do.',
});

export type Condition = Infer<typeof condition>;
