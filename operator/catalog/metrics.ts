/** What the leader's connections to databases come to (Prometheus text format), without names of tables and without values. */
import { Counter, Histogram, type Registry } from 'prom-client';

export interface CatalogMetrics {
  /** `result`: `ok`, or why not. */
  looked(result: string, seconds: number): void;
  /** `sqlstate` when the table could not be read. */
  tableSampled(sqlstate?: string): void;
}

export const UNCOUNTED: CatalogMetrics = { looked: () => {}, tableSampled: () => {} };

export function catalogMetrics(registry: Registry): CatalogMetrics {
  const registers = [registry];
  const looks = new Counter({
    name: 'sluice_operator_catalog_looks_total',
    help: 'Looks at the schema of a Database, by result',
    labelNames: ['result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'sluice_operator_catalog_look_seconds',
    help: 'From the wish to look at a schema to its end, waiting included',
    buckets: [0.05, 0.1, 0.5, 1, 5, 15, 60],
    registers,
  });
  const samples = new Counter({
    name: 'sluice_operator_tables_sampled_total',
    help: 'Tables whose values were looked at, by SQLSTATE of the failure',
    labelNames: ['failure'],
    registers,
  });
  return {
    looked(result, took) {
      looks.inc({ result });
      seconds.observe(took);
    },
    tableSampled: (sqlstate = '') => samples.inc({ failure: sqlstate }),
  };
}
