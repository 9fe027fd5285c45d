/** What a sensitive column looks like when no policy says anything: the class's mask, where the type allows it. */
import type { MaskSpec } from '../../../crds/database-access-policy.ts';
import type { SensitivityClass } from '../../../crds/meta.ts';
import { type TypeShape, isTextual } from './type-shape.ts';

export const CLASS_MASKS: Readonly<Record<SensitivityClass, MaskSpec>> = {
  'pii.email': { email: {} },
  'pii.phone': { partial: { keepFirst: 0, keepLast: 4 } },
  'pii.name': { partial: { keepFirst: 1, keepLast: 0 } },
  'pii.address': { redact: {} },
  'pii.national-id': { redact: {} },
  'pii.passport': { redact: {} },
  'pii.ip': { redact: {} },
  'pii.location': { redact: {} },
  'pii.health': { redact: {} },
  'pii.birth-date': { date: { truncate: 'year' } },
  'pii.free-text': { redact: {} },
  'financial.card': { partial: { keepFirst: 0, keepLast: 4 } },
  'financial.iban': { partial: { keepFirst: 0, keepLast: 4 } },
  'financial.salary': { number: { round: 10_000 } },
  secret: { nullify: {} },
};

/**
 * Where one class must stand for several (a view's column that may come from any of them), the one that shows least wins.
 */
const SEVERITY: readonly string[] = [
  'secret',
  'pii.national-id',
  'pii.passport',
  'pii.health',
  'financial.card',
  'financial.iban',
  'pii.free-text',
  'pii.address',
  'pii.location',
  'pii.ip',
  'financial.salary',
  'pii.birth-date',
  'pii.phone',
  'pii.email',
  'pii.name',
];

/** A class of a newer release that this one does not know counts as the most severe. */
export function moreSevere(a: string, b: string): string {
  return severity(a) <= severity(b) ? a : b;
}

function severity(name: string): number {
  return SEVERITY.indexOf(name);
}

/** Classes that are not known are redacted. A health record's `false` or 0 would be a statement: NULL is none. */
export function classMask(name: string, shape: TypeShape): MaskSpec {
  if (name === 'pii.health' && !isTextual(shape)) return { nullify: {} };
  return Object.hasOwn(CLASS_MASKS, name) ? CLASS_MASKS[name as SensitivityClass] : { redact: {} };
}

/** What the class's redacted text looks like where programs read the text: an address is parsed. */
export const CLASS_TEXTS: Readonly<Record<string, string>> = { 'pii.ip': '0.0.0.0' };
