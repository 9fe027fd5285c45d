/** Alerts, the dashboard and the reference speak of metrics that the operator has, and the reference of all of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './chart.ts';

const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const NAME = /sluice_operator_[a-z_]*[a-z]/g;

function defined(): ReadonlySet<string> {
  const sources = readdirSync(join(ROOT, 'operator'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => read('operator', file));
  return new Set(
    sources.flatMap((text) => [
      ...(text.match(NAME) ?? []),
      // operator/watch/telemetry.ts puts the prefix before them.
      ...[...text.matchAll(/\b(?:counter|gauge)\('([a-z_]+)'/g)].map(([, name]) => `sluice_operator_${name}`),
    ]),
  );
}

const known = defined();
/** Of a histogram. */
const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');

test.each([
  'charts/sluice/templates/prometheusrule.yaml',
  'charts/sluice/files/dashboard.json',
  'charts/sluice/README.md',
  'docs/reference/operator.md',
])('%s speaks of metrics that there are', (file) => {
  const named = new Set(read(file).match(NAME) ?? []);
  expect(named.size).toBeGreaterThan(0);
  expect([...named].filter((name) => !known.has(base(name)))).toEqual([]);
});

test('the reference lists every metric of the operator', () => {
  const text = read('docs', 'reference', 'operator.md');
  expect(known.size).toBeGreaterThan(20);
  expect([...known].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
