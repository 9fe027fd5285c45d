/** The chains of a source, each verified by itself: does it hold, how far is it signed and countersigned, how did it end. */
import type { Countersigned, Section } from '../../../core/audit/questions/access-review.ts';
import type { Answer, Column } from '../../../core/audit/questions/question.ts';
import { sorted } from '../../../core/audit/questions/question.ts';
import type { TrustAnchors } from '../../../core/audit/certificate.ts';
import type { ChainOwner } from '../../../core/audit/store.ts';
import { ChainVerifier } from '../../../core/audit/verify.ts';
import type { VerifyReport } from '../../../core/audit/verify-report.ts';
import type { AuditSource } from '../sources/source.ts';

const COLUMNS: readonly Column[] = [
  { key: 'chain', title: 'CHAIN' },
  { key: 'subject', title: 'WRITER' },
  { key: 'database', title: 'DATABASE' },
  { key: 'pod', title: 'POD' },
  { key: 'from', title: 'FROM' },
  { key: 'to', title: 'TO' },
  { key: 'records', title: 'RECORDS', right: true },
  { key: 'verdict', title: 'VERDICT' },
  { key: 'fault', title: 'FAULT' },
  { key: 'signed', title: 'SIGNED UP TO', right: true },
  { key: 'countersigned', title: 'COUNTERSIGNED UP TO', right: true },
  { key: 'end', title: 'END' },
  { key: 'unknown', title: 'OUTCOME UNKNOWN', right: true },
];

const NOTE =
  'Verdict "holds": no record was changed, removed, inserted or reordered. "signed": the same, and up to there signed by a key that the trust anchors certify. "MISSING": it was countersigned, and nothing of it is here. End "vanished": the pod is gone and its chain has no end; "open": it may go on.';

export interface ChainOptions {
  readonly countersigned: ReadonlyMap<string, Countersigned>;
  readonly trust?: TrustAnchors;
}

export const BROKEN = 'DOES NOT HOLD';
export const MISSING = 'MISSING';

/** Reads every chain whole, in constant memory. */
export async function chainSection(
  source: AuditSource,
  owners: ReadonlyMap<string, ChainOwner>,
  { countersigned, trust }: ChainOptions,
): Promise<Section> {
  const rows: Answer[] = [];
  for (const [chain, { owner, position, ended }] of countersigned)
    if (!owners.has(chain)) rows.push(missing(chain, owner, position, ended));
  for (const [chain, owner] of owners) {
    const vouched = countersigned.get(chain);
    const verifier = new ChainVerifier({
      chain,
      ...(trust === undefined ? {} : { trust }),
      ...(vouched === undefined ? {} : { vouched: [vouched] }),
    });
    // A store from which old records are gone begins in the middle.
    verifier.nextFile(undefined, true);
    for await (const { line } of source.lines(chain)) {
      verifier.line(Buffer.from(line));
      if (verifier.fault !== undefined) break;
    }
    rows.push(describe(chain, owner, verifier.finish(), vouched, trust !== undefined));
  }
  return {
    id: 'chains',
    title: 'Chains',
    note: NOTE,
    columns: COLUMNS,
    rows: sorted(rows, 'subject', 'database', 'from', 'chain'),
  };
}

/** Countersigned, and not there: whoever holds the store has removed it, or holds another part. */
function missing(chain: string, owner: ChainOwner, position: number, ended: Countersigned['ended']): Answer {
  const { identity, database } = owner;
  return {
    chain,
    subject: `${identity.namespace}/${identity.serviceAccount}`,
    database,
    pod: identity.pod,
    records: 0,
    verdict: MISSING,
    fault: 'it was countersigned, and nothing of it is here',
    countersigned: position,
    end: ended ?? 'open',
  };
}

function describe(
  chain: string,
  { identity, database }: ChainOwner,
  report: VerifyReport,
  vouched: Countersigned | undefined,
  trusted: boolean,
): Answer {
  const { fault, signed } = report;
  const holds = trusted && signed !== undefined ? 'signed' : 'holds';
  return {
    chain,
    subject: `${identity.namespace}/${identity.serviceAccount}`,
    database,
    pod: identity.pod,
    from: report.from,
    to: report.to,
    records: report.records,
    verdict: fault === undefined ? holds : BROKEN,
    fault: fault === undefined ? undefined : `seq ${fault.seq ?? '?'}: ${fault.reason}`,
    signed: signed?.seq,
    countersigned: vouched?.position,
    end: vouched?.ended ?? (report.ended ? 'ended' : 'open'),
    unknown: report.outcomeUnknown.length,
  };
}
