/** Which classes a type can hold. A flag is never an address, whatever it is called. */
import type { SensitivityClass } from '../../../crds/meta.ts';
import type { ColumnFacts, ValueKind } from '../facts.ts';

const TEXTUAL: ReadonlySet<ValueKind> = new Set(['text', 'json', 'xml', 'composite', 'other']);

const HELD: Partial<Readonly<Record<ValueKind, ReadonlySet<SensitivityClass>>>> = {
  integer: new Set<SensitivityClass>([
    'pii.phone',
    'pii.national-id',
    'pii.passport',
    'pii.birth-date',
    'pii.location',
    'pii.health',
    'pii.address',
    'pii.ip',
    'financial.card',
    'financial.iban',
    'financial.salary',
    'secret',
  ]),
  decimal: new Set<SensitivityClass>([
    'pii.phone',
    'pii.national-id',
    'pii.location',
    'pii.health',
    'financial.card',
    'financial.iban',
    'financial.salary',
  ]),
  money: new Set<SensitivityClass>(['financial.salary']),
  boolean: new Set<SensitivityClass>(['pii.health']),
  date: new Set<SensitivityClass>(['pii.birth-date', 'pii.health']),
  timestamp: new Set<SensitivityClass>(['pii.birth-date']),
  time: new Set<SensitivityClass>(),
  uuid: new Set<SensitivityClass>(['secret']),
  bytes: new Set<SensitivityClass>([
    'secret',
    'pii.health',
    'pii.free-text',
    'pii.national-id',
    'financial.card',
    'pii.email',
    'pii.phone',
    'pii.name',
    'pii.address',
    'financial.iban',
    'pii.passport',
    'financial.salary',
  ]),
  inet: new Set<SensitivityClass>(['pii.ip']),
  macaddr: new Set<SensitivityClass>(),
  enum: new Set<SensitivityClass>(['pii.health']),
  point: new Set<SensitivityClass>(['pii.location', 'pii.address']),
  geometry: new Set<SensitivityClass>(['pii.location', 'pii.address']),
  tsvector: new Set<SensitivityClass>(['pii.free-text']),
  vector: new Set<SensitivityClass>(),
};

export function canHold(kind: ValueKind, name: SensitivityClass): boolean {
  return TEXTUAL.has(kind) || (HELD[kind]?.has(name) ?? false);
}

/** Text that could hold anything. */
export function isOpen(column: ColumnFacts): boolean {
  return TEXTUAL.has(column.kind) && column.kind !== 'other';
}

/** `IN ('a', 'b')`, `= ANY (ARRAY['a', 'b'])`: the values are in the constraint. */
export function isEnumerated(column: ColumnFacts): boolean {
  return (
    column.kind === 'enum' ||
    column.checks.some((check) => /= ANY \(+ARRAY\[|\bIN \(|= '[^']{0,40}'(?:::[a-z ]{1,30})?\)* OR /.test(check))
  );
}
