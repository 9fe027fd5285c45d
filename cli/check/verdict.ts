/** A plan for people, and for programs. */
import type { StatementPlan } from '../../core/sql/plan.ts';

export interface Verdict {
  /** As it was given. */
  readonly statement: string;
  readonly plan: StatementPlan;
  readonly mode: 'Enforce' | 'Observe';
}

export function asJson({ statement, plan, mode }: Verdict): string {
  const { decision, denial, observed, kind, text, rewritten, facts, fingerprint } = plan;
  const verdict = {
    decision,
    mode,
    kind,
    statement,
    ...(decision === 'allow' ? { sql: text.trim(), rewritten } : {}),
    reads: facts.reads,
    writes: facts.writes,
    masks: facts.masks,
    filters: facts.filters,
    functions: facts.functions,
    rules: facts.rules,
    fingerprint,
    ...(denial === undefined ? {} : { denial }),
    ...(observed === undefined ? {} : { observed }),
  };
  return `${JSON.stringify(verdict)}\n`;
}

export function asText({ statement, plan, mode }: Verdict): string {
  const { decision, denial, observed, facts } = plan;
  const lines = [`${mode === 'Observe' ? 'observe, ' : ''}${decision}  ${statement.replaceAll(/\s+/g, ' ')}`];
  if (denial !== undefined) {
    lines.push(`  ${denial.sqlstate} ${denial.code}: ${denial.message}`);
    if (denial.detail !== undefined) lines.push(`  detail: ${denial.detail}`);
    if (denial.hint !== undefined) lines.push(`  hint: ${denial.hint}`);
    if (denial.rule !== undefined) lines.push(`  rule: ${denial.rule}`);
    return `${lines.join('\n')}\n`;
  }
  for (const would of observed ?? []) lines.push(`  would be denied: ${would.code}: ${would.message}`);
  lines.push(plan.rewritten ? `  becomes: ${plan.text.trim()}` : '  goes upstream as it is');
  for (const use of facts.reads) lines.push(`  reads: ${use.relation} (${use.columns.join(', ')})`);
  for (const use of facts.writes) lines.push(`  writes: ${use.relation} (${use.columns.join(', ')}) ${use.action}`);
  for (const [column, mask] of Object.entries(facts.masks)) lines.push(`  masked: ${column} by ${mask}`);
  for (const [relation, rules] of Object.entries(facts.filters)) lines.push(`  filtered: ${relation} by ${rules.join(', ')}`);
  if (facts.rules.length > 0) lines.push(`  rules: ${facts.rules.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
