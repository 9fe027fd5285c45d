/** The page: figures of both sets always, what went wrong only when asked. */
import { describe, expect, it } from 'vitest';
import { document } from './document.ts';
import { parse, SETS } from './labels.ts';
import type { Measured } from './measure.ts';

const cost = { queries: 2, milliseconds: 1500, rows: 10, bytes: 2 ** 20 };
const measured: readonly Measured[] = SETS.map((set) => {
  const schema = parse(set, `example_${set}`, 'public.people.mail\tpii.email\temail\npublic.people.id\tnone\tserial');
  const judged = schema.labels.map(({ column, class: expected }) => ({
    column: `${schema.name}: people.${column}`,
    expected,
    got: 'none' as const,
    verdict: undefined,
  }));
  return { schema, judged, cost, rows: 5, unsampled: [] };
});
const findings = { measured, baseline: measured, large: { tables: 500, columns: 4000, rows: 1e6, cost }, seed: 1 };

describe('docs/reference/detection.md', () => {
  it('has the figures of both sets, the untouched one first, and the cost', () => {
    const page = document({ ...findings, misses: false });
    expect(page.indexOf('## The untouched set')).toBeLessThan(page.indexOf('## The set that rules are tuned on'));
    expect(page).toContain('| pii.email | 1 | 0 | 0.0 % | 0 | 1 | 0 | – | 0 |');
    expect(page).toContain('| example_untouched | 1 | 2 | 1 | 0 | 0 | en_US | Written for Sluice. |');
    expect(page).toContain('| 500 | 4000 | 1,000,000 | 1.5 s | 2 | 10 | 1.0 MiB |');
  });

  it('names the columns that were missed only when asked', () => {
    expect(document({ ...findings, misses: false })).not.toContain('people.mail');
    expect(document({ ...findings, misses: true })).toContain('example_untouched: people.mail  pii.email -> none  (no verdict)');
  });
});
