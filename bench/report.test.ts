import { describe, expect, it } from 'vitest';
import { budgets, markdown, type Results } from './report.ts';

const run = (tps: number, p50: number) => ({ tps, p50, p99: p50 * 3 });
const results: Results = {
  machine: { cpus: 2, model: 'cpu', memory: 1, node: '24', load: [0, 0, 0] },
  postgres: 18,
  rounds: 3,
  missing: { pgbouncer: 'not installed' },
  loads: [
    {
      load: { protocol: 'prepared', clients: 1, transactions: 10 },
      results: {
        direct: [run(100, 1), run(50, 2), run(100, 1)],
        relay: [run(80, 2), run(40, 4), run(80, 2)],
        sluice: [run(70, 2.1), run(36, 4.4), run(70, 2.4)],
      },
    },
  ],
  start: [300, 500, 350],
};

describe('report', () => {
  it('judges by the median of ratios taken round by round', () => {
    expect(budgets(results)).toEqual([
      { what: 'median latency, prepared, 1 client / relay', budget: '≤ 1.1', measured: '1.10 (1.05 to 1.20)', met: true },
      { what: 'start to first answer', budget: '≤ 400 ms', measured: '350 (300 to 500) ms', met: true },
    ]);
  });
  it('says what is missing and what was missed', () => {
    expect(markdown(results)).toContain('**pgbouncer** was not measured: not installed');
    expect(markdown({ ...results, start: [500] })).toContain('| start to first answer | ≤ 400 ms | 500 ms | **missed** |');
  });
});
