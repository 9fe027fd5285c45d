/** The reference of metrics is what is exported; alerts, dashboard and guides speak of nothing else, and every alert is explained. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { written } from './metrics-table.ts';
import { operatorMetrics, sidecarMetrics } from './registries.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
/** In quotation marks it is the name of a database. */
const NAME = /(?<!`")\bsluice_[a-z_]*[a-z]\b/g;
const exported = new Map([...operatorMetrics(), ...sidecarMetrics()].map((metric) => [metric.name, metric]));
/** Of a histogram's series. */
const base = (name: string): string => (exported.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''));

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}
const panels = (JSON.parse(read('charts/sluice/files/dashboard.json')) as { panels: readonly Panel[] }).panels;
const rules = read('charts/sluice/templates/prometheusrule.yaml');
const guide = read('docs/guides/observability.md');

it('the tables of docs/reference/metrics.md are what both processes register', () => {
  const page = read('docs/reference/metrics.md');
  expect(written(page)).toBe(page);
  expect(operatorMetrics().length).toBeGreaterThan(30);
  expect(sidecarMetrics().length).toBeGreaterThan(15);
});

it('each metric is named in base units, and says what it is', () => {
  for (const { name, type, help } of exported.values()) {
    expect(help, name).not.toBe('');
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb)(_|$)/);
  }
});

describe.each([
  'charts/sluice/templates/prometheusrule.yaml',
  'charts/sluice/files/dashboard.json',
  'charts/sluice/README.md',
  'docs/guides/observability.md',
  'docs/guides/troubleshooting.md',
  'docs/reference/labels-and-annotations.md',
])('%s', (path) => {
  it('speaks of metrics that there are', () => {
    const names = [...new Set(read(path).match(NAME) ?? [])];
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !exported.has(base(name)))).toEqual([]);
  });
});

describe('queries of alerts and panels', () => {
  /** A range selector cannot be taken apart by reading; whichever of a query's metrics has the label will do. */
  const labelsOf = (query: string): ReadonlySet<string> =>
    new Set([
      ...['namespace', 'pod', 'service', 'le'],
      ...(query.match(NAME) ?? []).flatMap((name) => exported.get(base(name))?.labels ?? []),
    ]);
  const queries = [...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...rules.matchAll(/expr: (.+)/g)].map(
    (each) => (typeof each === 'string' ? each : each[1]!),
  );

  it.each(queries)('%s', (query) => {
    const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(/,\s*/));
    const selected = [...query.matchAll(/([a-z_]+)(?:=~|!~|!=|=)\\?"/g)].map(([, name]) => name!);
    const known = labelsOf(query);
    expect([...grouped, ...selected].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('docs/guides/observability.md', () => {
  it('explains every alert of the chart, and no other', () => {
    const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name!);
    expect(alerts.length).toBeGreaterThan(5);
    expect([...guide.matchAll(/^### (Sluice\w+)$/gm)].map(([, name]) => name)).toEqual(alerts);
  });

  it('lists every panel of the dashboard, and no other', () => {
    const part = guide.slice(guide.indexOf('\n## Dashboard'), guide.indexOf('\n## Logs'));
    const listed = [...part.matchAll(/^\| (?!panel|---)([^|]+?) \|/gm)].map(([, title]) => title);
    expect(listed).toEqual(panels.map(({ title }) => title));
  });
});
