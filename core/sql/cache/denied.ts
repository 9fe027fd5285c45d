/** The plan of a statement that was refused before anybody looked at what it says. */
import type { Denial } from '../../errors/denial.ts';
import type { StatementPlan } from '../plan.ts';
import { fingerprint } from '../text/fingerprint.ts';

/** Of a large statement only the first bytes are fingerprinted: the refusal must stay cheap. */
const FINGERPRINTED = 16 * 1024;

export function deniedBeforeAnalysis(sql: Buffer, reason: Denial): StatementPlan {
  return {
    decision: 'deny',
    denial: reason,
    kind: 'other',
    range: [0, sql.length],
    text: '',
    rewritten: false,
    edits: [],
    facts: { reads: [], writes: [], masks: {}, filters: {}, functions: [], rules: [] },
    effect: { kind: 'none' },
    writesRows: false,
    touchesGoverned: false,
    returnsRows: false,
    cacheable: false,
    ...fingerprint(sql, 0, Math.min(sql.length, FINGERPRINTED)),
  };
}
