/** What default masks make of a value: shown in docs/reference/masks.md, and compared with a real server. */
import type { SensitivityClass } from '../../crds/meta.ts';

export interface Example {
  readonly class: SensitivityClass;
  readonly type: string;
  /** Default: `v`. */
  readonly column?: string;
  readonly check?: string;
  readonly notNull?: true;
  readonly value: string;
  /** null: NULL. */
  readonly becomes: string | null;
}

export const EXAMPLES: readonly Example[] = [
  { class: 'pii.email', type: 'citext', value: 'Jane.Doe@example.com', becomes: 'J***@masked.invalid' },
  { class: 'pii.email', type: 'text', value: 'nobody', becomes: '***@masked.invalid' },
  { class: 'pii.phone', type: 'text', value: '+49 30 1234567', becomes: '****4567' },
  { class: 'pii.phone', type: 'bigint', value: '49301234567', becomes: '4567' },
  { class: 'pii.phone', type: 'integer', value: '110', becomes: '0' },
  { class: 'financial.card', type: 'numeric(20,0)', value: '4111111111111234', becomes: '1234' },
  { class: 'financial.iban', type: 'varchar(34)', value: 'DE89370400440532013000', becomes: '****3000' },
  { class: 'pii.name', type: 'varchar(40)', value: 'Jane', becomes: 'J****' },
  { class: 'pii.name', type: 'text[]', value: '{Jane,Doe}', becomes: '{}' },
  { class: 'pii.birth-date', type: 'date', value: '1984-03-12', becomes: '1984-01-01' },
  { class: 'pii.birth-date', type: 'timestamptz', value: '1984-03-12 10:00:00+00', becomes: '1984-01-01 00:00:00+00' },
  { class: 'pii.birth-date', type: 'text', value: '1984-03-12', becomes: '1984-01-01' },
  { class: 'pii.birth-date', type: 'text', value: '1984-03-12T10:00:00Z', becomes: '1984-01-01' },
  { class: 'pii.birth-date', type: 'varchar(10)', value: '12.03.1984', becomes: '01.01.1984' },
  { class: 'pii.birth-date', type: 'text', value: '3/12/1984', becomes: '01/01/1984' },
  { class: 'pii.birth-date', type: 'char(8)', value: '19840312', becomes: '19840101' },
  { class: 'pii.birth-date', type: 'char(8)', value: '12031984', becomes: '********' },
  { class: 'pii.birth-date', type: 'text', value: 'spring 1984', becomes: '[redacted]' },
  { class: 'pii.birth-date', type: 'integer', value: '447897600', becomes: '441797328' },
  { class: 'pii.birth-date', type: 'integer', value: '19840312', becomes: '0' },
  { class: 'pii.birth-date', type: 'smallint', column: 'birth_year', value: '1984', becomes: '1980' },
  { class: 'pii.birth-date', type: 'integer', column: 'birth_year', value: '19840312', becomes: '0' },
  { class: 'pii.birth-date', type: 'bigint', value: '447897600000', becomes: '0' },
  { class: 'financial.salary', type: 'integer', value: '87654', becomes: '80000' },
  { class: 'financial.salary', type: 'numeric(10,2)', value: '87654.32', becomes: '80000.00' },
  { class: 'financial.salary', type: 'money', value: '87654.32', becomes: '$80,000.00' },
  { class: 'financial.salary', type: 'text', value: '87,654', becomes: '[redacted]' },
  { class: 'pii.ip', type: 'text', value: '10.1.2.3', becomes: '0.0.0.0' },
  { class: 'pii.ip', type: 'inet', value: '10.1.2.3', becomes: '0.0.0.0' },
  { class: 'pii.location', type: 'point', value: '(52.5,13.4)', becomes: '(0,0)' },
  { class: 'pii.health', type: 'boolean', value: 'true', becomes: null },
  { class: 'pii.health', type: 'text', value: 'asthma', becomes: '[redacted]' },
  { class: 'pii.free-text', type: 'jsonb', value: '{"note": "call back"}', becomes: '{}' },
  { class: 'secret', type: 'bytea', value: '\\x00ff', becomes: null },
  { class: 'secret', type: 'bytea', notNull: true, value: '\\x00ff', becomes: '\\x' },
  { class: 'pii.address', type: 'text', check: "v IN ('home', 'work')", value: 'work', becomes: 'home' },
  { class: 'pii.national-id', type: 'text', check: 'char_length(v) = 11', value: '12345678901', becomes: '***********' },
  { class: 'secret', type: 'integer', notNull: true, check: 'v BETWEEN 1000 AND 9999', value: '4711', becomes: '1000' },
  { class: 'pii.free-text', type: 'date', check: "v > '2000-01-01'", value: '2010-05-06', becomes: '2000-01-02' },
];
