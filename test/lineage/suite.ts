/**
 * The lineage oracle over PostgreSQL's regression corpus. pg_regress runs the suite through a relay; every SELECT in it, those inside
 * INSERT, cursors, prepared statements and the like included, is looked at just before it runs, in the session's own state.
 *
 *   lineage/reads    what our resolver says it reads, against what the server's analyser records for a temporary view of it
 *   lineage/masked   with every column of every table masked: the server's analyser finds no column read in the rewritten text
 */
import type { SqlParser } from '../../core/sql/parse/parser.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { floorOf } from '../conformance/floors.ts';
import type { Difference, RunOptions, Scoreboard, Suite } from '../scoreboard/suite.ts';
import { type Finding, Probe } from './probe.ts';
import { startRegressionServer } from './regression.ts';
import { startRelay } from './relay.ts';

/** What the bounded run takes: the tests with the most shapes of SELECT among those that need no others but the set-up. */
const BOUNDED = [
  ...['test_setup', 'create_misc', 'select', 'select_distinct', 'select_having', 'join', 'subselect', 'union', 'with'],
  ...['aggregates', 'groupingsets', 'window', 'rangefuncs', 'rowtypes', 'returning', 'tablesample', 'case', 'arrays'],
];

/** A finding and where it was made: `join:17`, the 17th SELECT of that test. */
export interface Placed extends Finding {
  readonly name: string;
}

export const suite: Suite = {
  name: 'lineage',
  about: "what statements read, against the server's own analyser, over the regression corpus",
  async run(options) {
    const tests = options.only.length > 0 ? ['test_setup', ...options.only] : options.bounded ? BOUNDED : [];
    const parser = await createWasmParser();
    const findings = await collect(parser, tests, options);
    return [readsBoard(parser, findings, tests), maskedBoard(findings, tests)];
  },
};

async function collect(parser: SqlParser, tests: readonly string[], options: RunOptions): Promise<readonly Placed[]> {
  const regression = await startRegressionServer();
  const probes = new Map<number, Probe>();
  const findings: Placed[] = [];
  const counts = new Map<string, number>();
  try {
    const relay = await startRelay(regression.server.port, async (session, sql) => {
      const test = (session.parameters.get('application_name') ?? '').replace(/^pg_regress\//, '');
      let probe = probes.get(session.id);
      if (probe === undefined) {
        probe = new Probe(parser, (finding) => {
          const count = (counts.get(test) ?? 0) + 1;
          counts.set(test, count);
          findings.push({ ...finding, name: `${test}:${count}` });
        });
        probes.set(session.id, probe);
      }
      await probe.before(session, sql);
    });
    await regression.run(relay.port, tests, (line) => {
      if (/^(?:test|parallel| {5}\S)/.test(line)) options.say(line.replace(/ \.\.\. (?:ok|FAILED) +/, ' '));
    });
    await relay.stop();
  } finally {
    await regression.stop();
  }
  return findings;
}

function readsBoard(parser: SqlParser, findings: readonly Placed[], tests: readonly string[]): Scoreboard {
  const trees = (sql: string) => {
    const outcome = parser.parse(sql);
    return outcome.ok ? (outcome.tree.stmts ?? []).map(({ stmt }) => stmt) : [];
  };
  const taken = findings.filter(({ verdict }) => verdict !== null);
  const of = (kind: string) => taken.filter(({ verdict }) => verdict?.kind === kind);
  const floors: Record<string, number> = {};
  const unexplained = of('denied').filter(({ verdict, select }) => {
    const floor = verdict?.kind === 'denied' ? floorOf({ trees: trees(select), refusal: verdict }) : null;
    if (floor !== null) floors[floor] = (floors[floor] ?? 0) + 1;
    return floor === null;
  });
  const disagreeing = taken.filter(({ disagreement }) => disagreement !== undefined);
  return {
    suite: 'lineage/reads',
    what: what(tests),
    cases: taken.length,
    identical: of('same').length + of('superset').length,
    refusedByFloor: of('denied').length - unexplained.length,
    floors,
    unstable: 0,
    differences: [
      ...unexplained.map(({ name, verdict, select }) => ({
        name,
        seen: verdict?.kind === 'denied' ? `${verdict.code} ${verdict.message}: ${short(select)}` : '',
      })),
      ...disagreeing.map(({ name, disagreement }) => ({ name, seen: `the oracle disagrees with itself about ${disagreement}` })),
    ],
    leaks: of('missing').map(({ name, verdict, select }) =>
      verdict?.kind === 'missing' ? `${name}: ${verdict.missing.join(', ')} in ${short(select)}` : name,
    ),
    deaths: 0,
    figures: {
      'SELECTs seen': findings.length,
      'not taken as a view by the server': findings.length - taken.length,
      'the same': of('same').length,
      'a superset': of('superset').length,
      'with whole rows': taken.filter(({ server }) => (server?.wholeRows.size ?? 0) + (server?.rowColumns.size ?? 0) > 0).length,
      'inside another statement': taken.filter(({ within }) => within !== 'SelectStmt').length,
    },
  };
}

function maskedBoard(findings: readonly Placed[], tests: readonly string[]): Scoreboard {
  const looked = findings.filter(({ masked }) => masked !== undefined);
  const of = (kind: string) => looked.filter(({ masked }) => masked?.kind === kind);
  const floors: Record<string, number> = {};
  for (const { masked } of of('denied')) if (masked?.kind === 'denied') floors[masked.code] = (floors[masked.code] ?? 0) + 1;
  return {
    suite: 'lineage/masked',
    what: what(tests),
    cases: looked.length,
    identical: of('closed').length,
    refusedByFloor: of('denied').length,
    floors,
    unstable: 0,
    differences: of('refused').map(refusedText),
    leaks: of('open').map(({ name, masked }) =>
      masked?.kind === 'open' ? `${name}: reads ${masked.columns.join(', ')} in ${short(masked.text)}` : name,
    ),
    deaths: 0,
    figures: {},
  };
}

/** Forms that are known to fail once a table is a subquery; each fails closed, with the server's error. Key of plans.json. */
const KNOWN: readonly (readonly [plan: string, why: RegExp])[] = [
  ['masked-key-grouping', /^42803/],
  ['row-of-parent-type', /^42846/],
  ['regclass-in-with', /^42883 operator does not exist: text = oid/],
];

function refusedText({ name, masked }: Placed): Difference {
  const [why, text] = masked?.kind === 'refused' ? [masked.why, masked.text] : ['', ''];
  const plan = KNOWN.find(([, pattern]) => pattern.test(why))?.[0];
  return { name, seen: `${why}: ${short(text)}`, ...(plan === undefined ? {} : { plan }) };
}

function what(tests: readonly string[]): string {
  return `${tests.length === 0 ? 'all' : tests.length} tests of the regression suite, PostgreSQL 15`;
}

function short(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 200);
}
