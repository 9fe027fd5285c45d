/** From measurements to a table: ratios with their spread, budgets of DESIGN section 10 beside them. */
import type { ByTarget, LargeResults, Load, MemoryResults } from './measurements.ts';
import type { PgbenchResult } from './pgbench.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import type { TargetName } from './targets.ts';

export interface Results {
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly memory: number;
    readonly node: string;
    readonly load: readonly number[];
  };
  readonly postgres: 15 | 18;
  readonly rounds: number;
  /** Why a target is not in the tables. */
  readonly missing: Partial<Record<TargetName, string>>;
  readonly loads: readonly { readonly load: Load; readonly results: ByTarget<PgbenchResult> }[];
  readonly large?: LargeResults;
  readonly memory?: MemoryResults;
  readonly start?: readonly number[];
}

export interface Budget {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  readonly met: boolean;
}

const MIB = 1024 * 1024;

/** Only what was measured is judged. */
export function budgets(results: Results): readonly Budget[] {
  const list: Budget[] = [];
  const add = (what: string, limit: number, sense: '≤' | '≥', unit: string, value: Spread): void => {
    const met = sense === '≤' ? value.median <= limit : value.median >= limit;
    list.push({ what, budget: `${sense} ${limit}${unit}`, measured: `${show(value)}${unit}`, met });
  };
  for (const { load, results: byTarget } of results.loads) {
    const { sluice, relay, pgbouncer } = byTarget;
    if (sluice === undefined) continue;
    if (load.clients === 1 && relay !== undefined) {
      const limit = load.protocol === 'prepared' ? 1.1 : 1.35;
      add(
        `median latency, ${load.protocol}, 1 client / relay`,
        limit,
        '≤',
        '',
        ratios(
          sluice.map((one) => one.p50),
          relay.map((one) => one.p50),
        ),
      );
    }
    if (load.clients > 1 && load.protocol === 'prepared' && pgbouncer !== undefined) {
      add(
        `throughput, prepared, ${load.clients} clients / pgbouncer`,
        0.9,
        '≥',
        '',
        ratios(
          sluice.map((one) => one.tps),
          pgbouncer.map((one) => one.tps),
        ),
      );
    }
  }
  for (const kind of ['unmasked', 'masked'] as const) {
    const byTarget = results.large?.[kind];
    if (byTarget?.sluice === undefined || byTarget.direct === undefined) continue;
    add(
      `large result, ${kind}, rows per second / direct`,
      0.9,
      '≥',
      '',
      ratios(
        byTarget.direct.map((one) => one.duration),
        byTarget.sluice.map((one) => one.duration),
      ),
    );
  }
  const once = (value: number): Spread => ({ min: value, median: value, max: value });
  const { large, memory } = results;
  if (large?.residentBefore !== undefined && large.residentPeak !== undefined) {
    add('resident set grown by large results', 16, '≤', ' MiB', once((large.residentPeak - large.residentBefore) / MIB));
  }
  if (memory?.idle !== undefined) add('resident set, idle', 100, '≤', ' MiB', once(memory.idle / MIB));
  if (memory?.underLoad !== undefined)
    add(`resident set, ${memory.sessions} sessions under load`, 200, '≤', ' MiB', once(memory.underLoad / MIB));
  if (memory?.afterStatements !== undefined)
    add(`resident set after ${memory.statements} different statements`, 200, '≤', ' MiB', once(memory.afterStatements / MIB));
  if (results.start !== undefined) add('start to first answer', 400, '≤', ' ms', spread(results.start));
  return list;
}

/** `median (min to max)`. */
function show({ min, median, max }: Spread): string {
  const digits = median >= 100 ? 0 : median >= 10 ? 1 : 2;
  const text = median.toFixed(digits);
  return min === max ? text : `${text} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

export function markdown(results: Results): string {
  const { machine } = results;
  const lines = [
    '# Benchmark',
    '',
    `PostgreSQL ${results.postgres}, Node ${machine.node}, ${machine.cpus} × ${machine.model}, load ${machine.load.map((one) => one.toFixed(1)).join(' ')} at the start.`,
    `${results.rounds} interleaved rounds; ratios are taken round by round and shown as median (minimum to maximum).`,
    '',
  ];
  for (const [name, reason] of Object.entries(results.missing)) lines.push(`**${name}** was not measured: ${reason}`, '');
  for (const { load, results: byTarget } of results.loads) {
    lines.push(`## pgbench select-only, ${load.protocol}, ${load.clients} ${load.clients === 1 ? 'client' : 'clients'}`, '');
    lines.push('| | tps | p50 ms | p99 ms | tps / direct | p50 / relay | CPU µs each |', '|---|---|---|---|---|---|---|');
    for (const [name, rounds] of Object.entries(byTarget)) {
      const share =
        byTarget.direct === undefined
          ? ''
          : show(
              ratios(
                rounds.map((one) => one.tps),
                byTarget.direct.map((one) => one.tps),
              ),
            );
      const added =
        byTarget.relay === undefined
          ? ''
          : show(
              ratios(
                rounds.map((one) => one.p50),
                byTarget.relay.map((one) => one.p50),
              ),
            );
      const used = rounds.flatMap((one) => (one.processor === undefined ? [] : [one.processor]));
      const cpu = used.length === 0 ? '' : show(spread(used));
      const tps = show(spread(rounds.map((one) => one.tps)));
      const p50 = spread(rounds.map((one) => one.p50)).median.toFixed(3);
      const p99 = spread(rounds.map((one) => one.p99)).median.toFixed(3);
      lines.push(`| ${name} | ${tps} | ${p50} | ${p99} | ${share} | ${added} | ${cpu} |`);
    }
    lines.push('');
  }
  const { large } = results;
  if (large !== undefined) {
    lines.push('## Large result', '', '| | ms | rows/s / direct |', '|---|---|---|');
    for (const kind of ['unmasked', 'masked'] as const) {
      for (const [name, rounds] of Object.entries(large[kind])) {
        const baseline = large[kind].direct;
        const share =
          baseline === undefined
            ? ''
            : show(
                ratios(
                  baseline.map((one) => one.duration),
                  rounds.map((one) => one.duration),
                ),
              );
        lines.push(`| ${kind}, ${name} | ${show(spread(rounds.map((one) => one.duration)))} | ${share} |`);
      }
    }
    lines.push('');
    if (large.maskedStatement !== '')
      lines.push(
        `Masked, direct and relay run what Sluice sends: \`${large.maskedStatement.replaceAll(/\s+/g, ' ').slice(0, 600)}\``,
        '',
      );
  }
  if (results.memory !== undefined)
    lines.push(
      `A statement never seen before takes ${(results.memory.firstSeen * 1000).toFixed(0)} µs, the whole round trip included.`,
      '',
    );
  const judged = budgets(results);
  if (judged.length > 0) {
    lines.push('## Budgets', '', '| what | budget | measured | |', '|---|---|---|---|');
    for (const one of judged) lines.push(`| ${one.what} | ${one.budget} | ${one.measured} | ${one.met ? 'met' : '**missed**'} |`);
    lines.push('');
  }
  return lines.join('\n');
}
