/** The chains of a review: whether each holds, how far it is proven, and how it ended, as `sluice audit verify` finds it. */
import type { Section } from '../../../core/audit/questions/access-review.ts';
import { type Answer, type Column, sorted } from '../../../core/audit/questions/question.ts';
import type { Trail, Trusted } from '../../../core/audit/trail.ts';
import { type ChainReport, verifyTrail } from '../../../core/audit/verify-trail.ts';
import { isRecord, text } from '../../../core/json/read.ts';

const COLUMNS: readonly Column[] = [
  { key: 'chain', title: 'CHAIN' },
  { key: 'subject', title: 'WRITER' },
  { key: 'database', title: 'DATABASE' },
  { key: 'pod', title: 'POD' },
  { key: 'from', title: 'FROM' },
  { key: 'to', title: 'TO' },
  { key: 'records', title: 'RECORDS', right: true },
  { key: 'state', title: 'STATE' },
  { key: 'fault', title: 'FAULT' },
  { key: 'provenTo', title: 'PROVEN UP TO', right: true },
  { key: 'end', title: 'END' },
  { key: 'unknown', title: 'OUTCOME UNKNOWN', right: true },
];

const NOTE =
  'State "consistent": in order, and nobody was trusted. With trust anchors: "proven", "partly" up to a record, or "unproven". "broken": a record is not as it was written. "absent": it was countersigned, and nothing of it is here. End "vanished": the pod went without ending its chain; "open": it may go on.';

export interface ReviewedChains {
  readonly section: Section;
  /** Chains that do not hold, or are missing although everything is here. */
  readonly faults: number;
}

/** Reads every chain whole, in constant memory. */
export async function reviewChains(trail: Trail, trusted: Trusted | undefined): Promise<ReviewedChains> {
  const { chains, absent } = await verifyTrail(trail, trusted === undefined ? {} : { trusted });
  const rows = [
    ...chains.map(described),
    ...absent.map(({ chain, last }): Answer => ({ chain, to: last, records: 0, state: 'absent' })),
  ];
  const faults = chains.filter(({ state }) => state === 'broken').length + absent.filter(({ fault }) => fault).length;
  const section = { id: 'chains', title: 'Chains', note: NOTE, columns: COLUMNS };
  return { section: { ...section, rows: sorted(rows, 'subject', 'database', 'from', 'chain') }, faults };
}

export function isBadChain(row: Answer): boolean {
  return row['state'] === 'broken' || row['state'] === 'absent' || row['end'] === 'vanished';
}

function described(report: ChainReport): Answer {
  const { chain, certificate, start, fault, from, to, records, state, provenTo, fate, outcomeUnknown } = report;
  const identity = isRecord(certificate?.identity) ? certificate.identity : isRecord(start?.identity) ? start.identity : {};
  const database = isRecord(start?.database) ? start.database : undefined;
  const namespace = text(identity['namespace']) ?? '';
  return {
    chain,
    subject: `${namespace}/${text(identity['serviceAccount']) ?? ''}`,
    database:
      certificate?.database ??
      (database === undefined ? undefined : `${text(database['namespace']) ?? ''}/${text(database['name']) ?? ''}`),
    pod: text(identity['pod']),
    from,
    to,
    records,
    state,
    fault: fault === undefined ? undefined : `seq ${fault.seq ?? '?'}: ${fault.reason}`,
    provenTo,
    end: fate,
    unknown: outcomeUnknown.length,
  };
}
