import { describe, expect, it } from 'vitest';
import { bundleOf, catalog, compile } from '../../test/support/compile-policy.ts';
import { Facts } from './facts.ts';

const DATABASE = `sensitivity:
  detection: "Off"
  columns:
    - {table: public.customers, column: ssn, class: pii.national-id}
    - {table: public.customers, column: email, class: pii.email}
protection: {neverReveal: [pii.national-id]}`;
const REVEAL = `grants:
  - {tables: [public.customers], actions: [Select], reveal: [email, ssn]}`;
const MASKED = `grants:
  - {tables: [public.customers], actions: [Select]}`;

function clear(policy: string, columns: readonly (string | null)[]): unknown {
  const facts = new Facts();
  const customers = catalog.relationNamed('public', 'customers')!;
  for (const column of columns) facts.read(customers, column);
  return facts.snapshot(bundleOf(compile({ p: policy }, DATABASE))).clear;
}

describe('what is read in clear', () => {
  it('has revealed columns with their class, and none that are masked or that nobody calls sensitive', () => {
    expect(clear(REVEAL, ['id', 'email'])).toEqual({ 'public.customers.email': 'pii.email' });
    expect(clear(REVEAL, ['*'])).toEqual({ 'public.customers.email': 'pii.email' });
    expect(clear(MASKED, ['*'])).toBeUndefined();
  });

  it('has nothing of a relation of which no column is read', () => {
    expect(clear(REVEAL, [null])).toBeUndefined();
  });

  it('goes by what Observe applies, not by what it records', () => {
    expect(clear(`mode: Observe\nmasking: Record\n${MASKED}`, ['*'])).toEqual({ 'public.customers.email': 'pii.email' });
    expect(clear(`mode: Observe\nmasking: Enforce\n${MASKED}`, ['*'])).toBeUndefined();
  });
});
