/**
 * The SQL core's entry: text in, plans out. Parse with PostgreSQL's grammar, check that every node is known, walk each
 * statement, write the replacements, parse the result again and compare, assemble the plan. Whatever goes wrong on the way
 * denies the statement; nothing here throws for what a client wrote.
 */
import type { Node, RawStmt } from '@pgsql/types';
import { type Denial, DenialError, denial, deny } from '../errors/denial.ts';
import { checkCoverage, readingNodes } from './ast/coverage.ts';
import { checkKnownNodes } from './ast/known.ts';
import { asTag, tagOf } from './ast/node.ts';
import type { Analyser, OutputColumns, Scope, StatementContext } from './context.ts';
import type { EngineOptions, SqlEngine } from './engine.ts';
import { planEvidence } from './evidence/evidence.ts';
import { FragmentParser } from './parse/fragment.ts';
import { PARSER_RESTARTING } from './parse/wasm-parser.ts';
import { checkParameterTypes } from './names/types.ts';
import type { ParseOutcome } from './parse/parser.ts';
import type { AnalyseRequest, AnalyseResult, StatementKind, StatementPlan } from './plan.ts';
import { fromItems } from './read/from.ts';
import { replaceSites } from './read/replace.ts';
import { selectStatement, walkExpression } from './read/select.ts';
import { withClause } from './read/with.ts';
import { createScope } from './scope/scope.ts';
import { walkTargets } from './scope/targets.ts';
import type { SessionView } from './session-state.ts';
import { StatementState } from './statement-context.ts';
import { MAXIMUM_ADDED, tooMuchRewriting } from './text/edits.ts';
import { blankComments } from './text/comments.ts';
import { fingerprint } from './text/fingerprint.ts';
import { createSource, type Source } from './text/source.ts';
import { verifyRewrite } from './text/verify.ts';
import { analyseUtility } from './utility/utility.ts';
import { DATA_STATEMENTS, writeStatement } from './statements.ts';
import { hasReturning } from './write/returning.ts';

export function createEngine(options: EngineOptions): SqlEngine {
  const fragments = new FragmentParser(options.parser);
  const analyser = createAnalyser(options, fragments);
  return {
    bundle: options.bundle,
    catalog: options.catalog,
    analyse: (request, session) => analyseText({ options, fragments, analyser }, request, session),
  };
}

interface Engine {
  readonly options: EngineOptions;
  readonly fragments: FragmentParser;
  readonly analyser: Analyser;
}

function analyseText(engine: Engine, request: AnalyseRequest, session: SessionView): AnalyseResult {
  const source = createSource(request.sql);
  const whole: readonly [number, number] = [0, request.sql.length];
  const outcome: ParseOutcome = engine.options.parser.parse(parserText(request.sql, source));
  if (!outcome.ok) return [deniedPlan(source, whole, parseDenial(outcome, engine.options.bundle.transparent))];
  const statements = outcome.tree.stmts ?? [];
  if (request.protocol === 'extended' && statements.length > 1) {
    const refusal = denial('SLUICE-101', 'cannot insert multiple commands into a prepared statement', {
      rule: 'floor',
      ...(engine.options.bundle.transparent ? { plain: true } : {}),
    });
    return [deniedPlan(source, whole, refusal)];
  }
  const plans: StatementPlan[] = [];
  let added = 0;
  for (const statement of statements) {
    const plan = analyseStatement(
      engine,
      request,
      session,
      source,
      statement,
      added > (engine.options.maximumAdded ?? MAXIMUM_ADDED),
    );
    for (const edit of plan.edits) added += edit.replacement.length;
    plans.push(plan);
  }
  return plans;
}

/** Without comments, which the parser does not always take for white space. */
function parserText(bytes: Buffer, source: Source): string {
  const blanked = blankComments(bytes);
  return blanked === bytes ? source.text : blanked.toString('utf8');
}

function withoutComments(text: string): string {
  return text.includes('--') || text.includes('/*') ? blankComments(Buffer.from(text)).toString('utf8') : text;
}

/** `plain`: nothing is governed, so what the server would say of such a text is all there is to say. */
function parseDenial(outcome: Extract<ParseOutcome, { ok: false }>, plain: boolean): Denial {
  const located = outcome.reason === 'syntax' && outcome.location !== undefined ? { location: outcome.location } : {};
  if (outcome.reason === 'broken' && outcome.message === PARSER_RESTARTING) {
    return denial('SLUICE-702', 'The parser is being restarted.', { rule: 'floor', hint: 'Try again.' });
  }
  return outcome.reason === 'syntax'
    ? denial('SLUICE-101', outcome.message, { ...located, rule: 'floor', ...(plain ? { plain } : {}) })
    : denial('SLUICE-104', 'The statement is too complex to be analysed.', { rule: 'floor' });
}

function analyseStatement(
  engine: Engine,
  request: AnalyseRequest,
  session: SessionView,
  source: Source,
  raw: RawStmt,
  exhausted: boolean,
): StatementPlan {
  const start = raw.stmt_location ?? 0;
  const end = raw.stmt_len === undefined || raw.stmt_len === 0 ? source.bytes.length : start + raw.stmt_len;
  const range: readonly [number, number] = [start, end];
  const context = new StatementState({ ...engine, request, session, source, range });
  try {
    if (exhausted) tooMuchRewriting();
    const node = raw.stmt;
    if (node === undefined) deny('SLUICE-102', 'The statement is empty.', { rule: 'floor' });
    checkKnownNodes(node, engine.options.catalog.serverMajor);
    checkParameterTypes(context, request.parameterTypes);
    walkStatement(context, node);
    replaceSites(context);
    return allowedPlan(context, node);
  } catch (error) {
    return deniedPlan(source, range, denialOf(error), context);
  }
}

/** Only a DenialError says why; a walk that ran out of stack was too deep; anything else is a mistake of ours, and denies. */
function denialOf(error: unknown): Denial {
  if (error instanceof DenialError) return error.denial;
  if (error instanceof RangeError) return denial('SLUICE-104', 'The statement is nested too deeply.', { rule: 'floor' });
  const what = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
  return denial('SLUICE-105', 'The statement could not be analysed.', { rule: 'floor', detail: `Internal error: ${what}` });
}

/** One statement of any kind, at the top or inside PREPARE and DECLARE. */
function walkStatement(context: StatementContext, node: Node): void {
  const kind = DATA_STATEMENTS[tagOf(node) ?? ''];
  const select = asTag(node, 'SelectStmt');
  if (kind === undefined || select?.intoClause !== undefined) {
    context.analyser.utility(context, node);
    return;
  }
  const asked = hasReturning(node);
  context.analyser.query(context, node, null);
  context.kind = select?.valuesLists !== undefined ? 'values' : kind;
  if (select !== undefined || asked) context.returnsRows = true;
  context.swallowRows = !asked && hasReturning(node);
}

function allowedPlan(context: StatementState, node: Node): StatementPlan {
  const { source, range } = context;
  // Transparent: what was found was only looked at. Names need not be spelled out, because none of them can hide anything.
  const edits = context.bundle.transparent ? [] : context.edits.sorted();
  let text = source.slice(...range);
  if (edits.length > 0) {
    text = context.edits.apply(source.bytes, range).toString('utf8');
    const verified = verifyRewrite(context.parser, withoutComments(text), node);
    if (!verified.ok) {
      deny('SLUICE-105', 'The statement could not be rewritten safely.', {
        rule: 'floor',
        detail: `The rewritten text gives ${verified.why}.`,
      });
    }
  }
  const { inherited } = context;
  const recorded =
    inherited !== undefined
      ? { text, edits, swallow: false, evidence: inherited }
      : context.bundle.audit.rows === 'None'
        ? undefined
        : planEvidence(context, node, {
            text,
            edits,
            start: range[0],
            reads: context.facts.snapshot(context.bundle).reads,
            countOnly: context.request.countOnly === true,
          });
  if (recorded?.swallow) context.swallowRows = true;
  return {
    ...describe(context, source, range),
    decision: 'allow',
    ...(context.observed.length === 0 ? {} : { observed: context.observed }),
    text: recorded?.text ?? text,
    rewritten: (recorded?.edits ?? edits).length > 0,
    edits: recorded?.edits ?? edits,
    ...(recorded === undefined ? {} : { evidence: recorded.evidence }),
    pinned: context.allPinned ? 'all' : [...context.pinned].sort((a, b) => a - b),
  };
}

function deniedPlan(source: Source, range: readonly [number, number], why: Denial, context?: StatementState): StatementPlan {
  return {
    ...describe(context, source, range),
    decision: 'deny',
    denial: why,
    text: '',
    rewritten: false,
    edits: [],
    effect: { kind: 'none' },
    cacheable: false,
    pinned: 'all',
  };
}

type Description = Omit<StatementPlan, 'decision' | 'text' | 'rewritten' | 'edits'>;

function describe(context: StatementState | undefined, source: Source, range: readonly [number, number]): Description {
  const print = fingerprint(source.bytes, range[0], range[1]);
  return {
    kind: context?.kind ?? ('other' satisfies StatementKind),
    range,
    facts: context?.facts.snapshot(context.bundle) ?? { reads: [], writes: [], masks: {}, filters: {}, functions: [], rules: [] },
    effect: context?.effect ?? { kind: 'none' },
    writesRows: context?.writesRows ?? false,
    touchesGoverned: context?.facts.touchesGoverned ?? false,
    returnsRows: context?.returnsRows ?? false,
    cacheable: context?.cacheable ?? false,
    ...print,
    ...(context !== undefined && (context.uses.prepared !== undefined || context.uses.cursor !== undefined)
      ? { uses: context.uses }
      : {}),
    ...(context?.copyIn ? { copyIn: true } : {}),
    ...(context?.swallowRows ? { swallowRows: true as const } : {}),
  };
}

function createAnalyser(options: EngineOptions, fragments: FragmentParser): Analyser {
  const analyser: Analyser = {
    select: (context, node, parent) => query(context, node, parent),
    scope: (parent, sources, ctes) => createScope(parent, sources, ctes === undefined ? {} : { ctes }),
    query: (context, node, parent) => query(context, node, parent),
    with: (context, clause, parent) => withClause(context, clause as Parameters<typeof withClause>[1], parent),
    from: (context, items, parent) => fromItems(context, items, parent),
    expression: (context, node, scope, place) => walkExpression(context, node, scope, place),
    targets: (context, list, scope) => walkTargets(context, list, scope),
    utility: (context, node) => analyseUtility(context, node),
    nested: (context, node) => nested(options, fragments, analyser, context as StatementState, node),
  };
  return analyser;
}

/** The outermost query of a statement is held to account for every node that reads something. */
function query(context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  if (context.covering) return analyseQuery(context, node, parent);
  const reading = readingNodes(node);
  context.covering = true;
  const columns = analyseQuery(context, node, parent);
  context.covering = false;
  checkCoverage(reading, context.met);
  return columns;
}

function analyseQuery(context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  const select = asTag(node, 'SelectStmt');
  if (select !== undefined) return selectStatement(context, select, parent);
  const kind = context.kind;
  const columns = writeStatement(context, node, parent);
  context.kind = kind;
  return columns;
}

/** A statement inside another one: its own facts and kind, but edits in the same text. */
function nested(
  options: EngineOptions,
  fragments: FragmentParser,
  analyser: Analyser,
  outer: StatementState,
  node: Node,
): StatementPlan {
  const { request, session, source, range } = outer;
  const context = new StatementState({ options, fragments, analyser, request, session, source, range, outer });
  walkStatement(context, node);
  outer.facts.merge(context.facts);
  outer.writesRows ||= context.writesRows;
  outer.cacheable &&= context.cacheable;
  outer.allPinned ||= context.allPinned;
  return { ...describe(context, source, range), decision: 'allow', text: '', rewritten: false, edits: [] };
}
