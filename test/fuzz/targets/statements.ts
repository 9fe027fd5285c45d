/**
 * Statements through the whole analysis, under the restrictive and the allow-all policy. It never throws and never owns up to a mistake of its
 * own (SLUICE-105, 707); a plan's text is its edits applied, and parses; the decision depends neither on how the statement is written nor on what
 * stands beside it.
 */
import { Catalog } from '../../../core/catalog/catalog.ts';
import { createEngine } from '../../../core/sql/analyse.ts';
import type { SqlEngine } from '../../../core/sql/engine.ts';
import { INLINE_BOUNDS, prescan } from '../../../core/sql/parse/prescan.ts';
import { createWasmParser, type WasmParser } from '../../../core/sql/parse/wasm-parser.ts';
import type { AnalyseResult, StatementPlan } from '../../../core/sql/plan.ts';
import type { SessionView } from '../../../core/sql/session-state.ts';
import { createSessionState } from '../../../core/sql/session-tracker.ts';
import { blankComments } from '../../../core/sql/text/comments.ts';
import { digest } from '../corpus.ts';
import { allowAllBundle, restrictiveBundle } from '../policies.ts';
import { Random } from '../random.ts';
import { WORDS } from '../shrink.ts';
import { reformat } from '../sql-format.ts';
import { mutateSql } from '../sql-mutator.ts';
import { sqlSeeds } from '../sql-seeds.ts';
import type { Fuzzed, ThreadSetup, ThreadTarget } from '../target.ts';

export const target: ThreadTarget = { name: 'statements', extension: 'sql', pieces: WORDS, slowest: 1_500, prepare };

/** Search paths on which names mean other things, and a table of the session's own in the way of one of the schema's. */
const SESSIONS: readonly SessionView[] = [
  createSessionState(['public']),
  createSessionState(['archive', 'public']),
  createSessionState(['Weird Schema', 'public', 'archive']),
  withOwnTable(),
];

function withOwnTable(): SessionView {
  const session = createSessionState(['public']);
  session.apply({ kind: 'create-temporary', name: 'products', columns: ['id', 'email', 'ssn'] }, 'fuzz');
  session.ready('I');
  return session;
}

interface Circumstances {
  readonly session: SessionView;
  readonly protocol: 'simple' | 'extended';
  readonly parameterTypes: readonly number[];
}

/** Most as a plain query on the ordinary path. */
function circumstances(random: Random): Circumstances {
  const extended = random.once(3);
  return {
    session: random.once(2) ? SESSIONS[0]! : random.pick(SESSIONS),
    protocol: extended ? 'extended' : 'simple',
    parameterTypes: extended ? random.pick([[], [23], [25, 0, 1082], [2205], [1009, 16]]) : [],
  };
}

async function prepare({ catalog: data }: ThreadSetup): Promise<Fuzzed> {
  const parser = await createWasmParser();
  const catalog = new Catalog(data);
  const engines = [await restrictiveBundle(catalog), await allowAllBundle(catalog)].map((bundle) =>
    createEngine({ catalog, bundle, parser, salt: '7f' }),
  );
  const codes = new Map<string, number>();
  let parsed = 0;
  let allowed = 0;

  const one = (engine: SqlEngine, sql: Buffer, random: Random): string | undefined => {
    const how = circumstances(random);
    const plans = analyse(engine, sql, how);
    for (const plan of plans) {
      const code = plan.denial?.code;
      if (code !== undefined) codes.set(code, (codes.get(code) ?? 0) + 1);
      else allowed++;
      const problem = blameless(plan) ?? wellMade(plan, sql, parser);
      if (problem !== undefined) return problem;
    }
    const written = reformat(sql, random);
    if (prescan(written, INLINE_BOUNDS).path === 'inline') {
      const difference = differing(plans, analyse(engine, written, how));
      if (difference !== undefined) return `written otherwise: ${difference}`;
    }
    if (plans.length !== 1 || sql.includes(';') || how.protocol === 'extended') return undefined;
    const beside = analyse(engine, Buffer.concat([Buffer.from('SELECT 1; '), sql, Buffer.from('\n')]), how);
    const difference = differing(plans, beside.slice(1));
    return difference === undefined ? undefined : `beside another statement: ${difference}`;
  };

  return {
    seeds: (await sqlSeeds()).map((sql) => Buffer.from(sql)),
    draw: (random, pick) => Buffer.from(mutateSql(pick().toString('utf8'), pick().toString('utf8'), random)),
    check: (input) => {
      const sql = Buffer.from(input.toString('utf8').replaceAll('\0', ' '));
      if (prescan(sql, INLINE_BOUNDS).path !== 'inline') return undefined;
      if (!parser.parse(blankComments(sql).toString('utf8')).ok) {
        const [plan] = analyse(engines[0]!, sql, circumstances(new Random(1)));
        return plan === undefined ? undefined : blameless(plan);
      }
      parsed++;
      for (const engine of engines) {
        const problem = one(engine, sql, new Random(Number.parseInt(digest(sql).slice(0, 8), 16)));
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
    figures: () => ({ 'statements that parse': parsed, 'plans that allow': allowed, ...Object.fromEntries(codes) }),
  };
}

function analyse(engine: SqlEngine, sql: Buffer, { session, protocol, parameterTypes }: Circumstances): AnalyseResult {
  return engine.analyse({ sql, protocol, parameterTypes }, session);
}

function blameless({ denial }: StatementPlan): string | undefined {
  if (denial?.code !== 'SLUICE-105' && denial?.code !== 'SLUICE-707') return undefined;
  return `${denial.code}: ${denial.detail ?? denial.message}`;
}

function wellMade(plan: StatementPlan, sql: Buffer, parser: WasmParser): string | undefined {
  if (plan.decision === 'deny') return plan.text === '' ? undefined : 'a denied plan has a text';
  const [start, end] = plan.range;
  let text = '';
  let at = start;
  for (const edit of plan.edits) {
    if (edit.start < at || edit.end < edit.start || edit.end > end) return 'edits overlap';
    text += sql.toString('utf8', at, edit.start) + edit.replacement;
    at = edit.end;
  }
  text += sql.toString('utf8', at, end);
  if (text !== plan.text) return 'the text is not its edits applied';
  if (plan.rewritten !== plan.edits.length > 0) return 'rewritten without edits, or edits without being rewritten';
  const outcome = parser.parse(blankComments(Buffer.from(text)).toString('utf8'));
  if (!outcome.ok || (outcome.tree.stmts ?? []).length !== 1) return 'the rewritten text does not parse as one statement';
  return undefined;
}

function differing(plans: AnalyseResult, others: AnalyseResult): string | undefined {
  if (plans.length !== others.length) return 'another number of statements';
  for (const [index, plan] of plans.entries()) {
    const difference = differentPlan(plan, others[index]!);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function differentPlan(plan: StatementPlan, other: StatementPlan): string | undefined {
  if (plan.decision !== other.decision)
    return `${plan.decision} and ${other.decision} (${(plan.denial ?? other.denial)?.code} ${(plan.denial ?? other.denial)?.message})`;
  if (plan.denial?.code !== other.denial?.code) return `denied with ${plan.denial?.code} and ${other.denial?.code}`;
  if (plan.fingerprint !== other.fingerprint) {
    // Quoting a name shows in the normalised text, and in the spaces beside the name.
    if (plan.normalised.replaceAll(/["\s]/g, '') !== other.normalised.replaceAll(/["\s]/g, '')) return 'another normalised text';
  }
  for (const key of [
    'kind',
    'facts',
    'writesRows',
    'touchesGoverned',
    'returnsRows',
    'swallowRows',
    'cacheable',
    'uses',
    'copyIn',
  ] as const) {
    if (JSON.stringify(plan[key]) !== JSON.stringify(other[key])) return `another ${key}`;
  }
  if (plan.effect.kind !== other.effect.kind) return 'another effect';
  return plan.edits.length === other.edits.length ? undefined : 'another number of edits';
}
