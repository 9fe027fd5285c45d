/** One statement under one policy: the plan of what Sluice makes of it beside the plan of what a person would have written. */
import type pg from 'pg';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { emptySession } from '../support/sql-core.ts';
import { governedText, type PlanCase, referenceText } from './plan-case.ts';
import { type Mode, TENANT } from './modes.ts';
import { blocksOf, differenceOf, type PlanNode } from './shape.ts';

export type Form = 'simple' | 'generic';

export type Outcome =
  | { readonly kind: 'same'; readonly ratio: number }
  | { readonly kind: 'different'; readonly seen: string; readonly ratio: number; readonly text: string }
  | { readonly kind: 'denied'; readonly seen: string }
  | { readonly kind: 'failed'; readonly seen: string };

export async function comparePlans(
  client: pg.Client,
  engine: SqlEngine,
  subject: PlanCase,
  mode: Mode,
  form: Form,
): Promise<Outcome> {
  const sent = form === 'simple' ? literal(governedText(subject), subject) : governedText(subject);
  const plans = engine.analyse({ sql: Buffer.from(sent), protocol: 'extended', parameterTypes: [] }, emptySession);
  const plan = plans[0];
  if (plan === undefined || plan.denial !== undefined)
    return { kind: 'denied', seen: plan?.denial === undefined ? 'no plan' : `${plan.denial.code} ${plan.denial.message}` };
  const wanted = referenceText(subject, mode, TENANT);
  const reference = form === 'simple' ? literal(wanted, subject) : wanted;
  try {
    const theirs = await explain(client, reference, subject, form);
    const ours = await explain(client, plan.text, subject, form);
    const seen = differenceOf(ours, theirs);
    const ratio = blocksOf(ours) / Math.max(1, blocksOf(theirs));
    return seen === null ? { kind: 'same', ratio } : { kind: 'different', seen, ratio, text: plan.text };
  } catch (error) {
    return { kind: 'failed', seen: `${(error as Error).message}: ${plan.text}` };
  }
}

/** `$n` as the literal of its type. */
function literal(sql: string, { values = [] }: PlanCase): string {
  return sql.replace(/\$(\d+)/g, (whole, index: string) => {
    const value = values[Number(index) - 1];
    if (value === undefined) return whole;
    return value[0] === 'int' ? value[1] : `${value[1]}::${value[0]}`;
  });
}

/** As the server plans it, run once (what it read is counted), undone when it writes. */
async function explain(client: pg.Client, sql: string, subject: PlanCase, form: Form): Promise<PlanNode> {
  await client.query('BEGIN');
  try {
    const values = subject.values ?? [];
    const prepared = form === 'generic' && values.length > 0;
    await client.query("SET LOCAL statement_timeout = '60s'");
    if (prepared) {
      await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
      await client.query(`PREPARE plans_case (${values.map(([type]) => type).join(', ')}) AS ${sql}`);
    }
    const run = prepared ? `EXECUTE plans_case (${values.map(([, value]) => value).join(', ')})` : sql;
    const { rows } = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ${run}`,
    );
    return rows[0]!['QUERY PLAN'][0]!.Plan;
  } finally {
    await client.query('ROLLBACK');
    await client.query('DEALLOCATE ALL');
  }
}
