/**
 * Query: all of its statements are judged before any is sent. One that is denied denies them all. What is allowed goes
 * upstream as one Query (the client's own bytes where nothing was rewritten), so that the implicit transaction around several
 * statements is the server's.
 */
import { isUtf8 } from 'node:buffer';
import { denial } from '../../core/errors/denial.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import { decodeQuery } from '../../core/wire/client-messages.ts';
import { type Disposition, DROP, PASS } from '../../core/wire/frame-walker.ts';
import * as request from '../../core/wire/request.ts';
import type { Inbound } from './inbound.ts';
import { BASELINE_SQL, checkSql, maxAffected, readsOnly, rowLimit } from './limits.ts';
import type { Piece, SentText } from './pipeline.ts';

/** A statement may end in a comment that only a newline ends. */
const SEPARATOR = '\n;';
const NO_LIMIT = Number.POSITIVE_INFINITY;

export function simpleQuery(inbound: Inbound, body: Buffer, length: number): Disposition {
  const { core, analysis } = inbound;
  if (body.length < length) {
    return inbound.refusals.query(
      denial('SLUICE-104', `the statement is too large (${length} bytes)`, { rule: 'floor' }),
      null,
      null,
    );
  }
  const sql = decodeQuery(body);
  if (!isUtf8(sql))
    return inbound.refusals.query(denial('SLUICE-106', 'the statement is not valid UTF-8', { rule: 'floor' }), null, null);

  const verdict = analysis.analyse(sql, 'simple', []);
  if (verdict.kind === 'barrier') return inbound.hold('idle');
  if (verdict.kind === 'wait') return inbound.holdUntil(verdict.until);
  if (verdict.kind === 'denied') return inbound.refusals.query(verdict.denial, verdict.plan, sql);
  const { engine, plans } = verdict;
  if (core.pipeline.guarded && !plans.every(readsOnly)) return inbound.hold('guard');

  const pieces: Piece[] = [];
  const parts: { text: string; plan: StatementPlan | null }[] = [];
  let changed = false;
  let altered = false;
  for (const plan of plans) {
    changed = addStatement(inbound, engine, plan, sql, pieces, parts) || changed;
    // What the catalog says may be over by the time that the statement runs.
    if (altered) pieces.at(-1)?.execution?.recorder?.reason('not-analysed');
    altered ||= plan.effect.kind === 'schema-change';
  }

  core.groupOpen = false;
  core.groupWrites = false;
  const sent: SentText | undefined = changed ? { client: Buffer.from(sql), parts, separator: SEPARATOR } : undefined;
  const entry = inbound.expect({
    kind: 'query',
    group: core.group,
    pieces,
    ...(sent === undefined ? {} : { sent }),
    ...core.statements.dropUnnamed(core.group),
  });
  if (plans.some((plan) => plan.copyIn === true)) {
    core.copyIn = 'expected';
    core.copyOf = entry;
    inbound.emit(request.query(changed ? joined(parts) : sql));
    return inbound.holdForCopy();
  }
  if (!changed) return PASS;
  inbound.emit(request.query(joined(parts)));
  return DROP;
}

function joined(parts: SentText['parts']): string {
  return parts.map((part) => part.text).join(SEPARATOR);
}

/** True when what goes upstream differs from what the client sent. */
function addStatement(
  inbound: Inbound,
  engine: SqlEngine,
  plan: StatementPlan,
  sql: Buffer,
  pieces: Piece[],
  parts: { text: string; plan: StatementPlan | null }[],
): boolean {
  const { bundle } = engine;
  const max = maxAffected(bundle, plan);
  const execution = inbound.intent(plan, bundle, sql, max === undefined ? {} : { maxAffected: max });
  const limit = rowLimit(bundle, plan, inbound.core.statements);
  const tap = execution.recorder?.tap;
  const tapped = tap === undefined ? {} : { tap };
  inbound.core.audit.watchRows(execution, bundle, limit, () => inbound.core.shapeOf(execution));
  if (plan.touchesGoverned) inbound.core.governed = true;
  if (max === undefined) {
    pieces.push({ role: 'client', execution, rowLimit: limit, ...tapped });
    parts.push({ text: plan.text, plan });
    return plan.rewritten;
  }
  pieces.push({ role: 'baseline', execution, rowLimit: NO_LIMIT });
  pieces.push({ role: 'client', execution, rowLimit: limit, held: true, ...tapped });
  pieces.push({ role: 'check', execution, rowLimit: NO_LIMIT });
  parts.push({ text: BASELINE_SQL, plan: null }, { text: plan.text, plan }, { text: checkSql(max), plan: null });
  return true;
}
