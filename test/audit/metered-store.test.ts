/** What is counted of a store is what has happened to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreConflictError } from '../../core/audit/store.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { metered, type StoreMetrics, storeMetrics } from '../../operator/audit/store/metered-store.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { until } from '../support/until.ts';
import { OWNERS } from './store-worlds.ts';

const SIZE = 512 * 1024;
let directory: string;
let registry: Registry;
let raw: EmbeddedStore;
let store: ReturnType<typeof metered>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'metered-'));
  registry = new Registry();
  const onRemoved = (records: number): void => metrics.removed('full', records);
  raw = new EmbeddedStore({ directory, size: SIZE, whenFull: 'RemoveOldest', clock: systemClock, log: () => {}, onRemoved });
  const metrics: StoreMetrics = storeMetrics(registry, { size: SIZE, used: () => raw.used() });
  store = metered(raw, metrics, systemClock);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

async function value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const { values } = (await registry.getSingleMetric(name)?.get())!;
  return values
    .filter((each) => Object.entries(labels).every(([key, of]) => each.labels[key] === of))
    .reduce((sum, each) => sum + each.value, 0);
}

function append(first: number, count: number, text = ''): Promise<void> {
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify({ v: 1, seq: first + index, type: 'event', text }));
  return store.append({ chain: 'chain-1', owner: OWNERS['chain-1'], first, lines });
}

it('counts what is taken, what is not, and what is removed before its time', async () => {
  await append(0, 5);
  await append(5, 5);
  await expect(append(0, 1, 'another')).rejects.toThrow(StoreConflictError);
  expect(await value('sluice_operator_audit_appended_records_total')).toBe(10);
  expect(await value('sluice_operator_audit_append_failures_total', { kind: 'conflict' })).toBe(1);
  expect(await value('sluice_operator_audit_store_limit_bytes')).toBe(SIZE);
  await until(async () => (await value('sluice_operator_audit_store_bytes')) === (await raw.used()));
  for (let first = 10; first < 2_010; first += 100) await append(first, 100, 'x'.repeat(1_000));
  expect(await value('sluice_operator_audit_removed_records_total', { why: 'full' })).toBeGreaterThan(0);
  const removed = await store.prune(new Date(Date.now() + 86_400_000).toISOString());
  expect(removed).toBeGreaterThan(0);
  expect(await value('sluice_operator_audit_removed_records_total', { why: 'retention' })).toBe(removed);
  const inStore = 1;
  expect(await value('sluice_operator_audit_removed_records_total')).toBe(2_010 - inStore);
  await store.close();
  await expect(append(2_010, 1)).rejects.toThrow('closed');
  expect(await value('sluice_operator_audit_append_failures_total', { kind: 'unavailable' })).toBe(1);
});
